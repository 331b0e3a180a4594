//! Our own judge of a canary against its baseline: one metric, one verdict, one reason.
//!
//! What is asked is always the same: is the canary worse than the baseline by more than is tolerated?
//! *Fail* if that is shown, *pass* if the opposite is, *inconclusive* while neither is; never a pass for
//! want of data. How it is asked depends on what kind of figure the metric is:
//!
//! | kind | method | may one look at any moment? |
//! |---|---|---|
//! | continuous | rank test with the Hodges-Lehmann shift, and beside it the tail | yes (the rank test asymptotically), or once with more power |
//! | quantile | sequential quantile comparison | yes |
//! | rate | sequential comparison of counts, or of two rates where most trials succeed | yes |
//! | count | sequential comparison of counts | yes |
//!
//! Rates and counts of a canary in a ramp are compared period by period, each with a split of the traffic of its
//! own. The split is taken from the exposures that were seen, which stand in for the shares that were assigned.
//!
//! Rows of events that come in bursts say less than as many independent events: [`crate::count::bursts`] finds how much less,
//! and [`in_bursts`] judges them so.
//!
//! Nothing depends on the unit of the metric: effects and tolerance are shares of the baseline. Where
//! the baseline is nothing no share of it decides: a rate may have an absolute margin beside it.

mod bursts;
mod continuous;
mod doubt;
mod events;
mod quantile;
mod reason;
mod rule;
mod share;
mod tail;
mod ties;

pub use bursts::in_bursts;
pub use reason::{Reason, TailChange};
pub use rule::{Looks, Rule, Worse};

use crate::count::Events;
use crate::{Interval, InvalidInput};
use std::slice::from_ref;

/// Successes out of trials; "success" is whatever the metric counts, also an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trials {
    /// How many succeeded; at most `n`.
    pub x: u64,
    /// How many there were; up to 2^53.
    pub n: u64,
}

/// What was measured of the two, by the kind of metric. Values are in any unit, the same for both.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Observed<'a> {
    /// One value an interval, a request or an instance.
    Continuous {
        /// The baseline's values, finite, in any order.
        control: &'a [f64],
        /// The canary's.
        canary: &'a [f64],
    },
    /// The same, compared at the quantile `q`.
    Quantile {
        /// Inside (0, 1): 0.99 for the p99.
        q: f64,
        /// The baseline's values, finite, in any order.
        control: &'a [f64],
        /// The canary's.
        canary: &'a [f64],
    },
    /// Such as errors out of requests.
    Rate {
        /// The baseline's.
        control: Trials,
        /// The canary's.
        canary: Trials,
    },
    /// Such as restarts over hours.
    Count {
        /// The baseline's.
        control: Events,
        /// The canary's.
        canary: Events,
    },
    /// The same as [`Self::Rate`], told apart by the split of the traffic: a period ends where the split changes.
    ///
    /// A canary in a ramp gets its traffic at other times than its baseline, so that a base rate which
    /// changes meanwhile, as by the hour of the day, is mistaken for a difference where the trials are added up.
    RateByPeriod {
        /// The baseline's, oldest first. A period without trials of one arm is left out.
        control: &'a [Trials],
        /// The canary's, of the same periods.
        canary: &'a [Trials],
    },
    /// The same as [`Self::Count`], told apart by the split of the exposure.
    CountByPeriod {
        /// The baseline's, oldest first.
        control: &'a [Events],
        /// The canary's, of the same periods.
        canary: &'a [Events],
    },
}

/// What is to become of the canary, as far as this metric goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// It is shown to be tolerable.
    Pass,
    /// It is shown to be worse than tolerated.
    Fail,
    /// Neither is shown.
    Inconclusive,
}

impl Verdict {
    /// The word for scripts.
    ///
    /// ```
    /// assert_eq!(stats::judge::Verdict::Inconclusive.name(), "inconclusive");
    /// ```
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Inconclusive => "inconclusive",
        }
    }
}

/// How the two were compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// [`crate::rank`], and the tail beside it.
    MannWhitney,
    /// [`crate::sequential::QuantileTest`].
    SequentialQuantile,
    /// [`crate::sequential::counts`], or [`crate::sequential::counts_by_period`].
    SequentialCounts,
    /// [`crate::sequential::rate`] of each arm; by period, their averages over the canary's trials.
    SequentialRates,
}

impl Method {
    /// The word for scripts.
    ///
    /// ```
    /// assert_eq!(stats::judge::Method::SequentialCounts.name(), "sequential_counts");
    /// ```
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::MannWhitney => "mann_whitney",
            Self::SequentialQuantile => "sequential_quantile",
            Self::SequentialCounts => "sequential_counts",
            Self::SequentialRates => "sequential_rates",
        }
    }
}

/// A verdict with all that it rests on.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// What follows.
    pub verdict: Verdict,
    /// Why; a sentence for people.
    pub reason: Reason,
    /// Values, trials or events of control and canary.
    pub n: [u64; 2],
    /// The change of the canary against the baseline, as a share of the baseline. None where there
    /// is nothing to compare.
    pub effect: Option<f64>,
    /// Where the effect may lie, in the same unit; an end that the data do not bound is infinite, or −1 where
    /// nothing falls by more than all of it. None where an arm has no data.
    pub interval: Option<Interval>,
    /// Of continuous values, where their ranks tell no change: the means of control and canary, in the metric's unit.
    /// There the interval says nothing at all, or the effect is a 0 that only says which value is in the middle of both;
    /// `effect` and `interval` are then not to be told as a finding.
    pub means: Option<[f64; 2]>,
    /// How the two were compared.
    pub method: Method,
    /// The rule's: the chance of a false [`Verdict::Fail`] at the looks that it asked for. `interval` is at this level,
    /// but that of a continuous metric, which is the bulk's, at half of it: the other half is the tail's.
    pub alpha: f64,
}

/// Judges one metric: compares canary and baseline as a share of the baseline, and holds the interval
/// against the rule.
///
/// - *Fail*: the interval lies beyond the tolerance altogether, on a side that is worse; or the tail of a
///   continuous metric does, or the ranks of values that are equal in both arms.
/// - *Pass*: the interval lies within the tolerance, on every side that is worse, and no tail is in doubt; of a continuous
///   metric also only once less than a tenth of the canary is shown to lie beyond the baseline's p99.
/// - *Inconclusive* else, and always below the smallest sample.
///
/// Continuous: the Hodges-Lehmann factor exp(median of ln y − ln x over all pairs) − 1 where all values are
/// above 0, else the shift over the baseline's median, both by ranks (Hodges & Lehmann 1963) at the fixed
/// critical value or at that of [`crate::sequential::asymptotic`], with half of α; and the upper (or lower)
/// tenth with the other half, for one look by the precedence test (Balakrishnan & Ng, *Precedence-Type Tests
/// and Applications*, 2006, part A), for any number by the next. Values equal in both arms are taken for
/// anything up to half-way to their neighbours, and where they are most there is no pass. Quantile:
/// [`crate::sequential::QuantileTest`]. Rate and count: [`crate::sequential::counts`] over the trials or
/// exposures, with a prior worth 4 events; where more than half of the trials succeed
/// [`crate::sequential::rate`] of each arm at α/2. By period it is
/// [`crate::sequential::counts_by_period`], with the prior at the first period's split, or the rates of all
/// periods weighed by the canary's trials. The level of counts is proven for assigned shares of the traffic; the
/// shares of the trials or exposures seen stand in for those, and that is simulated only. So is the choice of a
/// method by the data: of two methods at α each no more than 2α is proven. The sources are those of these methods;
/// `docs/SIMULATION.md` has their false stops.
///
/// # Errors
///
/// A tolerance or margin that is negative or no number, a margin above 1 or for what is no rate, a value that is NaN or
/// infinite, more successes than trials, a count above 2^53, an exposure that is not positive and finite or
/// none of the whole beside the other, a quantile outside (0, 1); no period, or another number of them in the two arms.
///
/// # Examples
///
/// ```
/// use stats::judge::{Observed, Rule, Trials, Verdict, judge};
/// let control = Trials { x: 10, n: 10_000 };
/// let canary = Trials { x: 60, n: 10_000 };
/// let judgement = judge(&Observed::Rate { control, canary }, &Rule::default())?;
/// assert_eq!(judgement.verdict, Verdict::Fail);
/// // mpmath: the rate ratio at which the evidence of 10 against 60 events is 20, less 1.
/// assert!((judgement.interval.unwrap().lo - 1.178_318_179).abs() < 1e-9);
/// assert!(judgement.reason.to_string().starts_with("the canary is 500% higher"));
///
/// // Errors grow tenfold while the canary goes from 5% to half of the traffic, the same for both.
/// let trials = |x, n| Trials { x, n };
/// let ramp = Observed::RateByPeriod {
///     control: &[trials(95, 95_000), trials(500, 50_000)],
///     canary: &[trials(5, 5_000), trials(500, 50_000)],
/// };
/// assert_eq!(judge(&ramp, &Rule::default())?.verdict, Verdict::Inconclusive);
/// let added_up = Observed::Rate { control: trials(595, 145_000), canary: trials(505, 55_000) };
/// assert_eq!(judge(&added_up, &Rule::default())?.verdict, Verdict::Fail);
/// # Ok::<(), stats::InvalidInput>(())
/// ```
pub fn judge(observed: &Observed<'_>, rule: &Rule) -> Result<Judgement, InvalidInput> {
    crate::guard::not_negative("tolerance", rule.tolerance)?;
    if let Some(margin) = rule.margin {
        crate::guard::not_negative("margin", margin)?;
        if !matches!(
            observed,
            Observed::Rate { .. } | Observed::RateByPeriod { .. }
        ) {
            return Err(InvalidInput::new(
                "margin",
                "it is in points of a rate, and this metric is none",
                "leave it out, or give x of n trials",
            ));
        }
        if margin > 1.0 {
            return Err(InvalidInput::new(
                "margin",
                "it is above 1, and no rate changes by more",
                "give points of the rate, as 0.001 for one more in a thousand trials",
            ));
        }
    }
    match observed {
        Observed::Continuous { control, canary } => continuous::judge(control, canary, rule),
        Observed::Quantile { q, control, canary } => quantile::judge(*q, control, canary, rule),
        Observed::Rate { control, canary } => {
            events::judge_rate([from_ref(control), from_ref(canary)], &events::WHOLE, rule)
        }
        Observed::Count { control, canary } => {
            events::judge_count([from_ref(control), from_ref(canary)], &events::WHOLE, rule)
        }
        Observed::RateByPeriod { control, canary } => {
            events::judge_rate([control, canary], &events::BY_PERIOD, rule)
        }
        Observed::CountByPeriod { control, canary } => {
            events::judge_count([control, canary], &events::BY_PERIOD, rule)
        }
    }
}

/// A comparison before it is held against the rule.
struct Compared {
    n: [u64; 2],
    effect: f64,
    interval: Interval,
    method: Method,
    alpha: f64,
}

impl Compared {
    fn judged(self, rule: &Rule) -> Judgement {
        let (verdict, reason) = rule.held_against(self.effect, self.interval);
        self.with(verdict, reason)
    }

    fn with(self, verdict: Verdict, reason: Reason) -> Judgement {
        // What is no number says nothing.
        let known = !self.effect.is_nan();
        Judgement {
            verdict,
            reason,
            n: self.n,
            effect: known.then_some(self.effect),
            interval: Some(self.interval),
            means: None,
            method: self.method,
            alpha: self.alpha,
        }
    }
}

/// No verdict, because an arm has nothing.
const fn without_data(n: [u64; 2], method: Method, rule: &Rule) -> Judgement {
    Judgement {
        verdict: Verdict::Inconclusive,
        reason: Reason::NoData,
        n,
        effect: None,
        interval: None,
        means: None,
        method,
        alpha: rule.alpha.get(),
    }
}

/// `change` as a share of `baseline`; infinite against nothing.
fn relative(change: f64, baseline: f64) -> f64 {
    if change == 0.0 {
        0.0
    } else {
        change / baseline
    }
}

#[cfg(test)]
mod tests;
