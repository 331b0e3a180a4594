//! What withholds a pass, though the bulk is tolerated. Nothing is failed by it, so it has no part of the level.
//!
//! The interval of a shift speaks for all values only while the arms differ by a shift. Where a few per cent are
//! far out, or one of two modes grows, it is narrow and tolerable beside quantiles that are neither.

use super::tail::{self, Tail, beyond, exceedance, upright};
use super::{Reason, Rule, TailChange};
use crate::rank::Pair;

/// The last hundredth of the baseline is where the canary's worst values are looked for.
const WORST: f64 = 0.99;

/// How many of the canary's values must be shown not to lie there.
const TOLERATED: f64 = 0.1;

/// The shares against which [`TOLERATED`] is tested, with their weights. Nearly all is for none at all, which is what
/// a canary as good as its baseline shows; the rest keeps a stray value from withholding a pass for long.
const SHARES: [(f64, f64); 4] = [(0.0, 0.85), (0.01, 0.05), (0.03, 0.05), (0.05, 0.05)];

/// Why the canary may not pass yet, as far as one of its tails goes.
pub(super) fn of_a_pass(pair: &Pair, tail: Tail, rule: &Rule) -> Option<Reason> {
    let (canary, control) = upright(pair, tail);
    let (worst, rank) = beyond(&canary, &control, WORST, rule);
    let chance = exceedance(canary.len(), control.len(), rank, worst.beyond as usize);
    if chance < tail::DOUBT {
        return Some(Reason::TailInDoubt(worst.seen_from(tail)));
    }
    if let Some(anywhere) = anywhere(&canary, &control, rule) {
        return Some(Reason::TailInDoubt(anywhere.seen_from(tail)));
    }
    let few = evidence_of_few(worst.beyond as f64, worst.of as f64) >= 1.0 / rule.alpha.get();
    (!few).then(|| Reason::TailUnseen(worst.seen_from(tail)))
}

/// Where the canary's values look worse than the baseline's and the tolerance, by the one-sided
/// two-sample test of Smirnov: the chance of a distance D is at most about exp(−2·D²·mn/(m + n)) (Hodges,
/// Arkiv för Matematik 3, 1958, section 3), below that with ties.
fn anywhere(canary: &[f64], control: &[f64], rule: &Rule) -> Option<TailChange> {
    let (m, n) = (canary.len() as f64, control.len() as f64);
    // What is below 0 is turned over by a tolerance above 1.
    let mut tolerated: Vec<f64> = control
        .iter()
        .map(|value| value + rule.tolerance * value.abs())
        .collect();
    tolerated.sort_unstable_by(f64::total_cmp);
    let mut passed = 0;
    let mut most = (0.0, 0, 0);
    for (at, value) in tolerated.iter().enumerate() {
        // Of equal values the last one has the whole step below it.
        if tolerated.get(at + 1) == Some(value) {
            continue;
        }
        while canary.get(passed).is_some_and(|seen| seen <= value) {
            passed += 1;
        }
        let distance = (at + 1) as f64 / n - passed as f64 / m;
        if distance > most.0 {
            most = (distance, at + 1, canary.len() - passed);
        }
    }
    let (distance, rank, beyond) = most;
    let chance = libm::exp(-2.0 * distance * distance * m * n / (m + n));
    (chance < tail::DOUBT).then(|| TailChange {
        q: (100.0 * rank as f64 / n).round() / 100.0,
        beyond: beyond as u64,
        of: canary.len() as u64,
    })
}

/// The evidence that less than [`TOLERATED`] of all values are like the `x` of `n`: a mixture of
/// likelihood ratios, which exceeds 1/α at any look with a chance of at most α while as many are (Ville's
/// inequality; Wald 1945). That is of a bound fixed beforehand; the baseline's quantile, which stands in for it, is
/// estimated and moves.
fn evidence_of_few(x: f64, n: f64) -> f64 {
    // Of many values one factor is beyond what a float holds and the other below it: only their product counts.
    let ln_ratio = |share: f64, tolerated: f64, times: f64| {
        if times == 0.0 {
            0.0
        } else {
            times * libm::log(share / tolerated)
        }
    };
    SHARES
        .iter()
        .map(|(share, weight)| {
            let worse = ln_ratio(*share, TOLERATED, x);
            let others = ln_ratio(1.0 - share, 1.0 - TOLERATED, n - x);
            weight * libm::exp(worse + others)
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_worse_in_thirty_shows_that_less_than_a_tenth_is() {
        // 0.9^30 is 4.2%, of which the weight of "none" makes 5.0%; 0.9^28 is 5.2%.
        assert!(evidence_of_few(0.0, 30.0) >= 20.0);
        assert!(evidence_of_few(0.0, 28.0) < 20.0);
        assert!(evidence_of_few(1.0, 46.0) < 20.0);
        assert!(evidence_of_few(1.0, 100.0) > 20.0);
    }

    #[test]
    fn any_number_of_values_tells_a_hundredth_from_a_tenth() {
        for n in [1e3, 1e5, 1e9, 1e15] {
            assert!(evidence_of_few(0.01 * n, n) > 1e10, "{n}");
            assert!(evidence_of_few(0.2 * n, n) < 1e-10, "{n}");
        }
    }

    #[test]
    fn a_tenth_is_taken_for_less_with_its_chance_and_no_more() {
        // The mean of the evidence at a tenth is 1, at every size; more makes it less.
        for n in [1_u32, 7, 40] {
            let mean = |p: f64| -> f64 {
                (0..=n)
                    .map(|x| {
                        let ways =
                            (0..x).fold(1.0, |all, i| all * f64::from(n - i) / f64::from(i + 1));
                        let chance = ways * p.powi(x as i32) * (1.0 - p).powi((n - x) as i32);
                        chance * evidence_of_few(f64::from(x), f64::from(n))
                    })
                    .sum()
            };
            assert!((mean(0.1) - 1.0).abs() < 1e-12);
            assert!(mean(0.11) < 1.0 && mean(0.09) > 1.0);
        }
    }

    #[test]
    fn a_mode_that_grows_below_every_tail_is_seen() {
        // Three tenths of the baseline are slow, half of the canary.
        let of = |slow: usize| -> Vec<f64> {
            (0..100)
                .map(|i| {
                    if i < 100 - slow {
                        10.0 + i as f64 / 100.0
                    } else {
                        50.0 + i as f64 / 100.0
                    }
                })
                .collect()
        };
        let rule = Rule::default();
        // scipy.stats.ks_2samp of two such samples without ties: D = 0.2, asymptotically exp(−2·0.04·50) = 1.8%.
        let found = anywhere(&of(50), &of(30), &rule).unwrap();
        assert_eq!((found.q, found.beyond, found.of), (0.7, 50, 100));
        // exp(−2·0.01·50) = 37%.
        assert!(anywhere(&of(40), &of(30), &rule).is_none());
        assert!(anywhere(&of(30), &of(50), &rule).is_none());
    }
}
