//! `viridian analyze canary`.

use super::Ended;
use crate::canary::{self, Asked, Every, Request};
use crate::failure::Failure;
use crate::source::Progress;
use stats::judge::{Looks, Verdict, Worse};
use std::path::PathBuf;

/// Judge a canary by its figures beside those of a baseline.
///
/// Each file has a header line and a row a minute, a request or an instance. A metric is
/// COLUMN[/COLUMN][:p99|rate|count][:increase|decrease|either]: a figure (compared by ranks), a
/// quantile of it, counts out of counts as errors/requests, or counts over a span as
/// restarts/hours:count; and which change is one for the worse. A name that holds ":" or "/" itself is taken
/// for the column that it is. Where nobody says which, names do, as
/// "errors" and "success_rate"; of other names a change either way counts. Without --metric every column is
/// judged as a figure, and there is no verdict while one of them is in one file only or has a cell that
/// is no number. Left out are times (dates; numbers that rise as times do and are named so, as
/// "time", "ts" or "created_at", or are moments since 1970 in even steps) and text named as a label, as "host".
///
/// The canary fails if it is shown to be worse by more than is tolerated, passes if the opposite is
/// shown, and is not decided while neither is; nor where one file has far more gaps than the other. A file may be "-" for standard input, or a pipe as in
/// <(gzip -dc canary.csv.gz).
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  viridian analyze canary baseline.csv canary.csv\n  \
                  viridian analyze canary baseline.csv canary.csv --metric latency_ms:p99 \\\n    \
                  --metric errors/requests --metric throughput:decrease --tolerance 0.25\n\n\
                  Exit codes: 0 the canary passes; 3 it fails; 5 not decided; 1 the files cannot give a verdict, \
                  told on standard error; 2 wrong usage"
)]
pub(super) struct Args {
    /// Figures of the version that serves, CSV or Parquet.
    baseline: PathBuf,
    /// Figures of the new version over the same time.
    canary: PathBuf,
    /// What to judge by; can be given more than once.
    #[arg(long = "metric", value_name = "METRIC")]
    metrics: Vec<Asked>,
    /// Which change is one for the worse, of metrics that do not say: increase, decrease or either.
    ///
    /// Without it names tell: more errors, failures, latency and the like are worse, and less success,
    /// availability and throughput. Of other names a change either way counts.
    #[arg(long, value_name = "DIRECTION", value_parser = direction)]
    direction: Option<Worse>,
    /// The column of the time, which must not go back.
    #[arg(long, value_name = "COLUMN")]
    time: Option<String>,
    /// The change for the worse that is accepted, as a share of the baseline: 0.1 or 10%, and 150% above all of it.
    #[arg(long, value_name = "SHARE", default_value = "0.1", value_parser = tolerance,
          allow_negative_numbers = true)]
    tolerance: f64,
    /// The change of a rate that is accepted whatever the baseline, as 0.0001: one more in ten thousand.
    /// Lets a canary without errors pass beside a baseline without errors, once it has seen enough.
    #[arg(long, value_name = "POINTS", value_parser = margin, allow_negative_numbers = true)]
    margin: Option<f64>,
    /// No verdict on fewer than this: rows or trials of each, of counts the events of both.
    #[arg(
        long,
        value_name = "N",
        default_value = "20",
        value_parser = min_sample,
        allow_negative_numbers = true
    )]
    min_sample: u64,
    /// The accepted rate of false alarms of each metric: 0.05 or 5%.
    #[arg(long, default_value = "0.05", value_parser = super::alpha, allow_negative_numbers = true)]
    alpha: stats::Alpha,
    /// Compare every K-th row of a figure: 1 is all of them, auto as far apart as it takes until rows have
    /// nearly forgotten each other.
    ///
    /// Averages over time of one host are each like the one before, so that many of them say less than as
    /// many values would. auto reads that out of the rows, column by column, taking them to be in the
    /// order of time. Where rows are in no such order, as sorted ones, give 1.
    #[arg(
        long,
        value_name = "auto|K",
        default_value = "auto",
        allow_negative_numbers = true
    )]
    every: Every,
    /// Look once, when it is over: narrower intervals for figures, which are compared by ranks.
    ///
    /// Rates, counts and quantiles hold at every look in any case, and this changes nothing for them.
    #[arg(long)]
    once: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

fn direction(text: &str) -> Result<Worse, String> {
    canary::worse(text).ok_or_else(|| "give increase, decrease or either".to_owned())
}

fn tolerance(text: &str) -> Result<f64, String> {
    match super::share(text) {
        // Whoever writes 10 means per cent, and would have nearly everything pass.
        Some(share) if share > 1.0 && share.is_finite() && !text.ends_with('%') => Err(format!(
            "{text} is {}%: write {text}% or {}%",
            share * 100.0,
            share * 100.0
        )),
        Some(share) if share >= 0.0 && share.is_finite() => Ok(share),
        _ => Err("give a share of the baseline, 0 or more, as 0.1 or 10%".to_owned()),
    }
}

fn min_sample(text: &str) -> Result<u64, String> {
    text.parse()
        .map_err(|_| "give a whole number, 0 or more, as 20".to_owned())
}

fn margin(text: &str) -> Result<f64, String> {
    match super::share(text) {
        Some(points) if (0.0..=1.0).contains(&points) => Ok(points),
        _ => Err("give a share of the trials, from 0 to 1, as 0.0001 or 0.01%".to_owned()),
    }
}

pub(super) fn run(args: Args, progress: &Progress) -> Result<(String, Ended), Failure> {
    let request = Request {
        baseline: args.baseline,
        canary: args.canary,
        metrics: args.metrics,
        worse: args.direction,
        time: args.time,
        tolerance: args.tolerance,
        margin: args.margin,
        min_sample: args.min_sample,
        alpha: args.alpha,
        every: args.every,
        looks: if args.once { Looks::One } else { Looks::Any },
    };
    let report = canary::run(&request, progress)?;
    let ended = match report.verdict {
        Verdict::Pass => Ended::Done,
        Verdict::Fail => Ended::Fails,
        Verdict::Inconclusive => Ended::Undecided,
    };
    Ok((super::shown(&report, args.json)?, ended))
}
