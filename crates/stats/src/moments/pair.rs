use super::Moments;
use super::centred::{
    Centred, align, count, exponent, finite, join, product_difference, sum_of_squares,
};
use crate::{CannotCompute, Failure};

/// Count, means, spreads and covariance of pairs (x, y): numerator and denominator of a ratio, or a
/// metric after and before.
///
/// ```
/// use stats::PairMoments;
/// let pairs = PairMoments::of([(1.0, 2.0), (2.0, 4.0), (3.0, 9.0)]);
/// assert_eq!(pairs.covariance(), 3.5);
/// let sums = PairMoments::from_sums(3, (6.0, 14.0), (15.0, 101.0), 37.0)?;
/// assert!((sums.covariance() - 3.5).abs() < 1e-15);
/// # Ok::<(), stats::Failure>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PairMoments {
    pub(super) n: u64,
    pub(super) x: Centred,
    pub(super) y: Centred,
    /// Σ(x − mean)(y − mean), in the product of the two scales.
    pub(super) products: f64,
}

impl PairMoments {
    /// Nothing observed yet: n, means, spreads and covariance are 0.
    ///
    /// ```
    /// assert_eq!(stats::PairMoments::new(), stats::PairMoments::of([]));
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Of finite pairs, x and y each in a unit of its own; one that is NaN or infinite makes what depends
    /// on it NaN.
    ///
    /// ```
    /// let pairs = stats::PairMoments::of([(1.0, 2.0), (3.0, 6.0)]);
    /// assert_eq!((pairs.n(), pairs.x().mean(), pairs.y().mean()), (2, 2.0, 4.0));
    /// ```
    #[must_use]
    pub fn of(pairs: impl IntoIterator<Item = (f64, f64)>) -> Self {
        let mut moments = Self::new();
        for (x, y) in pairs {
            moments.push(x, y);
        }
        moments
    }

    /// From the count n, (Σx, Σx²), (Σy, Σy²) and Σxy: means and variances as [`Moments::from_sums`],
    /// covariance (Σxy − Σx·Σy/n)/(n − 1), subtracted in twice the precision.
    ///
    /// # Errors
    ///
    /// `NegativeVariance` as [`Moments::from_sums`], and where Σxy is beyond what the
    /// spreads of x and y allow (Cauchy and Schwarz): a multiple of y added to x would have one. Of
    /// the input `n`, `x.sum`, `x.sum_sq`, `y.sum`, `y.sum_sq` as there; `sum_prod` where it is not finite.
    ///
    /// # Examples
    ///
    /// ```
    /// use stats::PairMoments;
    /// let sums = PairMoments::from_sums(2, (4.0, 10.0), (8.0, 40.0), 20.0)?;
    /// assert_eq!(sums, PairMoments::of([(1.0, 2.0), (3.0, 6.0)]));
    /// let impossible = PairMoments::from_sums(2, (4.0, 10.0), (8.0, 40.0), 21.0).unwrap_err();
    /// assert_eq!(impossible, stats::CannotCompute::NegativeVariance.into());
    /// # Ok::<(), stats::Failure>(())
    /// ```
    pub fn from_sums(
        n: u64,
        (x_sum, x_sum_sq): (f64, f64),
        (y_sum, y_sum_sq): (f64, f64),
        sum_prod: f64,
    ) -> Result<Self, Failure> {
        let count = count(n)?;
        sum_of_squares(n, ("x.sum", x_sum), ("x.sum_sq", x_sum_sq))?;
        sum_of_squares(n, ("y.sum", y_sum), ("y.sum_sq", y_sum_sq))?;
        finite("sum_prod", sum_prod)?;
        if n == 0 {
            return Ok(Self::new());
        }
        let x = Centred::from_sums(count, x_sum, x_sum_sq)?;
        let y = Centred::from_sums(count, y_sum, y_sum_sq)?;
        let down =
            |value: f64, series: &Centred| libm::scalbn(value, -series.exponent.unwrap_or(0));
        let products = product_difference(
            count,
            down(down(sum_prod, &x), &y),
            down(x_sum, &x),
            down(y_sum, &y),
        ) / count;
        let most = x.squares.sqrt() * y.squares.sqrt();
        let rounding = 1e-9 * (down(x_sum_sq.sqrt(), &x) * down(y_sum_sq.sqrt(), &y)).max(most);
        if products.abs() > most + rounding {
            return Err(CannotCompute::NegativeVariance.into());
        }
        let products = products.clamp(-most, most);
        Ok(Self { n, x, y, products })
    }

    /// Adds one pair: each side as [`Moments::push`], the products of deviations by
    /// (x − old mean of x)(y − new mean of y).
    ///
    /// ```
    /// let mut pairs = stats::PairMoments::of([(1.0, 2.0), (2.0, 4.0)]);
    /// pairs.push(3.0, 9.0);
    /// assert_eq!(pairs.covariance(), 3.5);
    /// ```
    #[inline]
    pub fn push(&mut self, x: f64, y: f64) {
        self.make_room(x, y);
        self.n += 1;
        let n = self.n as f64;
        let (x, y) = (self.x.scaled(x), self.y.scaled(y));
        let x_before = x - self.x.mean;
        let y_before = y - self.y.mean;
        self.x.mean += x_before / n;
        self.y.mean += y_before / n;
        self.x.squares += x_before * (x - self.x.mean);
        self.y.squares += y_before * (y - self.y.mean);
        self.products += x_before * (y - self.y.mean);
    }

    /// Brings x and y to scales at which these values can be taken in. Returns the factors by which what is
    /// kept of the two got smaller.
    #[inline]
    pub(super) fn make_room(&mut self, x: f64, y: f64) -> [f64; 2] {
        [(&mut self.x, x), (&mut self.y, y)].map(|(series, value)| {
            if !series.is_beyond(value) {
                return 1.0;
            }
            let factor = series.rescale(exponent(value));
            self.products *= factor;
            factor
        })
    }

    /// Brings both to the larger of their scales. Returns the factors of x and of y here, then there.
    pub(super) fn align(&mut self, other: &mut Self) -> [[f64; 2]; 2] {
        let (x_here, x_there) = align(&mut self.x, &mut other.x);
        let (y_here, y_there) = align(&mut self.y, &mut other.y);
        self.products *= x_here * y_here;
        other.products *= x_there * y_there;
        [[x_here, y_here], [x_there, y_there]]
    }

    /// Adds the pairs of `other`, as if they had been pushed here: each side as [`Moments::merge`], the
    /// products of deviations P_a + P_b + δ_x·δ_y·n_a·n_b/n with δ the differences of the means.
    ///
    /// Source: Chan, Golub and LeVeque 1979, with the square of a difference written as the product of
    /// two.
    ///
    /// ```
    /// use stats::PairMoments;
    /// let mut left = PairMoments::of([(1.0, 2.0), (2.0, 4.0)]);
    /// left.merge(&PairMoments::of([(3.0, 9.0)]));
    /// assert!((left.covariance() - 3.5).abs() < 1e-15);
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
        self.align(&mut other);
        let (here, there) = (self.n as f64, other.n as f64);
        let apart = (other.x.mean - self.x.mean) * (other.y.mean - self.y.mean);
        self.products += other.products + apart * here * (there / (here + there));
        join(&mut self.x, &other.x, here, there);
        join(&mut self.y, &other.y, here, there);
        self.n += other.n;
    }

    /// How many pairs there are.
    ///
    /// ```
    /// assert_eq!(stats::PairMoments::of([(1.0, 2.0)]).n(), 1);
    /// ```
    #[must_use]
    pub const fn n(&self) -> u64 {
        self.n
    }

    /// Of x alone, in its unit.
    ///
    /// ```
    /// use stats::{Moments, PairMoments};
    /// assert_eq!(PairMoments::of([(1.0, 2.0), (3.0, 6.0)]).x(), Moments::of([1.0, 3.0]));
    /// ```
    #[must_use]
    pub const fn x(&self) -> Moments {
        Moments {
            n: self.n,
            series: self.x,
        }
    }

    /// Of y alone, in its unit.
    ///
    /// ```
    /// use stats::{Moments, PairMoments};
    /// assert_eq!(PairMoments::of([(1.0, 2.0), (3.0, 6.0)]).y(), Moments::of([2.0, 6.0]));
    /// ```
    #[must_use]
    pub const fn y(&self) -> Moments {
        Moments {
            n: self.n,
            series: self.y,
        }
    }

    /// The sample covariance Σ(x − mean)(y − mean)/(n − 1), in the product of the units; 0 of fewer than
    /// two.
    ///
    /// ```
    /// let pairs = stats::PairMoments::of([(1.0, 6.0), (2.0, 4.0), (3.0, 2.0)]);
    /// assert_eq!(pairs.covariance(), -2.0);
    /// ```
    #[must_use]
    pub fn covariance(&self) -> f64 {
        if self.n < 2 {
            return 0.0;
        }
        self.y
            .unscaled(self.x.unscaled(self.products / (self.n - 1) as f64))
    }

    /// The slope of the least-squares line of x on y, covariance/variance of y, in units of x for one
    /// of y; 0 where one of the two does not vary.
    ///
    /// ```
    /// let pairs = stats::PairMoments::of([(1.0, 6.0), (2.0, 4.0), (3.0, 2.0)]);
    /// assert_eq!(pairs.slope(), -0.5);
    /// ```
    #[must_use]
    pub fn slope(&self) -> f64 {
        if self.x().varies() && self.y().varies() {
            let up = self.x.exponent.unwrap_or(0) - self.y.exponent.unwrap_or(0);
            libm::scalbn(self.products / self.y.squares, up)
        } else {
            0.0
        }
    }

    /// The standard error of the mean of a·x − b·y over the pairs; 0 where that does not vary beyond
    /// rounding.
    pub(crate) fn stderr_of(&self, a: f64, b: f64) -> f64 {
        if self.n < 2 {
            return 0.0;
        }
        let n = self.n as f64;
        // Both spreads in one unit, and their covariance as a correlation, which has none.
        let x = self.x.unscaled((self.x.squares / (n - 1.0)).sqrt()) * a;
        let y = self.y.unscaled((self.y.squares / (n - 1.0)).sqrt()) * b;
        let largest = x.abs().max(y.abs());
        if largest == 0.0 {
            return 0.0;
        }
        let correlation = if self.x.squares > 0.0 && self.y.squares > 0.0 {
            (self.products / self.x.squares.sqrt() / self.y.squares.sqrt()).clamp(-1.0, 1.0)
        } else {
            0.0
        };
        let (x, y) = (x / largest, y / largest);
        // (x − y)² + 2xy(1 − ρ): no cancellation where the two nearly agree.
        let apart = x - y;
        let square = apart * apart + 2.0 * x * y * (1.0 - correlation);
        if square <= 16.0 * f64::EPSILON {
            return 0.0;
        }
        square.sqrt() * largest / n.sqrt()
    }
}
