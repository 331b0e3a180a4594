//! Which runs are done, and how they are told.

mod boundaries;
mod bursty;
mod coarse;
mod conversions;
mod dependent;
mod effects;
mod judges;
mod lopsided;
mod once;
mod ramp;
mod rare;
mod uneven;

use super::draw::Draw;
use super::trial::{Outcome, Tally, repeat};
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

/// Every anytime row: so many looks.
const LOOKS: u64 = 1_000;

/// A fixed test at 5% finds an effect of so many standard errors with a chance of 90%.
const FOUND_BY_NINE_OF_TEN: f64 = 3.24;

/// What a method that keeps its promise shows with a smaller chance than this is marked.
const MARKED: f64 = 0.01;

pub(crate) struct Bench {
    pub(crate) seed: u64,
    /// Of the runs that the published tables have.
    pub(crate) percent: u64,
    pub(crate) threads: usize,
    rows: RefCell<BTreeSet<String>>,
    held: Cell<u64>,
    marked: Cell<u64>,
}

fn percent(share: f64) -> String {
    format!("{:.1}%", 100.0 * share)
}

/// A share of the runs with the interval of Clopper and Pearson, 95%.
fn share(tally: &Tally, count: u64) -> String {
    let [lo, hi] = tally.interval(count).map(|end| 100.0 * end);
    format!("{} ({lo:.1} to {hi:.1})", percent(tally.share(count)))
}

/// Whether so many runs are hard to believe of a method for which each has at most the chance `alpha`.
fn beyond(tally: &Tally, count: u64, alpha: f64) -> &'static str {
    if tally.chance_of(count, alpha) < MARKED {
        " (!)"
    } else {
        ""
    }
}

impl Bench {
    pub(crate) fn new(seed: u64, percent: u64, threads: usize) -> Self {
        Self {
            seed,
            percent,
            threads,
            rows: RefCell::default(),
            held: Cell::new(0),
            marked: Cell::new(0),
        }
    }

    /// Does the runs of one row, whose random numbers start from its name: no two rows share any.
    fn repeat(&self, row: &str, runs: u64, run: impl Fn(&mut Draw) -> Outcome + Sync) -> Tally {
        let runs = (runs * self.percent / 100).max(10);
        let fresh = self.rows.borrow_mut().insert(row.to_owned());
        assert!(
            fresh,
            "two rows are named {row}, and would be the same runs"
        );
        // FNV-1a; the generator mixes what it starts from.
        let name = row.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        repeat(runs, self.seed ^ name, self.threads, run)
    }

    /// A share that should be at most `alpha`, and a mark where chance hardly explains the excess.
    fn held(&self, tally: &Tally, count: u64, alpha: f64) -> String {
        format!("{}{}", share(tally, count), self.mark(tally, count, alpha))
    }

    /// The same for what should be at least 1 − `alpha`.
    fn covered(&self, tally: &Tally, missed: u64, alpha: f64) -> String {
        let mark = self.mark(tally, missed, alpha);
        format!("{}{mark}", share(tally, tally.runs - missed))
    }

    fn mark(&self, tally: &Tally, count: u64, alpha: f64) -> &'static str {
        let mark = beyond(tally, count, alpha);
        self.held.set(self.held.get() + 1);
        if !mark.is_empty() {
            self.marked.set(self.marked.get() + 1);
        }
        mark
    }

    /// How many shares were held against their promise, and how many marked.
    pub(crate) fn count_marks(&self) {
        let (held, marked) = (self.held.take(), self.marked.take());
        println!(
            "\n{held} shares are held against a promise here, and {marked} are marked \"(!)\"; were each chance \
             exactly what is promised at most, about {:.0} would be.",
            (held as f64 * MARKED).ceil()
        );
    }
}
