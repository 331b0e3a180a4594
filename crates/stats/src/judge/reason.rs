mod digits;

use crate::Interval;
use digits::{Percent, Plain, Short};
use std::cmp::Ordering;
use std::fmt;

/// Why a verdict is what it is; its text is a sentence for people. Effects, intervals and tolerances are
/// shares of the baseline, margins, points and bounds of a rate are in its own unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reason {
    /// One arm has no data at all.
    NoData,
    /// One arm has less than the smallest sample.
    TooFew {
        /// The values or trials of the arm with fewer; the events of both for counts.
        least: u64,
        /// The smallest sample of the rule.
        wanted: u64,
    },
    /// The whole interval is worse than tolerated.
    Beyond {
        /// The change of the canary; NaN where it is not known.
        effect: f64,
        /// Where it may lie.
        interval: Interval,
        /// What the rule accepts.
        tolerance: f64,
    },
    /// The whole interval is tolerated.
    Within {
        /// The change of the canary; NaN where it is not known.
        effect: f64,
        /// Where it may lie.
        interval: Interval,
        /// What the rule accepts.
        tolerance: f64,
    },
    /// The interval reaches to both sides of what is tolerated.
    Open {
        /// The change of the canary; NaN where it is not known.
        effect: f64,
        /// Where it may lie.
        interval: Interval,
        /// What the rule accepts.
        tolerance: f64,
    },
    /// Of continuous values: the change may be any share of the baseline, as where that may be 0.
    Unbounded {
        /// The means of control and canary, in the unit of the values.
        means: [f64; 2],
        /// What the rule accepts.
        tolerance: f64,
    },
    /// Where values are equal in both arms: the canary ranks worse than the baseline made worse by the tolerance.
    Ranks {
        /// The share of all pairs of values in which the canary's is worse; equal ones are counted half.
        pairs: f64,
        /// The means of control and canary, in the unit of the values.
        means: [f64; 2],
        /// What the rule accepts.
        tolerance: f64,
    },
    /// Most values are one and the same: whether there is a change of the others, ranks cannot tell.
    MostlyEqual {
        /// What most values are.
        value: f64,
        /// The share of both arms' values that are equal to it; at least a half.
        share: f64,
        /// The means of control and canary, in the unit of the values.
        means: [f64; 2],
    },
    /// As recorded the values are within the tolerance, but so many are equal in both arms that what was rounded may
    /// be beyond it.
    Coarse {
        /// The change of the canary; NaN where it is not known.
        effect: f64,
        /// Where it may lie.
        interval: Interval,
        /// What the rule accepts.
        tolerance: f64,
    },
    /// The bulk may be as it was, but the worst values are not.
    Tail(TailChange),
    /// The bulk is tolerated, but the worst values look worse than chance makes them.
    TailInDoubt(TailChange),
    /// The bulk is tolerated, but so few values were seen that a tenth of the canary's may be beyond its tail.
    TailUnseen(TailChange),
    /// None of the trials of either arm had the event; the canary's rate is below `bound`. There is no
    /// baseline that a tolerance could be a share of: only a margin can tell a pass.
    NoEvents {
        /// By trial.
        bound: f64,
        /// What the rule accepts whatever the baseline.
        margin: Option<f64>,
    },
    /// Whatever share of the baseline it is, the change is within the margin, in points of the rate.
    WithinMargin {
        /// Where the canary's rate less the baseline's may lie.
        points: Interval,
        /// What the rule accepts whatever the baseline.
        margin: f64,
    },
    /// The change is not shown to be within the tolerance, nor beyond the margin, in points of the rate.
    MarginOpen {
        /// Where the canary's rate less the baseline's may lie.
        points: Interval,
        /// What the rule accepts whatever the baseline.
        margin: f64,
    },
    /// Neither arm saw an event over its exposure; the canary's rate is below `bound`, in events by
    /// unit of exposure.
    NoCounts {
        /// By unit of exposure.
        bound: f64,
    },
    /// All values of both arms are the same.
    Constant,
}

/// What the tail of the canary does against that of the baseline.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TailChange {
    /// The quantile at which the tail begins.
    pub q: f64,
    /// How many values of the canary lie beyond the baseline's quantile and the tolerance.
    pub beyond: u64,
    /// Out of how many.
    pub of: u64,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoData => f.write_str("there is no data for at least one of the two"),
            Self::TooFew { least, wanted } => {
                write!(
                    f,
                    "there are {least} observations where {wanted} are needed"
                )
            }
            Self::Beyond {
                effect,
                interval,
                tolerance,
            } => {
                Change(*effect, *interval).fmt(f)?;
                write!(
                    f,
                    ": all of it beyond the tolerated {}",
                    Percent(*tolerance)
                )
            }
            Self::Within {
                effect,
                interval,
                tolerance,
            } => {
                Change(*effect, *interval).fmt(f)?;
                // Of the side that is not worse any change passes, and is not within anything.
                let within = interval.lo >= -tolerance && interval.hi <= *tolerance;
                write!(
                    f,
                    ": {} the tolerated {}",
                    if within {
                        "all of it within"
                    } else {
                        "not worse by more than"
                    },
                    Percent(*tolerance)
                )
            }
            Self::Open {
                effect,
                interval,
                tolerance,
            } => {
                Change(*effect, *interval).fmt(f)?;
                write!(
                    f,
                    ": it may or may not exceed the tolerated {}; more data will tell",
                    Percent(*tolerance)
                )
            }
            Self::Unbounded {
                means: [control, canary],
                tolerance,
            } => write!(
                f,
                "the change may be any share of the baseline (the canary's mean is {}, the baseline's {}), beyond the \
                 tolerated {} or not; more data will tell, unless the baseline is about 0",
                Short(*canary),
                Short(*control),
                Percent(*tolerance)
            ),
            Self::Ranks {
                pairs,
                means: [control, canary],
                tolerance,
            } => write!(
                f,
                "the canary's values (mean {}) are worse than the baseline's (mean {}) and the tolerated {} in {} of \
                 all pairs, more than chance makes of 50%",
                Short(*canary),
                Short(*control),
                Percent(*tolerance),
                Percent(*pairs)
            ),
            Self::MostlyEqual {
                value,
                share,
                means: [control, canary],
            } => write!(
                f,
                "{} values are equal ({} are {}; the canary's mean is {}, the baseline's {}), which ranks cannot \
                 compare: judge it as a count or a rate",
                if *share > 0.5 { "most" } else { "half of the" },
                Percent(*share),
                Plain(*value),
                Short(*canary),
                Short(*control)
            ),
            Self::Coarse {
                effect,
                interval,
                tolerance,
            } => {
                Change(*effect, *interval).fmt(f)?;
                write!(
                    f,
                    ": the values come in steps too coarse to tell a change of the tolerated {}; judge finer \
                     values, or a count or a rate",
                    Percent(*tolerance)
                )
            }
            Self::Tail(tail) => {
                write!(f, "the tail is worse than tolerated: ")?;
                tail.fmt(f)
            }
            Self::TailInDoubt(tail) => {
                write!(f, "the bulk is as tolerated, but the tail looks worse: ")?;
                tail.fmt(f)
            }
            Self::TailUnseen(tail) => {
                write!(
                    f,
                    "the bulk is as tolerated, but {} values are too few to tell of the tail that less than a \
                     tenth is worse: ",
                    tail.of
                )?;
                tail.fmt(f)
            }
            Self::NoEvents { bound, margin } => {
                write!(
                    f,
                    "neither the canary nor the baseline has seen any; the canary's rate is below {}",
                    Percent(*bound)
                )?;
                match margin {
                    None => f.write_str(
                        ", but a tolerance that is a share of none decides nothing; an absolute margin would",
                    ),
                    Some(margin) if bound <= margin => {
                        write!(f, ", within the accepted margin of {}", Percent(*margin))
                    }
                    Some(margin) => write!(
                        f,
                        ", not yet within the accepted margin of {}; more data will tell",
                        Percent(*margin)
                    ),
                }
            }
            Self::WithinMargin { points, margin } => {
                Points(*points).fmt(f)?;
                let within = points.lo >= -margin && points.hi <= *margin;
                write!(
                    f,
                    ": {} the accepted margin of {}",
                    if within {
                        "all of it within"
                    } else {
                        "not worse by more than"
                    },
                    Percent(*margin)
                )
            }
            Self::MarginOpen { points, margin } => {
                Points(*points).fmt(f)?;
                write!(
                    f,
                    ": it may or may not exceed the accepted margin of {}; more data will tell",
                    Percent(*margin)
                )
            }
            Self::NoCounts { bound } => write!(
                f,
                "neither the canary nor the baseline has seen any; the canary's rate is below {bound:.3e} \
                 by unit of exposure, but a tolerance that is a share of none decides nothing"
            ),
            Self::Constant => {
                f.write_str("the canary and the baseline show one and the same value")
            }
        }
    }
}

impl fmt::Display for TailChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} of {} values lie beyond the baseline's {} quantile and the tolerance",
            self.beyond, self.of, self.q
        )
    }
}

/// "the canary is 3% higher (interval 1% to 5%)".
struct Change(f64, Interval);

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(effect, interval) = self;
        let size = Percent(effect.abs());
        match effect.partial_cmp(&0.0) {
            None => f.write_str("the change is not known yet")?,
            Some(Ordering::Equal) => f.write_str("the canary is as high as the baseline")?,
            Some(Ordering::Greater) if effect.is_infinite() => {
                f.write_str("the canary is above a baseline of 0")?;
            }
            Some(Ordering::Less) if effect.is_infinite() => {
                f.write_str("the canary is below a baseline of 0")?;
            }
            Some(Ordering::Greater) => write!(f, "the canary is {size} higher than the baseline")?,
            Some(Ordering::Less) => write!(f, "the canary is {size} lower than the baseline")?,
        }
        let (lo, hi) = (Percent(interval.lo), Percent(interval.hi));
        match (interval.lo.is_finite(), interval.hi.is_finite()) {
            _ if interval.lo.is_nan() || interval.hi.is_nan() => {
                f.write_str(" (interval: not known)")
            }
            (true, true) => write!(f, " (interval {lo} to {hi})"),
            (true, false) => write!(f, " (interval {lo} or more)"),
            (false, true) => write!(f, " (interval {hi} or less)"),
            // From nothing to something is no share.
            (false, false) if interval.lo == interval.hi => Ok(()),
            (false, false) => f.write_str(" (interval: anything)"),
        }
    }
}

/// Where the change of a rate lies, in points.
struct Points(Interval);

impl fmt::Display for Points {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the canary's rate less the baseline's is in points {} to {}",
            Percent(self.0.lo),
            Percent(self.0.hi)
        )
    }
}

#[cfg(test)]
mod tests;
