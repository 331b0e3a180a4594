//! Mean and spread of observations, one at a time, merged, or from their sums.
//!
//! Kept centred (B. P. Welford 1962; merged as T. F. Chan, G. H. Golub and R. J. LeVeque, "Updating
//! formulae and a pairwise algorithm for computing sample variances", 1979): Σx² alone loses all
//! digits of a spread that is small beside the mean. Each series carries a power of two as its
//! scale, so that squares of anything from 1e-300 to 1e300 stay within a double.

mod centred;
mod pair;
mod pair_skewness;
mod skewness;

pub use pair::PairMoments;
pub use pair_skewness::PairSkewness;
pub use skewness::Skewness;

use crate::Failure;
use centred::{Centred, align, count, exponent, join, sum_of_squares};

/// Up to here every whole number has a double of its own, and products of two counts stay exact
/// enough.
pub(crate) const LARGEST_COUNT: u64 = 1 << 53;

/// Count, mean and spread of one series of observations.
///
/// ```
/// use stats::Moments;
/// let mut a = Moments::of([1.0, 2.0]);
/// let b = Moments::of([3.0, 4.0]);
/// a.merge(&b);
/// assert_eq!((a.n(), a.mean(), a.variance()), (4, 2.5, 5.0 / 3.0));
/// assert_eq!(Moments::from_sums(4, 10.0, 30.0)?, a);
/// # Ok::<(), stats::Failure>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Moments {
    n: u64,
    series: Centred,
}

impl Moments {
    /// Nothing observed yet: n, mean and spread are 0.
    ///
    /// ```
    /// assert_eq!(stats::Moments::new(), stats::Moments::of([]));
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Of finite values, in any unit, from 1e-300 to 1e300; one that is NaN or infinite makes mean and
    /// spread NaN.
    ///
    /// ```
    /// // Hours of sleep gained (Student, "The probable error of a mean", Biometrika 6, 1908).
    /// let sleep = stats::Moments::of([0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]);
    /// assert!((sleep.mean() - 0.75).abs() < 1e-15);
    /// assert!((sleep.stddev() - 1.789_009_657_759).abs() < 1e-12);
    /// ```
    #[must_use]
    pub fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut moments = Self::new();
        for value in values {
            moments.push(value);
        }
        moments
    }

    /// From the count n, Σx in the unit of x, and Σx² in its square: mean Σx/n, variance
    /// (Σx² − (Σx)²/n)/(n − 1).
    ///
    /// The three are taken as exact and subtracted in twice the precision, but a spread of less than
    /// 4√n·2^−52 of Σx², as plain addition of a constant leaves by rounding, is none. Digits that were
    /// lost while the sums were made are lost: where the mean is far above the spread, [`Self::of`] or
    /// sums of x less a constant near the mean keep more.
    ///
    /// # Errors
    ///
    /// `NegativeVariance` where Σx² is less than (Σx)²/n by more than rounding; of
    /// the input `n` (above 2^53, or 0 beside sums), `sum` or `sum_sq` (not finite).
    ///
    /// # Examples
    ///
    /// ```
    /// let sums = stats::Moments::from_sums(3, 6.0, 14.0)?;
    /// assert_eq!((sums.mean(), sums.variance()), (2.0, 1.0));
    /// // Three numbers that add up to 6 have squares that add up to 12 or more.
    /// assert_eq!(stats::Moments::from_sums(3, 6.0, 11.0), Err(stats::CannotCompute::NegativeVariance.into()));
    /// # Ok::<(), stats::Failure>(())
    /// ```
    pub fn from_sums(n: u64, sum: f64, sum_sq: f64) -> Result<Self, Failure> {
        let count = count(n)?;
        sum_of_squares(n, ("sum", sum), ("sum_sq", sum_sq))?;
        if n == 0 {
            return Ok(Self::new());
        }
        let series = Centred::from_sums(count, sum, sum_sq)?;
        Ok(Self { n, series })
    }

    /// Adds one observation: the mean moves by (x − mean)/n, the squared deviations grow by
    /// (x − old mean)(x − new mean) (Welford 1962).
    ///
    /// ```
    /// let mut moments = stats::Moments::of([1.0, 2.0]);
    /// moments.push(6.0);
    /// assert_eq!((moments.mean(), moments.variance()), (3.0, 7.0));
    /// ```
    #[inline]
    pub fn push(&mut self, x: f64) {
        self.n += 1;
        if self.series.is_beyond(x) {
            self.series.rescale(exponent(x));
        }
        let x = self.series.scaled(x);
        let before = x - self.series.mean;
        self.series.mean += before / self.n as f64;
        self.series.squares += before * (x - self.series.mean);
    }

    /// Adds the observations of `other`, as if they had been pushed here.
    ///
    /// With δ the difference of the means of a and b: mean_a + δ·n_b/n, and squared deviations
    /// S_a + S_b + δ²·n_a·n_b/n (Chan, Golub and LeVeque 1979).
    ///
    /// ```
    /// let mut left = stats::Moments::of([1.0, 2.0]);
    /// left.merge(&stats::Moments::of([6.0]));
    /// assert_eq!((left.n(), left.mean(), left.variance()), (3, 3.0, 7.0));
    /// ```
    pub fn merge(&mut self, other: &Self) {
        if other.n == 0 {
            return;
        }
        if self.n == 0 {
            *self = *other;
            return;
        }
        let mut other = *other;
        align(&mut self.series, &mut other.series);
        let (here, there) = (self.n as f64, other.n as f64);
        self.n += other.n;
        join(&mut self.series, &other.series, here, there);
    }

    /// How many observations there are.
    ///
    /// ```
    /// assert_eq!(stats::Moments::of([7.0, 7.0]).n(), 2);
    /// ```
    #[must_use]
    pub const fn n(&self) -> u64 {
        self.n
    }

    /// The mean, in the unit of the observations; 0 of nothing, and where it is below 4·2^−52 of the spread,
    /// as rounding leaves it of observations that cancel.
    ///
    /// ```
    /// assert_eq!(stats::Moments::of([1e300, 3e300]).mean(), 2e300);
    /// assert_eq!(stats::Moments::of([0.1, 0.2, -0.3]).mean(), 0.0);
    /// ```
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.series.unscaled(self.series.mean(self.n as f64))
    }

    /// The sample variance Σ(x − mean)²/(n − 1), in the square of the unit; 0 of fewer than two.
    /// Infinite for spreads beyond 1e154 and 0 below 1e-162, where [`Self::stddev`] is neither.
    ///
    /// ```
    /// assert_eq!(stats::Moments::of([1e9 + 1.0, 1e9 + 2.0, 1e9 + 3.0]).variance(), 1.0);
    /// ```
    #[must_use]
    pub fn variance(&self) -> f64 {
        let stddev = self.stddev();
        if self.series.exponent.unwrap_or(0) == 0 && self.n > 1 {
            return self.series.squares / (self.n - 1) as f64;
        }
        stddev * stddev
    }

    /// The root of the sample variance, in the unit of the observations; 0 of fewer than two.
    ///
    /// ```
    /// assert_eq!(stats::Moments::of([2.0, 4.0, 6.0]).stddev(), 2.0);
    /// ```
    #[must_use]
    pub fn stddev(&self) -> f64 {
        if self.n < 2 {
            return 0.0;
        }
        let scaled = (self.series.squares / (self.n - 1) as f64).sqrt();
        self.series.unscaled(scaled)
    }

    /// Whether the observations differ by more than rounding: whether the root of their mean squared
    /// deviation is above 4·2^−52 of the mean.
    ///
    /// ```
    /// use stats::Moments;
    /// assert!(Moments::of([1e9, 1e9 + 1.0]).varies());
    /// assert!(!Moments::of([0.1; 1000]).varies());
    /// ```
    #[must_use]
    pub fn varies(&self) -> bool {
        self.n > 1 && self.series.varies(self.n as f64)
    }

    /// Whether these came from sums in which a spread may be lost: they agree to all their digits.
    pub(crate) const fn lost(&self) -> bool {
        self.series.lost
    }

    /// The standard error of the mean, stddev/√n, in the unit of the observations; 0 of one, NaN of
    /// nothing.
    ///
    /// ```
    /// assert_eq!(stats::Moments::of([1.0, 5.0, 1.0, 5.0]).stderr(), (4.0f64 / 3.0).sqrt());
    /// ```
    #[must_use]
    pub fn stderr(&self) -> f64 {
        self.stddev() / (self.n as f64).sqrt()
    }
}

#[cfg(test)]
mod tests;
