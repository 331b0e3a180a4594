//! What a metric has to hold, and what an interval says of that.

use super::{Reason, Verdict};
use crate::{Alpha, Interval};

/// In which direction a change is a change for the worse.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Worse {
    /// As of latencies and errors.
    #[default]
    Higher,
    /// As of throughput.
    Lower,
    /// Any change is.
    Either,
}

/// How often the question will be asked of growing data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Looks {
    /// At any moment, and as often as one likes.
    #[default]
    Any,
    /// Once, when it is over.
    One,
}

/// What a metric has to hold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rule {
    /// Which changes can fail.
    pub worse: Worse,
    /// The change for the worse that is accepted, as a share of the baseline: 0.1 is ten per cent. 0 or
    /// above.
    pub tolerance: f64,
    /// The change of a rate for the worse that is accepted whatever the baseline, in points: 0.001 is one
    /// more in a thousand trials. Besides the tolerance: a rate fails only where it is beyond both, and
    /// passes within either. Without one there is no pass while neither arm has an event, because
    /// there is no baseline to be tolerant of. Of rates only.
    pub margin: Option<f64>,
    /// Below so many there is no verdict: values or trials an arm, for counts events in both arms.
    pub min_sample: u64,
    /// The chance of failing a canary whose values have the baseline's distribution, or differ from it by a factor (or
    /// shift) within the tolerance; over all looks, where there are many. One that is no worse on average but
    /// has another shape may fail more often. No bound on a false pass: that is at this level by each way to pass.
    pub alpha: Alpha,
    /// Matters for continuous metrics alone: the others hold at every look in any case.
    pub looks: Looks,
}

impl Default for Rule {
    /// Higher is worse, by more than 10%, no margin; at least 20; 5%; looking at any moment.
    fn default() -> Self {
        Self {
            worse: Worse::Higher,
            tolerance: 0.1,
            margin: None,
            min_sample: 20,
            alpha: Alpha::default(),
            looks: Looks::Any,
        }
    }
}

impl Rule {
    /// What an interval says of a change of which so much is accepted.
    pub(super) fn verdict(&self, interval: Interval, accepted: f64) -> Verdict {
        let up = self.worse != Worse::Lower;
        let down = self.worse != Worse::Higher;
        if (up && interval.lo > accepted) || (down && interval.hi < -accepted) {
            Verdict::Fail
        } else if (!up || interval.hi <= accepted) && (!down || interval.lo >= -accepted) {
            Verdict::Pass
        } else {
            Verdict::Inconclusive
        }
    }

    pub(super) fn held_against(&self, effect: f64, interval: Interval) -> (Verdict, Reason) {
        let tolerance = self.tolerance;
        let verdict = self.verdict(interval, tolerance);
        let reason = match verdict {
            Verdict::Fail => Reason::Beyond {
                effect,
                interval,
                tolerance,
            },
            Verdict::Pass => Reason::Within {
                effect,
                interval,
                tolerance,
            },
            Verdict::Inconclusive => Reason::Open {
                effect,
                interval,
                tolerance,
            },
        };
        (verdict, reason)
    }
}
