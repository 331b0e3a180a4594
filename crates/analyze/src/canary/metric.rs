//! Which metrics a canary is judged by: `COLUMN[/COLUMN][:KIND][:WORSE]`.

use stats::judge::Worse;
use std::fmt;
use std::str::FromStr;

/// What a metric's columns hold.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
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
pub struct Metric {
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

/// `p99` or `p99.9`.
fn quantile(text: &str) -> Option<f64> {
    let percent: f64 = text.strip_prefix('p')?.parse().ok()?;
    (percent > 0.0 && percent < 100.0).then_some(percent / 100.0)
}

impl FromStr for Metric {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (mut kind, mut direction) = (None, None);
        let mut columns = text;
        while let Some((rest, suffix)) = columns.rsplit_once(':') {
            if direction.is_none() && worse(suffix).is_some() {
                direction = worse(suffix);
            } else if kind.is_none()
                && (["mean", "rate", "count"].contains(&suffix) || quantile(suffix).is_some())
            {
                kind = Some(suffix);
            } else {
                return Err(format!(
                    "\"{suffix}\" is neither a kind (p99, rate, count) nor a direction (increase, decrease, either)"
                ));
            }
            columns = rest;
        }
        let (column, over) = match columns.split_once('/') {
            Some((column, over)) => (column, Some(over.to_owned())),
            None => (columns, None),
        };
        if column.is_empty() || over.as_deref() == Some("") {
            return Err("it names no column".to_owned());
        }
        let column = column.to_owned();
        let what = match (kind, over) {
            (Some("count"), Some(over)) => What::Count(column, over),
            (None | Some("rate"), Some(over)) => What::Rate(column, over),
            (Some("rate"), None) => {
                return Err("a rate needs two columns, as errors/requests".to_owned());
            }
            (Some("count"), None) => {
                return Err("a count needs two columns, as restarts/hours".to_owned());
            }
            (Some(_), Some(_)) => return Err("two columns make a rate or a count".to_owned()),
            (kind, None) => match kind.and_then(quantile) {
                Some(q) => What::Quantile(column, q),
                None => What::Continuous(column),
            },
        };
        Ok(Self {
            what,
            worse: direction,
        })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_as_people_write_them() {
        for (text, shown) in [
            ("latency_ms", "latency_ms"),
            ("latency_ms:p99:increase", "latency_ms p99"),
            ("latency_ms:p99.9", "latency_ms p99.9"),
            ("errors/requests:either", "errors/requests"),
            ("restarts/hours:count", "restarts/hours"),
        ] {
            assert_eq!(text.parse::<Metric>().unwrap().to_string(), shown);
        }
        for (text, part) in [
            ("", "names no column"),
            ("a:p100", "\"p100\" is neither"),
            ("a:rate", "two columns"),
            ("a/b:p99", "two columns make"),
            ("a:increase:decrease", "is neither"),
        ] {
            let why = text.parse::<Metric>().unwrap_err();
            assert!(why.contains(part), "{text}: {why}");
        }
    }
}
