//! Which columns are judged where none is named.
//!
//! A column that is left out is one that the verdict does not rest on. So only columns that are plainly
//! something else are: times, and labels by their names. All others must be there and readable in both
//! files, or there is no verdict.

use super::asked::Asked;
use super::header;
use super::metric::{Metric, What};
use crate::failure::Failure;
use crate::near::hint;
use crate::source::{Look, Source};
use std::collections::{HashMap, HashSet};

/// What a row is about, and never a figure of it. Only where it is text.
const LABELS: [&str; 24] = [
    "app",
    "build",
    "cluster",
    "commit",
    "container",
    "endpoint",
    "group",
    "host",
    "hostname",
    "image",
    "instance",
    "job",
    "method",
    "name",
    "node",
    "path",
    "pod",
    "region",
    "route",
    "server",
    "service",
    "url",
    "version",
    "zone",
];
const TIMES: [&str; 13] = [
    "at",
    "bucket",
    "date",
    "datetime",
    "day",
    "epoch",
    "hour",
    "minute",
    "month",
    "time",
    "timestamp",
    "ts",
    "week",
];
const TIME_ENDS: [&str; 5] = ["_at", "_date", "_datetime", "_timestamp", "_ts"];

/// What is judged, and what is left out.
#[derive(Debug, Default)]
pub(super) struct Chosen {
    pub(super) metrics: Vec<Metric>,
    pub(super) times: Vec<String>,
    pub(super) labels: Vec<String>,
}

/// What was asked for, by the columns that there are.
pub(super) fn asked(
    metrics: &[Asked],
    baseline: &Source,
    canary: &Source,
) -> Result<Vec<Metric>, Failure> {
    let names = |source: &'_ Source| -> HashSet<String> {
        {
            let named = source.columns().iter().filter(|name| !name.is_empty());
            named.cloned().collect()
        }
    };
    let (of_baseline, of_canary) = (names(baseline), names(canary));
    let in_both = |name: &str| of_baseline.contains(name) && of_canary.contains(name);
    let in_one = |name: &str| of_baseline.contains(name) || of_canary.contains(name);
    let metric = |asked: &Asked| -> Result<Metric, Failure> {
        let wrong = |why: String| {
            let columns: Vec<&str> = baseline.columns().iter().map(String::as_str).collect();
            let text = asked.to_string();
            Failure::asked(
                format!("--metric {}: {why}", crate::figures::name(&text)),
                format!(
                    "write COLUMN[/COLUMN][:KIND][:DIRECTION]; {}",
                    hint(&text, &columns)
                ),
            )
        };
        if let Some(metric) = asked.among(in_both).map_err(wrong)? {
            return Ok(metric);
        }
        for source in [baseline, canary] {
            header::of_figures(source).map_or(Ok(()), Err)?;
        }
        match asked.among(in_one).map_err(wrong)? {
            Some(metric) => Ok(metric),
            None => asked.plain().map_err(wrong),
        }
    };
    metrics.iter().map(metric).collect()
}

/// Every column but times and labels. `time` is left out already.
pub(super) fn choose(
    baseline: &Source,
    canary: &Source,
    time: Option<&str>,
) -> Result<Chosen, Failure> {
    let mut chosen = Chosen::default();
    let mut missing = None;
    let nameless = |source: &Source| source.columns().iter().any(String::is_empty);
    if nameless(baseline) || nameless(canary) {
        chosen.labels.push("a column without a name".to_owned());
    }
    let known = [baseline, canary].map(looks);
    let only_canary = canary
        .columns()
        .iter()
        .filter(|name| !known[0].contains_key(name.as_str()));
    for name in baseline.columns().iter().chain(only_canary) {
        if Some(name.as_str()) == time || name.is_empty() {
            continue;
        }
        let looks = known.iter().filter_map(|looks| looks.get(name.as_str()));
        let looks: Vec<Look> = looks.cloned().collect();
        if is_time(name, &looks) {
            chosen.times.push(name.clone());
        } else if is_label(name, &looks) {
            chosen.labels.push(name.clone());
        } else {
            chosen.metrics.push(Metric {
                what: What::Continuous(name.clone()),
                worse: None,
            });
            if looks.len() < 2 {
                missing.get_or_insert_with(|| name.clone());
            }
        }
    }
    let Some(name) = missing else {
        return if chosen.metrics.is_empty() {
            Err(Failure::file(
                baseline.path(),
                format!(
                    "no column holds figures; there is: {}",
                    baseline.columns().join(", ")
                ),
                "name a metric with --metric to see where it holds something else",
            ))
        } else {
            Ok(chosen)
        };
    };
    let (has, lacks) = if baseline.has(&name) {
        (baseline, canary)
    } else {
        (canary, baseline)
    };
    if !baseline.columns().iter().any(|name| canary.has(name)) {
        return Err(Failure::file(
            canary.path(),
            format!("no column is shared with {}", baseline.path().display()),
            "name the columns alike in both files",
        ));
    }
    Err(Failure::file(
        lacks.path(),
        format!(
            "there is no column \"{name}\", which {} has",
            has.path().display()
        ),
        match by_name(baseline, canary) {
            Some(others) => format!("add it, or {others}"),
            None => "add it, or name the columns alike in both files".to_owned(),
        },
    ))
}

/// What each column of a file seems to hold.
fn looks(source: &Source) -> HashMap<&str, Look> {
    let names = source.columns().iter().map(String::as_str);
    names.zip(source.looks()).collect()
}

/// The remedy for a column that is no figure: what to write so that only the others are judged, where there
/// are any.
pub(super) fn by_name(baseline: &Source, canary: &Source) -> Option<String> {
    let known = [baseline, canary].map(looks);
    let numbers = |name: &str| {
        let is = |looks: &HashMap<&str, Look>| matches!(looks.get(name), Some(Look::Numbers(_)));
        known.iter().all(is)
    };
    let found: Vec<String> = baseline
        .columns()
        .iter()
        .filter(|name| numbers(name) && !TIMES.contains(&fold(name).as_str()))
        .map(|name| format!("--metric {}", quoted(name)))
        .collect();
    (!found.is_empty()).then(|| format!("name the metrics wanted, as {}", found.join(" ")))
}

/// As a shell takes it for one word.
pub(super) fn quoted(name: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "_-.%+@:/".contains(c);
    if name.chars().all(plain) {
        name.to_owned()
    } else {
        format!("'{}'", name.replace('\'', r"'\''"))
    }
}

fn fold(name: &str) -> String {
    name.trim().to_lowercase().replace([' ', '-'], "_")
}

fn is_label(name: &str, looks: &[Look]) -> bool {
    LABELS.contains(&fold(name).as_str())
        && looks.contains(&Look::Text)
        && looks
            .iter()
            .all(|look| matches!(look, Look::Text | Look::Empty))
}

/// Dates are times, whatever they are called. Numbers are if they rise as times do, and either the
/// name says so or they are moments of our days in even steps.
fn is_time(name: &str, looks: &[Look]) -> bool {
    let name = fold(name);
    let named = TIMES.contains(&name.as_str()) || TIME_ENDS.iter().any(|end| name.ends_with(end));
    let known = || looks.iter().filter(|look| **look != Look::Empty);
    known().next().is_some()
        && known().all(|look| match look {
            Look::Dates => true,
            Look::Numbers(numbers) if named => moments(numbers).is_some() || rise(numbers),
            Look::Numbers(numbers) => {
                rise(numbers) && moments(numbers).is_some_and(|second| steps(numbers, second))
            }
            Look::Text | Look::Empty => false,
        })
}

/// Whole seconds, milli-, micro- or nanoseconds since 1970, between 2001 and 2100; how many a second.
fn moments(numbers: &[f64]) -> Option<f64> {
    [1.0, 1e3, 1e6, 1e9].into_iter().find(|second| {
        let range = 1e9 * second..4.1e9 * second;
        numbers
            .iter()
            .all(|number| range.contains(number) && number.fract() == 0.0)
    })
}

/// Never down, and up at least once.
fn rise(numbers: &[f64]) -> bool {
    numbers.is_sorted() && numbers.first() < numbers.last()
}

/// Nine steps of ten are as long as the shortest, and that is a part of a minute or whole minutes.
fn steps(numbers: &[f64], second: f64) -> bool {
    let steps = || {
        numbers
            .windows(2)
            .map(|pair| pair[1] - pair[0])
            .filter(|step| *step > 0.0)
    };
    let shortest = steps().fold(f64::INFINITY, f64::min);
    // Nanoseconds of our days are known as floats to 256 of them.
    let as_short = |step: &f64| *step <= shortest * (1.0 + 1e-6);
    let all = steps().count();
    let seconds = (shortest / second * 1e4).round() / 1e4;
    all > 1
        && steps().filter(as_short).count() * 10 >= all * 9
        && (60.0 % seconds == 0.0 || seconds % 60.0 == 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(of: impl IntoIterator<Item = i64>) -> Vec<Look> {
        #[expect(clippy::cast_precision_loss, reason = "as read")]
        let look = Look::Numbers(of.into_iter().map(|x| x as f64).collect());
        vec![look.clone(), look]
    }

    #[test]
    fn times_are_known_by_name_and_course_or_by_what_they_hold() {
        let minutes = |scale: i64| numbers((0..60).map(|i| (1_767_268_800 + i * 60) * scale));
        for scale in [1, 1_000, 1_000_000, 1_000_000_000] {
            assert!(is_time("x", &minutes(scale)), "{scale}");
        }
        assert!(is_time("x", &[Look::Dates, Look::Dates]));
        assert!(is_time("Time", &numbers([0, 60, 120])));
        assert!(is_time("created_at", &numbers([1, 1, 2])));
        // Sorted by host, not by time.
        assert!(is_time("ts", &numbers([1_767_268_860, 1_767_268_800])));
        assert!(is_time("ts", &[Look::Dates]));
    }

    #[test]
    fn figures_are_no_times() {
        // A latency that is called time.
        assert!(!is_time("time", &numbers([120, 80, 95])));
        assert!(!is_time("time", &numbers([100, 100, 100])));
        assert!(!is_time("response_time", &numbers([1, 2, 3])));
        // A heap and a counter that grow.
        assert!(!is_time(
            "heap_bytes",
            &numbers((0..50).map(|i| 1_200_000_000 + i * i * 4096))
        ));
        assert!(!is_time(
            "requests_total",
            &numbers((0..50).map(|i| 1_200_000_000 + i * 57 + i % 7))
        ));
        assert!(!is_time(
            "sent_total",
            &numbers((0..50).map(|i| 1_200_000_000 + i * 100))
        ));
        assert!(!is_time("latency_ms", &numbers([100, 101, 102])));
        assert!(!is_time("time", &[Look::Text, Look::Dates]));
        assert!(!is_time("time", &[Look::Empty, Look::Empty]));
    }

    #[test]
    fn labels_are_text_under_the_name_of_a_label() {
        let text = [Look::Text, Look::Text];
        assert!(is_label("Host", &text));
        assert!(!is_label("latency_ms", &text));
        assert!(!is_label("version", &numbers([1, 2])));
        assert!(is_label("host", &[Look::Text, Look::Empty]));
        assert!(!is_label("host", &[Look::Empty, Look::Empty]));
    }

    #[test]
    fn names_are_quoted_for_a_shell() {
        assert_eq!(quoted("cpu_%"), "cpu_%");
        assert_eq!(quoted("p99 (ms)"), "'p99 (ms)'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }
}
