//! Which metrics are asked for: `COLUMN[/COLUMN][:KIND][:DIRECTION][:cuped[=COLUMN]][:guardrail=MARGIN]`.

use crate::failure::Failure;
use crate::figures::{name, plain};
use crate::join::{Fold, Measure};
use serde::{Serialize, Serializer};
use stats::Difference;
use std::fmt;
use std::str::FromStr;

/// How a unit's values become a figure of an arm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// The mean over units of the sum of a unit's values.
    Mean,
    /// The share of units with any value that is not zero.
    Conversion,
    /// The sum of one column over the sum of another; units vary in both.
    Ratio,
    /// The value below which this share of the units lies, each by the sum of its values.
    Quantile(f64),
}

impl Kind {
    /// The name for programs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mean => "mean",
            Self::Conversion => "conversion",
            Self::Ratio => "ratio",
            Self::Quantile(_) => "quantile",
        }
    }

    /// `p90` or `p99.9`.
    fn quantile(text: &str) -> Option<Self> {
        let percent: f64 = text.strip_prefix('p')?.parse().ok()?;
        // To a millionth of a per cent, so that 99.9 is 0.999 to the last bit.
        let share = (percent * 1e6).round() / 1e8;
        (share > 0.0 && share < 1.0).then_some(Self::Quantile(share))
    }
}

impl Serialize for Kind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// Which way is better.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// More is better.
    #[default]
    Up,
    /// Less is better.
    Down,
}

/// One metric, as it was asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Metric {
    pub column: String,
    pub denominator: Option<String>,
    pub kind: Kind,
    pub direction: Direction,
    /// The column whose values from before the exposure explain a part of the metric (CUPED).
    pub before: Option<String>,
    /// The metric is not to be improved, but must not get worse by more than this: a share of the
    /// control's figure, or in the metric's unit for absolute differences.
    pub guardrail: Option<f64>,
    /// Whether the margin was written in per cent.
    pub in_percent: bool,
}

/// `0.02` or `2%`, above 0.
fn margin(text: &str) -> Result<f64, String> {
    let (number, scale) = match text.strip_suffix('%') {
        Some(percent) => (percent, 100.0),
        None => (text, 1.0),
    };
    match number.parse::<f64>() {
        Ok(margin) if margin > 0.0 && margin.is_finite() => Ok(margin / scale),
        _ => Err(format!(
            "\"{text}\" is no margin; give the loss that is still accepted, above 0, as guardrail=2%"
        )),
    }
}

impl FromStr for Metric {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (mut kind, mut direction) = (None, None);
        let (mut before, mut guardrail) = (None, None);
        let mut in_percent = false;
        let mut columns = text;
        // Suffixes are taken off from the right, so that a column may have a colon in its name.
        while let Some((rest, suffix)) = columns.rsplit_once(':') {
            match suffix {
                "mean" if kind.is_none() => kind = Some(Kind::Mean),
                "conversion" | "proportion" if kind.is_none() => kind = Some(Kind::Conversion),
                "ratio" if kind.is_none() => kind = Some(Kind::Ratio),
                "up" if direction.is_none() => direction = Some(Direction::Up),
                "down" if direction.is_none() => direction = Some(Direction::Down),
                "cuped" if before.is_none() => before = Some(None),
                other => match (other.split_once('='), Kind::quantile(other)) {
                    (Some(("cuped", column)), _) if before.is_none() && !column.is_empty() => {
                        before = Some(Some(column.to_owned()));
                    }
                    (Some(("guardrail", given)), _) if guardrail.is_none() => {
                        guardrail = Some(margin(given)?);
                        in_percent = given.ends_with('%');
                    }
                    (None, Some(quantile)) if kind.is_none() => kind = Some(quantile),
                    _ => {
                        return Err(format!(
                            "\"{other}\" is neither a kind (mean, conversion, ratio, p90) nor a direction \
                             (up, down) nor cuped, cuped=COLUMN or guardrail=MARGIN"
                        ));
                    }
                },
            }
            columns = rest;
        }
        let (column, denominator) = match columns.split_once('/') {
            Some((numerator, denominator)) => (numerator, Some(denominator)),
            None => (columns, None),
        };
        if column.is_empty() || denominator == Some("") {
            return Err("it names no column".to_owned());
        }
        let kind = match (kind, denominator) {
            (None | Some(Kind::Ratio), Some(_)) => Kind::Ratio,
            (Some(Kind::Ratio), None) => {
                return Err("a ratio needs two columns, as revenue/visits".to_owned());
            }
            (Some(_), Some(_)) => return Err("two columns make a ratio, nothing else".to_owned()),
            (kind, None) => kind.unwrap_or(Kind::Mean),
        };
        if before.is_some() && kind != Kind::Mean {
            return Err("cuped adjusts means only".to_owned());
        }
        Ok(Self {
            column: column.to_owned(),
            denominator: denominator.map(str::to_owned),
            kind,
            direction: direction.unwrap_or_default(),
            before: before.map(|named| named.unwrap_or_else(|| column.to_owned())),
            guardrail,
            in_percent,
        })
    }
}

/// Metrics asked for twice would be corrected for twice.
pub(super) fn distinct(metrics: &[Metric]) -> Result<(), Failure> {
    for (at, metric) in metrics.iter().enumerate() {
        if metrics[..at].contains(metric) {
            return Err(Failure::asked(
                format!(
                    "--metric: {} is asked for twice",
                    plain(&metric.to_string())
                ),
                "ask for it once",
            ));
        }
    }
    Ok(())
}

/// A margin in the metric's unit is no per cent, but of a share of units.
pub(super) fn margins(metrics: &[Metric], difference: Difference) -> Result<(), Failure> {
    let wrong = metrics.iter().find(|metric| {
        difference == Difference::Absolute && metric.in_percent && metric.kind != Kind::Conversion
    });
    match wrong {
        Some(metric) => Err(Failure::asked(
            format!(
                "--metric: {}: with --absolute a margin is in the unit of the metric, and {}% is none",
                plain(&metric.to_string()),
                100.0 * metric.guardrail.unwrap_or_default()
            ),
            "give it in the unit of the metric, as guardrail=0.5, or leave --absolute away",
        )),
        None => Ok(()),
    }
}

/// What each is called where people read: its name, and what tells it from another of that name.
pub(super) fn labels(metrics: &[Metric]) -> Vec<String> {
    metrics
        .iter()
        .map(|metric| {
            let short = metric.short();
            let rivals: Vec<&Metric> = metrics
                .iter()
                .filter(|other| *other != metric && other.short() == short)
                .collect();
            let mut label = short;
            if rivals.iter().any(|other| other.kind != metric.kind) {
                label = format!("{label} {}", metric.kind.name());
            }
            if let Some(before) = &metric.before
                && rivals.iter().any(|other| other.before != metric.before)
            {
                label = if *before == metric.column {
                    format!("{label} cuped")
                } else {
                    format!("{label} cuped by {}", name(before))
                };
            }
            if let Some(margin) = metric.guardrail
                && rivals.iter().any(|other| other.guardrail.is_some())
            {
                label = format!("{label} within {margin}");
            }
            if rivals
                .iter()
                .any(|other| other.direction != metric.direction)
            {
                label = format!(
                    "{label} {}",
                    match metric.direction {
                        Direction::Up => "up",
                        Direction::Down => "down",
                    }
                );
            }
            label
        })
        .collect()
}

impl Metric {
    /// Its name as people see it.
    fn short(&self) -> String {
        let short = Self {
            column: name(&self.column),
            denominator: self.denominator.as_deref().map(name),
            ..self.clone()
        };
        short.to_string()
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.denominator {
            Some(denominator) => write!(f, "{}/{denominator}", self.column),
            None => f.write_str(&self.column),
        }?;
        match self.kind {
            // Hundredths come back as they were written.
            Kind::Quantile(q) => write!(f, " p{}", (q * 1e6).round() / 1e4),
            Kind::Mean | Kind::Conversion | Kind::Ratio => Ok(()),
        }
    }
}

/// One column to be read and how a unit's values in it become one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) fold: Fold,
}

/// The columns all metrics together need, each once.
pub(super) fn columns(metrics: &[Metric]) -> Vec<Column> {
    let mut columns: Vec<Column> = Vec::new();
    for metric in metrics {
        for column in needs(metric) {
            if !columns.contains(&column) {
                columns.push(column);
            }
        }
    }
    columns
}

/// What is measured, by position in `columns`.
pub(super) fn measures(metrics: &[Metric], columns: &[Column]) -> Vec<Measure> {
    let at = |column: &Column| {
        columns
            .iter()
            .position(|known| known == column)
            .unwrap_or(0)
    };
    metrics
        .iter()
        .map(|metric| match needs(metric).as_slice() {
            [after, before] if metric.before.is_some() => Measure::Adjusted {
                after: at(after),
                before: at(before),
            },
            [numerator, denominator] => Measure::Ratio {
                numerator: at(numerator),
                denominator: at(denominator),
            },
            [one, ..] if metric.kind == Kind::Conversion => Measure::Share(at(one)),
            [one, ..] if matches!(metric.kind, Kind::Quantile(_)) => Measure::Values(at(one)),
            [one, ..] => Measure::Mean(at(one)),
            [] => Measure::Mean(0),
        })
        .collect()
}

fn needs(metric: &Metric) -> Vec<Column> {
    let fold = match metric.kind {
        Kind::Conversion => Fold::Any,
        Kind::Mean | Kind::Ratio | Kind::Quantile(_) => Fold::Sum,
    };
    [
        Some((&metric.column, fold)),
        metric.denominator.as_ref().map(|name| (name, fold)),
        metric.before.as_ref().map(|name| (name, Fold::SumBefore)),
    ]
    .into_iter()
    .flatten()
    .map(|(name, fold)| Column {
        name: name.clone(),
        fold,
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<(String, Kind, Direction), String> {
        text.parse::<Metric>()
            .map(|metric| (metric.to_string(), metric.kind, metric.direction))
    }

    #[test]
    fn metrics_as_people_write_them() {
        let is = |name: &str, kind, direction| Ok((name.to_owned(), kind, direction));
        assert_eq!(parsed("revenue"), is("revenue", Kind::Mean, Direction::Up));
        assert_eq!(
            parsed("paid:conversion"),
            is("paid", Kind::Conversion, Direction::Up)
        );
        assert_eq!(
            parsed("errors:mean:down"),
            is("errors", Kind::Mean, Direction::Down)
        );
        assert_eq!(parsed("a/b:down"), is("a/b", Kind::Ratio, Direction::Down));
        assert_eq!(
            parsed("ms:p99.9:down"),
            is("ms p99.9", Kind::Quantile(0.999), Direction::Down)
        );
        let guarded: Metric = "ms:guardrail=2%:cuped".parse().unwrap();
        assert_eq!(
            (guarded.guardrail, guarded.before.as_deref()),
            (Some(0.02), Some("ms"))
        );
        let guarded: Metric = "ms:cuped=old:guardrail=0.5".parse().unwrap();
        assert_eq!(
            (guarded.guardrail, guarded.before.as_deref()),
            (Some(0.5), Some("old"))
        );
    }

    #[test]
    fn what_is_no_metric_says_why() {
        for (text, part) in [
            ("", "names no column"),
            (":mean", "names no column"),
            ("a/", "names no column"),
            ("a:ratio", "needs two columns"),
            ("a/b:mean", "two columns make a ratio"),
            ("a:median", "\"median\" is neither"),
            ("a:up:down", "is neither"),
            ("a:p0", "is neither"),
            ("a:p100", "is neither"),
            ("a:p50:p90", "is neither"),
            ("a/b:p90", "two columns make a ratio"),
            ("a:cuped=", "is neither"),
            ("a:conversion:cuped", "adjusts means only"),
            ("a/b:cuped", "adjusts means only"),
            ("a:guardrail=0", "no margin"),
            ("a:guardrail=-1%", "no margin"),
            ("a:guardrail=inf", "no margin"),
            ("a:guardrail", "is neither"),
        ] {
            let why = parsed(text).unwrap_err();
            assert!(why.contains(part), "{text}: {why}");
        }
    }
}
