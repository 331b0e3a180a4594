//! Two counts of events compared at every moment.

use super::evidence::{divergence, log_evidence};
use crate::guard::{self, shares};
use crate::numeric::{deviance, root_between};
use crate::{Alpha, Interval, InvalidInput};

/// What is asked of two counts, control first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CountsQuestion {
    /// How much each arm's share is expected before any event, in pseudo-counts from 1e-200 to 1e300; their
    /// ratio is best that of the shares. A small sum finds large differences early, a large one small ones late.
    pub prior: [f64; 2],
    /// The share of the traffic each arm gets, 1e-200 or more; adds up to 1.
    pub shares: [f64; 2],
    /// The error level over all looks together.
    pub alpha: Alpha,
}

/// What the counts say, at this look and however many there were or will be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CountsAnswer {
    /// ln E against equal rates, a pure number; negative where the counts speak for them. Under equal rates E
    /// exceeds 1/α ever with a chance of at most α.
    pub log_e: f64,
    /// min(1, 1/E) at this look. Over several looks take the smallest so far.
    pub p: f64,
    /// The share of the events that fall to the treatment: every θ with E(θ) < 1/α.
    pub share_interval: Interval,
    /// The treatment's rate of events over the control's; infinite where only the control saw no event,
    /// NaN where neither saw any.
    pub rate_ratio: f64,
    /// Every rate ratio whose share is in `share_interval`; from 0, and open to infinity where the control
    /// saw no event.
    pub rate_ratio_interval: Interval,
}

/// Compares the rates of two arms by nothing but their counts of events, however often one looks.
///
/// Given that an event happens, it falls to the treatment with the chance θ = ρ_t·λ_t/(ρ_t·λ_t + ρ_c·λ_c),
/// whatever the traffic does. E is the Dirichlet-multinomial mixture over θ against one θ; the interval
/// holds every θ with E(θ) < 1/α, and the rate ratio is θ/(1 − θ)·ρ_c/ρ_t. With a prior a and counts n ln E is
/// ln Γ(Σa) − ln Γ(Σa + Σn) + Σ[ln Γ(aᵢ + nᵢ) − ln Γ(aᵢ) − nᵢ·ln ρᵢ] (Lindon & Malek 2022,
/// sections 3 and 4).
///
/// `counts` are those of control and treatment since the beginning, while the shares stayed as they are; for a
/// split that changes there is [`counts_by_period`](super::counts_by_period). The shares are the assigned ones: with those
/// of the exposures seen in their place the level is not proven. With no events at all E is 1 and the
/// interval everything: nothing is known, and that is said.
///
/// # Errors
///
/// A prior that is not between 1e-200 and 1e300, a share below 1e-200, shares that do not add up to 1, or a
/// count above 2^53.
///
/// # Examples
///
/// ```
/// use stats::Alpha;
/// use stats::sequential::{CountsQuestion, counts};
/// let question = CountsQuestion { prior: [1.0, 1.0], shares: [0.5, 0.5], alpha: Alpha::default() };
/// let answer = counts([10, 40], &question)?;
/// // With a uniform prior 1/E is 51·(50 over 10)/2^50.
/// assert!((answer.p - 51.0 * 10_272_278_170.0 / 2_f64.powi(50)).abs() < 1e-15);
/// assert_eq!(answer.rate_ratio, 4.0);
/// // mpmath: where E(θ) is 20.
/// assert!((answer.rate_ratio_interval.lo - 1.444_669_693_6).abs() < 1e-9);
/// # Ok::<(), stats::InvalidInput>(())
/// ```
pub fn counts(counts: [u64; 2], question: &CountsQuestion) -> Result<CountsAnswer, InvalidInput> {
    for count in counts {
        guard::count("counts", count)?;
    }
    for prior in question.prior {
        if !(LEAST_SHARE..=1e300).contains(&prior) {
            return Err(InvalidInput::new(
                "dirichlet_alpha",
                "it is out of the range from 1e-200 to 1e300",
                "give the number of events that the belief is worth, as 1",
            ));
        }
    }
    check_shares(question.shares)?;
    let seen = counts.map(|count| count as f64);
    let [control, treatment] = question.shares;
    let log_e = log_evidence(question.prior, seen, question.shares);
    // E(θ) = E(ρ) times the likelihood ratio of ρ over θ: θ is inside while its divergence is less.
    let apart = divergence(seen, question.shares);
    let rounding = 2.0 * f64::EPSILON * (log_e.abs() + apart);
    let within = (-libm::log(question.alpha.get()) - log_e + apart).max(0.0) + rounding;
    let lowest = lowest_odds(seen[1], seen[0], within);
    let highest = 1.0 / lowest_odds(seen[0], seen[1], within);
    let per_traffic = control / treatment;
    Ok(CountsAnswer {
        log_e,
        p: libm::exp(-log_e).min(1.0),
        share_interval: Interval {
            lo: share(lowest),
            hi: share(highest),
        },
        rate_ratio: seen[1] / seen[0] * per_traffic,
        rate_ratio_interval: Interval {
            lo: lowest * per_traffic,
            hi: highest * per_traffic,
        },
    })
}

/// Ratios of rates stay within the doubles with shares down to this one, whatever the counts.
pub(super) const LEAST_SHARE: f64 = 1e-200;

pub(super) fn check_shares(each: [f64; 2]) -> Result<(), InvalidInput> {
    if each.iter().any(|share| *share < LEAST_SHARE) {
        return Err(InvalidInput::new(
            "assignment_share",
            "one is below 1e-200",
            "give the share of the traffic of each arm, above 0",
        ));
    }
    shares("assignment_share", &each)
}

/// Odds as a share.
fn share(odds: f64) -> f64 {
    if odds.is_infinite() {
        1.0
    } else {
        odds / (1.0 + odds)
    }
}

/// The lowest odds θ/(1 − θ) of "yes" at which `yes` and `no` diverge from θ by at most `within`.
fn lowest_odds(yes: f64, no: f64, within: f64) -> f64 {
    if yes == 0.0 {
        return 0.0;
    }
    if no == 0.0 {
        // −n·ln θ = within
        let miss = -libm::expm1(-within / yes);
        return (1.0 - miss) / miss;
    }
    let middle = libm::log(yes / no);
    let beyond = |log_odds: f64| divergence_at(yes, no, log_odds) - within;
    // Farther down than 2^10 no double holds the odds.
    (0..=10)
        .map(|doublings| middle - f64::from(1 << doublings))
        .find(|low| beyond(*low) >= 0.0)
        .map_or(0.0, |low| {
            libm::exp(root_between(low, middle, beyond).unwrap_or(middle))
        })
}

/// As [`divergence`] of two counts from these log odds of "yes", which keep the digits of both shares where
/// one of them is nearly 1.
pub(super) fn divergence_at(yes: f64, no: f64, log_odds: f64) -> f64 {
    // −ln(1 − share) where the log odds are z.
    let missed = |z: f64| {
        if z > 40.0 {
            z
        } else {
            libm::log1p(libm::exp(z))
        }
    };
    if yes == 0.0 || no == 0.0 {
        return if yes > 0.0 {
            yes * missed(-log_odds)
        } else if no > 0.0 {
            no * missed(log_odds)
        } else {
            0.0
        };
    }
    let total = yes + no;
    let [chance, other] = [-log_odds, log_odds].map(|z| 1.0 / (1.0 + libm::exp(z)));
    let more = if log_odds < 0.0 {
        chance.mul_add(total, -yes)
    } else {
        -other.mul_add(total, -no)
    };
    deviance(yes, total * chance, more) + deviance(no, total * other, -more)
}

#[cfg(test)]
mod tests;
