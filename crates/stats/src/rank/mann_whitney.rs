//! Do the values of one arm tend to be greater than those of the other?

use super::{ExactU, Pair, Tails};
use crate::CannotCompute;
use crate::numeric::normal_sf;

/// What the rank test says of two samples a and b.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MannWhitney {
    /// Pairs (a, b) in which a is greater; a tie counts a half.
    pub u_a: f64,
    /// Pairs in which b is greater: `m·n − u_a`.
    pub u_b: f64,
    /// Chances from the normal approximation, corrected for ties and continuity.
    /// "Greater" is: a tends to be greater than b.
    pub asymptotic: Tails,
    /// Chances from the exact distribution: only without ties, and for up to 10,000 pairs.
    pub exact: Option<Tails>,
    /// Common-language effect size: the chance that a value of a exceeds one of b, `u_a / (m·n)`.
    pub cles: f64,
}

impl Pair {
    /// The Mann-Whitney U test: do the values of one arm tend to be greater than those of the other? (Mann &
    /// Whitney, Ann. Math. Statist. 18, 1947; tie correction as in Hollander, Wolfe & Chicken, *Nonparametric
    /// Statistical Methods*, 3rd ed., §4.1.)
    ///
    /// U of an arm counts the pairs in which its value is the greater, a tie as a half. The normal approximation is
    /// `W = (U − mn/2 − ½)/σ`, for two sides with the greater U, with `σ² = (mn/12)·[N + 1 − Σ(t³ − t)/(N(N − 1))]`, where
    /// m and n are the sizes of the arms, N their sum, and t those of the groups of equal values. The same as SciPy's
    /// `mannwhitneyu`. All answers are counts of pairs or chances, whatever the unit of the values.
    ///
    /// # Errors
    ///
    /// [`CannotCompute::NoVariance`] if all values of both arms are equal.
    ///
    /// ```
    /// // Every value of a lies below those of b: one of the 4!·4!/8! = 1/70 orders.
    /// let pair = stats::rank::Pair::new(&[1.1, 2.2, 3.3, 4.4], &[5.5, 6.6, 7.7, 8.8])?;
    /// let test = pair.mann_whitney()?;
    /// assert_eq!((test.u_a, test.u_b), (0.0, 16.0));
    /// assert_eq!(test.exact.unwrap().less, 1.0 / 70.0);
    /// # Ok::<(), stats::Failure>(())
    /// ```
    pub fn mann_whitney(&self) -> Result<MannWhitney, CannotCompute> {
        let ranks = self.ranks();
        if ranks.sigma == 0.0 {
            return Err(CannotCompute::NoVariance);
        }
        let pairs = self.pairs() as f64;
        let u_a = ranks.doubled_u as f64 / 2.0;
        let u_b = pairs - u_a;
        let beyond = |u: f64| normal_sf((u - pairs / 2.0 - 0.5) / ranks.sigma);
        let exact = if ranks.ties {
            None
        } else {
            ExactU::new(self.a.len(), self.b.len()).map(|exact| {
                let u = ranks.doubled_u / 2;
                let mirrored = self.pairs() - u;
                Tails {
                    two_sided: (2.0 * exact.at_least(u.max(mirrored))).min(1.0),
                    greater: exact.at_least(u),
                    less: exact.at_most(u),
                }
            })
        };
        Ok(MannWhitney {
            u_a,
            u_b,
            asymptotic: Tails {
                two_sided: (2.0 * beyond(u_a.max(u_b))).min(1.0),
                greater: beyond(u_a),
                less: beyond(u_b),
            },
            exact,
            cles: u_a / pairs,
        })
    }

    fn ranks(&self) -> Ranks {
        let (mut i, mut j) = (0, 0);
        let mut doubled_u = 0_u64;
        let mut tied = 0_u128;
        loop {
            let value = match (self.a.get(i), self.b.get(j)) {
                (Some(a), Some(b)) => a.min(*b),
                (Some(one), None) | (None, Some(one)) => *one,
                (None, None) => break,
            };
            let in_a = run(&self.a[i..], value);
            let in_b = run(&self.b[j..], value);
            doubled_u += in_a as u64 * (2 * j as u64 + in_b as u64);
            tied += cube_less_one((in_a + in_b) as u128);
            i += in_a;
            j += in_b;
        }
        Ranks {
            doubled_u,
            ties: tied > 0,
            sigma: self.sigma(tied),
        }
    }

    /// The standard deviation of U, from `Σ(t³ − t)` over the groups of equal values. In whole
    /// numbers up to the last step, since nearly all values may be tied.
    fn sigma(&self, tied: u128) -> f64 {
        let total = (self.a.len() + self.b.len()) as u128;
        let untied = cube_less_one(total) - tied;
        let share = untied as f64 / (total * (total - 1)) as f64;
        (self.pairs() as f64 / 12.0 * share).sqrt()
    }

    /// The standard deviation of U between two jumps of the shifted statistic: only ties inside an
    /// arm count there.
    pub(super) fn sigma_within_arms(&self) -> f64 {
        let tied = |sample: &[f64]| -> u128 {
            let mut rest = sample;
            let mut sum = 0;
            while let Some(value) = rest.first() {
                let equal = run(rest, *value);
                sum += cube_less_one(equal as u128);
                rest = &rest[equal..];
            }
            sum
        };
        self.sigma(tied(&self.a) + tied(&self.b))
    }
}

struct Ranks {
    doubled_u: u64,
    ties: bool,
    sigma: f64,
}

/// How many values at the start equal `value`.
fn run(sorted: &[f64], value: f64) -> usize {
    sorted.iter().take_while(|x| **x == value).count()
}

/// t³ − t.
const fn cube_less_one(t: u128) -> u128 {
    t * t * t - t
}
