//! Comparison of two counts of events over known exposures, at one planned look.
//!
//! For looking as often as one likes there is [`crate::sequential::counts`].

mod bursts;
mod central;
mod dispersion;

pub use bursts::bursts;
pub use central::{Central, central};
pub use dispersion::{Dispersion, Independent, dispersion, dispersion_of_pairs};

use crate::guard;
use crate::numeric::{binomial_cdf, binomial_pmf, binomial_sf, normal_quantile, normal_sf};
use crate::rank::Tails;
use crate::{Alpha, CannotCompute, Failure, Interval};
use std::cmp::Ordering;

/// Events of one arm, and what they are counted over: requests, hours, users.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Events {
    /// Up to 2^53.
    pub count: u64,
    /// Greater than 0, in any unit that both arms share.
    pub exposure: f64,
}

/// Two Poisson rates compared.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PoissonRates {
    /// The treatment's rate over the control's; infinite where only the control saw no event.
    pub rate_ratio: f64,
    /// The conditional exact test's chances.
    pub exact: Tails,
    /// The score test's.
    pub score: Tails,
    /// The interval of the rate ratio that the two-sided score test accepts.
    pub interval_score: Interval,
}

/// Compares two Poisson rates: the ratio of treatment to control, with two tests and an interval.
///
/// *Exact, conditional* (Przyborowski & Wilenski, Biometrika 31, 1940): given the total, the
/// treatment's count is binomial with chance `e_t / (e_t + e_c)`. The two-sided chance adds up every
/// count that is no more likely than the one seen, as SciPy's `binomtest` and statsmodels'
/// `exact-cond`; conservative, sound at any count.
///
/// *Score* (Gu, Ng, Tang & Schucany, Biometrical Journal 50, 2008; statsmodels' `score`):
/// `z = (y_t − y_c·r)/√((y_t + y_c)·r)` with `r` the ratio of exposures. Its interval is every rate ratio
/// that the test accepts: the roots of `y_c²R² − (2·y_t·y_c + z²(y_t + y_c))R + y_t² = 0`, with no
/// iteration, closed at 0 and open to infinity where a count is 0.
///
/// Ratios have no unit; exposures may have any, but both the same. `alpha` is the level of the interval alone.
///
/// # Errors
///
/// [`CannotCompute::TooFew`] without a single event in either arm, [`CannotCompute::Overflow`] where the
/// exposures are so far apart that no double holds the ratio or its bounds; an invalid input for an
/// exposure that is not positive and finite, or a count above 2^53.
///
/// # Examples
///
/// ```
/// use stats::count::{Events, poisson_rates};
/// let control = Events { count: 10, exposure: 1_000.0 };
/// let treatment = Events { count: 25, exposure: 1_000.0 };
/// let rates = poisson_rates(control, treatment, stats::Alpha::default())?;
/// assert_eq!(rates.rate_ratio, 2.5);
/// // scipy.stats.binomtest(25, 35).pvalue, and 2·norm.sf(15/√35).
/// assert!((rates.exact.two_sided - 0.016_673_85).abs() < 1e-8);
/// assert!((rates.score.two_sided - 0.011_229_89).abs() < 1e-8);
/// assert!((rates.interval_score.lo - 1.219_512_70).abs() < 1e-8);
/// # Ok::<(), stats::Failure>(())
/// ```
pub fn poisson_rates(
    control: Events,
    treatment: Events,
    alpha: Alpha,
) -> Result<PoissonRates, Failure> {
    let total = total(control, treatment)?;
    let over = exposures(control, treatment)?;
    let (y_t, y_c, all) = (treatment.count as f64, control.count as f64, total as f64);
    let root_over = over.sqrt();
    let z = (y_t / root_over - y_c * root_over) / all.sqrt();
    let critical = normal_quantile(alpha.get() / 2.0);
    let width = critical * critical * all;
    let middle = 2.0 * y_t * y_c + width;
    let root = (middle + (width * (4.0 * y_t * y_c + width)).sqrt()) / 2.0;
    let rate_ratio = y_t / y_c / over;
    let interval_score = Interval {
        lo: y_t * y_t / root / over,
        hi: root / (y_c * y_c) / over,
    };
    within_doubles(rate_ratio, interval_score, control, treatment)?;
    // By the arm with the smaller exposure, whose share keeps its digits.
    let exact = if over <= 1.0 {
        binomial_tails(treatment.count, total, over / (1.0 + over))
    } else {
        let mirrored = binomial_tails(control.count, total, 1.0 / over / (1.0 + 1.0 / over));
        Tails {
            two_sided: mirrored.two_sided,
            greater: mirrored.less,
            less: mirrored.greater,
        }
    };
    Ok(PoissonRates {
        rate_ratio,
        exact,
        score: Tails {
            two_sided: (2.0 * normal_sf(z.abs())).min(1.0),
            greater: normal_sf(z),
            less: normal_sf(-z),
        },
        interval_score,
    })
}

/// The treatment's exposure over the control's.
fn exposures(control: Events, treatment: Events) -> Result<f64, CannotCompute> {
    let over = treatment.exposure / control.exposure;
    if over.is_normal() && (1.0 / over).is_normal() {
        Ok(over)
    } else {
        Err(CannotCompute::Overflow)
    }
}

/// Refuses a ratio or a bound that is 0 or infinite for no other reason than the range of doubles.
fn within_doubles(
    ratio: f64,
    interval: Interval,
    control: Events,
    treatment: Events,
) -> Result<(), CannotCompute> {
    let left = treatment.count == 0 || ratio.min(interval.lo) > 0.0;
    let right = control.count == 0 || ratio.max(interval.hi) < f64::INFINITY;
    if left && right && interval.lo < f64::INFINITY && interval.hi > 0.0 {
        Ok(())
    } else {
        Err(CannotCompute::Overflow)
    }
}

/// The events of both arms, of which there is one at least.
fn total(control: Events, treatment: Events) -> Result<u64, Failure> {
    guard::positive("control.exposure", control.exposure)?;
    guard::positive("treatment.exposure", treatment.exposure)?;
    guard::count("control.count", control.count)?;
    guard::count("treatment.count", treatment.count)?;
    match control.count + treatment.count {
        0 => Err(CannotCompute::TooFew.into()),
        total => Ok(total),
    }
}

/// What a relative difference of two likelihoods may be for them to count as equal, as in SciPy.
const EQUALLY_LIKELY: f64 = 1.0 + 1e-7;

/// The exact binomial test of `k` out of `n` against chance `p`.
fn binomial_tails(k: u64, n: u64, p: f64) -> Tails {
    let greater = if k == 0 {
        1.0
    } else {
        binomial_sf(k - 1, n, p)
    };
    let less = binomial_cdf(k, n, p);
    let expected = p * n as f64;
    let unlikely = binomial_pmf(k, n, p) * EQUALLY_LIKELY;
    let as_unlikely = |y: u64| binomial_pmf(y, n, p) <= unlikely;
    // Likelihood falls to both sides of the mode: what is unlikely enough there begins at one count.
    let two_sided = match (k as f64).total_cmp(&expected) {
        Ordering::Equal => 1.0,
        Ordering::Less => {
            let from = first(expected.ceil() as u64, n + 1, as_unlikely);
            less + if from > n {
                0.0
            } else {
                binomial_sf(from - 1, n, p)
            }
        }
        Ordering::Greater => {
            let likely = first(0, expected.floor() as u64 + 1, |y| !as_unlikely(y));
            greater
                + if likely == 0 {
                    0.0
                } else {
                    binomial_cdf(likely - 1, n, p)
                }
        }
    };
    Tails {
        two_sided: two_sided.min(1.0),
        greater,
        less,
    }
}

/// The first number in `lo..hi` that `holds` for, or `hi`; once it holds it holds for all above.
fn first(mut lo: u64, mut hi: u64, holds: impl Fn(u64) -> bool) -> u64 {
    while lo < hi {
        let middle = lo.midpoint(hi);
        if holds(middle) {
            hi = middle;
        } else {
            lo = middle + 1;
        }
    }
    lo
}

#[cfg(test)]
mod tests;
