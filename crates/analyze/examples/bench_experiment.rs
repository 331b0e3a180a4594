//! How long an experiment takes from files to a report, and how much memory at most.
//!
//! `cargo xtask gen-experiment --exposures 100000000 --out /tmp/e.parquet`, then
//! `cargo run --release -p analyze --example bench_experiment -- /tmp/e.parquet`.

use analyze::ab::{Files, Method, Request, run};
use analyze::{Missing, Progress};
use std::path::PathBuf;
use std::time::Instant;

fn main() {
    let mut args = std::env::args().skip(1);
    let file: PathBuf = args
        .next()
        .expect("a file that gen-experiment wrote")
        .into();
    let memory: usize = args
        .next()
        .map_or(1 << 30, |mib| mib.parse::<usize>().expect("MiB") << 20);
    let threads = args.next().map_or_else(
        || std::thread::available_parallelism().map_or(1, usize::from),
        |threads| threads.parse().expect("threads"),
    );
    let request = Request {
        files: Files::One(file),
        unit: "user_id".to_owned(),
        variant: "variant".to_owned(),
        time: Some("at".to_owned()),
        metrics: ["revenue", "converted:conversion"]
            .map(|metric| metric.parse().expect("a metric"))
            .into(),
        control: None,
        shares: Vec::new(),
        question: stats::Question::default(),
        method: Method::Fixed,
        missing: Missing::Zero,
        memory,
        threads,
    };
    let start = Instant::now();
    let report = run(&request, &Progress::default()).unwrap_or_else(|failure| panic!("{failure}"));
    let took = start.elapsed();
    println!("{report}");
    println!(
        "{:.2} s on {threads} threads, {} MiB of rows in memory, {} MB on disk, peak memory {}",
        took.as_secs_f64(),
        memory >> 20,
        report.reading.temporary_bytes / 1_000_000,
        peak()
    );
}

/// The most memory this process has held, as the kernel counts it.
fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.map_or_else(|| "unknown".to_owned(), |text| text.trim().to_owned())
}
