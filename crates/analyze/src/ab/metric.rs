//! Which metrics are asked for.

mod asked;
mod columns;
mod sound;

pub use asked::Asked;
pub(super) use columns::{Column, columns};
pub(super) use sound::{distinct, loses_no_more_than_all, margins};

use crate::figures::name;
use serde::{Serialize, Serializer};
use std::fmt;

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
    pub margin_unit: MarginUnit,
}

/// How a margin is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MarginUnit {
    /// `0.05`: a share of the control's figure, or in the metric's unit for absolute differences.
    #[default]
    Plain,
    /// `5%`: of the control's figure.
    Percent,
    /// `5pp`: points of a share of units, as 5% against 10% are.
    Points,
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
    /// The columns it is made of.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        [
            Some(&self.column),
            self.denominator.as_ref(),
            self.before.as_ref(),
        ]
        .into_iter()
        .flatten()
        .map(String::as_str)
    }

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
