//! The judgement of a canary by its figures beside those of a baseline.

mod asked;
mod columns;
mod counts;
mod direction;
mod found;
mod header;
mod metric;
mod notes;
mod rates;
mod report;
mod rest;
mod screen;
mod sentence;
mod series;
mod thinned;
mod times;
mod words;

pub use asked::Asked;
pub use direction::Known;
pub(crate) use metric::worse;
pub use rates::Bursts;
pub use report::{MetricReport, Report};
pub use rest::Rest;
pub use thinned::{CanaryLonger, Every, Memory};

use crate::failure::Failure;
use crate::figures::plain;
use crate::source::{Progress, Source};
use columns::Chosen;
use metric::Metric;
use series::Series;
use stats::judge::{Looks, Rule, Worse};
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// What is asked.
#[derive(Clone, Debug)]
pub struct Request {
    pub baseline: PathBuf,
    pub canary: PathBuf,
    /// Without any, every column but times and labels.
    pub metrics: Vec<Asked>,
    /// Which direction is worse, for metrics that do not say. Without it their names do, and where
    /// these say nothing a change either way counts.
    pub worse: Option<Worse>,
    /// A column whose values must not go back.
    pub time: Option<String>,
    pub tolerance: f64,
    /// The change of a rate for the worse that is accepted whatever the baseline, in points.
    pub margin: Option<f64>,
    pub min_sample: u64,
    pub alpha: stats::Alpha,
    pub looks: Looks,
    /// Which rows of a figure are compared.
    pub every: Every,
}

/// Reads both files and judges every metric.
///
/// # Errors
///
/// A file that cannot be read or does not hold what was asked for. That there is no verdict is no
/// error but part of the report.
pub fn run(request: &Request, progress: &Progress) -> Result<Report, Failure> {
    if request.baseline == request.canary && request.baseline == Path::new("-") {
        return Err(Failure::asked(
            "standard input can be read once only",
            "name a file for one of the two",
        ));
    }
    let baseline = Source::open(&request.baseline)?;
    let canary = Source::open(&request.canary)?;
    let chosen = if request.metrics.is_empty() {
        for source in [&baseline, &canary] {
            header::of_figures(source).map_or(Ok(()), Err)?;
        }
        columns::choose(&baseline, &canary, request.time.as_deref())
            .map_err(|failure| whole_first(failure, [&baseline, &canary]))?
    } else {
        Chosen {
            metrics: columns::asked(&request.metrics, &baseline, &canary)?,
            ..Chosen::default()
        }
    };
    let metrics = &chosen.metrics;
    fits(request, metrics)?;
    let mut known = HashSet::new();
    let columns = metrics.iter().flat_map(Metric::columns);
    let columns: Vec<&str> = columns.filter(|column| known.insert(*column)).collect();
    progress.expect(baseline.size() + canary.size());
    let time = request.time.as_deref();
    // What is not named may not be meant: then naming the others is a way out, too.
    let read = |source| {
        Series::read(source, &columns, time, progress).map_err(|failure| {
            if !request.metrics.is_empty() || !failure.names_a_column() {
                return failure;
            }
            let failure = whole_first(failure, [&baseline, &canary]);
            match columns::by_name(&baseline, &canary) {
                Some(others) if failure.names_a_column() => failure.or(&others),
                _ => failure,
            }
        })
    };
    let (mut control, mut treated) = (read(&baseline)?, read(&canary)?);
    let in_both = |name: &&String| baseline.has(name) && canary.has(name);
    let time_of_both = chosen.times.iter().find(in_both);
    if let Some(time) = time_of_both {
        control.look_at_time(time);
        treated.look_at_time(time);
    }
    let judgements = metrics
        .iter()
        .map(|metric| {
            let (worse, known) = direction::of(metric, request.worse);
            let rule = Rule {
                worse,
                tolerance: request.tolerance,
                margin: request.margin.filter(|_| metric.is_rate()),
                min_sample: request.min_sample,
                alpha: request.alpha,
                looks: request.looks,
            };
            report::metric(metric, &rule, known, request.every, [&control, &treated])
        })
        .collect::<Result<Vec<_>, _>>()?;
    let arms = [&control, &treated];
    let mut warnings = doubts(request, arms);
    if let Some(time) = time_of_both
        && request.every == Every::Auto
        && metrics.iter().any(Metric::is_figure)
    {
        warnings.extend(arms.iter().filter_map(|arm| arm.backwards(time)));
    }
    Ok(Report::new(request, judgements, &chosen, warnings))
}

/// Whether the two files can be of a baseline and its canary.
fn doubts(request: &Request, [control, treated]: [&Series<'_>; 2]) -> Vec<String> {
    let copied = if request.baseline == request.canary {
        Some("Baseline and canary are one and the same file.")
    } else if control.is_copy_of(treated) {
        Some("Baseline and canary hold the same figures row by row: is one a copy of the other?")
    } else {
        None
    };
    let copied = copied.map(str::to_owned);
    copied
        .into_iter()
        .chain(times::apart(control, treated))
        .collect()
}

/// What is wrong with a file as a whole before what is wrong with a column: an open quote makes text of
/// a column, and then cells of the other file are none of its kind.
fn whole_first(failure: Failure, sources: [&Source; 2]) -> Failure {
    let broken = sources
        .iter()
        .find_map(|source| Series::whole(source).err());
    broken.unwrap_or(failure)
}

/// Nothing is asked for twice, nor for metrics that are not there.
fn fits(request: &Request, metrics: &[Metric]) -> Result<(), Failure> {
    // Columns that nobody named are each judged once.
    let asked = if request.metrics.is_empty() {
        &[]
    } else {
        metrics
    };
    for (at, metric) in asked.iter().enumerate() {
        if asked[..at].iter().any(|other| other.what == metric.what) {
            return Err(Failure::asked(
                format!(
                    "--metric: {} is asked for twice",
                    plain(&metric.to_string())
                ),
                "ask for it once, with the direction that is meant",
            ));
        }
    }
    if request.margin.is_some() && !metrics.iter().any(Metric::is_rate) {
        return Err(Failure::asked(
            "--margin: no metric is a rate",
            "name one, as --metric errors/requests, or leave --margin out",
        ));
    }
    let thinned = matches!(request.every, Every::Row(row) if row.get() > 1);
    if thinned && !metrics.iter().any(Metric::is_figure) {
        return Err(Failure::asked(
            "--every: no metric is a figure, and rates and counts are sums over all rows",
            "leave --every out, or name a column, as --metric latency_ms",
        ));
    }
    Ok(())
}
