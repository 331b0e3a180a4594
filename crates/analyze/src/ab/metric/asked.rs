//! A metric as people write it: `COLUMN[/COLUMN][:KIND][:DIRECTION][:cuped[=COLUMN]][:guardrail=MARGIN]`.
//!
//! Names of columns may hold `:` and `/` themselves, as those of Prometheus do. So what is written is read
//! for good only when the columns are known: the longest beginning that is a column is the column.

use super::{Direction, Kind, MarginUnit, Metric};
use crate::failure::Failure;
use crate::figures::name;
use crate::near;
use crate::number::quantile;
use std::path::Path;
use std::str::FromStr;

/// What was written, before the columns are known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked(String);

impl FromStr for Asked {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match parse(text, &|_| false) {
            Err(Wrong::Anyhow(why)) => Err(why),
            Ok(_) | Err(Wrong::UnlessAColumn(_)) => Ok(Self(text.to_owned())),
        }
    }
}

impl Asked {
    /// The metric, in a file of these columns.
    pub(in crate::ab) fn among(&self, file: &Path, columns: &[String]) -> Result<Metric, Failure> {
        parse(&self.0, &|name| columns.iter().any(|column| column == name)).map_err(|wrong| {
            let (Wrong::Anyhow(why) | Wrong::UnlessAColumn(why)) = wrong;
            let known: Vec<&str> = columns.iter().map(String::as_str).collect();
            Failure::file(
                file,
                format!(
                    "--metric: there is no column \"{}\", and {why}",
                    name(&self.0)
                ),
                near::hint(self.0.split(':').next().unwrap_or_default(), &known),
            )
        })
    }
}

#[derive(Debug, PartialEq)]
enum Wrong {
    /// Whatever columns there are.
    Anyhow(String),
    /// But for a column that has just this name.
    UnlessAColumn(String),
}

fn parse(text: &str, is_column: &dyn Fn(&str) -> bool) -> Result<Metric, Wrong> {
    let mut suffixes = Suffixes::default();
    let mut rest = text;
    loop {
        if let Some((column, denominator)) = known(rest, suffixes.kind, is_column) {
            return suffixes.of(column, denominator);
        }
        if let Some((before, column)) = rest.rsplit_once(":cuped=")
            && is_column(column)
        {
            suffixes.take(&format!("cuped={column}"))?;
            rest = before;
            continue;
        }
        let Some((before, suffix)) = rest.rsplit_once(':') else {
            break;
        };
        suffixes.take(suffix)?;
        rest = before;
    }
    let (column, denominator) = match rest.split_once('/') {
        Some((numerator, denominator)) => (numerator, Some(denominator)),
        None => (rest, None),
    };
    if column.is_empty() || denominator == Some("") {
        return Err(Wrong::Anyhow("it names no column".to_owned()));
    }
    suffixes.of(column, denominator)
}

/// One column, or two of a ratio; where both can be meant, the one, but for what is called a ratio.
fn known<'a>(
    text: &'a str,
    kind: Option<Kind>,
    is_column: &dyn Fn(&str) -> bool,
) -> Option<(&'a str, Option<&'a str>)> {
    let one = || is_column(text).then_some((text, None));
    let two = || {
        text.match_indices('/')
            .map(|(at, _)| (&text[..at], &text[at + 1..]))
            .find(|(numerator, denominator)| is_column(numerator) && is_column(denominator))
            .map(|(numerator, denominator)| (numerator, Some(denominator)))
    };
    if kind == Some(Kind::Ratio) {
        two().or_else(one)
    } else {
        one().or_else(two)
    }
}

/// Whether it is one of the words that stand behind columns.
fn is_suffix(text: &str) -> bool {
    let words = [
        "mean",
        "conversion",
        "proportion",
        "ratio",
        "up",
        "down",
        "cuped",
    ];
    words.contains(&text)
        || text.starts_with("guardrail=")
        || text.starts_with("cuped=") && text.len() > 6
}

/// What stands behind the columns, from the right.
#[derive(Default)]
struct Suffixes {
    kind: Option<Kind>,
    direction: Option<Direction>,
    /// The column that is named, if one is.
    before: Option<Option<String>>,
    guardrail: Option<(f64, MarginUnit)>,
}

impl Suffixes {
    fn take(&mut self, suffix: &str) -> Result<(), Wrong> {
        match suffix {
            "mean" if self.kind.is_none() => self.kind = Some(Kind::Mean),
            "conversion" | "proportion" if self.kind.is_none() => {
                self.kind = Some(Kind::Conversion);
            }
            "ratio" if self.kind.is_none() => self.kind = Some(Kind::Ratio),
            "up" if self.direction.is_none() => self.direction = Some(Direction::Up),
            "down" if self.direction.is_none() => self.direction = Some(Direction::Down),
            "cuped" if self.before.is_none() => self.before = Some(None),
            other => match (other.split_once('='), quantile(other).map(Kind::Quantile)) {
                (Some(("cuped", column)), _) if self.before.is_none() && !column.is_empty() => {
                    self.before = Some(Some(column.to_owned()));
                }
                (Some(("guardrail", given)), _) if self.guardrail.is_none() => {
                    self.guardrail = Some(margin(given).map_err(Wrong::Anyhow)?);
                }
                (None, Some(quantile)) if self.kind.is_none() => self.kind = Some(quantile),
                (_, known) if known.is_some() || is_suffix(other) => {
                    return Err(Wrong::UnlessAColumn(format!(
                        "\"{}\" is one too many: one kind, one direction, one cuped and one guardrail",
                        name(other)
                    )));
                }
                _ => {
                    return Err(Wrong::UnlessAColumn(format!(
                        "\"{}\" is neither a kind (mean, conversion, ratio, p90) nor a direction (up, down) \
                         nor cuped, cuped=COLUMN or guardrail=MARGIN",
                        name(other)
                    )));
                }
            },
        }
        Ok(())
    }

    fn of(self, column: &str, denominator: Option<&str>) -> Result<Metric, Wrong> {
        let wrong = |why: &str| Err(Wrong::UnlessAColumn(why.to_owned()));
        let kind = match (self.kind, denominator) {
            (None | Some(Kind::Ratio), Some(_)) => Kind::Ratio,
            (Some(Kind::Ratio), None) => {
                return wrong("a ratio needs two columns, as revenue/visits");
            }
            (Some(_), Some(_)) => return wrong("two columns make a ratio, nothing else"),
            (kind, None) => kind.unwrap_or(Kind::Mean),
        };
        if self.before.is_some() && kind != Kind::Mean {
            return wrong("cuped adjusts means only");
        }
        Ok(Metric {
            column: column.to_owned(),
            denominator: denominator.map(str::to_owned),
            kind,
            direction: self.direction.unwrap_or_default(),
            before: self
                .before
                .map(|named| named.unwrap_or_else(|| column.to_owned())),
            guardrail: self.guardrail.map(|(margin, _)| margin),
            margin_unit: self.guardrail.map(|(_, unit)| unit).unwrap_or_default(),
        })
    }
}

/// `0.02`, `2%` or `2pp`, above 0.
fn margin(text: &str) -> Result<(f64, MarginUnit), String> {
    let (number, unit) = match (text.strip_suffix('%'), text.strip_suffix("pp")) {
        (Some(percent), _) => (percent, MarginUnit::Percent),
        (_, Some(points)) => (points, MarginUnit::Points),
        (None, None) => (text, MarginUnit::Plain),
    };
    let scale = match unit {
        MarginUnit::Plain => 1.0,
        MarginUnit::Percent | MarginUnit::Points => 100.0,
    };
    match number.parse::<f64>() {
        Ok(margin) if margin > 0.0 && margin.is_finite() => Ok((margin / scale, unit)),
        _ => Err(format!(
            "\"{text}\" is no margin; give the loss that is still accepted, above 0, as guardrail=2%"
        )),
    }
}

#[cfg(test)]
mod tests;
