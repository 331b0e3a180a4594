//! A test that cannot run here says so, and is not counted as one that passed.
//!
//! **The rule of this crate:** it is a dependency of tests alone. **Deliberately absent:** everything
//! else.

use std::fs::File;
use std::io::Write;
use std::thread;

/// Names the file that skipped tests are written to, a line each; `cargo xtask test` counts them.
pub const LIST: &str = "VIRIDIAN_SKIPPED";

/// To be called by a test right before it returns early, with what is missing.
///
/// # Panics
/// When the list that was asked for cannot be written: the test would be counted as one that passed.
pub fn skipped(why: &str) {
    let why = why.split_whitespace().collect::<Vec<_>>().join(" ");
    let test = thread::current();
    let line = format!("{}: {why}\n", test.name().unwrap_or("a test"));
    // Past the harness, which would swallow what a passing test prints.
    let _ = write!(std::io::stderr(), "SKIPPED {line}");
    if let Some(list) = std::env::var_os(LIST) {
        let list = File::options().create(true).append(true).open(list);
        let written = list.and_then(|mut list| list.write_all(line.as_bytes()));
        assert!(written.is_ok(), "{LIST} cannot be written: {written:?}");
    }
}
