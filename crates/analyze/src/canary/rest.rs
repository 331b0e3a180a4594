//! What is left of a share that is nearly all: a thousandth of failures that becomes a twentieth is a
//! twentieth off the successes, and many times the failures.

use super::direction::is_share;
use super::rates::{Bursts, judged};
use crate::Number;
use serde::Serialize;
use stats::InvalidInput;
use stats::judge::{Judgement, Observed, Reason, Rule, Trials, Verdict, Worse, judge};

/// Above such a share a large change of the rest is a small one of it.
const MOSTLY: f64 = 0.9;
/// Shares may be above the whole by so much of it: rates that a monitoring system extrapolates are.
const ABOVE: f64 = 0.01;

/// The rest of a share that passed, which by the same rule fails, or has too little data to pass.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Rest {
    pub effect: Number,
    pub interval: [Number; 2],
}

/// The same with why it does not pass, and what it is of baseline and canary as a share of the whole.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Against {
    pub(super) told: Rest,
    /// Of the rest by itself: fail or inconclusive.
    pub(super) verdict: Verdict,
    pub(super) reason: Reason,
    pub(super) figures: [f64; 2],
}

/// Of a rate that passed.
pub(super) fn of_trials(
    control: Trials,
    canary: Trials,
    bursts: Option<Bursts>,
    rule: &Rule,
) -> Result<Option<Against>, InvalidInput> {
    #[expect(clippy::cast_precision_loss, reason = "counts stay below 2^53")]
    let share = |of: Trials| of.x as f64 / of.n as f64;
    let figures = [control, canary].map(|of| 1.0 - share(of));
    if share(control) <= MOSTLY {
        return Ok(None);
    }
    let [control, canary] = [control, canary].map(|Trials { x, n }| Trials { x: n - x, n });
    let rule = turned(rule);
    let judgement = judged(&Observed::Rate { control, canary }, bursts, &rule)?;
    Ok(against(&judgement, figures))
}

/// Of a figure that passed and seems to be a share, in parts of 1 or of 100; `figures` are the medians or the
/// quantiles of baseline and canary.
pub(super) fn of_figures(
    column: &str,
    quantile: Option<f64>,
    [control, canary]: [&[f64]; 2],
    figures: [f64; 2],
    rule: &Rule,
) -> Result<Option<Against>, InvalidInput> {
    if rule.worse == Worse::Higher {
        return Ok(None);
    }
    let Some(whole) = whole(column, [control, canary]).filter(|of| figures[0] > MOSTLY * of) else {
        return Ok(None);
    };
    // What is left of 99.9 is 0.1, and not what doubles make of it.
    let left = |value: &f64| ((1.0 - value / whole) * 1e12).round() / 1e12;
    let rest = |values: &[f64]| -> Vec<f64> { values.iter().map(left).collect() };
    let (control, canary) = (&rest(control), &rest(canary));
    let observed = match quantile {
        Some(q) => Observed::Quantile {
            q: 1.0 - q,
            control,
            canary,
        },
        None => Observed::Continuous { control, canary },
    };
    let judgement = judge(&observed, &turned(rule))?;
    let figures = figures.map(|figure| left(&figure).max(0.0));
    // Rows know no margin, and coarse ones of hardly any failures decide nothing about them: a rest that does not even
    // look worse withholds no pass.
    let tolerance = rule.tolerance;
    let looks_worse = judgement.effect.is_some_and(|effect| match rule.worse {
        Worse::Either => effect.abs() > tolerance,
        Worse::Lower => effect > tolerance,
        Worse::Higher => effect < -tolerance,
    });
    let fails = judgement.verdict == Verdict::Fail;
    Ok(against(&judgement, figures).filter(|_| fails || looks_worse))
}

/// What the values are a share of: 1 or 100, where none is above it, or hardly any, and the name says that it is a share.
fn whole(column: &str, arms: [&[f64]; 2]) -> Option<f64> {
    let values = || arms.iter().flat_map(|values| values.iter().copied());
    let least = values().fold(f64::INFINITY, f64::min);
    let most = values().fold(f64::NEG_INFINITY, f64::max);
    let hardly_above = |whole: &f64| most <= whole * (1.0 + ABOVE);
    [1.0, 100.0]
        .into_iter()
        .find(hardly_above)
        .filter(|_| least >= 0.0 && is_share(column))
}

/// What is less of a share is more of its rest.
fn turned(rule: &Rule) -> Rule {
    Rule {
        worse: match rule.worse {
            Worse::Higher => Worse::Lower,
            Worse::Lower => Worse::Higher,
            Worse::Either => Worse::Either,
        },
        ..*rule
    }
}

fn against(judgement: &Judgement, figures: [f64; 2]) -> Option<Against> {
    let interval = judgement.interval?;
    (judgement.verdict != Verdict::Pass).then(|| Against {
        told: Rest {
            effect: Number(judgement.effect.unwrap_or(f64::NAN)),
            interval: [Number(interval.lo.max(-1.0)), Number(interval.hi)],
        },
        verdict: judgement.verdict,
        reason: judgement.reason,
        figures,
    })
}
