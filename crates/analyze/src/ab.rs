//! The comparison of experiment arms out of files of events.

mod assemble;
mod basis;
mod compare;
mod conclusion;
mod control;
mod early;
mod guardrail;
mod health;
mod lopsided;
mod metric;
mod notes;
mod outcome;
mod refusal;
mod report;
mod sound;
mod tables;
mod text;
mod words;

pub use basis::By;
pub use metric::{Asked, Direction, Kind, MarginUnit, Metric};
pub use refusal::Code;
pub use report::{
    Comparison, Conclusion, Figures, Guardrail, MetricReport, Outcome, Report, Status, Verdict,
};

use crate::failure::Failure;
use crate::join::{self, Feed, Missing, Question};
use crate::source::{Progress, Source, Wanted};
use serde::{Serialize, Serializer};
use std::path::{Path, PathBuf};

/// Where the rows are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Files {
    /// Exposures and metric values in one file, in the same rows or in rows of their own.
    One(PathBuf),
    Two {
        exposures: PathBuf,
        conversions: PathBuf,
    },
}

/// How the figures become a verdict.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub enum Method {
    /// Looked at once, when it is over.
    #[default]
    Fixed,
    /// Looked at as often as one likes; planned for about so many units.
    Sequential { tuning: f64 },
    /// Chance to win.
    Bayesian,
}

impl Method {
    /// The name for programs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fixed => "fixed",
            Self::Sequential { .. } => "sequential",
            Self::Bayesian => "bayesian",
        }
    }
}

impl Serialize for Method {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// What is asked, of metrics as they are written, or as they are known once the columns are.
#[derive(Clone, Debug)]
pub struct Request<M = Metric> {
    pub files: Files,
    pub unit: String,
    pub variant: String,
    pub time: Option<String>,
    pub metrics: Vec<M>,
    /// The arm the others are compared with; must be named where it cannot be told.
    pub control: Option<String>,
    /// The split that was planned, by arm; equal if empty.
    pub shares: Vec<(String, f64)>,
    pub question: stats::Question,
    pub method: Method,
    pub missing: Missing,
    /// Bytes of rows kept in memory; the rest goes to a temporary file.
    pub memory: usize,
    pub threads: usize,
}

/// Reads, joins, compares and concludes.
///
/// # Errors
///
/// A file that cannot be read or does not hold what was asked for; arms that do not make a
/// comparison. That a figure cannot be computed is no error but part of the report.
pub fn run(request: &Request<Asked>, progress: &Progress) -> Result<Report, Failure> {
    sound::shares(&request.shares)?;
    if let Files::Two {
        exposures,
        conversions,
    } = &request.files
        && exposures == conversions
        && exposures == Path::new("-")
    {
        return Err(Failure::asked(
            "standard input can be read once only",
            "name a file for one of the two, or give both kinds of events as one file",
        ));
    }
    let (exposures, conversions) = match &request.files {
        Files::One(events) => (Source::open(events)?, None),
        Files::Two {
            exposures,
            conversions,
        } => (Source::open(exposures)?, Some(Source::open(conversions)?)),
    };
    sound::one_column(&exposures)?;
    let request = &known(request, conversions.as_ref().unwrap_or(&exposures))?;
    sound::one_sided(request)?;
    sound::roles(request)?;
    metric::distinct(&request.metrics)?;
    metric::margins(&request.metrics, request.question.difference)?;
    if let Some(metric) = request
        .metrics
        .iter()
        .find(|metric| metric.before.is_some() && request.time.is_none())
    {
        return Err(Failure::asked(
            format!("{metric}:cuped: without a time nothing is from before the exposure"),
            "name the column of the time with --time",
        ));
    }
    let columns = metric::columns(&request.metrics);
    let feeds = match &conversions {
        None => vec![feed(&exposures, request, true, &columns.read)?],
        Some(conversions) => {
            sound::one_column(conversions)?;
            vec![
                feed(&exposures, request, true, &[])?,
                feed(conversions, request, false, &columns.read)?,
            ]
        }
    };
    let joined = join::join(
        &Question {
            feeds: &feeds,
            folds: &columns
                .read
                .iter()
                .map(|column| column.fold)
                .collect::<Vec<_>>(),
            measures: &columns.measures,
            missing: request.missing,
            memory: request.memory,
            threads: request.threads,
        },
        progress,
    )?;
    let control = control::control(request, &joined, exposures.path())?;
    assemble::report(request, &joined, control)
}

/// The metrics by the columns of the file that holds their values.
fn known(request: &Request<Asked>, values: &Source) -> Result<Request, Failure> {
    let metrics = request
        .metrics
        .iter()
        .map(|asked| asked.among(values.path(), values.columns()))
        .collect::<Result<_, _>>()?;
    let Request {
        files,
        unit,
        variant,
        time,
        metrics: _,
        control,
        shares,
        question,
        method,
        missing,
        memory,
        threads,
    } = request.clone();
    Ok(Request {
        files,
        unit,
        variant,
        time,
        metrics,
        control,
        shares,
        question,
        method,
        missing,
        memory,
        threads,
    })
}

fn feed<'a>(
    source: &'a Source,
    request: &Request,
    exposures: bool,
    metrics: &[metric::Column],
) -> Result<Feed<'a>, Failure> {
    let variant = exposures
        .then(|| source.column(&request.variant))
        .transpose()?;
    let wanted = Wanted {
        unit: Some(source.column(&request.unit)?),
        variant,
        time: request
            .time
            .as_deref()
            .map(|name| source.column(name))
            .transpose()?,
        metrics: metrics
            .iter()
            .map(|column| source.column(&column.name))
            .collect::<Result<_, _>>()?,
    };
    Ok(Feed { source, wanted })
}
