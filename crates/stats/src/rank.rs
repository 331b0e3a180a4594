//! Comparison of two samples by ranks: whatever the distribution, whatever the unit.
//!
//! Sorting takes O(n log n); everything after it is linear or nearly so, also the Hodges-Lehmann
//! shift of 100,000 against 100,000 values, whose ten thousand million differences are never formed.

mod differences;
mod exact;
mod mann_whitney;
mod shift;

pub use mann_whitney::MannWhitney;
pub use shift::Shift;

use crate::guard::finite_values;
use crate::{Alpha, CannotCompute, Failure, Side};
use exact::ExactU;

/// The chances of a result at least as extreme, without any difference between the arms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tails {
    /// In either direction.
    pub two_sided: f64,
    /// In the direction of the first (or the treated) arm being greater.
    pub greater: f64,
    /// In the direction of it being less.
    pub less: f64,
}

/// Two samples, checked and sorted once for every question by ranks.
#[derive(Clone, Debug, PartialEq)]
pub struct Pair {
    a: Vec<f64>,
    b: Vec<f64>,
}

impl Pair {
    /// Sorts both samples, with −0 as 0. The values may have any unit, the same in both arms.
    ///
    /// # Errors
    ///
    /// [`CannotCompute::EmptyArm`] if either has no value; [`Failure::Invalid`], with the name of the sample, for a value
    /// that is NaN or infinite.
    ///
    /// ```
    /// use stats::{CannotCompute, Failure, rank::Pair};
    /// assert!(Pair::new(&[3.0, 1.0], &[2.0]).is_ok());
    /// assert_eq!(Pair::new(&[], &[2.0]), Err(CannotCompute::EmptyArm.into()));
    /// assert!(matches!(Pair::new(&[f64::NAN], &[2.0]), Err(Failure::Invalid(_))));
    /// ```
    pub fn new(a: &[f64], b: &[f64]) -> Result<Self, Failure> {
        Ok(Self {
            a: sorted("a", a)?,
            b: sorted("b", b)?,
        })
    }

    /// The values of the first arm, ascending.
    ///
    /// ```
    /// assert_eq!(stats::rank::Pair::new(&[3.0, 1.0], &[2.0])?.a(), [1.0, 3.0]);
    /// # Ok::<(), stats::Failure>(())
    /// ```
    #[must_use]
    pub fn a(&self) -> &[f64] {
        &self.a
    }

    /// The values of the second arm, ascending.
    ///
    /// ```
    /// assert_eq!(stats::rank::Pair::new(&[2.0], &[3.0, 1.0])?.b(), [1.0, 3.0]);
    /// # Ok::<(), stats::Failure>(())
    /// ```
    #[must_use]
    pub fn b(&self) -> &[f64] {
        &self.b
    }

    fn pairs(&self) -> u64 {
        self.a.len() as u64 * self.b.len() as u64
    }
}

/// The Mann-Whitney U test of two samples in any one unit; formula, source and answer at [`Pair::mann_whitney`].
///
/// ```
/// let test = stats::rank::mann_whitney(&[1.1, 2.2, 3.3, 4.4], &[5.5, 6.6, 7.7, 8.8])?;
/// assert_eq!(test.u_a, 0.0);
/// assert_eq!(test.exact.unwrap().two_sided, 2.0 / 70.0);
/// assert_eq!(test.cles, 0.0);
/// # Ok::<(), stats::Failure>(())
/// ```
///
/// # Errors
///
/// [`CannotCompute::EmptyArm`] if either sample has no value, [`CannotCompute::NoVariance`] if all values of both are
/// equal; [`Failure::Invalid`] for a value that is NaN or infinite.
pub fn mann_whitney(a: &[f64], b: &[f64]) -> Result<MannWhitney, Failure> {
    Ok(Pair::new(a, b)?.mann_whitney()?)
}

/// The Hodges-Lehmann shift of `a` against `b`, in their unit, with its interval; formula, source and edges at
/// [`Pair::shift`].
///
/// ```
/// let baseline = [10.1, 10.4, 9.8, 10.0, 10.3, 9.9];
/// let canary = baseline.map(|x| x + 3.0);
/// let shift = stats::rank::hodges_lehmann(&canary, &baseline, stats::Alpha::default(), stats::Side::Two)?;
/// assert!((shift.estimate - 3.0).abs() < 1e-12);
/// assert!(shift.interval.lo > 2.0 && shift.interval.hi < 4.0);
/// # Ok::<(), stats::Failure>(())
/// ```
///
/// # Errors
///
/// [`CannotCompute::EmptyArm`] if either sample has no value; [`Failure::Invalid`] for a value that is NaN or infinite.
pub fn hodges_lehmann(a: &[f64], b: &[f64], alpha: Alpha, side: Side) -> Result<Shift, Failure> {
    Ok(Pair::new(a, b)?.shift(alpha, side))
}

fn sorted(field: &'static str, values: &[f64]) -> Result<Vec<f64>, Failure> {
    finite_values(field, values)?;
    if values.is_empty() {
        return Err(CannotCompute::EmptyArm.into());
    }
    // Adding zero makes −0 and 0 one value, as they are for every comparison.
    let mut values: Vec<f64> = values.iter().map(|value| value + 0.0).collect();
    values.sort_unstable_by(f64::total_cmp);
    Ok(values)
}

#[cfg(test)]
mod tests;
