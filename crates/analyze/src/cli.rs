//! `viridian analyze`: its arguments, and what it prints.

mod ab;
mod canary;
mod memory;

use crate::batch;
use crate::failure::Failure;
use crate::source::Progress;
use clap::Subcommand;
use std::fs::File;
use std::io::{self, ErrorKind, IsTerminal, Read, Write};
use std::path::PathBuf;

/// Compare two versions, or the arms of an experiment, out of files.
///
/// Needs no server.
#[derive(clap::Args, Debug)]
#[command(
    args_conflicts_with_subcommands = true,
    arg_required_else_help = true,
    after_help = "Examples:\n  viridian analyze canary baseline.csv canary.csv --metric latency_ms:increase\n  \
                  viridian analyze ab events.parquet --unit user_id --variant variant --metric revenue\n  \
                  viridian analyze --batch requests.jsonl > answers.jsonl"
)]
pub struct Args {
    /// Answer requests, one JSON object a line, from a file or standard input.
    ///
    /// A line that cannot be answered gets an error as its answer, and the next is read: the exit code is 0
    /// also where every line got one, so look for "error" in the answers. It is 1 where the input cannot
    /// be read or the answers cannot be written.
    #[arg(long, value_name = "FILE", num_args = 0..=1)]
    batch: Option<Option<PathBuf>>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand, Debug)]
enum Command {
    Ab(ab::Args),
    Canary(canary::Args),
}

/// How what was asked ended, for scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// There are answers; or the canary passes.
    Done,
    /// The canary fails.
    Fails,
    /// The figures do not decide about the canary.
    Undecided,
}

/// Does what was asked. Reading a long file moves `progress`.
///
/// # Errors
///
/// What is wrong with the files or with what was asked of them.
pub fn run(
    args: Args,
    input: impl Read,
    mut output: impl Write,
    progress: &Progress,
) -> Result<Ended, Failure> {
    let (text, ended) = match (args.batch, args.command) {
        (Some(None), _) => return answered(batch::run(input, output)),
        (Some(Some(path)), _) => {
            let file = File::open(&path).map_err(|error| {
                Failure::file(
                    &path,
                    error.to_string(),
                    "check the path and who may read it",
                )
            })?;
            if file.metadata().is_ok_and(|found| found.is_dir()) {
                return Err(Failure::file(
                    &path,
                    "it is a folder",
                    "name a file of requests, one JSON object a line",
                ));
            }
            return answered(batch::run(file, output));
        }
        (None, Some(Command::Ab(args))) => (ab::run(args, progress)?, Ended::Done),
        (None, Some(Command::Canary(args))) => canary::run(args, progress)?,
        (None, None) => {
            return Err(Failure::asked(
                "nothing was asked",
                "give ab, canary or --batch; see viridian analyze --help",
            ));
        }
    };
    written(
        output
            .write_all(text.as_bytes())
            .and_then(|()| output.flush()),
    )?;
    Ok(ended)
}

fn answered(outcome: io::Result<batch::Summary>) -> Result<Ended, Failure> {
    match outcome {
        Err(error) if error.kind() == ErrorKind::InvalidData => {
            return Err(Failure::asked(
                error.to_string(),
                "give UTF-8 text, a JSON object a line, as of gzip -dc or iconv -f utf-16 -t utf-8",
            ));
        }
        // No answer may be what was meant by no question, but rarely is.
        Ok(batch::Summary { answered: 0, .. }) => {
            eprintln!("there was no request in the input; give one JSON object a line");
        }
        outcome => written(outcome.map(|_| ()))?,
    }
    Ok(Ended::Done)
}

/// A reader that went away, as `head` does, is no error.
fn written(outcome: io::Result<()>) -> Result<(), Failure> {
    match outcome {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Failure::asked(
            format!("reading or writing failed: {error}"),
            "",
        )),
        _ => Ok(()),
    }
}

/// A report as JSON or as text.
fn shown(
    report: &(impl serde::Serialize + std::fmt::Display),
    json: bool,
) -> Result<String, Failure> {
    if json {
        serde_json::to_string_pretty(report)
            .map(|text| text + "\n")
            .map_err(|error| Failure::asked(format!("the report cannot be written: {error}"), ""))
    } else {
        Ok(format!("{report:width$}", width = width()))
    }
}

/// How many characters a line of the terminal has, where it says so.
fn width() -> usize {
    let told = std::env::var("COLUMNS")
        .ok()
        .filter(|_| std::io::stdout().is_terminal());
    told.and_then(|columns| columns.parse().ok())
        .map_or(80, |columns: usize| columns.clamp(60, 200))
}

/// `0.1` or `10%`.
fn share(text: &str) -> Option<f64> {
    match text.strip_suffix('%') {
        Some(percent) => Some(percent.parse::<f64>().ok()? / 100.0),
        None => text.parse().ok(),
    }
}

/// A level of error.
fn alpha(text: &str) -> Result<stats::Alpha, String> {
    let alpha = share(text)
        .ok_or_else(|| "it is no number; give one above 0 and below 1, as 0.05 or 5%".to_owned())?;
    stats::Alpha::new(alpha).map_err(|error| format!("{}; {}", error.why, error.remedy))
}
