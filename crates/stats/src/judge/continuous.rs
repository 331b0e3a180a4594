//! Values, whatever their distribution: the bulk by ranks, the worst by the tail.

use super::tail::{self, Finding, Tail};
use super::{
    Compared, Judgement, Looks, Method, Reason, Rule, Verdict, Worse, relative, without_data,
};
use crate::rank::Pair;
use crate::{Alpha, Failure, InvalidInput, Side, sequential};

pub(super) fn judge(
    control: &[f64],
    canary: &[f64],
    rule: &Rule,
) -> Result<Judgement, InvalidInput> {
    crate::guard::finite_values("control", control)?;
    crate::guard::finite_values("canary", canary)?;
    let n = [control.len() as u64, canary.len() as u64];
    // Half of the level for the bulk, half for the tail.
    let half = rule.alpha.get() / 2.0;
    let pair = match Pair::new(canary, control) {
        Ok(pair) => pair,
        Err(Failure::CannotCompute(_)) => return Ok(without_data(n, Method::MannWhitney, rule)),
        Err(Failure::Invalid(invalid)) => return Err(invalid),
    };
    let shift = match rule.looks {
        Looks::One => pair.shift(Alpha::new(half)?, Side::Two),
        Looks::Any => pair.shift_beyond(critical((n[0] + n[1]) as f64, rule, half), Side::Two),
    };
    let baseline = median(pair.b()).abs();
    let mut interval = shift.interval;
    // An interval that has not the level it should says nothing beyond its estimate.
    if shift.coverage < 1.0 - rule.alpha.get() {
        (interval.lo, interval.hi) = (f64::NEG_INFINITY, f64::INFINITY);
    }
    (interval.lo, interval.hi) = (
        relative(interval.lo, baseline),
        relative(interval.hi, baseline),
    );
    let compared = Compared {
        n,
        effect: relative(shift.estimate, baseline),
        interval,
        method: Method::MannWhitney,
        alpha: rule.alpha.get(),
    };
    let least = n[0].min(n[1]);
    if least < rule.min_sample {
        let wanted = rule.min_sample;
        return Ok(compared.with(Verdict::Inconclusive, Reason::TooFew { least, wanted }));
    }
    if pair.a()[0] == pair.b()[0] && is_constant(pair.a()) && is_constant(pair.b()) {
        return Ok(compared.with(Verdict::Pass, Reason::Constant));
    }
    let (verdict, reason) = rule.held_against(compared.effect, compared.interval);
    if verdict == Verdict::Fail {
        return Ok(compared.with(verdict, reason));
    }
    let tails: &[Tail] = match rule.worse {
        Worse::Higher => &[Tail::Upper],
        Worse::Lower => &[Tail::Lower],
        Worse::Either => &[Tail::Upper, Tail::Lower],
    };
    let mut doubt = None;
    for tail in tails {
        match tail::compare(&pair, *tail, rule, half / tails.len() as f64)? {
            Finding::Worse(change) => return Ok(compared.with(Verdict::Fail, Reason::Tail(change))),
            Finding::Doubtful(change) => doubt = Some(change),
            Finding::Nothing => {}
        }
    }
    Ok(match (verdict, doubt) {
        (Verdict::Pass, Some(change)) => {
            compared.with(Verdict::Inconclusive, Reason::TailInDoubt(change))
        }
        _ => compared.with(verdict, reason),
    })
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

fn is_constant(sorted: &[f64]) -> bool {
    sorted[0] == sorted[sorted.len() - 1]
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
