use super::Events;
use crate::{CannotCompute, Failure, InvalidInput, guard};

/// Fewer rows of an arm than this say nothing of their own spread.
const FEWEST_ROWS: usize = 3;

/// More than chance: so many standard deviations above what independent events come to.
const CLEAR: f64 = 3.0;

/// What rows would follow if their events were independent of each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Independent {
    /// Each of a row's trials is an event or is not, as errors out of requests: the exposure is a number of trials.
    Trials,
    /// Any number of events over a row's exposure, as restarts over hours.
    Exposure,
}

/// How far rows of events differ, held against what independent events would.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dispersion {
    /// The variance that the rows show over that of independent events, φ: about 1 for those, above it for bursts.
    pub ratio: f64,
    /// The standard deviation of `ratio` where events are independent.
    pub chance: f64,
    /// The rows less one for each arm; of pairs less one.
    pub degrees: u64,
}

impl Dispersion {
    /// Whether the rows differ by more than chance: the ratio is three standard deviations above 1.
    ///
    /// ```
    /// use stats::count::{Events, Independent, dispersion};
    /// let rows = [3, 4, 3, 4, 3, 4].map(|count| Events { count, exposure: 100.0 });
    /// assert!(!dispersion([&rows, &rows], Independent::Exposure)?.is_clear());
    /// # Ok::<(), stats::Failure>(())
    /// ```
    #[must_use]
    pub fn is_clear(&self) -> bool {
        self.ratio > 1.0 + CLEAR * self.chance
    }
}

/// How much more the logarithm of the ratio of two rates varies than it would if events were independent, as rows of events
/// show it: by the jackknife, that leaves out one row after the other.
///
/// With s the logarithm of the ratio, s₍ᵢ₎ the same without the row i of an arm, and n rows in that arm, its variance is
/// Σ (n − 1)/n·Σᵢ (s₍ᵢ₎ − s̄)² over both arms; ½ is added to every sum of events, so that an arm of which one row has them
/// all has a logarithm. Independent events have the variance Σ (1 − p)/(x + ½) over both arms, x being an arm's events and p
/// its rate (0 for events over an exposure), and φ is the one over the other. Of trials that are mostly events those
/// that are none are taken instead. One row that has most of the events moves s the most when it is left out, so that it
/// counts for what it is; Pearson's statistic, which such a row moves the mean of, sees less of it.
///
/// `chance` is √(Σ (2v² + v)/x⁴) over all rows of both arms, v being a row's expected events, over the variance of
/// independent events, and √(2/degrees) at the least.
///
/// Source: M. H. Quenouille, "Notes on bias in estimation", Biometrika 43, 1956; B. Efron and C. Stein, "The jackknife
/// estimate of variance", Annals of Statistics 9, 1981, by which it is too large on average if anything. φ has no unit;
/// exposures may have any, but all the same.
///
/// # Errors
///
/// [`CannotCompute::TooFew`] below three rows in an arm, [`CannotCompute::NoVariance`] without an event (or with
/// nothing but events), [`CannotCompute::Overflow`] where exposures add up to more than a double holds; an invalid input for
/// an exposure that is not positive and finite, a count above 2^53, or more events than trials.
///
/// # Examples
///
/// ```
/// use stats::count::{Events, Independent, dispersion};
/// let rows = |counts: [u64; 6]| counts.map(|count| Events { count, exposure: 1_000.0 });
/// let (quiet, burst) = (rows([1, 0, 2, 1, 0, 2]), rows([1, 0, 2, 51, 1, 0]));
/// assert!(dispersion([&quiet, &burst], Independent::Trials)?.is_clear());
/// assert!(!dispersion([&quiet, &quiet], Independent::Trials)?.is_clear());
/// # Ok::<(), stats::Failure>(())
/// ```
pub fn dispersion(arms: [&[Events]; 2], as_if: Independent) -> Result<Dispersion, Failure> {
    let arms = [Arm::of(arms[0], as_if)?, Arm::of(arms[1], as_if)?];
    let arms = rarer(arms, as_if)?;
    let variance = arms.iter().map(|arm| jackknife(&arm.without_each())).sum();
    held(
        variance,
        &arms,
        as_if,
        arms.iter().map(|arm| arm.rows.len() - 1).sum(),
    )
}

/// As [`dispersion`], of rows of the same time in control and treatment: what both arms go through together, as a bad
/// minute of what both stand on, leaves their ratio as it is, and is not in it.
///
/// Both rows of a pair are left out at once, so that the variance is (n − 1)/n·Σᵢ (s₍ᵢ₎ − s̄)² over n pairs.
///
/// # Errors
///
/// As of [`dispersion`].
///
/// # Examples
///
/// ```
/// use stats::count::{Events, Independent, dispersion, dispersion_of_pairs};
/// // A dependency of both fails in the fourth minute.
/// let counts = [[1, 2], [0, 1], [2, 1], [50, 52], [1, 0], [0, 2], [1, 1], [2, 0], [1, 3], [1, 1], [0, 1]];
/// let rows = counts.map(|row| row.map(|count| Events { count, exposure: 1_000.0 }));
/// assert!(!dispersion_of_pairs(&rows, Independent::Trials)?.is_clear());
/// let [control, canary] = [0, 1].map(|arm| rows.map(|row| row[arm]));
/// assert!(dispersion([&control, &canary], Independent::Trials)?.is_clear());
/// # Ok::<(), stats::Failure>(())
/// ```
pub fn dispersion_of_pairs(
    pairs: &[[Events; 2]],
    as_if: Independent,
) -> Result<Dispersion, Failure> {
    let arm = |arm: usize| {
        let rows: Vec<Events> = pairs.iter().map(|pair| pair[arm]).collect();
        Arm::of(&rows, as_if)
    };
    let arms = rarer([arm(0)?, arm(1)?], as_if)?;
    let [control, treatment] = [arms[0].without_each(), arms[1].without_each()];
    let ratios: Vec<f64> = control.iter().zip(treatment).map(|(c, t)| t - c).collect();
    held(jackknife(&ratios), &arms, as_if, pairs.len() - 1)
}

/// Rows as events and exposure, and their sums.
struct Arm {
    rows: Vec<[f64; 2]>,
    events: f64,
    exposure: f64,
}

impl Arm {
    fn of(rows: &[Events], as_if: Independent) -> Result<Self, Failure> {
        for row in rows {
            guard::positive("rows.exposure", row.exposure)?;
            guard::count("rows.count", row.count)?;
            if as_if == Independent::Trials && row.count as f64 > row.exposure {
                return Err(InvalidInput::new(
                    "rows.count",
                    "there are more events than trials",
                    "give how many of the trials were events, or compare events over an exposure",
                )
                .into());
            }
        }
        if rows.len() < FEWEST_ROWS {
            return Err(CannotCompute::TooFew.into());
        }
        let arm = Self::sum(rows.iter().map(|row| [row.count as f64, row.exposure]));
        if arm.exposure.is_infinite() {
            return Err(CannotCompute::Overflow.into());
        }
        Ok(arm)
    }

    fn sum(rows: impl Iterator<Item = [f64; 2]>) -> Self {
        let rows: Vec<[f64; 2]> = rows.collect();
        let sum = |of: usize| rows.iter().map(|row| row[of]).sum();
        let (events, exposure) = (sum(0), sum(1));
        Self {
            rows,
            events,
            exposure,
        }
    }

    /// The logarithm of the rate, each row left out in turn.
    fn without_each(&self) -> Vec<f64> {
        let rows = self.rows.iter();
        rows.map(|[events, exposure]| {
            libm::log(self.events - events + 0.5) - libm::log(self.exposure - exposure)
        })
        .collect()
    }

    fn rate(&self) -> f64 {
        self.events / self.exposure
    }
}

/// With what is no event in the place of events, where more than half of all trials are.
fn rarer(arms: [Arm; 2], as_if: Independent) -> Result<[Arm; 2], CannotCompute> {
    let [events, exposure] = [
        arms[0].events + arms[1].events,
        arms[0].exposure + arms[1].exposure,
    ];
    let others = as_if == Independent::Trials && events > 0.5 * exposure;
    let arms = if others {
        arms.map(|arm| Arm::sum(arm.rows.iter().map(|[x, n]| [n - x, *n])))
    } else {
        arms
    };
    if arms.iter().all(|arm| arm.events == 0.0) {
        return Err(CannotCompute::NoVariance);
    }
    Ok(arms)
}

/// (n − 1)/n times the squared deviations from their mean.
fn jackknife(without_each: &[f64]) -> f64 {
    let n = without_each.len() as f64;
    let mean = without_each.iter().sum::<f64>() / n;
    let squares = without_each.iter().map(|s| (s - mean) * (s - mean));
    (n - 1.0) / n * squares.sum::<f64>()
}

/// The variance over that of independent events.
fn held(
    variance: f64,
    arms: &[Arm; 2],
    as_if: Independent,
    degrees: usize,
) -> Result<Dispersion, Failure> {
    let (mut independent, mut spread) = (0.0, 0.0);
    for arm in arms {
        let left = match as_if {
            Independent::Trials => 1.0 - arm.rate(),
            Independent::Exposure => 1.0,
        };
        let events = arm.events + 0.5;
        independent += left / events;
        let fourth = (events * events) * (events * events);
        let expected = arm.rows.iter().map(|row| row[1] * arm.rate() * left);
        spread += expected.map(|v| 2.0 * v * v + v).sum::<f64>() / fourth;
    }
    let ratio = variance / independent;
    let chance = (spread.sqrt() / independent).max((2.0 / degrees as f64).sqrt());
    if !(ratio.is_finite() && chance.is_finite()) {
        return Err(CannotCompute::Overflow.into());
    }
    Ok(Dispersion {
        ratio,
        chance,
        degrees: degrees as u64,
    })
}

#[cfg(test)]
mod tests;
