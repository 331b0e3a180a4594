use super::{Arm, baseline, compare};
use crate::guard::{count, finite_values, inside_unit};
use crate::numeric::quantile_rank;
use crate::{CannotCompute, Estimate, InvalidInput, Question};

/// The normal quantile at 0.975: the bounds of [`QuantileArm`] are always those of a 95% interval.
const Z: f64 = 1.959_963_984_540_054;

/// One arm's quantile with the order statistics that bound it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct QuantileArm {
    n: u64,
    n_star: u64,
    nu: f64,
    value: f64,
    lo: f64,
    hi: f64,
}

impl QuantileArm {
    /// `n` observations with the quantile `value` at level `nu`; `lo` and `hi` are the values at the
    /// levels ν ∓ 1.96·√(ν(1 − ν)/n*), for the `n_star` with which they were looked up (n itself,
    /// or the nearest of a list of precomputed ones).
    ///
    /// # Errors
    ///
    /// `n`, `n_star` above 2^53, or `n_star` 0 where n is not; `nu` outside (0, 1); `value`, `lo`,
    /// `hi` not finite; `lo` above `hi`; `value` (as `q`) outside of them.
    ///
    /// # Examples
    ///
    /// ```
    /// use stats::effect::QuantileArm;
    /// // The median of 1 to 1,000 with the values at the ranks of `ranks(1_000, 0.5)`.
    /// assert!(QuantileArm::new(1_000, 1_000, 0.5, 500.0, 469.0, 531.0).is_ok());
    /// let swapped = QuantileArm::new(1_000, 1_000, 0.5, 500.0, 531.0, 469.0);
    /// assert_eq!(swapped.unwrap_err().field, "lo");
    /// ```
    pub fn new(
        n: u64,
        n_star: u64,
        nu: f64,
        value: f64,
        lo: f64,
        hi: f64,
    ) -> Result<Self, InvalidInput> {
        count("n", n)?;
        count("n_star", n_star)?;
        if n > 0 && n_star == 0 {
            return Err(InvalidInput::new(
                "n_star",
                "it is 0",
                "give the sample size the bounds were looked up with, usually n",
            ));
        }
        inside_unit("nu", nu)?;
        for (field, figure) in [("q", value), ("lo", lo), ("hi", hi)] {
            finite_values(field, &[figure])?;
        }
        if lo > hi {
            return Err(InvalidInput::new(
                "lo",
                "it is above hi",
                "give the lower bound first",
            ));
        }
        if !(lo..=hi).contains(&value) {
            return Err(InvalidInput::new(
                "q",
                "it is not between lo and hi",
                "give the quantile whose bounds lo and hi are",
            ));
        }
        Ok(Self {
            n,
            n_star,
            nu,
            value,
            lo,
            hi,
        })
    }

    /// The ranks, from 1, of the order statistics that [`Self::new`] takes as value, `lo` and `hi`
    /// of `n` observations: ⌈ν·n⌉ and ν·n ∓ 1.96·√(n·ν(1 − ν)) outwards, held within the sample;
    /// `nu` inside (0, 1), all 0 of no observations.
    ///
    /// Source: the normal approximation of the binomial count of values below the quantile.
    ///
    /// ```
    /// assert_eq!(stats::effect::QuantileArm::ranks(1_000, 0.5), [500, 469, 531]);
    /// ```
    #[must_use]
    pub fn ranks(n: u64, nu: f64) -> [u64; 3] {
        let count = n as f64;
        let reach = Z * (count * nu * (1.0 - nu)).sqrt();
        let (lo, hi) = (nu * count - reach, nu * count + reach);
        let [lo, hi] = [lo.floor(), hi.ceil()].map(|rank| (rank.max(1.0) as u64).min(n));
        [quantile_rank(nu, n), lo, hi]
    }

    fn check(&self) -> Result<(), CannotCompute> {
        let n = self.n as f64;
        let odds = self.nu / (1.0 - self.nu);
        if self.n == 0 {
            return Err(CannotCompute::EmptyArm);
        }
        // The interval's ends would lie outside the sample.
        if self.n == 1 || n <= Z * Z * odds || n <= Z * Z / odds {
            return Err(CannotCompute::TooFew);
        }
        if self.lo == self.hi {
            return Err(CannotCompute::DegenerateQuantile);
        }
        Ok(())
    }

    fn arm(&self) -> Arm {
        let n = self.n as f64;
        let share = (self.n_star as f64 / n * ((n - 1.0) / n)).sqrt();
        Arm {
            n: self.n,
            mean: self.value,
            stderr: share * ((0.5 * self.hi - 0.5 * self.lo) / Z),
        }
    }
}

/// The difference of two quantiles, each with the variance that its order statistics tell:
/// (n*/n)·(n − 1)·((hi − lo)/2z)², z = 1.96, divided by n; compared as in
/// [`effect::mean`](super::mean).
///
/// Source: gbstats `models/statistics.py` (`QuantileStatistic`), but without its floor of 1e-5 on the variance,
/// which would make the answer depend on the unit. The width of an order-statistic interval as a
/// standard error is, for medians, that of J. W. McKean and R. M. Schrader, Communications in
/// Statistics – Simulation and Computation 13 (1984). It asks that the density does not change much
/// between `lo` and `hi`. Units: effect as a share of the control's quantile, or in the metric's unit.
/// Both arms must be at the same level ν.
///
/// # Errors
///
/// `EmptyArm`; `TooFew` where n ≤ z²·ν/(1 − ν) or n ≤ z²·(1 − ν)/ν; `DegenerateQuantile` where
/// lo = hi; `ZeroBaseline`; `Overflow`.
///
/// # Examples
///
/// ```
/// use stats::effect::{QuantileArm, quantile};
/// let control = QuantileArm::new(10_000, 10_000, 0.99, 250.0, 240.0, 262.0)?;
/// let treatment = QuantileArm::new(10_000, 10_000, 0.99, 330.0, 315.0, 347.0)?;
/// let answer = quantile(&control, &treatment, stats::Question::default()).unwrap();
/// assert!((answer.effect - 0.32).abs() < 1e-15);
/// // From the widths 22 and 32: √((8.163/250)² + (5.612·330/250²)²).
/// assert!((answer.stderr - 0.044_093_010_245).abs() < 1e-12);
/// # Ok::<(), stats::InvalidInput>(())
/// ```
pub fn quantile(
    control: &QuantileArm,
    treatment: &QuantileArm,
    question: Question,
) -> Result<Estimate, CannotCompute> {
    control.check()?;
    treatment.check()?;
    baseline(control.value, question.difference)?;
    compare(control.arm(), treatment.arm(), question)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_go_outwards_and_stay_within_the_sample() {
        // 90 ∓ 5.88
        assert_eq!(QuantileArm::ranks(100, 0.9), [90, 84, 96]);
        assert_eq!(QuantileArm::ranks(101, 0.5), [51, 40, 61]);
        assert_eq!(QuantileArm::ranks(3, 0.99), [3, 2, 3]);
        assert_eq!(QuantileArm::ranks(3, 0.01), [1, 1, 1]);
        assert_eq!(QuantileArm::ranks(0, 0.5), [0, 0, 0]);
    }
}
