//! Many runs of one procedure, and what came of them together.

use super::draw::Draw;
use std::sync::atomic::{AtomicU64, Ordering};

/// What one look says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    /// "There is a difference", or the verdict that ends a canary.
    pub(crate) rejects: bool,
    /// The truth lies in the interval; also where there is none yet.
    pub(crate) covers: bool,
}

impl Look {
    /// Nothing can be computed yet: nothing is said, so nothing wrong.
    pub(crate) const NOTHING: Self = Self {
        rejects: false,
        covers: true,
    };
}

/// What one run came to.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Outcome {
    /// The look, from 1, of the first rejection.
    pub(crate) rejected_at: Option<u64>,
    /// The last look that rejects: one who begins to look later stops no later than there.
    pub(crate) last_rejects: Option<u64>,
    pub(crate) missed_ever: bool,
    pub(crate) missed_at_end: bool,
    /// What the fixed-sample method says of the same data, asked once at the end.
    pub(crate) fixed: Option<Look>,
    /// A figure of the procedure's own.
    pub(crate) told: Option<u64>,
}

/// Looks `looks` times. A stopped test is followed to its end all the same, for the intervals.
pub(crate) fn follow(looks: u64, mut look: impl FnMut(u64) -> Look) -> Outcome {
    let mut outcome = Outcome::default();
    for number in 1..=looks {
        let seen = look(number);
        if seen.rejects {
            outcome.rejected_at = outcome.rejected_at.or(Some(number));
            outcome.last_rejects = Some(number);
        }
        outcome.missed_ever |= !seen.covers;
        outcome.missed_at_end = !seen.covers;
    }
    outcome
}

/// Looks until the first rejection, at most `looks` times.
pub(crate) fn follow_to_stop(looks: u64, mut look: impl FnMut(u64) -> Look) -> Outcome {
    Outcome {
        rejected_at: (1..=looks).find(|number| look(*number).rejects),
        ..Outcome::default()
    }
}

/// The outcomes of all runs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) runs: u64,
    pub(crate) rejected: u64,
    /// Over the runs that rejected, in looks.
    pub(crate) stops: Vec<u64>,
    pub(crate) last_rejections: Vec<u64>,
    pub(crate) missed_ever: u64,
    pub(crate) missed_at_end: u64,
    /// The runs with a fixed-sample answer beside them.
    pub(crate) fixed: u64,
    pub(crate) fixed_rejected: u64,
    pub(crate) fixed_missed: u64,
    pub(crate) told: Vec<u64>,
}

impl Tally {
    fn add(&mut self, outcome: &Outcome) {
        self.runs += 1;
        self.rejected += u64::from(outcome.rejected_at.is_some());
        self.stops.extend(outcome.rejected_at);
        self.last_rejections.extend(outcome.last_rejects);
        self.missed_ever += u64::from(outcome.missed_ever);
        self.missed_at_end += u64::from(outcome.missed_at_end);
        self.told.extend(outcome.told);
        if let Some(fixed) = outcome.fixed {
            self.fixed += 1;
            self.fixed_rejected += u64::from(fixed.rejects);
            self.fixed_missed += u64::from(!fixed.covers);
        }
    }

    fn join(mut self, other: Self) -> Self {
        self.runs += other.runs;
        self.rejected += other.rejected;
        self.stops.extend(other.stops);
        self.last_rejections.extend(other.last_rejections);
        self.missed_ever += other.missed_ever;
        self.missed_at_end += other.missed_at_end;
        self.fixed += other.fixed;
        self.fixed_rejected += other.fixed_rejected;
        self.fixed_missed += other.fixed_missed;
        self.told.extend(other.told);
        self
    }

    /// The runs that reject at look `first` or later.
    pub(crate) fn rejected_from(&self, first: u64) -> u64 {
        let later = self.last_rejections.iter().filter(|last| **last >= first);
        later.count() as u64
    }

    /// A share of the runs.
    pub(crate) fn share(&self, count: u64) -> f64 {
        count as f64 / self.runs as f64
    }

    /// The chances that a count of so many runs is compatible with: at 95%, by Clopper and Pearson
    /// (Biometrika 26, 1934).
    pub(crate) fn interval(&self, count: u64) -> [f64; 2] {
        let (x, others) = (count as f64, (self.runs - count) as f64);
        let end = |level: f64, a: f64, b: f64| stats::numeric::beta_quantile(level, a, b);
        [
            if count == 0 {
                0.0
            } else {
                end(0.025, x, others + 1.0)
            },
            if count == self.runs {
                1.0
            } else {
                end(0.975, x + 1.0, others)
            },
        ]
    }

    /// The chance of at least `count` runs if each has the chance `alpha`.
    pub(crate) fn chance_of(&self, count: u64, alpha: f64) -> f64 {
        if count == 0 {
            1.0
        } else {
            stats::numeric::binomial_sf(count - 1, self.runs, alpha)
        }
    }

    /// The mean look at which a run ends; one that never rejects ends at the last of `looks`.
    pub(crate) fn mean_end(&self, looks: u64) -> f64 {
        let stopped: u64 = self.stops.iter().sum();
        (stopped + (self.runs - self.rejected) * looks) as f64 / self.runs as f64
    }

    /// Of the looks at which the runs that rejected did so.
    pub(crate) fn stop_at_quantile(&self, q: f64) -> Option<u64> {
        at_quantile(q, self.stops.clone())
    }

    pub(crate) fn median_told(&self) -> Option<u64> {
        at_quantile(0.5, self.told.clone())
    }
}

fn at_quantile(q: f64, mut figures: Vec<u64>) -> Option<u64> {
    figures.sort_unstable();
    let rank = (q * figures.len() as f64).ceil().max(1.0) as usize;
    figures.get(rank - 1).copied()
}

/// Does all runs on `threads` threads. The outcome depends on the seed alone: each run has its own draw.
pub(crate) fn repeat(
    runs: u64,
    seed: u64,
    threads: usize,
    run: impl Fn(&mut Draw) -> Outcome + Sync,
) -> Tally {
    let next = AtomicU64::new(0);
    let worker = || {
        let mut tally = Tally::default();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= runs {
                return tally;
            }
            tally.add(&run(&mut Draw::of(seed, number)));
        }
    };
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(worker)).collect();
        let mut tally = worker();
        for other in others {
            match other.join() {
                Ok(part) => tally = tally.join(part),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        tally
    })
}
