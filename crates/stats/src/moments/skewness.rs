/// How lopsided observations are: their third central moment beside their variance, one at a time or
/// merged.
///
/// A mean of few lopsided values is no normal variable, and worse, it goes along with its own standard
/// error: an arm that has not met its rare large values yet looks both small and sure. Between arms of the
/// same size that cancels; where one is much smaller it does not, and [`Self::of_difference`] says how much
/// of it is left.
///
/// Kept centred (P. Pébay, "Formulas for robust, one-pass parallel computation of covariances and
/// arbitrary-order statistical moments", Sandia report SAND2008-6212, equations 2.1 and 2.2). Values from 1e-100
/// to 1e100 in size; beyond, the cubes leave the doubles and the skewness is unknown.
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
    n: u64,
    mean: f64,
    squares: f64,
    cubes: f64,
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
        let apart = x - self.mean;
        let step = apart / n;
        let square = apart * step * before;
        self.mean += step;
        self.cubes += step * (square * (n - 2.0) - 3.0 * self.squares);
        self.squares += square;
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
        let apart = other.mean - self.mean;
        let square = apart * apart * (a * (b / n));
        self.cubes += other.cubes
            + apart * (square * ((a - b) / n) + 3.0 * (a * other.squares - b * self.squares) / n);
        self.squares += other.squares + square;
        self.mean += apart * (b / n);
        self.n += other.n;
    }

    /// Σ(x − m)³/n over (Σ(x − m)²/n)^(3/2), free of the unit: 0 of what is symmetric, 2 of exponential
    /// values, about 1/√p of rare events. `None` where the values do not vary, or are beyond the domain.
    ///
    /// ```
    /// assert_eq!(stats::Skewness::of([4.0, 4.0]).skewness(), None);
    /// ```
    #[must_use]
    pub fn skewness(&self) -> Option<f64> {
        let n = self.n as f64;
        standardised(self.cubes / n, self.squares / n)
    }

    /// The skewness, from 0 up, of the difference of the two arms' means: |γ|·|1/n_t² − 1/n_c²| over
    /// (1/n_t + 1/n_c)^(3/2), with γ the skewness within the arms taken together. `None` as for [`Self::skewness`].
    ///
    /// That a sum's third central moment is the sum of its parts' gives the formula; of both arms together,
    /// because the smaller one shows its own skewness only when it has met its large values, which is too
    /// late. 0 for arms of the same size. See [`crate::sequential::LARGEST_SKEWNESS`] for how much is too much.
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
        let all = (control.n + treatment.n) as f64;
        let within = standardised(
            (control.cubes + treatment.cubes) / all,
            (control.squares + treatment.squares) / all,
        )?;
        let (c, t) = (1.0 / control.n as f64, 1.0 / treatment.n as f64);
        let left = within.abs() * (t - c).abs() / (t + c).sqrt();
        left.is_finite().then_some(left)
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
        assert_eq!(Skewness::of([1e200, -1e200, 2e200]).skewness(), None);
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

    proptest! {
        #[test]
        fn whole_and_parts_agree(
            values in prop::collection::vec(-9.0..30.0_f64, 2..60),
            at in 0.0..1.0_f64,
            power in -90..90_i32,
        ) {
            let scale = 10_f64.powi(power);
            let (head, tail) = values.split_at((at * values.len() as f64) as usize);
            let of = |values: &[f64]| Skewness::of(values.iter().map(|x| x * scale));
            let mut merged = of(head);
            merged.merge(&of(tail));
            let whole = Skewness::of(values.iter().copied()).skewness().unwrap();
            prop_assert!((merged.skewness().unwrap() - whole).abs() < 1e-9);
            let mirrored = Skewness::of(values.iter().map(|x| 5.0 - x)).skewness().unwrap();
            prop_assert!((mirrored + whole).abs() < 1e-9);
        }
    }
}
