//! The exact distribution of U where no value occurs twice.

/// How often each value of U occurs among all `C(m + n, m)` arrangements of two samples, counted in
/// whole numbers.
///
/// The counts are the coefficients of the Gaussian binomial `∏ᵢ (1 − q^(n+i)) / (1 − q^i)`, i = 1…m
/// (Mann & Whitney 1947; Andrews, *The Theory of Partitions*, §3.2). They are symmetric, so the
/// lower half is enough.
pub(super) struct ExactU {
    /// `cumulative[u]`: arrangements with U ≤ u, for u up to half of `pairs`.
    cumulative: Vec<u128>,
    arrangements: u128,
    pairs: u64,
}

/// What quotients of counts may differ by from the decimals that levels are given in.
const ROUNDING: f64 = 10.0 * f64::EPSILON;

/// Beyond this many pairs the normal approximation is used, and good to more digits than matter.
const MOST_PAIRS: u64 = 10_000;

impl ExactU {
    /// `None` where the counting would take too long or too many digits.
    pub(super) fn new(m: usize, n: usize) -> Option<Self> {
        let (small, large) = (m.min(n) as u64, m.max(n) as u64);
        let pairs = small
            .checked_mul(large)
            .filter(|pairs| *pairs <= MOST_PAIRS)?;
        let arrangements = binomial(small + large, small)?;
        let half = (pairs / 2) as usize;
        let mut counts = vec![0_u128; half + 1];
        counts[0] = 1;
        for i in 1..=small as usize {
            let lifted = large as usize + i;
            // Between the two steps a coefficient may wrap below zero; the second brings it back.
            for u in (lifted..=half).rev() {
                counts[u] = counts[u].wrapping_sub(counts[u - lifted]);
            }
            for u in i..=half {
                counts[u] = counts[u].wrapping_add(counts[u - i]);
            }
        }
        let mut total = 0;
        for count in &mut counts {
            total += *count;
            *count = total;
        }
        Some(Self {
            cumulative: counts,
            arrangements,
            pairs,
        })
    }

    /// P(U ≤ u).
    pub(super) fn at_most(&self, u: u64) -> f64 {
        if u >= self.pairs {
            return 1.0;
        }
        match self.cumulative.get(u as usize) {
            Some(count) => *count as f64 / self.arrangements as f64,
            None => {
                let above = self.cumulative[(self.pairs - u - 1) as usize];
                (self.arrangements - above) as f64 / self.arrangements as f64
            }
        }
    }

    /// P(U ≥ u).
    pub(super) fn at_least(&self, u: u64) -> f64 {
        if u > self.pairs {
            return 0.0;
        }
        self.at_most(self.pairs - u)
    }

    /// The smallest u with P(U ≤ u) ≥ p, as R's `qwilcox` with its allowance for rounding.
    pub(super) fn quantile(&self, p: f64) -> u64 {
        let p = p - ROUNDING;
        let (mut lo, mut hi) = (0, self.pairs);
        while lo < hi {
            let middle = lo + (hi - lo) / 2;
            if self.at_most(middle) < p {
                lo = middle + 1;
            } else {
                hi = middle;
            }
        }
        lo
    }

    /// How many values of U, from 0 on, a test with this much in its lower tail rejects.
    pub(super) fn rejected(&self, tail: f64) -> u64 {
        let first = self.quantile(tail);
        first + u64::from(self.at_most(first) <= tail + ROUNDING)
    }
}

/// `n` over `k`, where it fits.
fn binomial(n: u64, k: u64) -> Option<u128> {
    let mut value = 1_u128;
    for i in 1..=u128::from(k) {
        // i consecutive factors divide by i!; divided before multiplied, so that nothing overflows
        // which fits in the end.
        let factor = u128::from(n - k) + i;
        value = (value / i).checked_mul(factor)? + value % i * factor / i;
    }
    (value < 1 << 126).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts by walking over every arrangement.
    fn walked(m: u32, n: u32) -> Vec<u64> {
        let mut counts = vec![0; (m * n + 1) as usize];
        for mask in 0..1_u32 << (m + n) {
            if mask.count_ones() == m {
                let mut below = 0;
                let mut u = 0;
                for place in 0..m + n {
                    if mask >> place & 1 == 1 {
                        u += below;
                    } else {
                        below += 1;
                    }
                }
                counts[u as usize] += 1;
            }
        }
        counts
    }

    #[test]
    fn counts_are_those_of_all_arrangements() {
        for (m, n) in [(1, 1), (1, 5), (2, 3), (3, 3), (4, 5), (6, 4), (7, 7)] {
            let counts = walked(m, n);
            let total: u64 = counts.iter().sum();
            let exact = ExactU::new(m as usize, n as usize).unwrap();
            let mut sum = 0;
            for (u, count) in counts.iter().enumerate() {
                let upper = (total - sum) as f64 / total as f64;
                assert_eq!(exact.at_least(u as u64), upper, "{m} {n} {u}");
                sum += count;
                assert_eq!(
                    exact.at_most(u as u64),
                    sum as f64 / total as f64,
                    "{m} {n} {u}"
                );
            }
            assert_eq!(exact.at_least(u64::from(m * n) + 1), 0.0);
        }
    }

    #[test]
    fn quantiles_are_those_of_r() {
        // qwilcox(0.025, m, n)
        for (m, n, expected) in [
            (4, 4, 1),
            (5, 5, 3),
            (10, 10, 24),
            (20, 20, 128),
            (49, 49, 925),
            (3, 3, 0),
        ] {
            assert_eq!(
                ExactU::new(m, n).unwrap().quantile(0.025),
                expected,
                "{m} {n}"
            );
        }
        assert_eq!(
            ExactU::new(3, 3).unwrap().quantile(0.05),
            0,
            "P(U ≤ 0) is 1/20 exactly"
        );
    }

    #[test]
    fn binomials_are_whole_and_bounded() {
        assert_eq!(binomial(10, 3), Some(120));
        assert_eq!(
            binomial(128, 64),
            Some(23_951_146_041_928_082_866_135_587_776_380_551_750)
        );
        assert_eq!(binomial(130, 65), None);
    }

    #[test]
    fn what_is_too_large_is_left_to_the_approximation() {
        assert!(ExactU::new(64, 64).is_some());
        assert!(ExactU::new(65, 65).is_none());
        assert!(ExactU::new(8, 1250).is_some());
        assert!(ExactU::new(8, 1251).is_none());
        assert!(ExactU::new(100, 100).is_none());
        assert!(ExactU::new(usize::MAX, usize::MAX).is_none());
    }
}
