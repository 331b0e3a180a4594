use super::centred::{Centred, align, exponent};

/// How lopsided observations are: their third central moment beside their variance, one at a time or
/// merged.
///
/// A mean of few lopsided values is no normal variable, and worse, it goes along with its own standard
/// error: an arm that has not met its rare large values yet looks both small and sure. Between arms of the
/// same size that cancels; where one is much smaller it does not, and [`Self::of_difference`] says how much
/// of it is left.
///
/// Kept centred (P. Pébay, "Formulas for robust, one-pass parallel computation of covariances and
/// arbitrary-order statistical moments", Sandia report SAND2008-6212, equations 2.1 and 2.2), at a power of two as
/// scale, so that cubes of anything from 1e-300 to 1e300 stay within a double.
///
/// ```
/// use stats::Skewness;
/// let mut all = Skewness::of([1.0, 2.0]);
/// all.merge(&Skewness::of([2.0, 7.0]));
/// // scipy.stats.skew([1, 2, 2, 7])
/// assert!((all.skewness().unwrap() - 1.046_621_698_472_996_8).abs() < 1e-14);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Skewness {
    pub(super) n: u64,
    pub(super) series: Centred,
    /// Σ(x − m)³, at the scale of the series.
    pub(super) cubes: f64,
}

impl Skewness {
    /// Of these values, in any unit; all finite.
    ///
    /// ```
    /// assert_eq!(stats::Skewness::of([1.0, 2.0, 3.0]).skewness(), Some(0.0));
    /// ```
    #[must_use]
    pub fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut skewness = Self::default();
        for value in values {
            skewness.push(value);
        }
        skewness
    }

    /// Of `n` zeros, as units that did nothing are.
    ///
    /// ```
    /// use stats::Skewness;
    /// let mut buyers = Skewness::of([5.0]);
    /// buyers.merge(&Skewness::of_zeros(3));
    /// // One of four: (1 − 2p)/√(p(1 − p)) at p = 1/4.
    /// assert!((buyers.skewness().unwrap() - 2.0 / 3f64.sqrt()).abs() < 1e-14);
    /// ```
    #[must_use]
    pub fn of_zeros(n: u64) -> Self {
        Self {
            n,
            ..Self::default()
        }
    }

    /// Adds a finite value.
    ///
    /// ```
    /// let mut skewness = stats::Skewness::of([0.0, 0.0]);
    /// skewness.push(1.0);
    /// assert!((skewness.skewness().unwrap() - 0.5f64.sqrt()).abs() < 1e-15);
    /// ```
    #[inline]
    pub fn push(&mut self, x: f64) {
        let before = self.n as f64;
        self.n += 1;
        let n = self.n as f64;
        if self.series.is_beyond(x) {
            let factor = self.series.rescale(exponent(x));
            self.cubes *= factor * factor * factor;
        }
        let apart = self.series.scaled(x) - self.series.mean;
        let step = apart / n;
        let square = apart * step * before;
        self.series.mean += step;
        self.cubes += step * (square * (n - 2.0) - 3.0 * self.series.squares);
        self.series.squares += square;
    }

    /// Adds what another has seen: the skewness of the whole is that of its parts merged, to rounding.
    ///
    /// ```
    /// use stats::Skewness;
    /// let mut all = Skewness::of([3.0]);
    /// all.merge(&Skewness::of([4.0, 9.0]));
    /// let whole = Skewness::of([3.0, 4.0, 9.0]);
    /// assert!((all.skewness().unwrap() - whole.skewness().unwrap()).abs() < 1e-14);
    /// ```
    pub fn merge(&mut self, other: &Self) {
        if self.n == 0 || other.n == 0 {
            if self.n == 0 {
                *self = *other;
            }
            return;
        }
        let (a, b) = (self.n as f64, other.n as f64);
        let n = a + b;
        let mut other = *other;
        other.align(self);
        let apart = other.series.mean - self.series.mean;
        let square = apart * apart * (a * (b / n));
        let (here, there) = (self.series.squares, other.series.squares);
        self.cubes +=
            other.cubes + apart * (square * ((a - b) / n) + 3.0 * (a * there - b * here) / n);
        self.series.squares += there + square;
        self.series.mean += apart * (b / n);
        self.n += other.n;
    }

    /// Brings both to the larger of their scales.
    fn align(&mut self, other: &mut Self) {
        let (here, there) = align(&mut self.series, &mut other.series);
        self.cubes *= here * here * here;
        other.cubes *= there * there * there;
    }

    /// How many values there are.
    ///
    /// ```
    /// assert_eq!(stats::Skewness::of([4.0, 4.5]).n(), 2);
    /// ```
    #[must_use]
    pub const fn n(&self) -> u64 {
        self.n
    }

    /// Σ(x − m)³/n over (Σ(x − m)²/n)^(3/2), free of the unit: 0 of what is symmetric, 2 of exponential
    /// values, about 1/√p of rare events. `None` where the values do not vary.
    ///
    /// Source: the g₁ of D. N. Joanes and C. A. Gill, "Comparing measures of sample skewness and kurtosis", The
    /// Statistician 47 (1998), without their correction of its bias, as `scipy.stats.skew` has it.
    ///
    /// ```
    /// assert_eq!(stats::Skewness::of([4.0, 4.0]).skewness(), None);
    /// ```
    #[must_use]
    pub fn skewness(&self) -> Option<f64> {
        let n = self.n as f64;
        standardised(self.cubes / n, self.series.squares / n)
    }

    /// The skewness, from 0 up, of the difference of the two arms' means: |γ|·|1/n_t² − 1/n_c²| over
    /// (1/n_t + 1/n_c)^(3/2), with γ the skewness within the arms taken together. `None` as for [`Self::skewness`].
    ///
    /// That a sum's third central moment is the sum of its parts' gives the formula; of both arms together,
    /// because the smaller one shows its own skewness only when it has met its large values, which is too
    /// late. 0 for arms of the same size. See [`crate::sequential::LARGEST_SKEWNESS`] for how much is too much.
    ///
    /// Source: third cumulants of independent sums add (M. G. Kendall and A. Stuart, *The Advanced Theory of Statistics*,
    /// volume 1, the chapter on moments and cumulants), and that of a mean is κ₃/n²; that one γ and one variance stand in
    /// for both arms' is our own.
    ///
    /// ```
    /// use stats::Skewness;
    /// // Rare purchases: 2 of 100 units in a small arm, 20 of 1,000 in the other.
    /// let arm = |buyers: u64| {
    ///     let mut arm = Skewness::of((0..buyers).map(|i| 1.0 + i as f64 % 2.0));
    ///     arm.merge(&Skewness::of_zeros(49 * buyers));
    ///     arm
    /// };
    /// assert_eq!(Skewness::of_difference(&arm(20), &arm(20)), Some(0.0));
    /// let uneven = Skewness::of_difference(&arm(20), &arm(2)).unwrap();
    /// assert!(uneven > 0.6, "{uneven}");
    /// assert!(Skewness::of_difference(&arm(2_000), &arm(200)).unwrap() < 0.1);
    /// ```
    #[must_use]
    pub fn of_difference(control: &Self, treatment: &Self) -> Option<f64> {
        let within = Self::within(control, treatment)?;
        let (c, t) = (1.0 / control.n as f64, 1.0 / treatment.n as f64);
        let left = within * (t - c).abs() / (t + c).sqrt();
        left.is_finite().then_some(left)
    }

    /// The skewness, from 0 up, of the smaller arm's mean: |γ|/√n, with γ as in [`Self::of_difference`] and n of
    /// the smaller arm. `None` as there.
    ///
    /// Source: a sum's third central moment is the sum of its parts', as for [`Self::of_difference`].
    ///
    /// ```
    /// use stats::Skewness;
    /// let arm = Skewness::of([0.0, 0.0, 0.0, 1.0]);
    /// // (1 − 2p)/√(p(1 − p)) at p = 1/4 is 1.155, over √4.
    /// let left = Skewness::of_mean(&arm, &arm).unwrap();
    /// assert!((left - 1.0 / 3f64.sqrt()).abs() < 1e-15);
    /// ```
    #[must_use]
    pub fn of_mean(control: &Self, treatment: &Self) -> Option<f64> {
        let left = Self::within(control, treatment)? / (control.n.min(treatment.n) as f64).sqrt();
        left.is_finite().then_some(left)
    }

    /// The skewness within the arms taken together, from 0 up.
    fn within(control: &Self, treatment: &Self) -> Option<f64> {
        let all = (control.n + treatment.n) as f64;
        let (mut one, mut other) = (*control, *treatment);
        one.align(&mut other);
        standardised(
            (one.cubes + other.cubes) / all,
            (one.series.squares + other.series.squares) / all,
        )
        .map(f64::abs)
    }
}

fn standardised(cube: f64, square: f64) -> Option<f64> {
    let skewness = cube / square / square.sqrt();
    (square > 0.0 && skewness.is_finite()).then_some(skewness)
}

#[cfg(test)]
mod tests {
    use super::Skewness;
    use proptest::prelude::*;

    /// `scipy.stats.skew` of the same values.
    #[test]
    fn known_figures() {
        for (values, expected) in [
            (&[1.0, 2.0, 2.0, 7.0][..], 1.046_621_698_472_996_8),
            (&[0.0, 0.0, 0.0, 0.0, 3.5], 1.5),
            (&[-5.0, 2.0, 4.0, 4.5, 5.0, 5.5], -1.451_651_288_234_957_7),
        ] {
            let got = Skewness::of(values.iter().copied()).skewness().unwrap();
            assert!((got - expected).abs() < 1e-13, "{values:?}: {got}");
        }
    }

    #[test]
    fn what_has_no_skewness() {
        assert_eq!(Skewness::default().skewness(), None);
        assert_eq!(Skewness::of([3.0]).skewness(), None);
        assert_eq!(Skewness::of([-2e-170, -2e-170]).skewness(), None);
        let none = Skewness::default();
        let some = Skewness::of([1.0, 2.0, 4.0]);
        assert_eq!(Skewness::of_difference(&none, &none), None);
        assert_eq!(Skewness::of_difference(&some, &none), None);
        assert_eq!(Skewness::of_difference(&none, &some), None);
    }

    /// Of 1/n_t times the values less 1/n_c times the others, all of one distribution.
    #[test]
    fn a_difference_of_means_has_the_third_moment_of_its_sum() {
        let values = [0.0, 0.0, 1.0, 9.0];
        let of = |times: usize| Skewness::of(std::iter::repeat_n(values, times).flatten());
        let (control, treatment) = (of(25), of(4));
        let (n_c, n_t) = (100.0_f64, 16.0_f64);
        let variance = 14.25_f64;
        let third = Skewness::of(values).skewness().unwrap() * variance.powf(1.5);
        let expected =
            third * (n_t.powi(-2) - n_c.powi(-2)) / (variance / n_t + variance / n_c).powf(1.5);
        let got = Skewness::of_difference(&control, &treatment).unwrap();
        assert!((got - expected).abs() < 1e-13, "{got} {expected}");
        assert_eq!(Some(got), Skewness::of_difference(&treatment, &control));
    }

    #[test]
    fn zeros_are_units_like_others() {
        let mut merged = Skewness::of([5.0]);
        merged.merge(&Skewness::of_zeros(3));
        let whole = Skewness::of([0.0, 5.0, 0.0, 0.0]);
        assert!((merged.skewness().unwrap() - whole.skewness().unwrap()).abs() < 1e-14);
        let (few, many) = (Skewness::of([0.0, 5.0]), whole);
        assert_eq!(
            Skewness::of_difference(&merged, &few).map(|left| (left * 1e12).round()),
            Skewness::of_difference(&many, &few).map(|left| (left * 1e12).round()),
        );
    }

    #[test]
    fn arms_of_any_unit_differ_alike() {
        let of = |times: usize, unit: f64| {
            let values = std::iter::repeat_n([0.0, 0.0, 1.0, 9.0], times).flatten();
            Skewness::of(values.map(|x| x * unit))
        };
        let plain = Skewness::of_difference(&of(25, 1.0), &of(4, 1.0)).unwrap();
        for unit in [1e-300, 1e-120, 1e-80, 1e80, 1e120, 1e299] {
            let got = Skewness::of_difference(&of(25, unit), &of(4, unit)).unwrap();
            assert!((got - plain).abs() < 1e-12, "{unit:e}: {got}, {plain}");
        }
        // Beside values of another size what is small is nothing.
        let mut wide = of(4, 1e-280);
        wide.merge(&of(4, 1e280));
        let zeros = Skewness::of([0.0, 0.0, 1.0, 9.0].into_iter().cycle().take(16));
        let mut large = Skewness::of_zeros(16);
        large.merge(&zeros);
        assert!((wide.skewness().unwrap() - large.skewness().unwrap()).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn whole_and_parts_agree(
            values in prop::collection::vec(-9.0..30.0_f64, 2..60),
            at in 0.0..1.0_f64,
            power in -290..290_i32,
        ) {
            let scale = 10_f64.powi(power);
            let (head, tail) = values.split_at((at * values.len() as f64) as usize);
            let of = |values: &[f64]| Skewness::of(values.iter().map(|x| x * scale));
            let mut merged = of(head);
            merged.merge(&of(tail));
            let whole = Skewness::of(values.iter().copied()).skewness().unwrap();
            prop_assert!((merged.skewness().unwrap() - whole).abs() < 1e-9);
            // What was merged is merged again.
            let (first, middle) = head.split_at(head.len() / 2);
            let mut three = of(first);
            three.merge(&of(middle));
            three.merge(&of(tail));
            prop_assert!((three.skewness().unwrap() - whole).abs() < 1e-9);
            let mirrored = Skewness::of(values.iter().map(|x| 5.0 - x)).skewness().unwrap();
            prop_assert!((mirrored + whole).abs() < 1e-9);
        }
    }
}
