use super::Events;
use crate::{CannotCompute, Failure, InvalidInput, guard};

/// Fewer rows than this, of both arms, say nothing of their own spread.
pub(super) const FEWEST_ROWS: usize = 4;

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
    /// The variance between rows over that of independent events, φ: about 1 for those, above it for bursts.
    pub ratio: f64,
    /// The standard deviation of `ratio` where events are independent.
    pub chance: f64,
    /// Rows less one for each arm that has events; of pairs the rows with an event less one.
    pub degrees: u64,
}

impl Dispersion {
    /// Of Pearson's statistic and the variances of its terms, added up.
    pub(super) fn of(pearson: f64, variance: f64, degrees: usize) -> Result<Self, Failure> {
        if degrees == 0 {
            return Err(CannotCompute::NoVariance.into());
        }
        let free = degrees as f64;
        let ratio = pearson / free;
        let chance = (variance / free).max(2.0).sqrt() / free.sqrt();
        if !(ratio.is_finite() && chance.is_finite()) {
            return Err(CannotCompute::Overflow.into());
        }
        Ok(Self {
            ratio,
            chance,
            degrees: degrees as u64,
        })
    }

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

/// Pearson's dispersion of rows of events, each arm about its own rate and pooled over both.
///
/// φ = Σ (x − e·p)²/v / (rows − arms), with p = Σx/Σe of the row's arm and v = e·p(1 − p) of trials,
/// v = e·p over an exposure. Counts divided by φ, and their exposures with them, carry the evidence that the
/// rows do, as quasi-likelihood has it. The variance of one row's term, where events are independent, is 2 + (1 −
/// 6p(1 − p))/v or 2 + 1/v; `chance` is the root of the average of these, of 2 at the least, over the degrees of
/// freedom. Rows that depend on their neighbours show only as much of it as there is within a row.
///
/// Source: P. McCullagh and J. A. Nelder, *Generalized Linear Models*, 2nd edition, 1989, sections 4.5 and 6.2.
/// φ has no unit; exposures may have any, but all the same. An arm whose rate is 0, or 1 of trials, does not vary and is left out.
///
/// # Errors
///
/// [`CannotCompute::TooFew`] below four rows, [`CannotCompute::NoVariance`] where neither arm's rate is between its
/// bounds, [`CannotCompute::Overflow`] where exposures add up to more than a double holds; an invalid input for an
/// exposure that is not positive and finite, a count above 2^53, or more events than trials.
///
/// # Examples
///
/// ```
/// use stats::count::{Events, Independent, dispersion};
/// let rows = |counts: [u64; 6]| counts.map(|count| Events { count, exposure: 1_000.0 });
/// let (quiet, burst) = (rows([1, 0, 2, 1, 0, 2]), rows([1, 0, 2, 51, 1, 0]));
/// let found = dispersion([&quiet, &burst], Independent::Trials)?;
/// // statsmodels: GLM(Binomial()) with a term for the arm, pearson_chi2/df_resid.
/// assert!((found.ratio - 23.552_629_164).abs() < 1e-8 && found.is_clear());
/// assert!(!dispersion([&quiet, &quiet], Independent::Trials)?.is_clear());
/// # Ok::<(), stats::Failure>(())
/// ```
pub fn dispersion(arms: [&[Events]; 2], as_if: Independent) -> Result<Dispersion, Failure> {
    let (mut pearson, mut variance) = (0.0, 0.0);
    let (mut degrees, mut rows) = (0_usize, 0_usize);
    for arm in arms {
        check(arm, as_if)?;
        rows += arm.len();
        let events: f64 = arm.iter().map(|row| row.count as f64).sum();
        let exposure: f64 = arm.iter().map(|row| row.exposure).sum();
        if exposure.is_infinite() {
            return Err(CannotCompute::Overflow.into());
        }
        let rate = events / exposure;
        // The variance of a row over its exposure, and what its kurtosis has beyond the normal's.
        let (unit, beyond) = match as_if {
            Independent::Trials => (rate * (1.0 - rate), 1.0 - 6.0 * rate * (1.0 - rate)),
            Independent::Exposure => (rate, 1.0),
        };
        if arm.is_empty() || unit <= 0.0 {
            continue;
        }
        degrees += arm.len() - 1;
        for row in arm {
            let of_row = row.exposure * unit;
            let off = row.count as f64 - row.exposure * rate;
            pearson += off * off / of_row;
            variance += 2.0 + beyond / of_row;
        }
    }
    if rows < FEWEST_ROWS {
        return Err(CannotCompute::TooFew.into());
    }
    Dispersion::of(pearson, variance, degrees)
}

pub(super) fn check(arm: &[Events], as_if: Independent) -> Result<(), InvalidInput> {
    for row in arm {
        guard::positive("rows.exposure", row.exposure)?;
        guard::count("rows.count", row.count)?;
        if as_if == Independent::Trials && row.count as f64 > row.exposure {
            return Err(InvalidInput::new(
                "rows.count",
                "there are more events than trials",
                "give how many of the trials were events, or compare events over an exposure",
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(of: &[(u64, f64)]) -> Vec<Events> {
        of.iter()
            .map(|&(count, exposure)| Events { count, exposure })
            .collect()
    }

    const CONTROL: [(u64, f64); 6] = [
        (1, 1000.0),
        (0, 900.0),
        (2, 1100.0),
        (51, 1000.0),
        (1, 950.0),
        (0, 1050.0),
    ];
    const CANARY: [(u64, f64); 6] = [
        (0, 1000.0),
        (2, 1000.0),
        (1, 800.0),
        (40, 1000.0),
        (1, 1200.0),
        (3, 1000.0),
    ];

    /// statsmodels' GLM, Binomial and Poisson with an exposure, a term for the arm: `pearson_chi2/df_resid`.
    #[test]
    fn the_ratio_is_that_of_statsmodels() {
        let arms = [rows(&CONTROL), rows(&CANARY)];
        for (as_if, ratio) in [
            (Independent::Trials, 39.192_565_832_059_515),
            (Independent::Exposure, 38.854_692_329_136_8),
        ] {
            let found = dispersion([&arms[0], &arms[1]], as_if).unwrap();
            assert!((found.ratio - ratio).abs() < 1e-8, "{found:?}");
            assert!(found.is_clear() && found.degrees == 10, "{found:?}");
        }
    }

    #[test]
    fn an_arm_that_cannot_vary_says_nothing() {
        let (control, none) = (rows(&CONTROL), rows(&[(0, 1000.0); 6]));
        let trials = Independent::Trials;
        let found = dispersion([&control, &none], trials).unwrap();
        assert_eq!(found.degrees, 5);
        let neither = dispersion([&none, &none], trials);
        assert_eq!(neither, Err(CannotCompute::NoVariance.into()));
        // A trial a row: every row is as far off as it can be, which is no burst.
        let single: Vec<_> = (0..20).map(|i| (i % 2, 1.0)).collect();
        let single = rows(&single);
        assert!(!dispersion([&single, &single], trials).unwrap().is_clear());
    }

    #[test]
    fn few_rows_and_impossible_ones_are_refused() {
        let (control, canary) = (rows(&CONTROL), rows(&CANARY));
        let few = dispersion([&control[..1], &canary[..2]], Independent::Trials);
        assert_eq!(few, Err(CannotCompute::TooFew.into()));
        for (bad, field) in [
            ((2, 1.0), "rows.count"),
            ((0, 0.0), "rows.exposure"),
            ((0, f64::NAN), "rows.exposure"),
        ] {
            let bad = dispersion([&control, &rows(&[bad])], Independent::Trials);
            assert!(matches!(bad, Err(Failure::Invalid(why)) if why.field == field));
        }
        // More events than units of exposure are nothing odd.
        let over = [canary, rows(&[(2, 1.0)])].concat();
        assert!(dispersion([&control, &over], Independent::Exposure).is_ok());
    }
}
