//! Which metrics a canary is judged by.

use stats::judge::Worse;
use std::fmt;

/// What a metric's columns hold.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum What {
    /// A figure a row, as a latency.
    Continuous(String),
    /// The same, compared at a quantile.
    Quantile(String, f64),
    /// Counts a row, as errors out of requests.
    Rate(String, String),
    /// Events over what they are counted over, as restarts over hours.
    Count(String, String),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Metric {
    pub what: What,
    /// Which direction is worse, where the metric says.
    pub worse: Option<Worse>,
}

/// `increase`, `decrease` or `either`.
pub(crate) fn worse(text: &str) -> Option<Worse> {
    match text {
        "increase" => Some(Worse::Higher),
        "decrease" => Some(Worse::Lower),
        "either" => Some(Worse::Either),
        _ => None,
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.what {
            What::Continuous(column) => f.write_str(column),
            // Hundredths come back as they were written.
            What::Quantile(column, q) => write!(f, "{column} p{}", (q * 1e6).round() / 1e4),
            What::Rate(column, over) | What::Count(column, over) => write!(f, "{column}/{over}"),
        }
    }
}

impl Metric {
    /// As it is asked for, but for the direction.
    pub(super) fn written(&self) -> String {
        match &self.what {
            What::Quantile(column, q) => format!("{column}:p{}", (q * 1e6).round() / 1e4),
            What::Count(column, over) => format!("{column}/{over}:count"),
            What::Continuous(_) | What::Rate(..) => self.to_string(),
        }
    }

    pub(super) const fn is_rate(&self) -> bool {
        matches!(self.what, What::Rate(..))
    }

    /// Whether its rows are compared one by one, and not their sums.
    pub(super) const fn is_figure(&self) -> bool {
        matches!(self.what, What::Continuous(_) | What::Quantile(..))
    }

    pub(super) fn columns(&self) -> impl Iterator<Item = &str> {
        let (one, two) = match &self.what {
            What::Continuous(column) | What::Quantile(column, _) => (column, None),
            What::Rate(column, over) | What::Count(column, over) => (column, Some(over)),
        };
        std::iter::once(one.as_str()).chain(two.map(String::as_str))
    }
}
