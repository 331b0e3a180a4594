use super::{PairMoments, Skewness};

/// [`PairMoments`], and how lopsided every x − s·y is: what is compared of a ratio is x less the ratio's
/// times y, of a metric adjusted by one from before x less the slope's times y.
///
/// Kept are the four third central moments of pairs, Σδx³, Σδx²δy, Σδxδy² and Σδy³ with δ the deviations from the
/// means. A merge of a and b observations adds, with d the differences of the means and S the products of deviations,
/// to Σδuδvδw the term d_u·d_v·d_w·ab(a − b)/n² and (d_u(a·S_b − b·S_a)_vw + d_v(…)_uw + d_w(…)_uv)/n.
///
/// Source: P. Pébay, "Formulas for robust, one-pass parallel computation of covariances and arbitrary-order
/// statistical moments", Sandia report SAND2008-6212, equation 2.1 with its powers written out as products of two series.
///
/// ```
/// use stats::{PairSkewness, Skewness};
/// let pairs = PairSkewness::of([(1.0, 2.0), (2.0, 1.0), (9.0, 4.0)]);
/// let apart = pairs.less(2.0).skewness().unwrap();
/// assert!((apart - Skewness::of([-3.0, 0.0, 1.0]).skewness().unwrap()).abs() < 1e-14);
/// assert_eq!(pairs.pairs().x().mean(), 4.0);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PairSkewness {
    pairs: PairMoments,
    /// Σδx³, Σδx²δy, Σδxδy², Σδy³, at the scales of the two series.
    cubes: [f64; 4],
}

impl PairSkewness {
    /// Of these pairs, x and y each in a unit of its own; all finite.
    ///
    /// ```
    /// let pairs = stats::PairSkewness::of([(1.0, 5.0), (2.0, 5.0), (3.0, 5.0)]);
    /// assert_eq!(pairs.less(1.0).skewness(), Some(0.0));
    /// ```
    #[must_use]
    pub fn of(pairs: impl IntoIterator<Item = (f64, f64)>) -> Self {
        let mut skewness = Self::default();
        for (x, y) in pairs {
            skewness.push(x, y);
        }
        skewness
    }

    /// Of `n` pairs of zeros, as units that did nothing are.
    ///
    /// ```
    /// use stats::PairSkewness;
    /// let mut all = PairSkewness::of_zeros(3);
    /// all.push(5.0, 1.0);
    /// assert!((all.less(0.0).skewness().unwrap() - 2.0 / 3f64.sqrt()).abs() < 1e-14);
    /// ```
    #[must_use]
    pub fn of_zeros(n: u64) -> Self {
        Self {
            pairs: PairMoments {
                n,
                ..PairMoments::default()
            },
            ..Self::default()
        }
    }

    /// What is known of the pairs but for their lopsidedness.
    ///
    /// ```
    /// assert_eq!(stats::PairSkewness::of([(1.0, 2.0)]).pairs().n(), 1);
    /// ```
    #[must_use]
    pub const fn pairs(&self) -> &PairMoments {
        &self.pairs
    }

    /// Adds a pair of finite values.
    ///
    /// ```
    /// let mut pairs = stats::PairSkewness::of([(0.0, 0.0), (0.0, 0.0)]);
    /// pairs.push(1.0, 0.0);
    /// assert!((pairs.less(7.0).skewness().unwrap() - 0.5f64.sqrt()).abs() < 1e-15);
    /// ```
    #[inline]
    pub fn push(&mut self, x: f64, y: f64) {
        let smaller = self.pairs.make_room(x, y);
        self.scale(smaller);
        let (one, before) = (1.0, self.pairs.n as f64);
        let apart = [
            self.pairs.x.scaled(x) - self.pairs.x.mean,
            self.pairs.y.scaled(y) - self.pairs.y.mean,
        ];
        self.add(apart, spreads(&self.pairs), [0.0; 3], before, one);
        self.pairs.push(x, y);
    }

    /// Adds what another has seen: the whole is that of its parts merged, to rounding.
    ///
    /// ```
    /// use stats::PairSkewness;
    /// let mut all = PairSkewness::of([(3.0, 1.0)]);
    /// all.merge(&PairSkewness::of([(4.0, 7.0), (9.0, 2.0)]));
    /// let whole = PairSkewness::of([(3.0, 1.0), (4.0, 7.0), (9.0, 2.0)]);
    /// let of = |pairs: &PairSkewness| pairs.less(0.5).skewness().unwrap();
    /// assert!((of(&all) - of(&whole)).abs() < 1e-14);
    /// ```
    pub fn merge(&mut self, other: &Self) {
        if self.pairs.n == 0 || other.pairs.n == 0 {
            if self.pairs.n == 0 {
                *self = *other;
            }
            return;
        }
        let mut other = *other;
        let [here, there] = self.pairs.align(&mut other.pairs);
        self.scale(here);
        other.scale(there);
        let (a, b) = (&self.pairs, &other.pairs);
        let apart = [b.x.mean - a.x.mean, b.y.mean - a.y.mean];
        let (in_a, in_b) = (spreads(a), spreads(b));
        let (a, b) = (a.n as f64, b.n as f64);
        self.add(apart, in_a, in_b, a, b);
        for (cube, more) in self.cubes.iter_mut().zip(other.cubes) {
            *cube += more;
        }
        self.pairs.merge(&other.pairs);
    }

    /// Takes in `b` observations with these spreads, whose means are so far apart from those of the `a` here.
    #[inline]
    fn add(&mut self, [x, y]: [f64; 2], in_a: [f64; 3], in_b: [f64; 3], a: f64, b: f64) {
        // One division: this is done for every pair.
        let of_all = 1.0 / (a + b);
        let whole = (a * of_all) * b * ((a - b) * of_all);
        let left = |at: usize| (a * in_b[at] - b * in_a[at]) * of_all;
        let [xx, xy, yy] = [left(0), left(1), left(2)];
        self.cubes[0] += x * (x * x * whole + 3.0 * xx);
        self.cubes[1] += x * x * y * whole + 2.0 * x * xy + y * xx;
        self.cubes[2] += x * y * y * whole + x * yy + 2.0 * y * xy;
        self.cubes[3] += y * (y * y * whole + 3.0 * yy);
    }

    /// Makes the cubes smaller, as x and y get these factors.
    fn scale(&mut self, [x, y]: [f64; 2]) {
        self.cubes[0] *= x * x * x;
        self.cubes[1] *= x * x * y;
        self.cubes[2] *= x * y * y;
        self.cubes[3] *= y * y * y;
    }

    /// How lopsided x − `slope`·y is, with `slope` in units of x for one of y.
    ///
    /// Σ(δx − sδy)³ = Σδx³ − 3s·Σδx²δy + 3s²·Σδxδy² − s³·Σδy³, and likewise the squares. Where y explains x entirely
    /// nothing is left that varies, to rounding.
    ///
    /// ```
    /// let pairs = stats::PairSkewness::of([(2.0, 1.0), (4.0, 2.0), (18.0, 9.0)]);
    /// assert_eq!(pairs.less(2.0).skewness(), None);
    /// assert!(pairs.less(1.0).skewness().unwrap() > 0.5);
    /// ```
    #[must_use]
    pub fn less(&self, slope: f64) -> Skewness {
        let PairMoments { n, x, y, products } = self.pairs;
        let (s, exponent) = libm::frexp(slope);
        let up = exponent + y.exponent.unwrap_or(0) - x.exponent.unwrap_or(0);
        // A power of the slope alone may leave the doubles; times what is as small, it does not.
        let once = |of: f64| libm::scalbn(s * of, up);
        let twice = |of: f64| libm::scalbn(s * s * of, 2 * up);
        let thrice = |of: f64| libm::scalbn(s * s * s * of, 3 * up);
        let [xxx, xxy, xyy, yyy] = self.cubes;
        let cubes = xxx - 3.0 * once(xxy) + 3.0 * twice(xyy) - thrice(yyy);
        let squares = x.squares - 2.0 * once(products) + twice(y.squares);
        let rounding = 16.0 * f64::EPSILON * (x.squares + twice(y.squares));
        let mut series = x;
        series.mean = x.mean - once(y.mean);
        series.squares = if squares > rounding { squares } else { 0.0 };
        series.exponent = x.exponent.or(y.exponent.map(|_| 0));
        Skewness { n, series, cubes }
    }
}

/// Σδx², Σδxδy and Σδy².
fn spreads(pairs: &PairMoments) -> [f64; 3] {
    [pairs.x.squares, pairs.products, pairs.y.squares]
}

#[cfg(test)]
mod tests {
    use super::{PairSkewness, Skewness};
    use proptest::prelude::*;

    fn apart(pairs: &[(f64, f64)], slope: f64) -> Option<f64> {
        Skewness::of(pairs.iter().map(|(x, y)| x - slope * y)).skewness()
    }

    #[test]
    fn what_has_no_skewness() {
        assert_eq!(PairSkewness::default().less(1.0).skewness(), None);
        assert_eq!(PairSkewness::of([(3.0, 1.0)]).less(1.0).skewness(), None);
        assert_eq!(PairSkewness::of_zeros(5).less(1.0).skewness(), None);
        let constant = PairSkewness::of([(3.0, 1.0); 4]);
        assert_eq!(constant.less(0.5).skewness(), None);
    }

    #[test]
    fn a_denominator_is_lopsided_where_its_numerator_is_not() {
        let pairs = [(0.0, 1.0), (1.0, 2.0), (0.0, 30.0), (1.0, 3.0)];
        let both = PairSkewness::of(pairs);
        assert!(both.less(0.0).skewness().unwrap().abs() < 1e-15);
        let of_ratio = both.less(2.0 / 36.0).skewness().unwrap();
        assert!((of_ratio - apart(&pairs, 2.0 / 36.0).unwrap()).abs() < 1e-13);
        assert!(of_ratio < -0.7, "{of_ratio}");
    }

    #[test]
    fn zeros_are_pairs_like_others() {
        let mut merged = PairSkewness::of([(5.0, 2.0), (1.0, 8.0)]);
        merged.merge(&PairSkewness::of_zeros(3));
        let pairs = [(0.0, 0.0), (5.0, 2.0), (0.0, 0.0), (1.0, 8.0), (0.0, 0.0)];
        let got = merged.less(0.7).skewness().unwrap();
        assert!((got - apart(&pairs, 0.7).unwrap()).abs() < 1e-14);
    }

    proptest! {
        #[test]
        fn whole_parts_and_differences_agree(
            pairs in prop::collection::vec((-9.0..30.0_f64, -3.0..9.0_f64), 3..60),
            at in 0.0..1.0_f64,
            slope in -3.0..3.0_f64,
            (of_x, of_y) in (-290..290_i32, -290..290_i32),
        ) {
            let (x_unit, y_unit) = (10_f64.powi(of_x), 10_f64.powi(of_y));
            let of = |pairs: &[(f64, f64)]| {
                PairSkewness::of(pairs.iter().map(|(x, y)| (x * x_unit, y * y_unit)))
            };
            let (head, tail) = pairs.split_at((at * pairs.len() as f64) as usize);
            let (first, middle) = head.split_at(head.len() / 2);
            let mut merged = of(first);
            merged.merge(&of(middle));
            merged.merge(&of(tail));
            let expected = apart(&pairs, slope);
            prop_assume!(expected.is_some());
            let expected = expected.unwrap();
            let slope = slope * (x_unit / y_unit);
            prop_assume!(slope.is_normal());
            for seen in [merged, of(&pairs)] {
                let got = seen.less(slope).skewness().unwrap();
                prop_assert!((got - expected).abs() < 1e-8, "{} {}", got, expected);
            }
            prop_assert_eq!(merged.pairs().n(), pairs.len() as u64);
        }
    }
}
