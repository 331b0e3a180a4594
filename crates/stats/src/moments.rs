//! Mean and spread of observations, one at a time, merged, or from their sums.
//!
//! Kept centred (B. P. Welford 1962; merged as T. F. Chan, G. H. Golub and R. J. LeVeque, "Updating
//! formulae and a pairwise algorithm for computing sample variances", 1979): Σx² alone loses all
//! digits of a spread that is small beside the mean. Each series carries a power of two as its
//! scale, so that squares of anything from 1e-300 to 1e300 stay within a double.

mod centred;
mod pair;

pub use pair::PairMoments;

use crate::Failure;
use centred::{Centred, ROOM, align, count, exponent, join, sum_of_squares};

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
    /// Nothing observed yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Of finite values; one that is NaN or infinite makes mean and spread NaN.
    #[must_use]
    pub fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut moments = Self::new();
        for value in values {
            moments.push(value);
        }
        moments
    }

    /// From the count, Σx and Σx². The three are taken as exact, but a spread of less than
    /// 4√n·2^−52 of Σx², as plain addition of a constant leaves by rounding, is none.
    ///
    /// # Errors
    ///
    /// `NegativeVariance` where Σx² is less than (Σx)²/n by more than rounding; of
    /// the input `n` (above 2^53, or 0 beside sums), `sum` or `sum_sq` (not finite).
    pub fn from_sums(n: u64, sum: f64, sum_sq: f64) -> Result<Self, Failure> {
        let count = count(n)?;
        sum_of_squares(n, ("sum", sum), ("sum_sq", sum_sq))?;
        if n == 0 {
            return Ok(Self::new());
        }
        let series = Centred::from_sums(count, sum, sum_sq)?;
        Ok(Self { n, series })
    }

    /// Adds one observation.
    #[inline]
    pub fn push(&mut self, x: f64) {
        self.n += 1;
        let magnitude = x.abs();
        if self.series.exponent.is_none() && magnitude > 0.0 || self.series.scaled(magnitude) > ROOM
        {
            self.series.rescale(exponent(x));
        }
        let x = self.series.scaled(x);
        let before = x - self.series.mean;
        self.series.mean += before / self.n as f64;
        self.series.squares += before * (x - self.series.mean);
    }

    /// Adds the observations of `other`, as if they had been pushed here.
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

    #[must_use]
    pub const fn n(&self) -> u64 {
        self.n
    }

    /// The mean, 0 of nothing.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.series.unscaled(self.series.mean)
    }

    /// The sample variance Σ(x − mean)²/(n − 1), in the square of the unit; 0 of fewer than two.
    /// Overflows for values beyond 1e154, where [`Self::stddev`] does not.
    #[must_use]
    pub fn variance(&self) -> f64 {
        let stddev = self.stddev();
        if self.series.exponent.unwrap_or(0) == 0 && self.n > 1 {
            return self.series.squares / (self.n - 1) as f64;
        }
        stddev * stddev
    }

    /// The root of the sample variance, in the unit of the observations; 0 of fewer than two.
    #[must_use]
    pub fn stddev(&self) -> f64 {
        if self.n < 2 {
            return 0.0;
        }
        let scaled = (self.series.squares / (self.n - 1) as f64).sqrt();
        self.series.unscaled(scaled)
    }

    /// Whether the observations differ by more than rounding.
    #[must_use]
    pub fn varies(&self) -> bool {
        self.n > 1 && self.series.varies(self.n as f64)
    }

    /// Whether these came from sums in which a spread may be lost: they agree to all their digits.
    pub(crate) const fn lost(&self) -> bool {
        self.series.lost
    }

    /// The standard error of the mean, stddev/√n.
    #[must_use]
    pub fn stderr(&self) -> f64 {
        self.stddev() / (self.n as f64).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::centred::{PLAIN, ROOM, exponent, product_difference};
    use super::*;

    #[test]
    fn scales_are_taken_only_where_they_are_needed() {
        assert_eq!(exponent(0.0), 0);
        assert_eq!(exponent(1e100), 0);
        assert_eq!(exponent(-1e-100), 0);
        assert_eq!(exponent(libm::scalbn(1.0, 399)), 0);
        assert_eq!(exponent(libm::scalbn(1.0, 400)), 401);
        assert_eq!(exponent(-libm::scalbn(1.0, 900)), 901);
        assert_eq!(exponent(libm::scalbn(1.0, -900)), -899);
        assert_eq!(ROOM, libm::scalbn(1.0, PLAIN));
    }

    #[test]
    fn products_are_subtracted_exactly() {
        let a = 1.0 + f64::EPSILON;
        // (1 + ε)² − (1 + 2ε) = ε², of which plain doubles see nothing.
        let exact = product_difference(a, a, 1.0 + 2.0 * f64::EPSILON, 1.0);
        assert_eq!(exact, f64::EPSILON * f64::EPSILON);
        assert_eq!(product_difference(3.0, 5.0, 2.0, 4.0), 7.0);
        let mirrored = product_difference(1.0 + 2.0 * f64::EPSILON, 1.0, a, a);
        assert_eq!(mirrored, -f64::EPSILON * f64::EPSILON);
    }

    #[test]
    fn a_spread_of_differences_is_that_of_the_differences() {
        let values = [(1.0, 2.0), (4.0, 3.0), (2.0, 7.0), (9.0, 1.0)];
        let pairs = PairMoments::of(values);
        for (a, b) in [(1.0, 0.5), (2.0, -3.0), (0.0, 1.0), (-1.0, 0.0)] {
            let plain = Moments::of(values.map(|(x, y)| a * x - b * y)).stderr();
            assert!((pairs.stderr_of(a, b) - plain).abs() < 1e-14, "{a} {b}");
        }
        assert_eq!(pairs.stderr_of(0.0, 0.0), 0.0);
        let same = PairMoments::of([(1.0, 2.0), (4.0, 8.0), (2.0, 4.0)]);
        assert_eq!(same.stderr_of(2.0, 1.0), 0.0);
        assert_eq!(PairMoments::of([(1.0, 2.0)]).stderr_of(1.0, 1.0), 0.0);
        let still = PairMoments::of([(1.0, 2.0), (1.0, 4.0)]);
        assert!((still.stderr_of(1.0, 1.0) - 1.0).abs() < 1e-15);
    }

    #[test]
    fn slope_and_covariance_of_what_does_not_vary_are_zero() {
        assert_eq!(PairMoments::of([(1.0, 2.0)]).covariance(), 0.0);
        assert_eq!(PairMoments::of([(1.0, 2.0), (3.0, 2.0)]).slope(), 0.0);
        assert_eq!(PairMoments::of([(2.0, 1.0), (2.0, 3.0)]).slope(), 0.0);
        let line = PairMoments::of([(1.0, 1.0), (3.0, 2.0), (5.0, 3.0)]);
        assert_eq!((line.slope(), line.covariance()), (2.0, 2.0));
        let scaled = PairMoments::of([(1e300, 1e-300), (3e300, 2e-300), (5e300, 3e-300)]);
        assert!((scaled.covariance() - 2.0).abs() < 1e-14);
        assert_eq!(
            PairMoments::of([(1e-300, 1e200), (3e-300, 2e200)]).slope(),
            0.0
        );
        let steep = PairMoments::of([(1e200, 1.0), (3e200, 2.0)]);
        assert!((steep.slope() / 2e200 - 1.0).abs() < 1e-14);
    }

    #[test]
    fn pairs_at_different_scales_merge_to_the_whole() {
        let low = [(1.0, 1e130), (2.0, 3e130), (4.0, 2e130)];
        let high = [(1.0, 1.1e131), (5.0, 2e131), (3.0, 4e131)];
        let swap = |pairs: [(f64, f64); 3]| pairs.map(|(x, y)| (y, x));
        let whole = PairMoments::of(low.into_iter().chain(high));
        for (a, b) in [
            (low, high),
            (high, low),
            (swap(low), swap(high)),
            (swap(high), swap(low)),
        ] {
            let mut merged = PairMoments::of(a);
            merged.merge(&PairMoments::of(b));
            let covariance = merged.covariance();
            assert!(
                (covariance / whole.covariance() - 1.0).abs() < 1e-14,
                "{covariance:e}"
            );
        }
    }

    #[test]
    fn nothing_added_changes_nothing() {
        let some = Moments::of([1.0, 4.0]);
        let mut merged = some;
        merged.merge(&Moments::new());
        assert_eq!(merged, some);
        let mut merged = Moments::new();
        merged.merge(&some);
        assert_eq!(merged, some);
        // Zeros have no scale of their own.
        let mut zeros = Moments::of([0.0, 0.0]);
        zeros.merge(&Moments::of([1e300, 1e300]));
        assert!((zeros.mean() / 0.5e300 - 1.0).abs() < 1e-15);
        let mut huge = Moments::of([1e300, 1e300]);
        huge.merge(&Moments::of([0.0, 0.0]));
        assert!((huge.mean() / 0.5e300 - 1.0).abs() < 1e-15);
        assert!(huge.variance().is_infinite() && huge.stddev().is_finite());
        let pair = PairMoments::of([(1.0, 2.0), (3.0, 5.0)]);
        let mut merged = PairMoments::new();
        merged.merge(&pair);
        merged.merge(&PairMoments::new());
        assert_eq!(merged, pair);
    }
}
