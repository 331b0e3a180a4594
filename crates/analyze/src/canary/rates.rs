//! Rates and counts: sums over rows that may come in bursts, and the rest of what mostly succeeds.

use super::counts::pairs;
use super::series::Series;
use crate::Number;
use serde::Serialize;
use stats::InvalidInput;
use stats::count::{Dispersion, Events, Independent};
use stats::judge::{Judgement, Observed, Rule, Trials, Verdict, Worse, in_bursts, judge};

/// Above such a rate a large change of the rest is a small one of the rate.
const MOSTLY: f64 = 0.9;

/// How much farther apart rows are than independent events would be, as programs read it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Bursts {
    /// The variance between rows over that of independent events; the counts are divided by it.
    pub ratio: f64,
}

/// The rest of a rate that passed, which by the same rule does not.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Rest {
    pub effect: Number,
    pub interval: [Number; 2],
}

/// None where rows differ by no more than chance, or there are too few to tell.
pub(super) fn bursts(
    series: [&Series<'_>; 2],
    events: &str,
    over: &str,
    as_if: Independent,
) -> Result<Option<Bursts>, InvalidInput> {
    let [control, canary] = series.map(|series| rows(series, events, over));
    let found = stats::count::bursts(&control, &canary, as_if)?;
    Ok(found.map(|Dispersion { ratio, .. }| Bursts { ratio }))
}

/// What has been read as whole numbers; a row without a value, or over nothing, tells nothing.
fn rows(series: &Series<'_>, events: &str, over: &str) -> Vec<Option<Events>> {
    pairs(series, events, over)
        .map(|(_, pair)| {
            let (x, exposure) = pair.filter(|(_, over)| *over > 0.0)?;
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a whole number from 0 to 2^53, as the sums before have checked"
            )]
            let count = x as u64;
            Some(Events { count, exposure })
        })
        .collect()
}

/// By what the events are worth, where they come in bursts.
pub(super) fn judged(
    observed: &Observed<'_>,
    bursts: Option<Bursts>,
    rule: &Rule,
) -> Result<Judgement, InvalidInput> {
    match bursts {
        Some(Bursts { ratio }) => in_bursts(observed, ratio, rule),
        None => judge(observed, rule),
    }
}

/// What is not so of a rate that is mostly so, where that is worse by more than is tolerated: a thousandth
/// of failures that becomes a twentieth is a twentieth off the successes.
pub(super) fn rest(
    control: Trials,
    canary: Trials,
    bursts: Option<Bursts>,
    rule: &Rule,
) -> Result<Option<Rest>, InvalidInput> {
    #[expect(clippy::cast_precision_loss, reason = "counts stay below 2^53")]
    let mostly = control.x as f64 > MOSTLY * control.n as f64;
    if !mostly {
        return Ok(None);
    }
    let [control, canary] = [control, canary].map(|Trials { x, n }| Trials { x: n - x, n });
    let rule = Rule {
        worse: match rule.worse {
            Worse::Higher => Worse::Lower,
            Worse::Lower => Worse::Higher,
            Worse::Either => Worse::Either,
        },
        ..*rule
    };
    let judgement = judged(&Observed::Rate { control, canary }, bursts, &rule)?;
    let told = judgement.effect.zip(judgement.interval);
    Ok(told
        .filter(|_| judgement.verdict == Verdict::Fail)
        .map(|(effect, interval)| Rest {
            effect: Number(effect),
            interval: [Number(interval.lo.max(-1.0)), Number(interval.hi)],
        }))
}
