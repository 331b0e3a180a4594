//! A bounded crowd of visitors for a shop on this machine.
//!
//! Two things it will not do: leave loopback, and run without an end.

mod histogram;
mod pacer;
mod report;
mod target;
mod visitor;

use std::{
    process::ExitCode,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use clap::{Args, ValueEnum};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use tokio::time::Instant;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::{pacer::Pacer, report::Report, target::Target, visitor::Visitor};

const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);
const STATUS_EVERY: Duration = Duration::from_secs(5);

#[derive(Args, Debug)]
pub(crate) struct Options {
    /// The shop's address; only http and only loopback.
    #[arg(long)]
    url: Target,
    /// Visitors at a time, each with its own cookies (1 to 5000).
    #[arg(long, default_value_t = 40, value_parser = clap::value_parser!(u32).range(1..=5000))]
    visitors: u32,
    /// Requests per second of all visitors together (more than 0, at most 500).
    #[arg(long, default_value_t = 20.0, value_parser = parse_rate)]
    requests_per_second: f64,
    /// How long: seconds, or `forever`, which is the upper bound of 24 hours.
    #[arg(long = "for", default_value = "600", value_name = "SECONDS|forever", value_parser = parse_length)]
    length: Duration,
    /// Share of visitors who come back with their cookies after a journey; the others are replaced by new ones.
    #[arg(long, default_value_t = 0.8, value_name = "SHARE", value_parser = parse_share)]
    returning: f64,
    /// How the summary is written to standard output.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    report: Format,
    /// Exit with 1 when a request got no answer, or an answer of 500 and above.
    #[arg(long)]
    fail_on_error: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

/// What visitors share.
struct Crowd {
    target: Target,
    client: Client<
        hyper_util::client::legacy::connect::HttpConnector,
        http_body_util::Full<bytes::Bytes>,
    >,
    pacer: Pacer,
    report: Mutex<Report>,
    returning: f64,
    done: CancellationToken,
}

impl Crowd {
    fn report(&self) -> MutexGuard<'_, Report> {
        // Counters are whole after each statement, so a panic elsewhere leaves nothing to repair.
        self.report.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) async fn run(options: Options) -> anyhow::Result<ExitCode> {
    let started = Instant::now();
    let crowd = Arc::new(Crowd {
        target: options.url,
        client: Client::builder(TokioExecutor::new()).build_http(),
        pacer: Pacer::new(options.requests_per_second),
        report: Mutex::default(),
        returning: options.returning,
        done: CancellationToken::new(),
    });
    let visitors = TaskTracker::new();
    for _ in 0..options.visitors {
        visitors.spawn(Visitor::new(crowd.clone()).visit_until_done());
    }
    visitors.close();

    let mut status = tokio::time::interval_at(started + STATUS_EVERY, STATUS_EVERY);
    let end = tokio::time::sleep_until(started + options.length);
    let stop = crate::asked_to_stop();
    tokio::pin!(end, stop);
    loop {
        tokio::select! {
            () = &mut end => break,
            result = &mut stop => { result?; break }
            _ = status.tick() => eprintln!("{}", crowd.report().status_line(started.elapsed())),
        }
    }
    crowd.done.cancel();
    visitors.wait().await;

    let report = crowd.report();
    let summary = report.summary(started.elapsed());
    match options.report {
        Format::Text => print!("{summary}"),
        Format::Json => println!("{}", serde_json::to_string_pretty(&summary)?),
    }
    let unhappy = options.fail_on_error && summary.failed + summary.errors > 0;
    Ok(if unhappy {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

fn parse_rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if rate > 0.0 && rate <= 500.0 => Ok(rate),
        _ => Err("give a number above 0 and at most 500".into()),
    }
}

fn parse_share(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err("give a number from 0 to 1".into()),
    }
}

fn parse_length(text: &str) -> Result<Duration, String> {
    if text == "forever" {
        return Ok(LONGEST);
    }
    match text.parse::<f64>() {
        Ok(seconds) if seconds > 0.0 && seconds <= LONGEST.as_secs_f64() => {
            Ok(Duration::from_secs_f64(seconds))
        }
        _ => Err("give seconds, at most 86400 (24 hours), or `forever` for just that".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rate_and_length_are_bounded() {
        assert_eq!(parse_rate("500"), Ok(500.0));
        for bad in ["0", "-1", "500.1", "NaN", "inf", "fast"] {
            assert!(parse_rate(bad).is_err(), "{bad}");
        }
        assert_eq!(parse_length("forever"), Ok(LONGEST));
        for bad in ["0", "86401", "inf", "NaN", "ever"] {
            assert!(parse_length(bad).is_err(), "{bad}");
        }
    }
}
