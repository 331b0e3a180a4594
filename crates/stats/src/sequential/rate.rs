//! The rate of one arm, known at every moment.

use super::boundary::Tuning;
use super::evidence::log_evidence;
use crate::numeric::root_between;
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
            lo: lowest(kappa, yes, no, alpha),
            hi: 1.0 - lowest(kappa, no, yes, alpha),
        },
    })
}

/// κ: the pseudo-counts behind the prior of a mixture tuned for `tuning.v_opt` trials.
pub(crate) fn prior_weight(tuning: Tuning) -> Result<f64, InvalidInput> {
    Ok((tuning.two_sided_rho()? - 1.0).max(1e-3))
}

/// ln E of the counts against the chance that has these log odds.
pub(crate) fn log_e_at(kappa: f64, yes: f64, no: f64, log_odds: f64) -> f64 {
    let p = 1.0 / (1.0 + libm::exp(-log_odds));
    let q = 1.0 / (1.0 + libm::exp(log_odds));
    log_evidence([kappa * p, kappa * q], [yes, no], [p, q])
}

/// The lowest chance of "yes" inside.
fn lowest(kappa: f64, yes: f64, no: f64, alpha: Alpha) -> f64 {
    if yes == 0.0 {
        return 0.0;
    }
    let threshold = -libm::log(alpha.get());
    let beyond = |log_odds: f64| log_e_at(kappa, yes, no, log_odds) - threshold;
    // At its own rate the evidence is at most 1; with no failure the rate stands for one nearly 1.
    let middle = if no == 0.0 { 36.0 } else { libm::log(yes / no) };
    // Farther down than 2^9 there is hardly a double that holds the rate.
    (0..=9)
        .map(|doublings| middle - f64::from(1 << doublings))
        .find(|low| beyond(*low) >= 0.0)
        .and_then(|low| root_between(low, middle, beyond))
        .map_or(0.0, |log_odds| 1.0 / (1.0 + libm::exp(-log_odds)))
}

#[cfg(test)]
mod tests;
