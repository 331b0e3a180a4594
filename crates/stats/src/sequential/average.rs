//! The rate of one arm averaged over periods with rates of their own, known at every moment.

use super::boundary::Tuning;
use super::rate::{chance, log_e_at, prior_weight};
use crate::numeric::root_between;
use crate::{Alpha, Interval, InvalidInput};

/// The trials of one period, and what its rate weighs in the average.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Part {
    /// How many succeeded.
    pub(crate) yes: f64,
    /// How many did not; one trial at least.
    pub(crate) no: f64,
    /// Above 0; all add up to 1.
    pub(crate) weight: f64,
}

/// A confidence sequence of Σ wₖ·pₖ, where pₖ is the rate of period k.
///
/// The product over the periods of the mixtures of [`rate`](super::rate()) is a martingale at the true rates, so that all
/// of them are at once where it stays below 1/α (Ville), whatever the weights. The ends are the smallest and the largest
/// average there. A mixture centred at p is convex in p (κ²·Σ 1/(κp + j)² over j < x is at most x/p²), so they are
/// where every derivative of ln E is one and the same multiple of the weight (Lagrange). One period is
/// [`rate`](super::rate()).
pub(crate) fn average(
    parts: &[Part],
    alpha: Alpha,
    tuning: Tuning,
) -> Result<Interval, InvalidInput> {
    let kappa = prior_weight(tuning)?;
    let end = |side: f64| {
        let at = |multiple: f64| {
            parts.iter().map(move |part| {
                let target = side * part.weight * libm::exp(multiple);
                (part, part.where_it_rises_by(kappa, target))
            })
        };
        let beyond = |multiple: f64| {
            let evidence = |(part, s): (&Part, f64)| log_e_at(kappa, part.yes, part.no, s);
            at(multiple).map(evidence).sum::<f64>() + libm::log(alpha.get())
        };
        let (mut lo, mut hi) = (0.0, 1.0);
        while beyond(lo) > 0.0 {
            lo = 2.0 * lo - 1.0;
        }
        // Where even 0, or 1, is inside in every period.
        while beyond(hi) < 0.0 && hi < FARTHEST {
            hi *= 2.0;
        }
        let multiple = root_between(lo, hi, beyond).unwrap_or(hi);
        at(multiple)
            .map(|(part, s)| part.weight * chance(s))
            .sum::<f64>()
    };
    Ok(Interval {
        lo: end(-1.0).max(0.0),
        hi: end(1.0).min(1.0),
    })
}

/// Of log odds, and of the logarithm of a multiple: chances down to 1e-304.
const FARTHEST: f64 = 700.0;

impl Part {
    /// The log odds of the chance at which the derivative of ln E by the chance is `target`; or the
    /// farthest, where it is always more, or less.
    fn where_it_rises_by(&self, kappa: f64, target: f64) -> f64 {
        let too_fast = |s: f64| {
            let (p, q) = (chance(s), chance(-s));
            (learnt(kappa * p, self.yes) - self.yes) / p
                - (learnt(kappa * q, self.no) - self.no) / q
                - target
        };
        let middle = libm::log((self.yes + 0.5) / (self.no + 0.5));
        let (mut lo, mut hi) = (middle - 1.0, middle + 1.0);
        while too_fast(lo) > 0.0 {
            if lo <= -FARTHEST {
                return -FARTHEST;
            }
            lo = (2.0 * lo - middle).max(-FARTHEST);
        }
        while too_fast(hi) < 0.0 {
            if hi >= FARTHEST {
                return FARTHEST;
            }
            hi = (2.0 * hi - middle).min(FARTHEST);
        }
        root_between(lo, hi, too_fast).unwrap_or(middle)
    }
}

/// a·(ψ(a + n) − ψ(a)) for a whole n: Σ a/(a + j) over j < n.
fn learnt(a: f64, n: f64) -> f64 {
    if n == 0.0 {
        0.0
    } else {
        1.0 + a * (digamma(a + n) - digamma(a + 1.0))
    }
}

/// ψ for x ≥ 1: recurrence up to 10 and the asymptotic series (Abramowitz and Stegun 6.3.5 and 6.3.18).
fn digamma(mut x: f64) -> f64 {
    let mut below = 0.0;
    while x < 10.0 {
        below += 1.0 / x;
        x += 1.0;
    }
    let r = 1.0 / (x * x);
    let series = 1.0 / 12.0
        - r * (1.0 / 120.0
            - r * (1.0 / 252.0
                - r * (1.0 / 240.0 - r * (1.0 / 132.0 - r * (691.0 / 32_760.0 - r / 12.0)))));
    libm::log(x) - 0.5 / x - r * series - below
}

#[cfg(test)]
mod tests;
