//! By how much one arm is shifted against the other.

use super::differences::Differences;
use super::{ExactU, Pair};
use crate::numeric::{normal_quantile, normal_sf};
use crate::{Alpha, Interval, Side};

/// The Hodges-Lehmann shift of a against b with its interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shift {
    /// The median of all differences `a − b`, in the unit of the values.
    pub estimate: f64,
    /// The shifts that the test accepts, in the unit of the values.
    pub interval: Interval,
    /// The level the interval really has: at least the one asked for. It is 1, and the interval is
    /// everything, where the samples are so small that even the range of all differences has less.
    pub coverage: f64,
}

/// Up to here, and without ties, R takes the exact distribution of U for the interval.
const EXACT_BELOW: usize = 50;

impl Pair {
    /// The Hodges-Lehmann estimate of a − b and its interval at level `1 − alpha`, both in the unit of the values; a
    /// one-sided interval is open at its other end. It leaves 0 out exactly where the test's p is at most `alpha`; but
    /// where values of both arms are equal, and so differences 0, an end may lie at 0 itself beside such a p: the
    /// test rejects 0 and accepts the shifts next to it, and a closed interval cannot say so.
    ///
    /// With D₁ ≤ … ≤ D_mn the differences in order, the estimate is their median and the interval
    /// `[D_C, D_(mn+1−C)]` (Hodges & Lehmann, Ann. Math. Statist. 34, 1963; Hollander, Wolfe &
    /// Chicken, §4.2 and §4.3). C is the critical rank of the test that the interval inverts, as in
    /// R's `wilcox.test`: from the exact distribution of U below 50 values an arm without ties, else
    /// `C = ⌈mn/2 − ½ − z·σ⌉` with ties inside the arms counted in σ. Other than there, a C below 1 is
    /// not taken for 1: no shift is rejected then, and the interval is everything.
    ///
    /// Exact selection: no root finder, no tolerance, hence the same answer in every unit. A difference that
    /// overflows is ±∞, and so may be an end.
    ///
    /// ```
    /// use stats::{Alpha, Side, rank::Pair};
    /// // qwilcox(.025, 5, 5) is 3: the third smallest and the third largest of the 25 differences.
    /// let pair = Pair::new(&[1.0, 2.0, 4.0, 8.0, 16.0], &[0.0, 0.25, 0.5, 1.5, 3.0])?;
    /// let shift = pair.shift(Alpha::default(), Side::Two);
    /// assert_eq!(shift.estimate, 3.5);
    /// assert_eq!((shift.interval.lo, shift.interval.hi), (-0.5, 15.5));
    /// assert!((shift.coverage - (1.0 - 2.0 * 4.0 / 252.0)).abs() < 1e-15);
    /// # Ok::<(), stats::Failure>(())
    /// ```
    #[must_use]
    pub fn shift(&self, alpha: Alpha, side: Side) -> Shift {
        let tails = if side == Side::Two { 2.0 } else { 1.0 };
        let tail = alpha.get() / tails;
        let small = self.a.len() < EXACT_BELOW && self.b.len() < EXACT_BELOW;
        let exact = if small && !self.tied() {
            ExactU::new(self.a.len(), self.b.len())
        } else {
            None
        };
        if let Some(exact) = exact {
            let rank = exact.rejected(tail).min(self.pairs());
            return match rank.checked_sub(1) {
                Some(last) => self.between(rank, 1.0 - tails * exact.at_most(last), side),
                None => self.everything(),
            };
        }
        let z = -normal_quantile(tail);
        if self.rank_beyond(z) <= 0.0 {
            return self.everything();
        }
        self.shift_beyond(z, side)
    }

    /// What there is to say of the shift where no shift can be rejected.
    fn everything(&self) -> Shift {
        Shift {
            interval: Interval {
                lo: f64::NEG_INFINITY,
                hi: f64::INFINITY,
            },
            ..self.between(1, 1.0, Side::Two)
        }
    }

    /// C before it is held within the ranks there are.
    fn rank_beyond(&self, z: f64) -> f64 {
        (self.pairs() as f64 / 2.0 - 0.5 - z * self.sigma_within_arms()).ceil()
    }

    /// As [`Self::shift`], always by the normal approximation and for a critical value `z` of the
    /// caller's, such as one that holds at every look: C = ⌈mn/2 − ½ − z·σ⌉, held between 1 and ⌊(mn + 1)/2⌋.
    ///
    /// `z` in standard deviations of U. As R and Kayenta do, a C below 1 is taken for 1 here: ask [`Shift::coverage`]
    /// for what such an interval is worth. NaN does the same; a `z` far below 0 leaves the middle one or two
    /// differences.
    ///
    /// ```
    /// use stats::{Side, rank::Pair};
    /// let pair = Pair::new(&[1.0, 2.0], &[3.0, 5.0])?;
    /// let shift = pair.shift_beyond(9.0, Side::Two);
    /// assert_eq!((shift.interval.lo, shift.interval.hi), (-4.0, -1.0));
    /// assert!(shift.coverage < 0.9);
    /// # Ok::<(), stats::Failure>(())
    /// ```
    #[must_use]
    pub fn shift_beyond(&self, z: f64, side: Side) -> Shift {
        let tails = if side == Side::Two { 2.0 } else { 1.0 };
        let half = self.pairs() as f64 / 2.0;
        let sigma = self.sigma_within_arms();
        let most = (half + 0.5).floor();
        let rank = self.rank_beyond(z).max(1.0).min(most);
        let coverage = 1.0 - tails * normal_sf(((half - rank + 0.5) / sigma).max(0.0));
        self.between(rank as u64, coverage, side)
    }

    fn between(&self, rank: u64, coverage: f64, side: Side) -> Shift {
        let mut differences = Differences::new(&self.a, &self.b);
        let pairs = differences.len();
        let upper_median = differences.nth(pairs / 2 + 1);
        let estimate = if pairs % 2 == 1 {
            upper_median
        } else {
            mean(differences.nth(pairs / 2), upper_median)
        };
        Shift {
            estimate,
            interval: Interval {
                lo: match side {
                    Side::Less => f64::NEG_INFINITY,
                    Side::Two | Side::Greater => differences.nth(rank),
                },
                hi: match side {
                    Side::Greater => f64::INFINITY,
                    Side::Two | Side::Less => differences.nth(pairs + 1 - rank),
                },
            },
            coverage,
        }
    }

    /// Whether any value occurs twice in both arms together.
    fn tied(&self) -> bool {
        let twice = |sorted: &[f64]| sorted.windows(2).any(|pair| pair[0] == pair[1]);
        let shared = || {
            self.a
                .iter()
                .any(|a| self.b.binary_search_by(|b| b.total_cmp(a)).is_ok())
        };
        twice(&self.a) || twice(&self.b) || shared()
    }
}

fn mean(a: f64, b: f64) -> f64 {
    let sum = a + b;
    if sum.is_finite() {
        sum / 2.0
    } else {
        a / 2.0 + b / 2.0
    }
}
