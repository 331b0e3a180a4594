//! The browser tests: what they need, and the run of `node --test`.

use crate::process::{follow, run};
use crate::test::Count;
use crate::tools;
use crate::workspace::{Profile, Workspace};
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Runs every `end2end/tests/*.test.mjs` against the built server in a real Chromium.
pub(crate) fn test(workspace: &Workspace) -> Result<Count> {
    let folder = workspace.end2end();
    let files = files(&folder.join("tests"))?;
    let tap = workspace.site().with_file_name("end2end.tap");
    // A result of an earlier run must not be taken for this one's.
    fs::write(&tap, "").with_context(|| format!("cannot write {}", tap.display()))?;
    let status = follow(
        Command::new("node")
            .current_dir(&folder)
            .arg("--test")
            .args(["--test-reporter=spec", "--test-reporter-destination=stdout"])
            .arg("--test-reporter=tap")
            .arg(format!("--test-reporter-destination={}", tap.display()))
            .args(files)
            .env("VIRIDIAN_BIN", workspace.binary(Profile::Dev, "viridian"))
            .env(
                "VIRIDIAN_STOREFRONT",
                workspace.binary(Profile::Dev, "storefront"),
            )
            .env("VIRIDIAN_SITE", workspace.site())
            .env("VIRIDIAN_CHROMIUM", tools::chromium()?),
        |_| {},
    )?;
    Ok(count(&fs::read_to_string(&tap)?).or_failed(status.success()))
}

/// Node.js, Chromium and the locked packages.
pub(crate) fn prepare(workspace: &Workspace) -> Result<()> {
    tools::node()?;
    tools::chromium()?;
    let folder = workspace.end2end();
    let lock = fs::read(folder.join("package-lock.json"))
        .context("end2end/package-lock.json cannot be read")?;
    let stamp = folder.join("node_modules/.installed-lock");
    if fs::read(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    run(Command::new("npm")
        .args(["ci", "--no-audit", "--no-fund", "--loglevel=error"])
        // Chromium is the machine's own.
        .env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")
        .current_dir(&folder))
    .context("the packages of end2end/package-lock.json cannot be installed")?;
    fs::write(&stamp, lock)?;
    Ok(())
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = fs::read_dir(folder)
        .with_context(|| format!("cannot read {}", folder.display()))?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<_>>>()?;
    files.retain(|path| path.to_string_lossy().ends_with(".test.mjs"));
    files.sort();
    if files.is_empty() {
        bail!("{} holds no *.test.mjs", folder.display());
    }
    Ok(files)
}

/// Adds up the summary at the end of a TAP report. A test that was cancelled has not passed.
fn count(tap: &str) -> Count {
    let mut count = Count::default();
    for line in tap.lines() {
        count.skipped.extend(skipped(line));
        let Some((what, number)) = line
            .strip_prefix("# ")
            .and_then(|rest| rest.split_once(' '))
        else {
            continue;
        };
        let Ok(number) = number.trim().parse::<usize>() else {
            continue;
        };
        match what {
            "pass" => count.passed += number,
            "fail" | "cancelled" => count.failed += number,
            _ => {}
        }
    }
    count
}

/// The test of a line `ok 3 - name # SKIP why`, which is not among those that passed.
fn skipped(line: &str) -> Option<String> {
    let (_, test) = line.trim_start().strip_prefix("ok ")?.split_once(" - ")?;
    let (name, why) = test.split_once(" # SKIP")?;
    Some(format!("{name}: {}", why.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cancelled_tests_count_as_failed() {
        let tap = "ok 1 - a\n# pass 9 things\n# tests 7\n# pass 4\n# fail 1\n# cancelled 2\n";
        assert_eq!(count(tap), Count::of(4, 3));
    }

    #[test]
    fn skipped_tests_are_counted_apart() {
        let tap = "    ok 1 - a page # SKIP no keyboard\nok 2 - b\n# pass 1\n# skipped 1\n";
        let count = count(tap);
        assert_eq!(count.passed, 1);
        assert_eq!(count.skipped, ["a page: no keyboard"]);
    }

    #[test]
    fn report_without_a_summary_is_no_pass() {
        let count = count("TAP version 13\n").or_failed(false);
        assert_eq!(count, Count::of(0, 1));
    }
}
