//! How metrics are asked for: `COLUMN[/COLUMN][:KIND][:WORSE]`.

use super::metric::{Metric, What, worse};
use crate::number::quantile;
use stats::judge::Worse;
use std::fmt;
use std::str::FromStr;

/// A metric as it was written. Which of it is the name of a column is known once the files are: names may
/// hold `:` and `/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked(String);

/// What stands behind the columns.
#[derive(Clone, Copy, Debug, Default)]
struct Suffixes {
    kind: Option<Kind>,
    worse: Option<Worse>,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Mean,
    Rate,
    Count,
    Quantile(f64),
}

/// Why what stands behind a `:` is no suffix, unless it is a part of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Stopped {
    TwoKinds,
    TwoDirections,
    Neither(String),
}

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TwoKinds => f.write_str("it has two kinds"),
            Self::TwoDirections => f.write_str("it has two directions"),
            Self::Neither(suffix) => write!(
                f,
                "\"{suffix}\" is neither a kind (p99, rate, count) nor a direction (increase, decrease, either)"
            ),
        }
    }
}

/// What may be columns, each with what is behind it: the whole text first, then with a suffix less each time.
struct Readings<'a> {
    columns: Vec<(&'a str, Suffixes)>,
    /// Where a `:` is left.
    stopped: Option<Stopped>,
}

impl Suffixes {
    fn and(mut self, suffix: &str) -> Result<Self, Stopped> {
        let kind = match suffix {
            "mean" => Some(Kind::Mean),
            "rate" => Some(Kind::Rate),
            "count" => Some(Kind::Count),
            _ => quantile(suffix).map(Kind::Quantile),
        };
        match (kind, worse(suffix)) {
            (Some(_), _) if self.kind.is_some() => Err(Stopped::TwoKinds),
            (_, Some(_)) if self.worse.is_some() => Err(Stopped::TwoDirections),
            (None, None) => Err(Stopped::Neither(suffix.to_owned())),
            (kind, worse) => {
                self.kind = self.kind.or(kind);
                self.worse = self.worse.or(worse);
                Ok(self)
            }
        }
    }

    const fn want_two(self) -> bool {
        matches!(self.kind, Some(Kind::Rate | Kind::Count))
    }

    fn of_one(self, column: &str) -> Result<Metric, String> {
        let column = column.to_owned();
        let what = match self.kind {
            Some(Kind::Rate) => {
                return Err("a rate needs two columns, as errors/requests".to_owned());
            }
            Some(Kind::Count) => {
                return Err("a count needs two columns, as restarts/hours".to_owned());
            }
            Some(Kind::Quantile(q)) => What::Quantile(column, q),
            Some(Kind::Mean) | None => What::Continuous(column),
        };
        let worse = self.worse;
        Ok(Metric { what, worse })
    }

    fn of_two(self, column: &str, over: &str) -> Result<Metric, String> {
        let (column, over) = (column.to_owned(), over.to_owned());
        let what = match self.kind {
            Some(Kind::Count) => What::Count(column, over),
            None | Some(Kind::Rate) => What::Rate(column, over),
            Some(Kind::Mean | Kind::Quantile(_)) => {
                return Err("two columns make a rate or a count".to_owned());
            }
        };
        let worse = self.worse;
        Ok(Metric { what, worse })
    }
}

impl FromStr for Asked {
    type Err = String;

    /// Refuses what is wrong whatever the columns are called.
    fn from_str(text: &str) -> Result<Self, String> {
        let asked = Self(text.to_owned());
        let readings = asked.readings();
        if readings
            .columns
            .iter()
            .any(|(columns, _)| columns.is_empty())
        {
            return Err("it names no column".to_owned());
        }
        match readings.stopped {
            Some(stopped @ Stopped::TwoDirections) => Err(stopped.to_string()),
            _ => Ok(asked),
        }
    }
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Asked {
    fn readings(&self) -> Readings<'_> {
        let (mut text, mut suffixes) = (self.0.as_str(), Suffixes::default());
        let mut columns = vec![(text, suffixes)];
        let mut stopped = None;
        while let Some((rest, suffix)) = text.rsplit_once(':') {
            match suffixes.and(suffix) {
                Ok(more) => suffixes = more,
                Err(why) => {
                    stopped = Some(why);
                    break;
                }
            }
            text = rest;
            columns.push((text, suffixes));
        }
        Readings { columns, stopped }
    }

    /// The metric by columns that there are: the longest name, unless a rate or a count asks for two. None
    /// where no reading names such.
    ///
    /// # Errors
    ///
    /// What is wrong where columns are named.
    pub(super) fn among(&self, is_column: impl Fn(&str) -> bool) -> Result<Option<Metric>, String> {
        for (columns, suffixes) in self.readings().columns {
            let one = is_column(columns);
            if one && !suffixes.want_two() {
                return suffixes.of_one(columns).map(Some);
            }
            let splits = columns.match_indices('/').map(|(at, _)| at);
            let splits: Vec<(&str, &str)> = splits
                .map(|at| (&columns[..at], &columns[at + 1..]))
                .filter(|(column, over)| is_column(column) && is_column(over))
                .collect();
            match splits.as_slice() {
                [] if one => return suffixes.of_one(columns).map(Some),
                [] => {}
                [(column, over)] => return suffixes.of_two(column, over).map(Some),
                [(column, over), (other, other_over), ..] => {
                    return Err(format!(
                        "it may be \"{column}\" over \"{over}\" or \"{other}\" over \"{other_over}\"; rename a column"
                    ));
                }
            }
        }
        Ok(None)
    }

    /// The metric as it reads where no column has `:` or `/` in its name.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub(super) fn plain(&self) -> Result<Metric, String> {
        let Readings { columns, stopped } = self.readings();
        if let Some(why) = stopped {
            return Err(why.to_string());
        }
        let (columns, suffixes) = columns.last().copied().unwrap_or_default();
        match columns.split_once('/') {
            Some((column, over)) if column.is_empty() || over.is_empty() => {
                Err("it names one column only".to_owned())
            }
            Some((column, over)) => suffixes.of_two(column, over),
            None => suffixes.of_one(columns),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn among(text: &str, columns: &[&str]) -> Result<Option<Metric>, String> {
        let asked: Asked = text.parse()?;
        asked.among(|name| columns.contains(&name))
    }

    #[test]
    fn metrics_as_people_write_them() {
        for (text, shown) in [
            ("latency_ms", "latency_ms"),
            ("latency_ms:p99:increase", "latency_ms p99"),
            ("latency_ms:p99.9", "latency_ms p99.9"),
            ("errors/requests:either", "errors/requests"),
            ("restarts/hours:count", "restarts/hours"),
        ] {
            let asked: Asked = text.parse().unwrap();
            let metric = asked.plain().unwrap();
            assert_eq!(metric.to_string(), shown);
            // What is advised is understood.
            let again: Asked = metric.written().parse().unwrap();
            assert_eq!(again.plain().unwrap().what, metric.what);
        }
        for (text, part) in [
            ("", "names no column"),
            (":p99", "names no column"),
            ("a:p100", "\"p100\" is neither"),
            ("a:rate", "two columns"),
            ("a/b:p99", "two columns make"),
            ("a/", "one column only"),
            ("a:p50:p99", "two kinds"),
            ("a:increase:decrease", "two directions"),
        ] {
            let asked = text.parse::<Asked>();
            let why = asked.and_then(|asked| asked.plain()).unwrap_err();
            assert!(why.contains(part), "{text}: {why}");
        }
    }

    #[test]
    fn a_quantile_is_the_share_to_its_last_bit() {
        for (text, q) in [("x:p99.9", 0.999), ("x:p55", 0.55), ("x:p7", 0.07)] {
            let asked: Asked = text.parse().unwrap();
            assert_eq!(
                asked.plain().unwrap().what,
                What::Quantile("x".to_owned(), q)
            );
        }
    }

    #[test]
    fn names_with_colons_and_slashes_are_columns_where_there_are_such() {
        let one = |name: &str| What::Continuous(name.to_owned());
        let two = |column: &str, over: &str| What::Rate(column.to_owned(), over.to_owned());
        for (text, columns, what) in [
            ("a/b", ["a", "b", "x"], two("a", "b")),
            ("a/b", ["a", "b", "a/b"], one("a/b")),
            ("a/b:rate", ["a", "b", "a/b"], two("a", "b")),
            (
                "http/errors/all",
                ["http/errors", "all", "x"],
                two("http/errors", "all"),
            ),
            ("job:p99", ["job:p99", "x", "y"], one("job:p99")),
            ("job:p99:increase", ["job:p99", "job", "y"], one("job:p99")),
            (
                "job:p99:p50",
                ["job:p99", "x", "y"],
                What::Quantile("job:p99".to_owned(), 0.5),
            ),
            ("Unnamed: 0", ["Unnamed: 0", "x", "y"], one("Unnamed: 0")),
        ] {
            let found = among(text, &columns).unwrap().unwrap();
            assert_eq!(found.what, what, "{text}");
        }
        assert_eq!(among("a:p99", &["b"]), Ok(None));
        let why = among("a/b/c", &["a", "b/c", "a/b", "c"]).unwrap_err();
        assert!(why.contains("it may be \"a\" over \"b/c\" or"), "{why}");
        let why = among("a:b:rate", &["a:b"]).unwrap_err();
        assert!(why.contains("two columns"), "{why}");
    }
}
