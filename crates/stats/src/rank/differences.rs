//! The k-th smallest of all pairwise differences, without forming them.

/// All differences `x − y` of two ascending samples: a matrix whose rows and columns are sorted,
/// of which only the places that matter are ever computed.
///
/// A difference is the rounded one that a program would get which forms them all. Rounding keeps
/// order, so selecting among the rounded differences is exact, at every scale.
pub(super) struct Differences<'a> {
    x: &'a [f64],
    y: &'a [f64],
    /// Where the last few candidates are put; kept between selections.
    candidates: Vec<f64>,
}

impl<'a> Differences<'a> {
    /// Both samples ascending, finite and not empty.
    pub(super) fn new(x: &'a [f64], y: &'a [f64]) -> Self {
        Self {
            x,
            y,
            candidates: Vec::new(),
        }
    }

    pub(super) fn len(&self) -> u64 {
        self.x.len() as u64 * self.y.len() as u64
    }

    pub(super) fn smallest(&self) -> f64 {
        self.x[0] - self.y[self.y.len() - 1]
    }

    pub(super) fn largest(&self) -> f64 {
        self.x[self.x.len() - 1] - self.y[0]
    }

    /// How many differences are at most `bound`: one walk along the staircase, `m + n` steps.
    fn at_most(&self, bound: f64) -> u64 {
        let mut first = 0;
        let mut count = 0_u64;
        for x in self.x {
            while first < self.y.len() && x - self.y[first] > bound {
                first += 1;
            }
            if first == self.y.len() {
                break;
            }
            count += (self.y.len() - first) as u64;
        }
        count
    }

    /// The `rank`-th smallest difference, `rank` from 1 to [`Self::len`].
    ///
    /// A bracket `(lo, hi]` around the answer is halved, in the *number of floats* between its bounds, until
    /// few enough candidates are left to look at each. No data, however lumpy or skewed, takes more than 64
    /// counts. The whole is O(m + n) times a constant after sorting.
    pub(super) fn nth(&mut self, rank: u64) -> f64 {
        debug_assert!(rank >= 1 && rank <= self.len());
        let (mut lo, mut hi) = (self.smallest(), self.largest());
        let mut below = self.at_most(lo);
        if below >= rank {
            return lo + 0.0;
        }
        let mut within = self.len();
        let few = (self.x.len() + self.y.len()) as u64;
        while within - below > few {
            let middle = from_ordinal(midpoint(ordinal(lo), ordinal(hi)));
            if middle == lo {
                return hi + 0.0;
            }
            let count = self.at_most(middle);
            if count >= rank {
                (hi, within) = (middle, count);
            } else {
                (lo, below) = (middle, count);
            }
        }
        self.collect(lo, hi, (within - below) as usize);
        let place = (rank - below - 1) as usize;
        let (_, found, _) = self
            .candidates
            .select_nth_unstable_by(place, f64::total_cmp);
        *found + 0.0
    }

    /// Puts the differences in `(lo, hi]` among the candidates.
    fn collect(&mut self, lo: f64, hi: f64, expected: usize) {
        self.candidates.clear();
        self.candidates.reserve(expected);
        let (mut first, mut last) = (0, 0);
        for x in self.x {
            while first < self.y.len() && x - self.y[first] > hi {
                first += 1;
            }
            while last < self.y.len() && x - self.y[last] > lo {
                last += 1;
            }
            self.candidates
                .extend(self.y[first..last].iter().map(|y| x - y));
        }
    }
}

/// The place of a float among all floats: order is kept, neighbours differ by one.
fn ordinal(value: f64) -> i64 {
    let bits = value.to_bits() as i64;
    bits ^ (((bits >> 63) as u64) >> 1) as i64
}

fn from_ordinal(place: i64) -> f64 {
    f64::from_bits((place ^ (((place >> 63) as u64) >> 1) as i64) as u64)
}

/// The mean rounded down, without overflow.
const fn midpoint(a: i64, b: i64) -> i64 {
    (a & b) + ((a ^ b) >> 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sorted(mut values: Vec<f64>) -> Vec<f64> {
        values.sort_unstable_by(f64::total_cmp);
        values
    }

    fn formed(x: &[f64], y: &[f64]) -> Vec<f64> {
        sorted(
            x.iter()
                .flat_map(|x| y.iter().map(move |y| x - y))
                .collect(),
        )
    }

    fn check_all(x: Vec<f64>, y: Vec<f64>) {
        let (x, y) = (sorted(x), sorted(y));
        let all = formed(&x, &y);
        let mut differences = Differences::new(&x, &y);
        assert_eq!(differences.len(), all.len() as u64);
        let step = 1 + all.len() / 97;
        for (at, expected) in all.iter().enumerate().step_by(step) {
            let got = differences.nth(at as u64 + 1);
            assert_eq!(got, *expected, "rank {} of {}", at + 1, all.len());
        }
        assert_eq!(differences.nth(all.len() as u64), all[all.len() - 1]);
    }

    #[test]
    fn ordinals_keep_order_and_come_back() {
        let values = [f64::MIN, -1.0, -1e-310, -0.0, 0.0, 1e-310, 1.0, f64::MAX];
        for pair in values.windows(2) {
            assert!(ordinal(pair[0]) < ordinal(pair[1]));
        }
        for value in values {
            assert_eq!(from_ordinal(ordinal(value)).to_bits(), value.to_bits());
        }
        assert_eq!(ordinal(1.0) + 1, ordinal(1.0_f64.next_up()));
        assert_eq!(midpoint(-3, 4), 0);
        assert_eq!(midpoint(i64::MAX, i64::MAX - 2), i64::MAX - 1);
        assert_eq!(midpoint(i64::MIN, i64::MAX), -1);
    }

    #[test]
    fn every_rank_is_the_one_among_all_formed() {
        let smooth = |n: u32, seed: f64| (0..n).map(|i| (f64::from(i) * seed).sin()).collect();
        check_all(smooth(40, 1.3), smooth(70, 2.1));
        check_all(smooth(1, 1.3), smooth(300, 2.1));
        check_all(smooth(300, 0.7), smooth(1, 2.1));
    }

    #[test]
    fn ties_constants_and_lumps_do_not_matter() {
        check_all(vec![3.0; 30], vec![3.0; 40]);
        check_all(vec![3.0; 30], vec![-1.0; 40]);
        check_all(
            (0..60).map(|i| f64::from(i % 3)).collect(),
            (0..50).map(|i| f64::from(i % 2)).collect(),
        );
        let lumps = (0..60)
            .map(|i| [0.0, 1e-300, 1e300, 1.0][i % 4])
            .collect::<Vec<_>>();
        check_all(lumps.clone(), lumps.iter().map(|x| -x).collect());
    }

    #[test]
    fn differences_beyond_the_largest_float_still_rank() {
        let x = [-f64::MAX, 0.0, f64::MAX];
        let mut differences = Differences::new(&x, &x);
        assert_eq!(differences.nth(1), f64::NEG_INFINITY);
        assert_eq!(differences.nth(5), 0.0);
        assert_eq!(differences.nth(9), f64::INFINITY);
        let many: Vec<f64> = (0..90).map(|i| x[i % 3]).collect();
        check_all(many.clone(), many);
    }

    #[test]
    fn a_difference_of_nothing_has_no_sign() {
        let (minus, zero) = ([-0.0; 20], [0.0; 20]);
        let mut differences = Differences::new(&minus, &zero);
        assert!(differences.nth(1).is_sign_positive());
        // Also of those that are selected among many, and where two neighbours are all that is left.
        let around = [[-1.0; 20], [-0.0; 20], [5e-324; 20]].concat();
        let mut differences = Differences::new(&around, &zero);
        for rank in [401, 600, 800] {
            let found = differences.nth(rank);
            assert!(
                found == 0.0 && found.is_sign_positive(),
                "{rank}: {found:e}"
            );
        }
    }

    proptest! {
        #[test]
        fn selection_is_the_brute_force(
            x in prop::collection::vec(-1e6..1e6_f64, 1..40),
            y in prop::collection::vec(-1e6..1e6_f64, 1..40),
            scale in -290..290_i32,
            grid in 0..3_u8,
        ) {
            let scale = 10_f64.powi(scale);
            let make = |v: Vec<f64>| v.into_iter().map(|v| {
                let v = match grid { 0 => v, 1 => v.round(), _ => (v / 1e5).round() };
                v * scale
            }).collect::<Vec<_>>();
            check_all(make(x), make(y));
        }
    }
}
