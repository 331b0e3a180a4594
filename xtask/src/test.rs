//! `cargo xtask test`: every test there is, and one line at the end that says how many.

use crate::process::{follow, run as run_program};
use crate::steps::{seconds, step};
use crate::workspace::{Profile, Workspace};
use crate::{browser, make, tools};
use anyhow::Result;
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

/// How many tests passed and how many did not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) passed: usize,
    pub(crate) failed: usize,
}

impl Count {
    const ONE_PASSED: Self = Self {
        passed: 1,
        failed: 0,
    };
    const ONE_FAILED: Self = Self {
        passed: 0,
        failed: 1,
    };

    /// A program that failed without counting a failure did not get to its tests.
    pub(crate) fn or_failed(self, success: bool) -> Self {
        match self {
            Self { passed, failed: 0 } if !success => Self { passed, failed: 1 },
            count => count,
        }
    }

    fn plus(self, other: Self) -> Self {
        Self {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
        }
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
            Count::ONE_FAILED
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
    let mut count = Count::default();
    let status = follow(workspace.cargo("test").arg("--no-fail-fast"), |line| {
        if let Some(binary) = result_line(line) {
            count = count.plus(binary);
        }
    })?;
    Ok(count.or_failed(status.success()))
}

/// Reads `test result: ok. 5 passed; 0 failed; …`, which every test binary ends with.
fn result_line(line: &str) -> Option<Count> {
    let (_, rest) = line.split_once("test result: ")?;
    let number = |what: &str| {
        rest.split([';', '.'])
            .find_map(|part| part.trim().strip_suffix(what)?.trim().parse().ok())
    };
    Some(Count {
        passed: number("passed")?,
        failed: number("failed")?,
    })
}

/// Builds rather than checks: the browser tests use the very artifacts, so that nothing is compiled
/// twice.
fn wasm(workspace: &Workspace) -> Result<Count> {
    tools::wasm_target(&workspace.root)?;
    run_program(&mut make::frontend(workspace))?;
    println!("the frontend compiles to WebAssembly");
    Ok(Count::ONE_PASSED)
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
        count = count.plus(if outcome.is_ok() {
            Count::ONE_PASSED
        } else {
            Count::ONE_FAILED
        });
    }
    Ok(count)
}

/// Ends with `N passed, N failed` alone on the last line. That nothing ran is a failure.
fn summary(reports: &[Report]) -> ExitCode {
    println!(
        "\n{:<10}{:>8}{:>8}{:>12}",
        "part", "passed", "failed", "time"
    );
    let mut total = Count::default();
    for Report { part, count, took } in reports {
        let (name, time) = (part.name(), seconds(*took));
        println!("{name:<10}{:>8}{:>8}{time:>12}", count.passed, count.failed);
        total = total.plus(*count);
    }
    println!("\n{} passed, {} failed", total.passed, total.failed);
    if total.failed == 0 && total.passed > 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn result_lines_of_cargo_are_counted() {
        let line =
            "test result: FAILED. 12 passed; 3 failed; 1 ignored; 0 measured; 0 filtered out";
        assert_eq!(
            result_line(line),
            Some(Count {
                passed: 12,
                failed: 3
            })
        );
        let coloured = "test result: \u{1b}[32mok\u{1b}[m. 1 passed; 0 failed; 0 ignored";
        assert_eq!(
            result_line(coloured),
            Some(Count {
                passed: 1,
                failed: 0
            })
        );
        assert_eq!(result_line("test domain::passed ... ok"), None);
    }

    #[test]
    fn crash_without_a_counted_failure_is_one() {
        let count = Count {
            passed: 7,
            failed: 0,
        };
        assert_eq!(
            count.or_failed(false),
            Count {
                passed: 7,
                failed: 1
            }
        );
        assert_eq!(count.or_failed(true), count);
        assert_eq!(
            Count {
                passed: 0,
                failed: 2
            }
            .or_failed(false)
            .failed,
            2
        );
    }
}
