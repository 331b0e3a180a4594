//! Values, whatever their distribution: the bulk by ranks, the worst by the tail.

use super::tail::{self, Finding, Tail};
use super::{
    Compared, Judgement, Looks, Method, Reason, Rule, Verdict, Worse, doubt, relative, share, ties,
    without_data,
};
use crate::numeric::normal_sf;
use crate::rank::Pair;
use crate::{Alpha, Failure, Interval, InvalidInput, Side, sequential};

const EVERYTHING: Interval = Interval {
    lo: f64::NEG_INFINITY,
    hi: f64::INFINITY,
};

pub(super) fn judge(
    control: &[f64],
    canary: &[f64],
    rule: &Rule,
) -> Result<Judgement, InvalidInput> {
    crate::guard::finite_values("control", control)?;
    crate::guard::finite_values("canary", canary)?;
    let n = [control.len() as u64, canary.len() as u64];
    let pair = match Pair::new(canary, control) {
        Ok(pair) => pair,
        Err(Failure::CannotCompute(_)) => return Ok(without_data(n, Method::MannWhitney, rule)),
        Err(Failure::Invalid(invalid)) => return Err(invalid),
    };
    let mut judgement = judged(&pair, n, rule)?;
    if tells_no_change(&pair, &judgement) {
        let means = means(&pair);
        judgement.means = Some(means);
        if let Reason::Open { tolerance, .. } = judgement.reason {
            judgement.reason = Reason::Unbounded { means, tolerance };
        }
    }
    Ok(judgement)
}

fn judged(pair: &Pair, n: [u64; 2], rule: &Rule) -> Result<Judgement, InvalidInput> {
    // Half of the level for the bulk, half for the tail.
    let half = rule.alpha.get() / 2.0;
    let Bulk {
        effect,
        interval,
        recorded,
        chance,
    } = bulk(pair, rule, half)?;
    let compared = Compared {
        n,
        effect,
        interval,
        method: Method::MannWhitney,
        alpha: rule.alpha.get(),
    };
    let least = n[0].min(n[1]);
    if least < rule.min_sample {
        let wanted = rule.min_sample;
        return Ok(compared.with(Verdict::Inconclusive, Reason::TooFew { least, wanted }));
    }
    let tails: &[Tail] = match rule.worse {
        Worse::Higher => &[Tail::Upper],
        Worse::Lower => &[Tail::Lower],
        Worse::Either => &[Tail::Upper, Tail::Lower],
    };
    let doubt_of_a_pass = || {
        tails
            .iter()
            .find_map(|at| doubt::of_a_pass(pair, *at, rule))
    };
    if is_one_value(pair) {
        return Ok(match doubt_of_a_pass() {
            Some(reason) => compared.with(Verdict::Inconclusive, reason),
            None => compared.with(Verdict::Pass, Reason::Constant),
        });
    }
    let (verdict, reason) = rule.held_against(compared.effect, compared.interval);
    if verdict == Verdict::Fail {
        return Ok(compared.with(verdict, reason));
    }
    if let Some(chance) = chance
        && let Some(pairs) = ties::worse(pair, rule, chance)
    {
        let reason = Reason::Ranks {
            pairs,
            means: means(pair),
            tolerance: rule.tolerance,
        };
        return Ok(compared.with(Verdict::Fail, reason));
    }
    let mut doubt = None;
    for tail in tails {
        match tail::compare(pair, *tail, rule, half / tails.len() as f64)? {
            Finding::Worse(change) => return Ok(compared.with(Verdict::Fail, Reason::Tail(change))),
            Finding::Doubtful(change) => doubt = Some(Reason::TailInDoubt(change)),
            Finding::Nothing => {}
        }
    }
    if let Some(ties::Most { value, share }) = ties::most(pair) {
        let means = means(pair);
        let reason = Reason::MostlyEqual {
            value,
            share,
            means,
        };
        return Ok(compared.with(Verdict::Inconclusive, reason));
    }
    if verdict == Verdict::Inconclusive && rule.held_against(effect, recorded).0 == Verdict::Pass {
        let tolerance = rule.tolerance;
        let reason = Reason::Coarse {
            effect,
            interval,
            tolerance,
        };
        return Ok(compared.with(Verdict::Inconclusive, reason));
    }
    if verdict == Verdict::Pass
        && let Some(reason) = doubt.or_else(doubt_of_a_pass)
    {
        return Ok(compared.with(Verdict::Inconclusive, reason));
    }
    Ok(compared.with(verdict, reason))
}

/// Whether the change is no more known than before, or is the 0 between two medians that are one value because it
/// fills most of both arms, or because the values are in steps and the ranks are worse all the same.
fn tells_no_change(pair: &Pair, judgement: &Judgement) -> bool {
    let never_negative = pair.a()[0] >= 0.0 && pair.b()[0] >= 0.0;
    let everything = judgement.interval.is_some_and(|Interval { lo, hi }| {
        hi == f64::INFINITY && (lo == f64::NEG_INFINITY || (never_negative && lo <= -1.0))
    });
    let by_ranks = matches!(judgement.reason, Reason::Ranks { .. });
    let zero = judgement.effect == Some(0.0) && !is_one_value(pair);
    everything || (zero && (by_ranks || is_middle_of_both(pair)))
}

/// Whether the value that fills most of both arms is the median of each.
fn is_middle_of_both(pair: &Pair) -> bool {
    let middle = |sorted: &[f64]| [sorted[(sorted.len() - 1) / 2], sorted[sorted.len() / 2]];
    ties::most(pair).is_some_and(|most| {
        let medians = [middle(pair.a()), middle(pair.b())];
        medians.as_flattened().iter().all(|x| *x == most.value)
    })
}

/// Of control and canary.
fn means(pair: &Pair) -> [f64; 2] {
    [pair.b(), pair.a()].map(|values| {
        let n = values.len() as f64;
        let sum: f64 = values.iter().sum();
        if sum.is_finite() {
            sum / n
        } else {
            values.iter().map(|x| x / n).sum()
        }
    })
}

/// What ranks say of the bulk.
struct Bulk {
    effect: f64,
    interval: Interval,
    /// The interval if equal values were equal, to every digit.
    recorded: Interval,
    /// Where both arms have values in common: the chance that is left for [`ties::worse`], on each side.
    chance: Option<f64>,
}

/// By which share the canary's values differ from the baseline's, with an interval at `alpha`.
///
/// Where all values are above 0, by their logarithms: ranks do not notice them, and the shift between
/// them is a factor between the values (Hodges & Lehmann 1963, of ln x), exact for a change of scale and
/// free of the unit. Others are held against the baseline's median, which has to be estimated itself:
/// shift and median get half of the level each, and the share is as far out as both ends allow.
fn bulk(pair: &Pair, rule: &Rule, alpha: f64) -> Result<Bulk, InvalidInput> {
    if pair.a()[0] > 0.0 && pair.b()[0] > 0.0 {
        let logs = |values: &[f64]| -> Vec<f64> { values.iter().map(|x| libm::log(*x)).collect() };
        let Ok(logs) = Pair::new(&logs(pair.a()), &logs(pair.b())) else {
            return Ok(Bulk {
                effect: f64::NAN,
                interval: EVERYTHING,
                recorded: EVERYTHING,
                chance: None,
            });
        };
        let shifted = shifted(&logs, rule, alpha)?;
        let of = |log: f64| libm::expm1(log);
        let both = |logs: Interval| Interval {
            lo: of(logs.lo),
            hi: of(logs.hi),
        };
        return Ok(Bulk {
            effect: of(shifted.estimate),
            interval: both(shifted.interval),
            recorded: both(shifted.recorded),
            chance: shifted.chance,
        });
    }
    let shifted = shifted(pair, rule, alpha / 2.0)?;
    let baseline = share::size_of_median(pair.b(), rule, alpha / 2.0)?;
    Ok(Bulk {
        effect: relative(shifted.estimate, median(pair.b()).abs()),
        interval: share::of(shifted.interval, baseline),
        recorded: share::of(shifted.recorded, baseline),
        chance: shifted.chance,
    })
}

/// A shift; the fields as of [`Bulk`].
struct Shifted {
    estimate: f64,
    interval: Interval,
    recorded: Interval,
    chance: Option<f64>,
}

/// The Hodges-Lehmann shift with its interval at the looks that the rule asks for, as wide as equal values
/// in both arms leave it: where values are recorded in steps, a test of a shift between distributions without steps
/// may end in a single point that holds no truth.
fn shifted(pair: &Pair, rule: &Rule, alpha: f64) -> Result<Shifted, InvalidInput> {
    let recorded = shifted_as_recorded(pair, rule, alpha)?;
    let Some(apart) = ties::apart(pair) else {
        return Ok(Shifted {
            estimate: recorded.0,
            interval: recorded.1,
            recorded: recorded.1,
            chance: None,
        });
    };
    let lowest = shifted_as_recorded(&apart.lowest, rule, alpha)?.1;
    let highest = shifted_as_recorded(&apart.highest, rule, alpha)?.1;
    let chance = match rule.looks {
        Looks::One => alpha / 2.0,
        Looks::Any => normal_sf(critical(size(pair), rule, alpha)),
    };
    Ok(Shifted {
        estimate: recorded.0,
        interval: Interval {
            lo: lowest.lo,
            hi: highest.hi,
        },
        recorded: recorded.1,
        chance: Some(chance),
    })
}

fn shifted_as_recorded(
    pair: &Pair,
    rule: &Rule,
    alpha: f64,
) -> Result<(f64, Interval), InvalidInput> {
    let (shift, level) = match rule.looks {
        Looks::One => (pair.shift(Alpha::new(alpha)?, Side::Two), 1.0 - alpha),
        Looks::Any => {
            let z = critical(size(pair), rule, alpha);
            (pair.shift_beyond(z, Side::Two), 1.0 - 2.0 * normal_sf(z))
        }
    };
    // An interval that has not the level it should says nothing beyond its estimate.
    let interval = if shift.coverage < level {
        EVERYTHING
    } else {
        shift.interval
    };
    Ok((shift.estimate, interval))
}

/// How many values there are in both.
fn size(pair: &Pair) -> f64 {
    (pair.a().len() + pair.b().len()) as f64
}

/// The critical value of [`sequential::asymptotic`] for `n` values, tuned to the rule. The rank statistic
/// is a standardised mean up to terms that vanish (Hájek's projection).
fn critical(n: f64, rule: &Rule, alpha: f64) -> f64 {
    // Tightest a little above the smallest sample on which there may be a verdict.
    let tuned = 4.0 * rule.min_sample.max(25) as f64;
    sequential::critical(sequential::time(n, alpha, tuned), alpha)
}

fn median(sorted: &[f64]) -> f64 {
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 {
        sorted[middle]
    } else {
        sorted[middle - 1] / 2.0 + sorted[middle] / 2.0
    }
}

fn is_one_value(pair: &Pair) -> bool {
    let is_constant = |sorted: &[f64]| sorted[0] == sorted[sorted.len() - 1];
    pair.a()[0] == pair.b()[0] && is_constant(pair.a()) && is_constant(pair.b())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_critical_value_is_least_near_four_times_the_smallest_sample() {
        let rule = Rule::default();
        // Worked out apart at Nρ² = −2·ln 0.05 + ln(1 − 2·ln 0.05), for which 4·25 observations are.
        assert!((critical(100.0, &rule, 0.05) - 3.035_208_990_376_253).abs() < 1e-12);
        let larger = Rule {
            min_sample: 50,
            ..rule
        };
        assert!((critical(200.0, &larger, 0.05) - 3.035_208_990_376_253).abs() < 1e-12);
        assert!(
            critical(20.0, &rule, 0.05) > 3.035_208_990_376_253
                && critical(1e5, &rule, 0.05) > 3.035_208_990_376_253
        );
    }

    #[test]
    fn medians_are_of_odd_and_even_samples() {
        assert_eq!(median(&[1.0, 5.0, 7.0]), 5.0);
        assert_eq!(median(&[1.0, 5.0, 8.0, 9.0]), 6.5);
    }
}
