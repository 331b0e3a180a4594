//! The comparison of experiment arms out of files of events.

mod assemble;
mod basis;
mod compare;
mod conclusion;
mod early;
mod guardrail;
mod health;
mod metric;
mod outcome;
mod refusal;
mod report;
mod text;
mod words;

pub use basis::By;
pub use metric::{Asked, Direction, Kind, Metric};
pub use refusal::Code;
pub use report::{
    Comparison, Conclusion, Figures, Guardrail, MetricReport, Outcome, Report, Status, Verdict,
};

use crate::failure::Failure;
use crate::figures::name;
use crate::join::{self, Feed, Joined, Missing, Question};
use crate::near;
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
    shares(&request.shares)?;
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
    one_column(&exposures)?;
    let request = &known(request, conversions.as_ref().unwrap_or(&exposures))?;
    one_sided(request)?;
    roles(request)?;
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
            one_column(conversions)?;
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
    let control = control(request, &joined, exposures.path())?;
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

/// A column says who, which, when or how much, and one of them only.
fn roles(request: &Request) -> Result<(), Failure> {
    let mut roles = vec![("--unit", &request.unit), ("--variant", &request.variant)];
    roles.extend(request.time.as_ref().map(|time| ("--time", time)));
    for metric in &request.metrics {
        for column in metric.names() {
            if let Some((role, _)) = roles.iter().find(|(_, named)| *named == column) {
                return Err(Failure::asked(
                    format!("--metric: \"{}\" is the column of {role}", name(column)),
                    "name the column that holds the metric's values",
                ));
            }
        }
    }
    for (at, (role, column)) in roles.iter().enumerate() {
        if let Some((before, _)) = roles[..at].iter().find(|(_, named)| named == column) {
            return Err(Failure::asked(
                format!(
                    "{role}: \"{}\" is the column of {before}, too",
                    name(column)
                ),
                "name a column of its own for each",
            ));
        }
    }
    Ok(())
}

/// A guardrail is tested against its margin on one side, and the other: from a level of a half on it
/// would hold and be broken at once.
fn one_sided(request: &Request) -> Result<(), Failure> {
    let guardrail = request
        .metrics
        .iter()
        .find(|metric| metric.guardrail.is_some());
    match guardrail {
        Some(metric) if request.question.alpha.get() >= 0.5 => Err(Failure::asked(
            format!("--alpha: {metric} is a guardrail, tested on one side, and needs it below 0.5"),
            "give a number above 0 and below 0.5, as 0.05",
        )),
        _ => Ok(()),
    }
}

/// The planned shares add up to 1, each variant having one.
fn shares(shares: &[(String, f64)]) -> Result<(), Failure> {
    if shares.is_empty() {
        return Ok(());
    }
    for (at, (arm, _)) in shares.iter().enumerate() {
        if shares[..at].iter().any(|(before, _)| before == arm) {
            return Err(Failure::asked(
                format!("--share: \"{}\" has two shares", name(arm)),
                "give each variant one",
            ));
        }
    }
    let sum: f64 = shares.iter().map(|(_, share)| share).sum();
    // As exact as the test of the split takes them.
    if (sum - 1.0).abs() <= 1e-9 {
        return Ok(());
    }
    let scaled: Vec<String> = shares
        .iter()
        .map(|(arm, share)| format!("--share {}={}", name(arm), share / sum))
        .collect();
    let sound = sum > 0.0 && sum.is_finite() && shares.len() > 1;
    Err(Failure::asked(
        format!(
            "--share: the shares add up to {}, not to 1",
            (sum * 1e9).round() / 1e9
        ),
        if sound {
            format!(
                "give every variant its share of all units, for this ratio {}",
                scaled.join(" ")
            )
        } else {
            "give every variant its share of all units, as --share control=0.5 --share treatment=0.5"
                .to_owned()
        },
    ))
}

/// A file of one column can hold no experiment; most likely its separator is another.
fn one_column(source: &Source) -> Result<(), Failure> {
    match source.columns() {
        [only] => Err(Failure::file(
            source.path(),
            format!("there is only one column, \"{}\"", name(only)),
            "separate columns by comma, semicolon, tab or |, and name them in the first line",
        )),
        _ => Ok(()),
    }
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

/// The names a control usually has.
const USUAL: [&str; 8] = [
    "control", "baseline", "stable", "blue", "a", "0", "false", "off",
];

/// Which of the arms is the control.
fn control(request: &Request, joined: &Joined, file: &Path) -> Result<usize, Failure> {
    let names: Vec<&str> = joined.arms.iter().map(|(name, _)| name.as_str()).collect();
    let column = &request.variant;
    let failure = |what: String, remedy: String| Failure::file(file, what, remedy).column(column);
    match names.as_slice() {
        [] => {
            return Err(failure(
                "no row names a variant".to_owned(),
                "is this the column of the variant?".to_owned(),
            ));
        }
        [only] => {
            return Err(failure(
                format!("there is only one variant, \"{}\"", name(only)),
                "a comparison needs two; is the export complete?".to_owned(),
            ));
        }
        _ => {}
    }
    for (arm, _) in &request.shares {
        if !names.contains(&arm.as_str()) {
            return Err(failure(
                format!("there is no variant \"{}\"", name(arm)),
                format!("in --share, {}", near::hint(arm, &names)),
            ));
        }
    }
    match &request.control {
        Some(control) => names
            .iter()
            .position(|name| name == control)
            .ok_or_else(|| {
                failure(
                    format!("there is no variant \"{}\"", name(control)),
                    format!("in --control, {}", near::hint(control, &names)),
                )
            }),
        None => usual(request, joined).ok_or_else(|| {
            failure(
                "which variant is the control cannot be told".to_owned(),
                format!("name it with --control; there is: {}", near::listed(&names)),
            )
        }),
    }
}

/// The variant with the first of the usual names. Where case makes several of it, the one written as
/// here, else the one that has a share, else the largest.
fn usual(request: &Request, joined: &Joined) -> Option<usize> {
    let named = |usual: &str| -> Vec<usize> {
        (0..joined.arms.len())
            .filter(|at| joined.arms[*at].0.eq_ignore_ascii_case(usual))
            .collect()
    };
    let (usual, found) = USUAL
        .iter()
        .map(|usual| (*usual, named(usual)))
        .find(|(_, found)| !found.is_empty())?;
    let only = |keep: &dyn Fn(usize) -> bool| {
        let mut kept = found.iter().copied().filter(|at| keep(*at));
        kept.next().filter(|_| kept.next().is_none())
    };
    let most = found.iter().map(|at| joined.arms[*at].1.units).max();
    only(&|_| true)
        .or_else(|| only(&|at| joined.arms[at].0 == usual))
        .or_else(|| {
            only(&|at| {
                request
                    .shares
                    .iter()
                    .any(|(arm, share)| *arm == joined.arms[at].0 && *share > 0.0)
            })
        })
        .or_else(|| only(&|at| Some(joined.arms[at].1.units) == most))
}
