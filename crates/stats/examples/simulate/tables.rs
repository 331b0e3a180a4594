//! Which runs are done, and how they are told.

mod boundaries;
mod dependent;
mod effects;
mod judges;
mod once;
mod rare;

use super::draw::Draw;
use super::trial::{Outcome, Tally, repeat};

/// Every anytime row: so many looks.
const LOOKS: u64 = 1_000;

/// A fixed test at 5% finds an effect of so many standard errors with a chance of 90%.
const FOUND_BY_NINE_OF_TEN: f64 = 3.24;

pub(crate) struct Bench {
    pub(crate) seed: u64,
    /// Of the runs that the published tables have.
    pub(crate) percent: u64,
    pub(crate) threads: usize,
}
fn percent(share: f64) -> String {
    format!("{:.1}%", 100.0 * share)
}

/// A share that should be at most `alpha`, with its standard error, and a mark where chance cannot
/// explain the excess.
fn held(tally: &Tally, count: u64, alpha: f64) -> String {
    let share = tally.share(count);
    let error = (share * (1.0 - share) / tally.runs as f64).sqrt();
    let mark = if tally.chance_of(count, alpha) < 1e-4 {
        " (!)"
    } else {
        ""
    };
    format!("{} ± {:.1}{mark}", percent(share), 100.0 * error)
}

/// The same for what should be at least 1 − `alpha`.
fn covered(tally: &Tally, missed: u64, alpha: f64) -> String {
    let mark = if tally.chance_of(missed, alpha) < 1e-4 {
        " (!)"
    } else {
        ""
    };
    format!("{}{mark}", percent(1.0 - tally.share(missed)))
}

impl Bench {
    fn repeat(&self, runs: u64, run: impl Fn(&mut Draw) -> Outcome + Sync) -> Tally {
        let runs = (runs * self.percent / 100).max(10);
        repeat(runs, self.seed, self.threads, run)
    }
}
