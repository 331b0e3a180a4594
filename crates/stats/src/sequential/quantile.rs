//! Quantiles of one or two arms, known at every moment.

use super::boundary::Tuning;
use super::evidence::log_evidence;
use super::rate::prior_weight;
use crate::guard::{finite_values, inside_unit, positive};
use crate::numeric::quantile_rank;
use crate::{Alpha, CannotCompute, Failure, Interval, InvalidInput};

/// Which quantile, and where its test is sharpest.
///
/// Whether a value lies below a candidate quantile is a coin with chance q, whatever the distribution. So
/// every candidate has the evidence of [`super::rate`]'s mixture: of k values below it in n, against q.
///
/// Source: Howard & Ramdas 2022; `confseq`'s `quantile_ab_p_value`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct QuantileTest {
    q: f64,
    kappa: f64,
}

/// A quantile, or a difference or ratio of two, with an interval that holds at every look.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct QuantileChange {
    /// Of the sample's order statistics at rank ⌈q·n⌉; in the unit of the values, a ratio without one.
    pub estimate: f64,
    /// In the same unit. An end that the sample cannot bound is infinite; the lower one of a ratio is 0.
    pub interval: Interval,
}

/// How two quantiles are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// b − a, in the unit of the values.
    Difference,
    /// b over a; the values must be positive.
    Ratio,
}

impl Comparison {
    fn change(self, from: f64, to: f64) -> f64 {
        match self {
            Self::Difference => to - from,
            Self::Ratio => to / from,
        }
    }

    const fn unbounded(self) -> f64 {
        match self {
            Self::Difference => f64::NEG_INFINITY,
            Self::Ratio => 0.0,
        }
    }
}

impl QuantileTest {
    /// The quantile `q`, with the prior κ·(q, 1 − q) of [`super::rate`] for `tuning.v_opt` values an arm.
    ///
    /// # Errors
    ///
    /// An invalid input for a `q` outside (0, 1), and those of [`Tuning::two_sided_rho`].
    ///
    /// # Examples
    ///
    /// ```
    /// use stats::sequential::{QuantileTest, Tuning};
    /// let tuning = Tuning { v_opt: 1_000.0, alpha_opt: 0.05 };
    /// assert!(QuantileTest::new(0.99, tuning).is_ok());
    /// assert_eq!(QuantileTest::new(1.0, tuning).unwrap_err().field, "q");
    /// ```
    pub fn new(q: f64, tuning: Tuning) -> Result<Self, InvalidInput> {
        inside_unit("q", q)?;
        Ok(Self {
            q,
            kappa: prior_weight(tuning)?,
        })
    }

    /// The quantile of one sample with its confidence sequence at level `1 − alpha`: the order
    /// statistics at which the evidence against "this is the quantile" reaches 1/α. In the unit of the
    /// values, in any order; infinite where the sample is too small to bound it.
    ///
    /// # Errors
    ///
    /// [`CannotCompute::EmptyArm`]; an invalid input for values that are not finite.
    ///
    /// # Examples
    ///
    /// ```
    /// use stats::sequential::{QuantileTest, Tuning};
    /// let values: Vec<f64> = (1..=1_000).map(f64::from).collect();
    /// let test = QuantileTest::new(0.5, Tuning { v_opt: 1_000.0, alpha_opt: 0.05 })?;
    /// let median = test.interval(&values, stats::Alpha::default())?;
    /// assert_eq!(median.estimate, 500.0);
    /// // mpmath: of 1,000 fair coins 453 to 547 heads have an evidence below 20.
    /// assert_eq!((median.interval.lo, median.interval.hi), (453.0, 548.0));
    /// # Ok::<(), stats::Failure>(())
    /// ```
    pub fn interval(&self, values: &[f64], alpha: Alpha) -> Result<QuantileChange, Failure> {
        let arm = self.arm("values", values)?;
        let threshold = -libm::log(alpha.get());
        Ok(QuantileChange {
            estimate: arm.estimate(),
            interval: Interval {
                lo: arm.lowest(threshold),
                hi: arm.highest(threshold),
            },
        })
    }

    /// The anytime-valid chance that two arms with equal quantiles differ so much: 1 over the least
    /// joint evidence, the product of both arms', against any common value; at most 1. Over several looks
    /// take the smallest so far. Source: `confseq`'s `quantile_ab_p_value`.
    ///
    /// # Errors
    ///
    /// As [`Self::interval`].
    ///
    /// # Examples
    ///
    /// ```
    /// use stats::sequential::{QuantileTest, Tuning};
    /// let test = QuantileTest::new(0.5, Tuning { v_opt: 40.0, alpha_opt: 0.05 })?;
    /// let low: Vec<f64> = (0..20).map(f64::from).collect();
    /// let high: Vec<f64> = (100..120).map(f64::from).collect();
    /// assert_eq!(test.p_value(&low, &low)?, 1.0);
    /// // mpmath: least speaks against one arm's own median, which is below or above all of the other.
    /// assert!((test.p_value(&low, &high)? / 2.112_695_600_794e-4 - 1.0).abs() < 1e-9);
    /// # Ok::<(), stats::Failure>(())
    /// ```
    pub fn p_value(&self, a: &[f64], b: &[f64]) -> Result<f64, Failure> {
        let (a, b) = (self.arm("a", a)?, self.arm("b", b)?);
        Ok(libm::exp(-least_common_evidence(&a, &b)).min(1.0))
    }

    /// By how much b's quantile exceeds a's, or how many times it is a's, with the interval of every
    /// change that [`Self::p_value`] would not reject at `alpha`: each value of b less the change, or over it.
    /// The interval holds the change at every look with a chance of 1 − α.
    ///
    /// # Errors
    ///
    /// As [`Self::interval`]; for a ratio, an invalid input for a value that is not positive.
    ///
    /// # Examples
    ///
    /// ```
    /// use stats::Alpha;
    /// use stats::sequential::{Comparison, QuantileTest, Tuning};
    /// let test = QuantileTest::new(0.5, Tuning { v_opt: 1_000.0, alpha_opt: 0.05 })?;
    /// let a: Vec<f64> = (1..=1_000).map(f64::from).collect();
    /// let b: Vec<f64> = a.iter().map(|x| 3.0 * x).collect();
    /// let change = test.compare(&a, &b, Comparison::Ratio, Alpha::default())?;
    /// assert_eq!(change.estimate, 3.0);
    /// assert!(change.interval.lo > 2.0 && change.interval.hi < 4.0);
    /// let none = test.compare(&a, &a, Comparison::Difference, Alpha::default())?;
    /// assert!(none.interval.lo == -none.interval.hi);
    /// # Ok::<(), stats::Failure>(())
    /// ```
    pub fn compare(
        &self,
        a: &[f64],
        b: &[f64],
        comparison: Comparison,
        alpha: Alpha,
    ) -> Result<QuantileChange, Failure> {
        let (a, b) = (self.arm("a", a)?, self.arm("b", b)?);
        if comparison == Comparison::Ratio {
            positive("a", a.sorted[0])?;
            positive("b", b.sorted[0])?;
        }
        let threshold = -libm::log(alpha.get());
        Ok(QuantileChange {
            estimate: comparison.change(a.estimate(), b.estimate()),
            interval: Interval {
                lo: least_change(&a, &b, threshold, comparison),
                hi: match comparison {
                    Comparison::Difference => -least_change(&b, &a, threshold, comparison),
                    Comparison::Ratio => 1.0 / least_change(&b, &a, threshold, comparison),
                },
            },
        })
    }

    fn arm(&self, field: &'static str, values: &[f64]) -> Result<Arm, Failure> {
        finite_values(field, values)?;
        if values.is_empty() {
            return Err(CannotCompute::EmptyArm.into());
        }
        let mut sorted: Vec<f64> = values.iter().map(|value| value + 0.0).collect();
        sorted.sort_unstable_by(f64::total_cmp);
        Ok(Arm::new(*self, sorted))
    }
}

/// One arm: its values in order, and the evidence against each place of the quantile among them.
struct Arm {
    test: QuantileTest,
    sorted: Vec<f64>,
    /// The count below the quantile against which there is least evidence; not whole, above 0 and below n.
    easiest: f64,
    least: f64,
}

impl Arm {
    fn new(test: QuantileTest, sorted: Vec<f64>) -> Self {
        let mut arm = Self {
            test,
            sorted,
            easiest: 0.0,
            least: 0.0,
        };
        (arm.easiest, arm.least) = arm.find_easiest();
        arm
    }

    fn n(&self) -> f64 {
        self.sorted.len() as f64
    }

    /// ln E against the quantile having `below` of the values below it.
    fn evidence(&self, below: f64) -> f64 {
        let (q, kappa) = (self.test.q, self.test.kappa);
        log_evidence(
            [kappa * q, kappa * (1.0 - q)],
            [below, self.n() - below],
            [q, 1.0 - q],
        )
    }

    /// Golden section on a convex function.
    fn find_easiest(&self) -> (f64, f64) {
        const GOLDEN: f64 = 0.618_033_988_749_894_9;
        let (mut lo, mut hi) = (0.0, self.n());
        let (mut left, mut right) = (hi - GOLDEN * hi, GOLDEN * hi);
        let (mut at_left, mut at_right) = (self.evidence(left), self.evidence(right));
        // Down to a thousand-millionth of all counts.
        for _ in 0..44 {
            if at_left <= at_right {
                (hi, right, at_right) = (right, left, at_left);
                left = hi - GOLDEN * (hi - lo);
                at_left = self.evidence(left);
            } else {
                (lo, left, at_left) = (left, right, at_right);
                right = lo + GOLDEN * (hi - lo);
                at_right = self.evidence(right);
            }
        }
        let middle = lo.midpoint(hi);
        (middle, self.evidence(middle))
    }

    /// The order statistic at rank ⌈q·n⌉.
    fn estimate(&self) -> f64 {
        let rank = quantile_rank(self.test.q, self.sorted.len() as u64) as usize;
        self.sorted[rank - 1]
    }

    /// The evidence against x being the quantile: the least against any of the counts between `< x` and
    /// `≤ x`.
    fn against(&self, x: f64) -> f64 {
        let less = self.sorted.partition_point(|value| *value < x) as f64;
        let at_most = self.sorted.partition_point(|value| *value <= x) as f64;
        self.evidence(self.easiest.clamp(less, at_most))
    }

    /// The least count below the quantile against which the evidence is under `threshold`.
    fn fewest_below(&self, threshold: f64) -> usize {
        let top = self.easiest.ceil() as usize;
        (0..top).collect_first(|count| self.evidence(count as f64) < threshold)
    }

    /// The greatest such count.
    fn most_below(&self, threshold: f64) -> usize {
        let bottom = self.easiest.floor() as usize;
        let above = self.sorted.len() - bottom;
        self.sorted.len()
            - (0..above).collect_first(|count| {
                self.evidence((self.sorted.len() - count) as f64) < threshold
            })
    }

    /// The lowest value that may be the quantile.
    fn lowest(&self, threshold: f64) -> f64 {
        match self.fewest_below(threshold) {
            0 => f64::NEG_INFINITY,
            count => self.sorted[count - 1],
        }
    }

    /// The highest.
    fn highest(&self, threshold: f64) -> f64 {
        self.sorted
            .get(self.most_below(threshold))
            .copied()
            .unwrap_or(f64::INFINITY)
    }
}

/// Bisection over a range in which a condition, once it holds, holds on.
trait CollectFirst {
    fn collect_first(self, holds: impl Fn(usize) -> bool) -> usize;
}

impl CollectFirst for std::ops::Range<usize> {
    /// The first number that `holds`, or the end.
    fn collect_first(self, holds: impl Fn(usize) -> bool) -> usize {
        let (mut lo, mut hi) = (self.start, self.end);
        while lo < hi {
            let middle = lo.midpoint(hi);
            if holds(middle) {
                hi = middle;
            } else {
                lo = middle + 1;
            }
        }
        lo
    }
}

/// The least of the evidence of both arms against any one common quantile.
fn least_common_evidence(a: &Arm, b: &Arm) -> f64 {
    let end = |arm: &Arm| arm.sorted[arm.easiest.floor() as usize];
    let start = |arm: &Arm| arm.sorted[arm.easiest.ceil() as usize - 1];
    let (first, second) = if end(a) <= end(b) { (a, b) } else { (b, a) };
    let both = |x: f64| first.against(x) + second.against(x);
    let (from, to) = (end(first), start(second));
    let mut least = both(from).min(both(to));
    // In between, the evidence of the second arm drops at each of its values, that of the first
    // rises after each of its own: the least is at a value of the second.
    let begin = second.sorted.partition_point(|value| *value <= from);
    let mut at = begin;
    while at < second.sorted.len() && second.sorted[at] <= to {
        let x = second.sorted[at];
        least = least.min(both(x));
        at += second.sorted[at..].partition_point(|value| *value <= x);
    }
    least
}

/// The least change from a's quantile to b's that both arms together do not speak against.
///
/// b's quantile as low and a's as high as the threshold allows, the evidence shared between them:
/// every possible count below a's quantile is tried, with the lowest place it leaves for b's.
fn least_change(a: &Arm, b: &Arm, threshold: f64, comparison: Comparison) -> f64 {
    let from = a.easiest.floor() as usize;
    let easiest = b.easiest.ceil() as usize;
    let mut least = f64::INFINITY;
    // The further a's quantile is moved up, the less is left for b's to be moved down.
    let mut lowest = 0;
    for count in from..=a.sorted.len() {
        let left = threshold - a.evidence(a.easiest.max(count as f64));
        if left <= b.least {
            break;
        }
        while lowest < easiest && b.evidence(lowest as f64) >= left {
            lowest += 1;
        }
        // The highest x with `count` values below it, and the lowest with `lowest` at most it.
        let (Some(high), Some(low)) = (
            a.sorted.get(count),
            lowest.checked_sub(1).map(|at| b.sorted[at]),
        ) else {
            return comparison.unbounded();
        };
        least = least.min(comparison.change(*high, low));
    }
    least
}

#[cfg(test)]
mod tests;
