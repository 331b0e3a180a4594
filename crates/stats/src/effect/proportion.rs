use super::{Arm, baseline, compare, enough};
use crate::moments::LARGEST_COUNT;
use crate::numeric::normal_sf;
use crate::{CannotCompute, Estimate, InvalidInput, Question, Side};

/// How many of how many units did it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proportion {
    x: u64,
    n: u64,
}

impl Proportion {
    /// # Errors
    ///
    /// `n` above 2^53; `x` above `n`.
    pub const fn new(x: u64, n: u64) -> Result<Self, InvalidInput> {
        if n > LARGEST_COUNT {
            return Err(InvalidInput::new(
                "n",
                "it is more than 2^53",
                "give a count up to 9007199254740992",
            ));
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

    #[must_use]
    pub const fn x(self) -> u64 {
        self.x
    }

    #[must_use]
    pub const fn n(self) -> u64 {
        self.n
    }

    /// x/n; 0 of nothing.
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
/// ```
/// use stats::effect::{Proportion, proportion};
/// let control = Proportion::new(100, 1000)?;
/// let treatment = Proportion::new(150, 1000)?;
/// let answer = proportion(control, treatment, stats::Question::default()).unwrap();
/// assert!((answer.effect - 0.5).abs() < 1e-12);
/// assert!(answer.p < 0.01);
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
    /// Positive where the treatment's proportion is the larger.
    pub z: f64,
    pub p: f64,
}

/// The test of equal proportions with one variance for both arms:
/// z = (p_t − p_c)/√(p(1 − p)(1/n_t + 1/n_c)) with p over both arms together.
///
/// Source: the score test of the 2×2 table, K. Pearson (1900); statsmodels `proportions_ztest`.
/// It does not depend on whether the effect is told as relative or absolute.
///
/// # Errors
///
/// `EmptyArm`; `NoVariance` where all units of both arms did the same.
///
/// ```
/// use stats::{Side, effect::{Proportion, pooled_test}};
/// let test = pooled_test(Proportion::new(100, 1000)?, Proportion::new(150, 1000)?, Side::Two);
/// assert!((test.unwrap().z - 3.380_617_018_914_066).abs() < 1e-12);
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
