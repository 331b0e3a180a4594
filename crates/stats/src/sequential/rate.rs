//! The rate of one arm, known at every moment.

use super::boundary::Tuning;
use crate::numeric::{deviance, root_between, stirling_rest};
use crate::{Alpha, CannotCompute, Failure, Interval, InvalidInput};

/// One rate with an interval that holds at every look.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// Successes over trials.
    pub estimate: f64,
    /// A confidence sequence of the rate, from 0 to 1.
    pub interval: Interval,
}

/// The chance of success behind `successes` out of `trials`, with a confidence sequence.
///
/// Every p is inside at which the two-sided beta-binomial mixture, tuned for `v_opt` trials at level
/// `alpha_opt` and centred at p, stays below 1/α (Howard et al. 2021, proposition 7; `confseq`'s
/// `bernoulli_confidence_interval`). The mixture against p is the evidence of [`super::counts`] with
/// prior κ·(p, 1 − p), κ = max(t/(2·ln(1/α) + ln(1 + 2·ln(1/α))) − 1, 0.001), where t is `v_opt` and α
/// `alpha_opt`.
///
/// # Errors
///
/// [`CannotCompute::EmptyArm`] without trials; an invalid input for more successes than trials, more
/// than 2^53 of them, and those of [`Tuning::two_sided_rho`].
///
/// # Examples
///
/// ```
/// use stats::Alpha;
/// use stats::sequential::{Tuning, rate};
/// let rate = rate(20, 1_000, Alpha::default(), Tuning { v_opt: 1_000.0, alpha_opt: 0.05 })?;
/// assert_eq!(rate.estimate, 0.02);
/// // mpmath: where the mixture is 20.
/// assert!((rate.interval.lo - 0.009_060_766_019).abs() < 1e-12);
/// assert!((rate.interval.hi - 0.036_152_716_882).abs() < 1e-12);
/// # Ok::<(), stats::Failure>(())
/// ```
pub fn rate(successes: u64, trials: u64, alpha: Alpha, tuning: Tuning) -> Result<Rate, Failure> {
    crate::guard::count("n", trials)?;
    if successes > trials {
        return Err(InvalidInput::new(
            "x",
            "there are more successes than trials",
            "give as x how many of the n trials succeeded",
        )
        .into());
    }
    if trials == 0 {
        return Err(CannotCompute::EmptyArm.into());
    }
    let kappa = prior_weight(tuning)?;
    let (yes, no) = (successes as f64, (trials - successes) as f64);
    Ok(Rate {
        estimate: yes / trials as f64,
        interval: Interval {
            lo: lowest_log_odds(kappa, yes, no, alpha).map_or(0.0, chance),
            // Not 1 minus the chance of "no", which has lost the digits of a small rate.
            hi: lowest_log_odds(kappa, no, yes, alpha).map_or(1.0, |log_odds| chance(-log_odds)),
        },
    })
}

/// κ: the pseudo-counts behind the prior of a mixture tuned for `tuning.v_opt` trials.
pub(crate) fn prior_weight(tuning: Tuning) -> Result<f64, InvalidInput> {
    Ok((tuning.two_sided_rho()? - 1.0).max(1e-3))
}

/// The chance that has these log odds.
pub(super) fn chance(log_odds: f64) -> f64 {
    let less = 1.0 / (1.0 + libm::exp(log_odds.abs()));
    if log_odds < 0.0 { less } else { 1.0 - less }
}

/// ln E of the counts against the chance that has these log odds: [`log_evidence`] with the prior
/// κ·(p, 1 − p), from log odds, which keep the digits of both chances where one of them is nearly 1.
///
/// [`log_evidence`]: super::evidence::log_evidence
pub(crate) fn log_e_at(kappa: f64, yes: f64, no: f64, log_odds: f64) -> f64 {
    let [p, q] = [chance(log_odds), chance(-log_odds)];
    let total = yes + no;
    // What is expected more than was seen, of "yes"; the prior is as it is expected.
    let more = if log_odds < 0.0 {
        p.mul_add(total, -yes)
    } else {
        -q.mul_add(total, -no)
    };
    let after = kappa + total;
    let arm = |p: f64, seen: f64, more: f64| {
        let prior = kappa * p;
        let now = prior + seen;
        let rest = stirling_rest(now) - stirling_rest(prior);
        deviance(now, after * p, more) + rest - 0.5 * libm::log(now / prior)
    };
    arm(p, yes, more) + arm(q, no, -more) + 0.5 * libm::log(after / kappa) - stirling_rest(after)
        + stirling_rest(kappa)
}

/// The log odds of the lowest chance of "yes" inside; None where that is 0.
fn lowest_log_odds(kappa: f64, yes: f64, no: f64, alpha: Alpha) -> Option<f64> {
    if yes == 0.0 {
        return None;
    }
    let threshold = -libm::log(alpha.get());
    let beyond = |log_odds: f64| log_e_at(kappa, yes, no, log_odds) - threshold;
    // At its own rate the evidence is at most 1. Without a failure that is 1 itself, and E is below
    // (1 + o)^yes where o are the odds of a failure.
    let middle = if no == 0.0 {
        libm::log(yes / threshold) + 1.0
    } else {
        libm::log(yes / no)
    };
    // Farther down than 2^10 no double holds the rate.
    (0..=10)
        .map(|doublings| middle - f64::from(1 << doublings))
        .find(|low| beyond(*low) >= 0.0)
        .and_then(|low| root_between(low, middle, beyond))
}

#[cfg(test)]
mod tests;
