//! Progress for a person: a line when a part begins, a line with its seconds when it is over.

use anyhow::{Context, Result};
use std::time::{Duration, Instant};

/// Runs one part between its two lines.
pub(crate) fn step<T>(name: &str, part: impl FnOnce() -> Result<T>) -> Result<T> {
    println!("▸ {name}");
    let start = Instant::now();
    let outcome = part();
    let mark = if outcome.is_ok() { "✓" } else { "✗" };
    println!("{mark} {name}: {}", seconds(start.elapsed()));
    outcome.with_context(|| format!("{name} failed"))
}

pub(crate) fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}
