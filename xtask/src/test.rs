//! `cargo xtask test`: every test there is, and one line at the end that says how many.

use crate::process::{follow, run as run_program};
use crate::steps::{seconds, step};
use crate::workspace::{Profile, Workspace};
use crate::{browser, make, tools};
use anyhow::{Context, Result};
use std::collections::BTreeSet;
use std::fs;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Run this part alone; can be given more than once.
    #[arg(long, value_enum)]
    only: Vec<Part>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    /// `cargo test` of every crate that runs on this machine.
    Unit,
    /// The frontend compiles for the browser.
    Wasm,
    /// The real server in a real Chromium.
    Browser,
    /// The real server and node under real load, from outside.
    Trial,
}

impl Part {
    const ALL: [Self; 4] = [Self::Unit, Self::Wasm, Self::Browser, Self::Trial];

    fn name(self) -> &'static str {
        match self {
            Self::Unit => "unit",
            Self::Wasm => "wasm",
            Self::Browser => "browser",
            Self::Trial => "trial",
        }
    }
}

/// How many tests passed, how many failed, and which could not run on this machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) passed: usize,
    pub(crate) failed: usize,
    /// A line each: the test, and what it lacked.
    pub(crate) skipped: Vec<String>,
}

impl Count {
    pub(crate) fn of(passed: usize, failed: usize) -> Self {
        Self {
            passed,
            failed,
            skipped: Vec::new(),
        }
    }

    /// A program that failed without counting a failure did not get to its tests.
    pub(crate) fn or_failed(mut self, success: bool) -> Self {
        if self.failed == 0 && !success {
            self.failed = 1;
        }
        self
    }

    /// A test that returns early counts for its harness as one that passed.
    fn less_skipped(mut self, list: &str) -> Self {
        let skipped: BTreeSet<&str> = list.lines().filter(|line| !line.is_empty()).collect();
        self.passed = self.passed.saturating_sub(skipped.len());
        self.skipped = skipped.into_iter().map(str::to_owned).collect();
        self
    }

    fn plus(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped.extend(other.skipped);
    }
}

struct Report {
    part: Part,
    count: Count,
    took: Duration,
}

/// Runs the parts in order, also after one has failed: whoever looks wants to know all of it.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let workspace = Workspace::locate()?;
    let mut reports = Vec::new();
    for part in Part::ALL {
        if !args.only.is_empty() && !args.only.contains(&part) {
            continue;
        }
        println!("\n══ {}", part.name());
        let start = Instant::now();
        let count = match part {
            Part::Unit => unit(&workspace),
            Part::Wasm => wasm(&workspace),
            Part::Browser => browser(&workspace),
            Part::Trial => trial(&workspace),
        };
        let count = count.unwrap_or_else(|error| {
            println!("{}: {error:#}", part.name());
            Count::of(0, 1)
        });
        reports.push(Report {
            part,
            count,
            took: start.elapsed(),
        });
    }
    Ok(summary(&reports))
}

fn unit(workspace: &Workspace) -> Result<Count> {
    tools::python()?;
    let list = workspace.site().with_file_name("skipped");
    // What an earlier run lacked is not what this one lacks.
    fs::write(&list, "").with_context(|| format!("cannot write {}", list.display()))?;
    let mut count = Count::default();
    let mut tests = workspace.cargo("test");
    let status = follow(
        tests.arg("--no-fail-fast").env("VIRIDIAN_SKIPPED", &list),
        |line| {
            if let Some(binary) = result_line(line) {
                count.plus(binary);
            }
        },
    )?;
    let skipped = fs::read_to_string(&list)?;
    Ok(count.less_skipped(&skipped).or_failed(status.success()))
}

/// Reads `test result: ok. 5 passed; 0 failed; …`, which every test binary ends with.
fn result_line(line: &str) -> Option<Count> {
    let (_, rest) = line.split_once("test result: ")?;
    let number = |what: &str| {
        rest.split([';', '.'])
            .find_map(|part| part.trim().strip_suffix(what)?.trim().parse().ok())
    };
    Some(Count::of(number("passed")?, number("failed")?))
}

/// Builds rather than checks: the browser tests use the very artifacts, so that nothing is compiled
/// twice.
fn wasm(workspace: &Workspace) -> Result<Count> {
    tools::wasm_target(&workspace.root)?;
    run_program(&mut make::frontend(workspace))?;
    println!("the frontend compiles to WebAssembly");
    Ok(Count::of(1, 0))
}

fn browser(workspace: &Workspace) -> Result<Count> {
    step("prepare Node.js and Chromium", || {
        browser::prepare(workspace)
    })?;
    make::site(workspace)?;
    make::programs(workspace, Profile::Dev)?;
    browser::test(workspace)
}

/// The short form of the trials; `docs/TRIALS.md` tells the long one.
const TRIALS: [&[&str]; 5] = [
    &["strategies"],
    &["errors"],
    &[
        "rollback",
        "--strategy",
        "blue-green",
        "--strategy",
        "rolling",
    ],
    &["kill-serve", "--times", "10"],
    &["kill-node", "--times", "3"],
];

fn trial(workspace: &Workspace) -> Result<Count> {
    tools::python()?;
    make::programs(workspace, Profile::Dev)?;
    run_program(workspace.cargo("build").arg("--package=trial"))?;
    let mut count = Count::default();
    for arguments in TRIALS {
        println!("── trial {}", arguments.join(" "));
        let mut program = Command::new(workspace.binary(Profile::Dev, "trial"));
        program
            .arg("--viridian")
            .arg(workspace.binary(Profile::Dev, "viridian"));
        let outcome = run_program(program.args(arguments).env("RUST_BACKTRACE", "0"));
        count.plus(match outcome {
            Ok(()) => Count::of(1, 0),
            Err(_) => Count::of(0, 1),
        });
    }
    Ok(count)
}

/// Ends with `N passed, N failed, N skipped` alone on the last line, and why above it. That nothing
/// ran is a failure.
fn summary(reports: &[Report]) -> ExitCode {
    println!(
        "\n{:<10}{:>8}{:>8}{:>8}{:>12}",
        "part", "passed", "failed", "skipped", "time"
    );
    let mut total = Count::default();
    for Report { part, count, took } in reports {
        println!(
            "{:<10}{:>8}{:>8}{:>8}{:>12}",
            part.name(),
            count.passed,
            count.failed,
            count.skipped.len(),
            seconds(*took)
        );
        total.plus(count.clone());
    }
    if !total.skipped.is_empty() {
        println!("\nskipped, for want of something on this machine:");
        total.skipped.iter().for_each(|test| println!("  {test}"));
    }
    println!("\n{}", in_one_line(&total));
    if total.failed == 0 && total.passed > 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn in_one_line(total: &Count) -> String {
    let Count {
        passed,
        failed,
        skipped,
    } = total;
    format!(
        "{passed} passed, {failed} failed, {} skipped",
        skipped.len()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn result_lines_of_cargo_are_counted() {
        let line =
            "test result: FAILED. 12 passed; 3 failed; 1 ignored; 0 measured; 0 filtered out";
        assert_eq!(result_line(line), Some(Count::of(12, 3)));
        let coloured = "test result: \u{1b}[32mok\u{1b}[m. 1 passed; 0 failed; 0 ignored";
        assert_eq!(result_line(coloured), Some(Count::of(1, 0)));
        assert_eq!(result_line("test domain::passed ... ok"), None);
    }

    #[test]
    fn crash_without_a_counted_failure_is_one() {
        let count = Count::of(7, 0);
        assert_eq!(count.clone().or_failed(false), Count::of(7, 1));
        assert_eq!(count.clone().or_failed(true), count);
        assert_eq!(Count::of(0, 2).or_failed(false).failed, 2);
    }

    #[test]
    fn a_test_that_could_not_run_has_not_passed() {
        // Twice where one test lacks two things in one way.
        let list = "a::b: no disk\nc: no PostgreSQL\nc: no PostgreSQL\n";
        let count = Count::of(7, 1).less_skipped(list);
        assert_eq!(in_one_line(&count), "5 passed, 1 failed, 2 skipped");
        assert_eq!(count.skipped, ["a::b: no disk", "c: no PostgreSQL"]);
        let whole = Count::of(7, 0).less_skipped("");
        assert_eq!(in_one_line(&whole), "7 passed, 0 failed, 0 skipped");
    }
}
