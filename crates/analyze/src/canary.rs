//! The judgement of a canary by its figures beside those of a baseline.

mod metric;
mod report;
mod series;

pub(crate) use metric::worse;
pub use metric::{Metric, What};
pub use report::{MetricReport, Report};

use crate::failure::Failure;
use crate::source::{Progress, Source};
use series::Series;
use stats::judge::{Looks, Rule, Worse};
use std::path::PathBuf;

/// What is asked.
#[derive(Clone, Debug)]
pub struct Request {
    pub baseline: PathBuf,
    pub canary: PathBuf,
    /// Without any, every column of numbers that both files have.
    pub metrics: Vec<Metric>,
    /// Which direction is worse, for metrics that do not say.
    pub worse: Worse,
    /// A column whose values must not go back.
    pub time: Option<String>,
    pub tolerance: f64,
    /// The change of a rate for the worse that is accepted whatever the baseline, in points.
    pub margin: Option<f64>,
    pub min_sample: u64,
    pub alpha: stats::Alpha,
    pub looks: Looks,
}

/// Reads both files and judges every metric.
///
/// # Errors
///
/// A file that cannot be read or does not hold what was asked for. That there is no verdict is no
/// error but part of the report.
pub fn run(request: &Request, progress: &Progress) -> Result<Report, Failure> {
    let baseline = Source::open(&request.baseline)?;
    let canary = Source::open(&request.canary)?;
    let (metrics, passed_over) = if request.metrics.is_empty() {
        metric::all(&baseline, &canary, request.time.as_deref())?
    } else {
        (request.metrics.clone(), Vec::new())
    };
    let is_rate = |metric: &Metric| matches!(metric.what, What::Rate(..));
    if request.margin.is_some() && !metrics.iter().any(is_rate) {
        return Err(Failure::asked(
            "--margin: no metric is a rate",
            "name one, as --metric errors/requests, or leave --margin out",
        ));
    }
    let mut columns: Vec<&str> = Vec::new();
    for column in metrics.iter().flat_map(Metric::columns) {
        if !columns.contains(&column) {
            columns.push(column);
        }
    }
    progress.expect(baseline.size() + canary.size());
    let time = request.time.as_deref();
    let baseline = Series::read(&baseline, &columns, time, progress)?;
    let canary = Series::read(&canary, &columns, time, progress)?;
    let each = metrics
        .iter()
        .map(|metric| {
            let rule = Rule {
                worse: metric.worse.unwrap_or(request.worse),
                tolerance: request.tolerance,
                margin: request.margin.filter(|_| is_rate(metric)),
                min_sample: request.min_sample,
                alpha: request.alpha,
                looks: request.looks,
            };
            report::metric(metric, &rule, &baseline, &canary)
        })
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Report::new(request, each, &passed_over))
}
