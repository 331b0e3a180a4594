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

impl Independent {
    /// What is left of the variance of so rare events: of trials 1 − p.
    fn left(self, rate: f64) -> f64 {
        match self {
            Self::Trials => 1.0 - rate,
            Self::Exposure => 1.0,
        }
    }
}

/// How far rows of events differ, held against what independent events would.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dispersion {
    /// The variance that the rows show over that of independent events, φ: about 1 for those, above it for bursts.
    pub ratio: f64,
    /// The standard deviation of `ratio` where events are independent.
    pub chance: f64,
    /// The rows less one for each arm; of pairs about one rate, the pairs.
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

/// How much farther the rows of two arms are from their mean rates than independent events would be: each arm about its
/// own rate p, the greater of Σ S/Σ x·(1 − p) and Σ (S/x²)/Σ ((1 − p)/x), summed over the arms, with S = n/(n − 1)·Σᵢ (xᵢ − eᵢ·p)².
///
/// xᵢ and eᵢ are the events and the exposure of a row, n the rows and x the events of an arm (and ½); of events over an exposure
/// 1 − p is 1, and of trials that are mostly events those that are none are taken instead. S is the variance of an arm's sum
/// which the rows show, so that the first is that of all events over that of independent ones, and the second that of the
/// logarithm of the ratio of rates, in which the smaller arm weighs more. Other than Pearson's statistic both weigh rows by
/// their events, so that one row that has most of them counts for what it is. `chance` is √(Σ (2v² + v)) over the
/// same weights, v being a row's expected events, and √(2/degrees) at the least. An arm of one or two rows says nothing.
///
/// Source: the robust variance of a sum over clusters (K.-Y. Liang and S. L. Zeger, "Longitudinal data analysis using
/// generalized linear models", Biometrika 73, 1986), and for the logarithm the delta method. φ has no unit; exposures may
/// have any, but all the same.
///
/// # Errors
///
/// [`CannotCompute::TooFew`] below three rows in both arms, [`CannotCompute::NoVariance`] without an event (or with
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
    about_each_rate(&rarer(arms, as_if)?)
}

/// The same of one arm by itself.
pub(super) fn dispersion_of_one(
    rows: &[Events],
    as_if: Independent,
) -> Result<Dispersion, Failure> {
    about_each_rate(&rarer([Arm::of(rows, as_if)?], as_if)?)
}

/// As [`dispersion`], of rows of the same time in control and treatment: what both arms go through together, as a bad
/// minute of what both stand on, is not in it.
///
/// Of the t events of a pair the treatment's are t·θ where both arms have one rate, θ being its share of the pair's
/// exposure. φ is at most the greater of Σ (x − t·θ)² / Σ t·θ(1 − θ)·(1 − p), x being the treatment's events, and of the
/// variance of the logarithm of the ratio, in which the two rows of a pair are taken off each other: events that both arms
/// have in their shares are no burst of one. It is at most that of [`dispersion`], too: a difference that all rows
/// have is none either.
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
    let apart = about_each_rate(&arms)?;
    let together = about_one_rate(&arms, as_if)?;
    Ok(if together.ratio < apart.ratio {
        together
    } else {
        apart
    })
}

fn greater(one: Dispersion, other: Dispersion) -> Dispersion {
    if other.ratio > one.ratio { other } else { one }
}

/// Rows as events and exposure, and their sums.
struct Arm {
    rows: Vec<[f64; 2]>,
    events: f64,
    exposure: f64,
    left: f64,
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
        let rows = rows.iter().map(|row| [row.count as f64, row.exposure]);
        let arm = Self::sum(rows, as_if);
        if arm.exposure.is_infinite() {
            return Err(CannotCompute::Overflow.into());
        }
        Ok(arm)
    }

    fn sum(rows: impl Iterator<Item = [f64; 2]>, as_if: Independent) -> Self {
        let rows: Vec<[f64; 2]> = rows.collect();
        let sum = |of: usize| -> f64 { rows.iter().map(|row| row[of]).sum() };
        let (events, exposure) = (sum(0), sum(1));
        Self {
            rows,
            events,
            exposure,
            left: as_if.left(events / exposure),
        }
    }

    fn rate(&self) -> f64 {
        self.events / self.exposure
    }
}

/// With what is no event in the place of events, where more than half of all trials are.
fn rarer<const ARMS: usize>(
    arms: [Arm; ARMS],
    as_if: Independent,
) -> Result<[Arm; ARMS], CannotCompute> {
    let events: f64 = arms.iter().map(|arm| arm.events).sum();
    let exposure: f64 = arms.iter().map(|arm| arm.exposure).sum();
    let others = as_if == Independent::Trials && events > 0.5 * exposure;
    let arms = if others {
        arms.map(|arm| Arm::sum(arm.rows.iter().map(|[x, n]| [n - x, *n]), as_if))
    } else {
        arms
    };
    if arms.iter().all(|arm| arm.events == 0.0) {
        return Err(CannotCompute::NoVariance);
    }
    Ok(arms)
}

/// What rows show of a variance, what independent events would, and that of what they show.
#[derive(Default)]
struct Variance {
    shown: f64,
    independent: f64,
    spread: f64,
}

impl Variance {
    /// Squares of so much `weight` each, of rows that expect these events.
    fn add(&mut self, squares: f64, expected: impl Iterator<Item = f64>, weight: f64) {
        let mut fourth = 0.0;
        for v in expected {
            self.independent += weight * v;
            fourth += 2.0 * v * v + v;
        }
        self.shown += weight * squares;
        self.spread += weight * weight * fourth;
    }

    fn over(&self, degrees: usize) -> Result<Dispersion, Failure> {
        let ratio = self.shown / self.independent;
        let chance = (self.spread.sqrt() / self.independent).max((2.0 / degrees as f64).sqrt());
        if self.independent <= 0.0 || !(ratio.is_finite() && chance.is_finite()) {
            return Err(CannotCompute::Overflow.into());
        }
        Ok(Dispersion {
            ratio,
            chance,
            degrees: degrees as u64,
        })
    }
}

/// Each arm about its own rate.
fn about_each_rate(arms: &[Arm]) -> Result<Dispersion, Failure> {
    let (mut all, mut logarithm, mut degrees) = (Variance::default(), Variance::default(), 0);
    for arm in arms.iter().filter(|arm| arm.rows.len() >= FEWEST_ROWS) {
        let n = arm.rows.len() as f64;
        let off = |[events, exposure]: &[f64; 2]| events - exposure * arm.rate();
        let squares: f64 = arm.rows.iter().map(|row| off(row) * off(row)).sum();
        let squares = n / (n - 1.0) * squares;
        let expected = || arm.rows.iter().map(|row| row[1] * arm.rate() * arm.left);
        all.add(squares, expected(), 1.0);
        logarithm.add(squares, expected(), (arm.events + 0.5).powi(-2));
        degrees += arm.rows.len() - 1;
    }
    if degrees == 0 {
        return Err(CannotCompute::TooFew.into());
    }
    Ok(greater(all.over(degrees)?, logarithm.over(degrees)?))
}

/// Each pair about the share of its events that the treatment has where both have one rate; and the rows of each pair
/// about both rates, taken off each other.
fn about_one_rate(
    [control, treatment]: &[Arm; 2],
    as_if: Independent,
) -> Result<Dispersion, Failure> {
    let n = control.rows.len();
    if n < FEWEST_ROWS {
        return Err(CannotCompute::TooFew.into());
    }
    let all = (control.events + treatment.events) / (control.exposure + treatment.exposure);
    let (of_control, of_treatment) = (control.events + 0.5, treatment.events + 0.5);
    let (mut parts, mut logarithm) = (Variance::default(), Variance::default());
    for ([x_c, e_c], [x_t, e_t]) in control.rows.iter().zip(&treatment.rows) {
        let (total, share) = (x_c + x_t, e_t / (e_c + e_t));
        let off = x_t - total * share;
        let expected = total * share * (1.0 - share) * as_if.left(all);
        parts.add(off * off, std::iter::once(expected), 1.0);
        let apart = (x_t - e_t * treatment.rate()) / of_treatment
            - (x_c - e_c * control.rate()) / of_control;
        logarithm.shown += apart * apart * n as f64 / (n as f64 - 1.0);
        for (arm, exposure, events) in [(control, e_c, of_control), (treatment, e_t, of_treatment)]
        {
            let expected = exposure * arm.rate() * arm.left;
            logarithm.add(0.0, std::iter::once(expected), events.powi(-2));
        }
    }
    Ok(greater(parts.over(n)?, logarithm.over(n)?))
}

#[cfg(test)]
mod tests;
