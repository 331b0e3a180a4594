//! `viridian analyze ab`.

use super::memory;
use crate::ab::{self, Asked, Files, Method, Request};
use crate::failure::Failure;
use crate::join::Missing;
use crate::source::Progress;
use stats::{Difference, Question};
use std::path::PathBuf;

/// Compare the arms of an experiment, unit by unit, out of one or two files.
///
/// A file is CSV with a header line, or Parquet; "-" is standard input, and a pipe as in
/// <(gzip -dc events.csv.gz) will do. Rows that name a variant are exposures; rows with a
/// metric's value are its observations; a row may be both. A unit belongs to the variant it was first
/// exposed to, and with --time only values from then on count. A unit seen in two variants is counted
/// and left out. Values of one unit are added up.
///
/// A metric is COLUMN[/COLUMN][:mean|conversion|ratio|p90][:up|down]: the mean of a column over units
/// (the default), the share of units with any value but 0, one column's sum over another's, or a
/// quantile over units, each by its sum; and whether more is better (the default) or less. Fewer than 10 conversions in
/// a variant are compared by their counts. A column may have ":" and "/" in its name: the longest beginning that is
/// a column is the column.
///
/// :cuped takes out of a mean what each unit's values from before its exposure explain, :cuped=COLUMN
/// what those of another column do; it needs --time. :guardrail=MARGIN asks of a metric only that it
/// is not worse by the margin: a share of the control's figure, as 2% or 0.02 (a number above 1 is none), and with
/// --absolute a number in the metric's unit, as 0.5, or for a conversion in points, as 2pp; guardrails are
/// left out of the correction for many comparisons.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  viridian analyze ab events.csv --unit user_id --variant variant --time at \\\n    \
                  --metric revenue:cuped --metric paid:conversion --metric refunds:down:guardrail=5%\n  \
                  viridian analyze ab --exposures seen.parquet --conversions orders.parquet \\\n    \
                  --unit user_id --variant variant --time at --metric amount --sequential\n\n\
                  Exit codes: 0 there is a report, whatever it says; 1 the files cannot give one; 2 wrong usage"
)]
pub(super) struct Args {
    /// Events of both kinds, CSV or Parquet.
    #[arg(value_name = "EVENTS", required_unless_present = "exposures")]
    events: Option<PathBuf>,
    /// Exposures, where metric values are in a file of their own.
    #[arg(
        long,
        value_name = "FILE",
        requires = "conversions",
        conflicts_with = "events"
    )]
    exposures: Option<PathBuf>,
    /// Metric values.
    #[arg(long, value_name = "FILE", requires = "exposures")]
    conversions: Option<PathBuf>,
    /// The column that names the unit, as a user.
    #[arg(long, value_name = "COLUMN")]
    unit: String,
    /// The column that names the variant.
    #[arg(long, value_name = "COLUMN")]
    variant: String,
    /// The column of the time: numbers in one unit, with or without a fraction, timestamps or ISO dates.
    /// Of two files both need the same, with a time of day and a zone.
    #[arg(long, value_name = "COLUMN")]
    time: Option<String>,
    /// What to compare; can be given more than once.
    #[arg(long = "metric", value_name = "METRIC", required = true)]
    metrics: Vec<Asked>,
    /// The variant to compare with. Without it the one that has a usual name, as "control".
    #[arg(long, value_name = "NAME")]
    control: Option<String>,
    /// The planned share of a variant, as control=0.9 or control=90%; equal shares without. Each variant
    /// needs one, and they add up to 1.
    #[arg(long = "share", value_name = "NAME=SHARE", value_parser = share)]
    shares: Vec<(String, f64)>,
    /// The accepted rate of false alarms.
    #[arg(long, default_value = "0.05", value_parser = super::alpha, allow_negative_numbers = true)]
    alpha: stats::Alpha,
    /// Show differences in the metric's unit (of conversions in points) instead of per cent. Fewer than 10 conversions in
    /// a variant are compared by their counts, whose change is in per cent all the same.
    #[arg(long)]
    absolute: bool,
    /// Intervals that hold at every look, so that you may stop early.
    #[arg(long, conflicts_with = "bayesian")]
    sequential: bool,
    /// The number of units where --sequential is to be sharpest.
    #[arg(long, value_name = "UNITS", default_value_t = 5000, value_parser = clap::value_parser!(u32).range(2..),
          allow_negative_numbers = true,
          requires = "sequential")]
    tuning: u32,
    /// The chance to win instead of p.
    #[arg(long)]
    bayesian: bool,
    /// What a unit without any value of a metric is.
    #[arg(long, value_name = "AS", default_value = "zero", value_enum)]
    missing: MissingAs,
    /// Memory for rows; what is more goes to a temporary file. Beside it reading takes about 20 MiB a
    /// processor, and each quantile up to 16 MiB a variant.
    #[arg(long, value_name = "SIZE", default_value = "1G", value_parser = memory::parse, allow_hyphen_values = true)]
    memory: usize,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum MissingAs {
    /// It did nothing: 0.
    Zero,
    /// It was not observed: left out of this metric.
    LeaveOut,
}

fn share(text: &str) -> Result<(String, f64), String> {
    let (name, share) = text.rsplit_once('=').ok_or("write it as NAME=SHARE")?;
    let (number, scale) = match share.strip_suffix('%') {
        Some(percent) => (percent, 100.0),
        None => (share, 1.0),
    };
    match number.parse::<f64>() {
        Ok(number) if number >= 0.0 && number.is_finite() => Ok((name.to_owned(), number / scale)),
        _ => Err(format!(
            "\"{share}\" is no share; give a number from 0 to 1, as 0.5, or 50%"
        )),
    }
}

pub(super) fn run(args: Args, progress: &Progress) -> Result<String, Failure> {
    let files = match (args.events, args.exposures, args.conversions) {
        (Some(events), _, _) => Files::One(events),
        (None, Some(exposures), Some(conversions)) => Files::Two {
            exposures,
            conversions,
        },
        (None, _, _) => {
            return Err(Failure::asked(
                "no file was named",
                "name the file of events",
            ));
        }
    };
    let question = Question {
        alpha: args.alpha,
        difference: if args.absolute {
            Difference::Absolute
        } else {
            Difference::Relative
        },
        ..Question::default()
    };
    let request = Request {
        files,
        unit: args.unit,
        variant: args.variant,
        time: args.time,
        metrics: args.metrics,
        control: args.control,
        shares: args.shares,
        question,
        method: match (args.sequential, args.bayesian) {
            (true, _) => Method::Sequential {
                tuning: f64::from(args.tuning),
            },
            (false, true) => Method::Bayesian,
            (false, false) => Method::Fixed,
        },
        missing: match args.missing {
            MissingAs::Zero => Missing::Zero,
            MissingAs::LeaveOut => Missing::LeaveOut,
        },
        memory: args.memory,
        threads: std::thread::available_parallelism().map_or(1, usize::from),
    };
    let report = ab::run(&request, progress)?;
    super::shown(&report, args.json)
}
