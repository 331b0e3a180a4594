//! Sample ratio mismatch: whether the units arrived in the shares they were assigned with.

use crate::guard::not_negative;
use crate::numeric::chi_squared_sf;
use crate::{CannotCompute, Failure, InvalidInput};

/// Below this p the split is wrong beyond doubt: it is looked at every day.
pub const ALARM_P: f64 = 0.001;
/// Fewer expected units than this in an arm, and the approximation by χ² is not to be relied on.
pub const LEAST_EXPECTED: f64 = 8.0;

/// What [`srm`] says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Srm {
    /// Σ (observed − expected)²/expected, 0 or more.
    pub chi2: f64,
    /// Arms with a weight, less one.
    pub df: u64,
    /// The chance, from 0 to 1, of a split at least this far off if the shares are right.
    pub p: f64,
    /// The smallest expected count of an arm, in units.
    pub least_expected: f64,
}

impl Srm {
    /// Whether the split is wrong: p below [`ALARM_P`] with [`LEAST_EXPECTED`] units in each arm to say
    /// so.
    ///
    /// ```
    /// // Nine are expected of each, p = 0.00016; then seven and a half, p = 0.00011, too few to say.
    /// assert!(stats::srm::srm(&[17, 1], &[1.0, 1.0]).unwrap().alarms());
    /// assert!(!stats::srm::srm(&[15, 0], &[1.0, 1.0]).unwrap().alarms());
    /// ```
    #[must_use]
    pub fn alarms(&self) -> bool {
        self.p < ALARM_P && self.least_expected >= LEAST_EXPECTED
    }
}

/// Pearson's χ² of the observed units against the shares w/Σw of their total: Σ (observed − e)²/e over
/// the arms with e = n·w/Σw, and its upper tail at one degree of freedom less than arms.
///
/// An arm with a weight and no units counts; one with weight 0 does not, nor do units in it: they
/// are not part of the split. Valid for one look; see [`crate::sequential`] for many.
///
/// Source: K. Pearson (1900); A. Fabijan and others, "Diagnosing sample ratio mismatch in online
/// controlled experiments", KDD 2019. `observed` in units, `weights` in any unit, 0 or more each.
///
/// # Errors
///
/// `weights`: another length than `observed`, a negative or not finite one, fewer than two above 0.
/// `EmptyArm` where no units were observed at all.
///
/// # Examples
///
/// ```
/// // scipy: chisquare([5013, 4987])
/// let fair = stats::srm::srm(&[5013, 4987], &[0.5, 0.5]).unwrap();
/// assert!((fair.chi2 - 0.0676).abs() < 1e-12 && (fair.p - 0.794_863_773_596).abs() < 1e-12);
/// let wrong = stats::srm::srm(&[5300, 4700], &[1.0, 1.0]).unwrap();
/// assert!((wrong.chi2 - 36.0).abs() < 1e-12 && wrong.alarms());
/// ```
pub fn srm(observed: &[u64], weights: &[f64]) -> Result<Srm, Failure> {
    if observed.len() != weights.len() {
        return Err(InvalidInput::new(
            "weights",
            "there are not as many as arms",
            "give one weight for each observed count",
        )
        .into());
    }
    for weight in weights {
        not_negative("weights", *weight)?;
    }
    let arms = || {
        let pairs = observed.iter().zip(weights);
        pairs.filter(|(_, weight)| **weight > 0.0)
    };
    let df = (arms().count() as u64).saturating_sub(1);
    if df == 0 {
        return Err(InvalidInput::new(
            "weights",
            "fewer than two arms have one above 0",
            "give the weights that the units were assigned with",
        )
        .into());
    }
    let largest = weights.iter().copied().fold(0.0, f64::max);
    let total: f64 = arms().map(|(count, _)| *count as f64).sum();
    let weight_total: f64 = arms().map(|(_, weight)| weight / largest).sum();
    if total == 0.0 {
        return Err(CannotCompute::EmptyArm.into());
    }
    let mut chi2 = 0.0;
    let mut least_expected = f64::INFINITY;
    for (count, weight) in arms() {
        let expected = weight / largest / weight_total * total;
        let apart = *count as f64 - expected;
        chi2 += apart * (apart / expected);
        least_expected = least_expected.min(expected);
    }
    Ok(Srm {
        chi2,
        df,
        p: chi_squared_sf(chi2, df as f64),
        least_expected,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alarm_needs_a_small_p_and_enough_units() {
        let of = |p, least_expected| Srm {
            chi2: 1.0,
            df: 1,
            p,
            least_expected,
        };
        assert!(of(0.000_999, 8.0).alarms());
        assert!(!of(0.001, 8.0).alarms());
        assert!(!of(0.000_999, 7.9).alarms());
        let few = srm(&[20, 0], &[0.9, 0.1]).unwrap();
        assert_eq!(few.least_expected, 2.0);
        assert!((few.chi2 - 20.0 / 9.0).abs() < 1e-14);
    }
}
