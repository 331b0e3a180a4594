//! Events: errors out of requests, restarts over hours.

use super::{Compared, Judgement, Method, Reason, Rule, Trials, Verdict, Worse, without_data};
use crate::count::Events;
use crate::sequential::{CountsQuestion, Tuning, counts, rate};
use crate::{Alpha, Failure, Interval, InvalidInput};

/// What the prior weighs in events. So little finds large differences early, which is what a
/// canary's errors are watched for.
const PRIOR_EVENTS: f64 = 4.0;

pub(super) fn judge_count(
    control: Events,
    canary: Events,
    rule: &Rule,
) -> Result<Judgement, InvalidInput> {
    crate::guard::positive("control.exposure", control.exposure)?;
    crate::guard::positive("canary.exposure", canary.exposure)?;
    crate::guard::count("control.count", control.count)?;
    crate::guard::count("canary.count", canary.count)?;
    let n = [control.count, canary.count];
    let compared = by_counts(n, [control.exposure, canary.exposure], n, rule)?;
    if n == [0, 0] {
        // As `none_yet`, for a stream: no event up to e has the chance exp(−λ·e).
        let bound = -libm::log(rule.alpha.get()) / canary.exposure;
        return Ok(compared.with(Verdict::Inconclusive, Reason::NoCounts { bound }));
    }
    let least = n[0].saturating_add(n[1]);
    if least < rule.min_sample {
        let wanted = rule.min_sample;
        return Ok(compared.with(Verdict::Inconclusive, Reason::TooFew { least, wanted }));
    }
    Ok(compared.judged(rule))
}

pub(super) fn judge_rate(
    control: Trials,
    canary: Trials,
    rule: &Rule,
) -> Result<Judgement, InvalidInput> {
    for (field, trials) in [("control.x", control), ("canary.x", canary)] {
        if trials.x > trials.n {
            return Err(InvalidInput::new(
                field,
                "there are more successes than trials",
                "give as x how many of the n trials succeeded",
            ));
        }
    }
    crate::guard::count("control.n", control.n)?;
    crate::guard::count("canary.n", canary.n)?;
    let n = [control.n, canary.n];
    let events = [control.x, canary.x];
    let least = n[0].min(n[1]);
    if least == 0 {
        return Ok(without_data(n, Method::SequentialCounts, rule));
    }
    // Counts of events know nothing of the trials without one. That costs nothing while events are
    // rare, and everything once nearly every trial has one.
    let rare = 2.0 * (control.x as f64 + canary.x as f64) <= n[0] as f64 + n[1] as f64;
    let compared = if rare {
        by_counts(events, n.map(|n| n as f64), n, rule)?
    } else {
        by_rates(control, canary, rule)?
    };
    if least < rule.min_sample {
        let wanted = rule.min_sample;
        return Ok(compared.with(Verdict::Inconclusive, Reason::TooFew { least, wanted }));
    }
    let margin = rule.margin;
    // Where fewer are worse it is the baseline's rate that matters: the points below have both.
    if events == [0, 0] && (margin.is_none() || rule.worse == Worse::Higher) {
        let bound = none_yet(canary.n, rule.alpha);
        let verdict = if margin.is_some_and(|margin| bound <= margin) {
            Verdict::Pass
        } else {
            Verdict::Inconclusive
        };
        return Ok(compared.with(verdict, Reason::NoEvents { bound, margin }));
    }
    let Some(margin) = margin else {
        return Ok(compared.judged(rule));
    };
    let (by_tolerance, reason) = rule.held_against(compared.effect, compared.interval);
    let points = points(control, canary, rule.alpha)?;
    Ok(match (by_tolerance, rule.verdict(points, margin)) {
        (Verdict::Pass, _) | (_, Verdict::Fail) => compared.with(by_tolerance, reason),
        (_, Verdict::Pass) => compared.with(Verdict::Pass, Reason::WithinMargin { points, margin }),
        _ => compared.with(Verdict::Inconclusive, Reason::MarginOpen { points, margin }),
    })
}

/// The canary's rate less the baseline's, half of the level for each.
fn points(control: Trials, canary: Trials, alpha: Alpha) -> Result<Interval, InvalidInput> {
    let half = Alpha::new(alpha.get() / 2.0)?;
    let (before, after) = (single(control, half)?, single(canary, half)?);
    Ok(Interval {
        lo: after.lo - before.hi,
        hi: after.hi - before.lo,
    })
}

/// By the events alone, over exposures whose shares of the whole stand for the traffic's.
fn by_counts(
    events: [u64; 2],
    exposures: [f64; 2],
    n: [u64; 2],
    rule: &Rule,
) -> Result<Compared, InvalidInput> {
    // Halved first, so that no sum overflows.
    let halves = exposures.map(|exposure| exposure / 2.0);
    let total = halves[0] + halves[1];
    let canary = halves[1] / total;
    let shares = [1.0 - canary, canary];
    if shares[0] < 1e-200 || canary < 1e-200 {
        return Err(InvalidInput::new(
            "exposure",
            "one arm has so little that its share of the whole is none",
            "give exposures that can be compared",
        ));
    }
    let question = CountsQuestion {
        prior: shares.map(|share| share * PRIOR_EVENTS),
        shares,
        alpha: rule.alpha,
    };
    let answer = counts(events, &question)?;
    Ok(Compared {
        n,
        effect: answer.rate_ratio - 1.0,
        interval: Interval {
            lo: answer.rate_ratio_interval.lo - 1.0,
            hi: answer.rate_ratio_interval.hi - 1.0,
        },
        method: Method::SequentialCounts,
        alpha: rule.alpha.get(),
    })
}

/// By each arm's own rate, half of the level for each.
fn by_rates(control: Trials, canary: Trials, rule: &Rule) -> Result<Compared, InvalidInput> {
    let half = Alpha::new(rule.alpha.get() / 2.0)?;
    let (before, after) = (single(control, half)?, single(canary, half)?);
    let share = |trials: Trials| trials.x as f64 / trials.n as f64;
    Ok(Compared {
        n: [control.n, canary.n],
        effect: share(canary) / share(control) - 1.0,
        interval: Interval {
            lo: after.lo / before.hi - 1.0,
            hi: after.hi / before.lo - 1.0,
        },
        method: Method::SequentialRates,
        alpha: rule.alpha.get(),
    })
}

/// What the rate is below while none of `n` trials had the event: 1 − α^(1/n).
///
/// It holds at every look: a rate p is above it at some look without an event only where the first
/// event comes after ln α/ln(1 − p) trials, which has a chance of at most α.
fn none_yet(n: u64, alpha: Alpha) -> f64 {
    -libm::expm1(libm::log(alpha.get()) / n as f64)
}

fn single(trials: Trials, alpha: Alpha) -> Result<Interval, InvalidInput> {
    let tuning = Tuning {
        v_opt: 1_000.0,
        alpha_opt: 0.05,
    };
    match rate(trials.x, trials.n, alpha, tuning) {
        Ok(rate) => Ok(rate.interval),
        Err(Failure::Invalid(invalid)) => Err(invalid),
        Err(Failure::CannotCompute(_)) => Ok(Interval { lo: 0.0, hi: 1.0 }),
    }
}
