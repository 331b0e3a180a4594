use super::{Arm, baseline, compare, enough};
use crate::guard::count;
use crate::numeric::normal_sf;
use crate::{CannotCompute, Estimate, InvalidInput, Question, Side};

/// How many of how many units did it: x of n, each unit counted once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proportion {
    x: u64,
    n: u64,
}

impl Proportion {
    /// `x` of `n` units; both may be 0.
    ///
    /// # Errors
    ///
    /// `n` above 2^53; `x` above `n`.
    ///
    /// # Examples
    ///
    /// ```
    /// use stats::effect::Proportion;
    /// assert!(Proportion::new(100, 1000).is_ok());
    /// assert_eq!(Proportion::new(1001, 1000).unwrap_err().field, "x");
    /// ```
    pub const fn new(x: u64, n: u64) -> Result<Self, InvalidInput> {
        if let Err(refused) = count("n", n) {
            return Err(refused);
        }
        if x > n {
            return Err(InvalidInput::new(
                "x",
                "it is more than n",
                "count each unit at most once, or compare it as a mean",
            ));
        }
        Ok(Self { x, n })
    }

    /// The units that did it.
    ///
    /// ```
    /// assert_eq!(stats::effect::Proportion::new(3, 10)?.x(), 3);
    /// # Ok::<(), stats::InvalidInput>(())
    /// ```
    #[must_use]
    pub const fn x(self) -> u64 {
        self.x
    }

    /// All units, those included that did not.
    ///
    /// ```
    /// assert_eq!(stats::effect::Proportion::new(3, 10)?.n(), 10);
    /// # Ok::<(), stats::InvalidInput>(())
    /// ```
    #[must_use]
    pub const fn n(self) -> u64 {
        self.n
    }

    /// x/n, from 0 to 1; 0 of nothing.
    ///
    /// ```
    /// assert_eq!(stats::effect::Proportion::new(3, 10)?.rate(), 0.3);
    /// # Ok::<(), stats::InvalidInput>(())
    /// ```
    #[must_use]
    pub fn rate(self) -> f64 {
        if self.n == 0 {
            0.0
        } else {
            self.x as f64 / self.n as f64
        }
    }

    fn varies(self) -> bool {
        0 < self.x && self.x < self.n
    }

    pub(super) fn arm(self) -> Arm {
        let n = self.n as f64;
        let rest = (self.n - self.x) as f64 / n;
        Arm {
            n: self.n,
            mean: self.rate(),
            stderr: (self.rate() * rest / n).sqrt(),
        }
    }
}

/// The difference of two proportions, by Welch's t with the variance p(1 − p), as
/// [`effect::mean`](super::mean) otherwise.
///
/// Source: gbstats `models/statistics.py` (`ProportionStatistic`). For rare events (fewer than some
/// ten in an arm) the relative and the absolute question may contradict each other: compare counts
/// with [`count`](crate::count) instead. Units: effect as a share of the control's proportion, or in
/// points between 0 and 1.
///
/// # Errors
///
/// `EmptyArm`; `TooFew`; `ZeroBaseline` for a relative effect over no successes; `NoVariance` where
/// all units of an arm did the same.
///
/// # Examples
///
/// ```
/// use stats::effect::{Proportion, proportion};
/// let control = Proportion::new(100, 1000)?;
/// let treatment = Proportion::new(150, 1000)?;
/// let answer = proportion(control, treatment, stats::Question::default()).unwrap();
/// assert!((answer.effect - 0.5).abs() < 1e-14);
/// // √(0.15·0.85/1000/0.1² + 0.1·0.9/1000·0.15²/0.1⁴) = √0.033, and twice the tail of t from
/// // scipy beyond 0.5/√0.033 at 1940.3 degrees of freedom.
/// assert!((answer.stderr - 0.033f64.sqrt()).abs() < 1e-14);
/// assert!((answer.p - 0.005_970_915_689).abs() < 1e-12);
/// # Ok::<(), stats::InvalidInput>(())
/// ```
pub fn proportion(
    control: Proportion,
    treatment: Proportion,
    question: Question,
) -> Result<Estimate, CannotCompute> {
    enough(control.n, treatment.n)?;
    baseline(control.rate(), question.difference)?;
    if !(control.varies() && treatment.varies()) {
        return Err(CannotCompute::NoVariance);
    }
    compare(control.arm(), treatment.arm(), question)
}

/// What [`pooled_test`] says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PooledTest {
    /// In standard errors; positive where the treatment's proportion is the larger.
    pub z: f64,
    /// The chance, from 0 to 1, of a z at least this far out between equal proportions.
    pub p: f64,
}

/// The test of equal proportions with one variance for both arms:
/// z = (p_t − p_c)/√(p(1 − p)(1/n_t + 1/n_c)) with p over both arms together; its p is 2·(1 − Φ(|z|)),
/// one-sided 1 − Φ(±z), from the normal tail itself.
///
/// Source: the score test of the 2×2 table, K. Pearson (1900); statsmodels `proportions_ztest`.
/// It does not depend on whether the effect is told as relative or absolute.
///
/// # Errors
///
/// `EmptyArm`; `NoVariance` where all units of both arms did the same.
///
/// # Examples
///
/// ```
/// use stats::{Side, effect::{Proportion, pooled_test}};
/// let (control, treatment) = (Proportion::new(100, 1000)?, Proportion::new(150, 1000)?);
/// let test = pooled_test(control, treatment, Side::Two).unwrap();
/// // statsmodels: proportions_ztest([150, 100], [1000, 1000])
/// assert!((test.z - 3.380_617_018_914).abs() < 1e-12);
/// assert!((test.p - 0.000_723_232_716).abs() < 1e-12);
/// # Ok::<(), stats::InvalidInput>(())
/// ```
pub fn pooled_test(
    control: Proportion,
    treatment: Proportion,
    side: Side,
) -> Result<PooledTest, CannotCompute> {
    if control.n == 0 || treatment.n == 0 {
        return Err(CannotCompute::EmptyArm);
    }
    let (x, n) = (control.x + treatment.x, control.n + treatment.n);
    if x == 0 || x == n {
        return Err(CannotCompute::NoVariance);
    }
    let (x, n) = (x as f64, n as f64);
    let variance = x / n * ((n - x) / n) * (1.0 / treatment.n as f64 + 1.0 / control.n as f64);
    let z = (treatment.rate() - control.rate()) / variance.sqrt();
    let p = match side {
        Side::Two => 2.0 * normal_sf(z.abs()),
        Side::Greater => normal_sf(z),
        Side::Less => normal_sf(-z),
    };
    Ok(PooledTest { z, p })
}
