//! Whether the worst values of the canary are worse than those of the baseline.

use super::{Looks, Rule, TailChange};
use crate::Failure;
use crate::numeric::{ln_beta, quantile_rank};
use crate::rank::Pair;
use crate::sequential::{Comparison, QuantileTest, Tuning};
use crate::{Alpha, InvalidInput};
use std::borrow::Cow;

/// Where the tail begins: a tenth of the values lie in it.
const UPPER: f64 = 0.9;

/// At which chance a tail is thought to be worse, though that is not shown.
pub(super) const DOUBT: f64 = 0.05;

/// Which tail, as seen from the metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tail {
    Upper,
    Lower,
}

/// What the tail says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Finding {
    Worse(TailChange),
    Doubtful(TailChange),
    Nothing,
}

/// Compares a tail of the canary (a of the pair) with that of the baseline at level `alpha`.
///
/// The baseline's quantile is moved by the tolerance. For one look: how many values of the canary lie
/// beyond that order statistic, which without any difference has an exact, hypergeometric chance (the
/// precedence test; Balakrishnan & Ng, *Precedence-Type Tests and Applications*, 2006, part A). For any
/// number of looks: the sequential comparison of the two quantiles.
pub(super) fn compare(
    pair: &Pair,
    tail: Tail,
    rule: &Rule,
    alpha: f64,
) -> Result<Finding, InvalidInput> {
    let (canary, control) = upright(pair, tail);
    let (canary, control) = (&canary[..], &control[..]);
    let (change, rank) = beyond(canary, control, UPPER, rule);
    let chance = exceedance(canary.len(), control.len(), rank, change.beyond as usize);
    let change = change.seen_from(tail);
    let worse = match rule.looks {
        Looks::One => chance < alpha,
        Looks::Any => shifted(canary, control, rule.tolerance, alpha)?,
    };
    Ok(if worse {
        Finding::Worse(change)
    } else if chance < DOUBT {
        Finding::Doubtful(change)
    } else {
        Finding::Nothing
    })
}

/// Canary and control so that higher is worse: the lower tail is the upper tail of the values with their signs
/// turned.
pub(super) fn upright(pair: &Pair, tail: Tail) -> (Cow<'_, [f64]>, Cow<'_, [f64]>) {
    let turned = |values: &[f64]| values.iter().rev().map(|value| 0.0 - value).collect();
    match tail {
        Tail::Upper => (pair.a().into(), pair.b().into()),
        Tail::Lower => (turned(pair.a()), turned(pair.b())),
    }
}

/// How many values of the canary lie beyond the control's quantile `q` and the tolerance, and the rank of
/// that quantile.
pub(super) fn beyond(canary: &[f64], control: &[f64], q: f64, rule: &Rule) -> (TailChange, usize) {
    let rank = quantile_rank(q, control.len() as u64) as usize;
    let start = control[rank - 1];
    let margin = rule.tolerance * start.abs();
    let beyond = canary.len() - canary.partition_point(|value| *value <= start + margin);
    let change = TailChange {
        q,
        beyond: beyond as u64,
        of: canary.len() as u64,
    };
    (change, rank)
}

impl TailChange {
    /// A quantile of values with their signs turned is the opposite one of the values.
    pub(super) fn seen_from(self, tail: Tail) -> Self {
        match tail {
            Tail::Upper => self,
            Tail::Lower => Self {
                q: (100.0 - 100.0 * self.q) / 100.0,
                ..self
            },
        }
    }
}

/// Whether the canary's quantile is above the baseline's and the tolerance, at every look.
fn shifted(
    canary: &[f64],
    control: &[f64],
    tolerance: f64,
    alpha: f64,
) -> Result<bool, InvalidInput> {
    let tuning = Tuning {
        v_opt: 1_000.0,
        alpha_opt: 0.05,
    };
    let test = QuantileTest::new(UPPER, tuning)?;
    // Both sides share the level, and nothing says that one of them has only half of it.
    let alpha = Alpha::new(alpha)?;
    let moved: Vec<f64> = control
        .iter()
        .map(|value| value + tolerance * value.abs())
        .collect();
    match test.compare(&moved, canary, Comparison::Difference, alpha) {
        Ok(change) => Ok(change.interval.lo > 0.0),
        Err(Failure::Invalid(invalid)) => Err(invalid),
        Err(Failure::CannotCompute(_)) => Ok(false),
    }
}

/// The chance that at least `beyond` of `m` values exceed the `rank`-th smallest of `n` others from the
/// same distribution: that among the highest `beyond + n − rank` of all, at most `n − rank` are others.
pub(super) fn exceedance(m: usize, n: usize, rank: usize, beyond: usize) -> f64 {
    let (m, n, spared) = (m as f64, n as f64, (n - rank) as f64);
    let drawn = beyond as f64 + spared;
    let ln_all = ln_choose(m + n, drawn);
    let mut chance = 0.0;
    let mut others = (drawn - m).max(0.0);
    while others <= spared {
        chance += libm::exp(ln_choose(n, others) + ln_choose(m, drawn - others) - ln_all);
        others += 1.0;
    }
    chance.min(1.0)
}

/// ln of `n` over `k`.
fn ln_choose(n: f64, k: f64) -> f64 {
    -libm::log1p(n) - ln_beta(n - k + 1.0, k + 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exceedance_counts_arrangements() {
        // scipy.stats.hypergeom.cdf(1, 20, 10, 8)
        assert!((exceedance(10, 10, 9, 7) - 1245.0 / 125_970.0).abs() < 1e-14);
        assert!((exceedance(10, 10, 10, 10) - 1.0 / 184_756.0).abs() < 1e-18);
        assert!((exceedance(10, 10, 9, 0) - 1.0).abs() < 1e-14);
        assert!((exceedance(3, 1, 1, 1) - 0.75).abs() < 1e-14);
        assert!((exceedance(2, 40, 36, 2) - (15.0 / 861.0)).abs() < 1e-13);
    }

    fn found(control: &[f64], canary: &[f64], rule: &Rule, alpha: f64) -> Finding {
        let pair = Pair::new(canary, control).unwrap();
        compare(&pair, Tail::Upper, rule, alpha).unwrap()
    }

    fn rule(looks: Looks, tolerance: f64) -> Rule {
        Rule {
            looks,
            tolerance,
            ..Rule::default()
        }
    }

    #[test]
    fn the_tail_begins_above_the_value_at_nine_tenths() {
        // The 18th of 20 is 18: what is 18.5 lies beyond, what is 18 does not.
        let control: Vec<f64> = (1..=20).map(f64::from).collect();
        let canary = [[18.0; 10], [18.5; 10]].concat();
        let got = found(&control, &canary, &rule(Looks::One, 0.0), 0.5);
        let change = match got {
            Finding::Worse(change) => change,
            _ => panic!("ten of twenty are no chance"),
        };
        assert_eq!((change.beyond, change.of, change.q), (10, 20, 0.9));
    }

    #[test]
    fn a_chance_of_exactly_alpha_is_none_too_small() {
        let control: Vec<f64> = (1..=10).map(f64::from).collect();
        let canary = [[1.0; 3].as_slice(), &[50.0; 7]].concat();
        let alpha = exceedance(10, 10, 9, 7);
        let rule = rule(Looks::One, 0.0);
        assert!(!matches!(
            found(&control, &canary, &rule, alpha),
            Finding::Worse(_)
        ));
        let above = alpha * 1.000_001;
        assert!(matches!(
            found(&control, &canary, &rule, above),
            Finding::Worse(_)
        ));
    }

    #[test]
    fn at_every_look_a_tail_is_worse_only_beyond_the_tolerance() {
        let control: Vec<f64> = (0..3_000).map(|i| 100.0 + f64::from(i) / 30.0).collect();
        let by = |factor: f64| -> Vec<f64> { control.iter().map(|x| x * factor).collect() };
        let at =
            |factor, tolerance| found(&control, &by(factor), &rule(Looks::Any, tolerance), 0.025);
        assert!(matches!(at(1.5, 0.1), Finding::Worse(_)));
        assert!(matches!(at(1.5, 0.6), Finding::Nothing));
        // Equal values are not worse, by however little.
        let still = vec![5.0; 3_000];
        let equal = found(&still, &still, &rule(Looks::Any, 0.0), 0.025);
        assert!(matches!(equal, Finding::Nothing));
    }

    #[test]
    fn exceedance_by_walking_over_every_arrangement() {
        let (m, n) = (4_u32, 5_u32);
        for rank in 1..=n {
            for beyond in 0..=m {
                let (mut hits, mut all) = (0_u32, 0_u32);
                for mask in 0..1_u32 << (m + n) {
                    if mask.count_ones() != m {
                        continue;
                    }
                    all += 1;
                    // Bits from the lowest value up; a 1 is one of the m.
                    let (mut others, mut above) = (0, 0);
                    for place in 0..m + n {
                        if mask >> place & 1 == 0 {
                            others += 1;
                        } else if others >= rank {
                            above += 1;
                        }
                    }
                    hits += u32::from(above >= beyond);
                }
                let got = exceedance(m as usize, n as usize, rank as usize, beyond as usize);
                assert!(
                    (got - f64::from(hits) / f64::from(all)).abs() < 1e-13,
                    "{rank} {beyond}"
                );
            }
        }
    }
}
