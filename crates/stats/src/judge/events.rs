//! Events: errors out of requests, restarts over hours.

use super::{Compared, Judgement, Method, Reason, Rule, Trials, Verdict, Worse, without_data};
use crate::count::Events;
use crate::sequential::{Part, Period, Tuning, average, counts_by_period, rate};
use crate::{Alpha, Failure, Interval, InvalidInput};

/// What the prior weighs in events. So little finds large differences early, which is what a
/// canary's errors are watched for.
const PRIOR_EVENTS: f64 = 4.0;

/// What the inputs are called, of control and canary.
pub(super) struct Fields {
    periods: [&'static str; 2],
    x: [&'static str; 2],
    n: [&'static str; 2],
    count: [&'static str; 2],
    exposure: [&'static str; 2],
}

/// Of arms given as a whole.
pub(super) const WHOLE: Fields = Fields {
    periods: ["control", "canary"],
    x: ["control.x", "canary.x"],
    n: ["control.n", "canary.n"],
    count: ["control.count", "canary.count"],
    exposure: ["control.exposure", "canary.exposure"],
};

/// Of arms given by period.
pub(super) const BY_PERIOD: Fields = Fields {
    periods: ["control.periods", "canary.periods"],
    x: ["control.periods.x", "canary.periods.x"],
    n: ["control.periods.n", "canary.periods.n"],
    count: ["control.periods.count", "canary.periods.count"],
    exposure: ["control.periods.exposure", "canary.periods.exposure"],
};

/// The two arms period by period.
fn pairs<T: Copy>(arms: [&[T]; 2], fields: &Fields) -> Result<Vec<[T; 2]>, InvalidInput> {
    let [control, canary] = arms;
    if control.is_empty() {
        return Err(InvalidInput::new(
            fields.periods[0],
            "there are none",
            "give at least one period",
        ));
    }
    if control.len() != canary.len() {
        return Err(InvalidInput::new(
            fields.periods[1],
            "there are not as many as the control has",
            "give both arms the same periods in the same order, also those in which one has nothing",
        ));
    }
    Ok(control
        .iter()
        .zip(canary)
        .map(|(control, canary)| [*control, *canary])
        .collect())
}

/// The sum of counts, of which a double holds every one.
fn total(field: &'static str, counts: impl Iterator<Item = u64>) -> Result<u64, InvalidInput> {
    let total = counts.fold(0, u64::saturating_add);
    crate::guard::count(field, total)?;
    Ok(total)
}

pub(super) fn judge_count(
    arms: [&[Events]; 2],
    fields: &Fields,
    rule: &Rule,
) -> Result<Judgement, InvalidInput> {
    let periods = pairs(arms, fields)?;
    let mut exposed = [0.0; 2];
    let mut n = [0; 2];
    for arm in [0, 1] {
        for period in &periods {
            crate::guard::positive(fields.exposure[arm], period[arm].exposure)?;
            exposed[arm] += period[arm].exposure;
        }
        // The sum of two that a double holds may be one that it does not.
        crate::guard::positive(fields.exposure[arm], exposed[arm])?;
        n[arm] = total(
            fields.count[arm],
            periods.iter().map(|period| period[arm].count),
        )?;
    }
    let seen = periods.iter().map(|period| {
        let counts = period.map(|events| events.count);
        (counts, period.map(|events| events.exposure))
    });
    let compared = by_counts(seen, n, rule)?;
    if n == [0, 0] {
        // As `none_yet`, for a stream: no event up to e has the chance exp(−λ·e).
        let bound = -libm::log(rule.alpha.get()) / exposed[1];
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
    arms: [&[Trials]; 2],
    fields: &Fields,
    rule: &Rule,
) -> Result<Judgement, InvalidInput> {
    let periods = pairs(arms, fields)?;
    for arm in [0, 1] {
        if periods.iter().any(|period| period[arm].x > period[arm].n) {
            return Err(InvalidInput::new(
                fields.x[arm],
                "there are more successes than trials",
                "give as x how many of the n trials succeeded",
            ));
        }
        total(fields.n[arm], periods.iter().map(|period| period[arm].n))?;
    }
    // A period in which one arm has no trial yet tells nothing of the difference.
    let shared = Shared(
        periods
            .iter()
            .copied()
            .filter(|period| period.iter().all(|trials| trials.n > 0))
            .collect(),
    );
    if shared.0.is_empty() {
        let n = [0, 1].map(|arm| periods.iter().map(|period| period[arm].n).sum());
        return Ok(without_data(n, Method::SequentialCounts, rule));
    }
    let whole = [0, 1].map(|arm| shared.whole(arm));
    let n = whole.map(|trials| trials.n);
    let events = whole.map(|trials| trials.x);
    let least = n[0].min(n[1]);
    // Counts of events know nothing of the trials without one. That costs nothing while events are
    // rare, and everything once nearly every trial has one.
    let rare = 2.0 * (events[0] as f64 + events[1] as f64) <= n[0] as f64 + n[1] as f64;
    let compared = if rare {
        let seen = shared.0.iter().map(|period| {
            let counts = period.map(|trials| trials.x);
            (counts, period.map(|trials| trials.n as f64))
        });
        by_counts(seen, n, rule)?
    } else {
        by_rates(&shared, n, rule)?
    };
    if least < rule.min_sample {
        let wanted = rule.min_sample;
        return Ok(compared.with(Verdict::Inconclusive, Reason::TooFew { least, wanted }));
    }
    let margin = rule.margin;
    // Where fewer are worse it is the baseline's rate that matters: the points below have both.
    if events == [0, 0] && (margin.is_none() || rule.worse == Worse::Higher) {
        let bound = none_yet(n[1], rule.alpha);
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
    let [before, after] = shared.known(rule.alpha)?;
    let points = Interval {
        lo: after.lo - before.hi,
        hi: after.hi - before.lo,
    };
    Ok(match (by_tolerance, rule.verdict(points, margin)) {
        (Verdict::Pass, _) | (_, Verdict::Fail) => compared.with(by_tolerance, reason),
        (_, Verdict::Pass) => compared.with(Verdict::Pass, Reason::WithinMargin { points, margin }),
        _ => compared.with(Verdict::Inconclusive, Reason::MarginOpen { points, margin }),
    })
}

/// Periods in which both arms had trials; at least one.
///
/// Both arms' rates are averaged over the canary's trials. So both are of the same times, and their difference
/// is what the canary's own trials have more than the baseline's rates of those times would have given them.
struct Shared(Vec<[Trials; 2]>);

impl Shared {
    fn whole(&self, arm: usize) -> Trials {
        let sum = |of: fn(Trials) -> u64| self.0.iter().map(|period| of(period[arm])).sum();
        Trials {
            x: sum(|trials| trials.x),
            n: sum(|trials| trials.n),
        }
    }

    fn weights(&self) -> impl Iterator<Item = f64> {
        let all = self.whole(1).n as f64;
        self.0.iter().map(move |period| period[1].n as f64 / all)
    }

    /// The rates seen, averaged.
    fn seen(&self) -> [f64; 2] {
        [0, 1].map(|arm| {
            let weighed = self.0.iter().zip(self.weights());
            weighed
                .map(|(period, weight)| weight * share(period[arm]))
                .sum()
        })
    }

    /// Where the averaged rates may lie, half of the level for each arm.
    fn known(&self, alpha: Alpha) -> Result<[Interval; 2], InvalidInput> {
        let half = Alpha::new(alpha.get() / 2.0)?;
        let arm = |arm: usize| {
            if let [only] = self.0[..] {
                return single(only[arm], half);
            }
            let weighed = self.0.iter().zip(self.weights());
            let parts: Vec<Part> = weighed
                .map(|(period, weight)| Part {
                    yes: period[arm].x as f64,
                    no: (period[arm].n - period[arm].x) as f64,
                    weight,
                })
                .collect();
            average(&parts, half, TUNING)
        };
        Ok([arm(0)?, arm(1)?])
    }
}

fn share(trials: Trials) -> f64 {
    trials.x as f64 / trials.n as f64
}

/// By the events alone: of each period, with exposures whose shares of the whole stand for the traffic's.
fn by_counts(
    seen: impl Iterator<Item = ([u64; 2], [f64; 2])>,
    n: [u64; 2],
    rule: &Rule,
) -> Result<Compared, InvalidInput> {
    let periods = seen
        .map(|(counts, exposures)| {
            Ok(Period {
                counts,
                shares: shares(exposures)?,
            })
        })
        .collect::<Result<Vec<_>, _>>()?;
    // Of the first period, for the belief has to be older than what it is held against.
    let prior = periods[0].shares.map(|share| share * PRIOR_EVENTS);
    let answer = counts_by_period(&periods, prior, rule.alpha)?;
    Ok(Compared {
        n,
        effect: change(answer.rate_ratio),
        interval: Interval {
            lo: answer.rate_ratio_interval.lo - 1.0,
            hi: answer.rate_ratio_interval.hi - 1.0,
        },
        method: Method::SequentialCounts,
        alpha: rule.alpha.get(),
    })
}

/// A ratio as a change. What rounding leaves of equal rates is none, and told as none.
fn change(ratio: f64) -> f64 {
    let change = ratio - 1.0;
    if change.abs() <= 64.0 * f64::EPSILON {
        0.0
    } else {
        change
    }
}

fn shares(exposures: [f64; 2]) -> Result<[f64; 2], InvalidInput> {
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
    Ok(shares)
}

/// By each arm's own rate, half of the level for each.
fn by_rates(shared: &Shared, n: [u64; 2], rule: &Rule) -> Result<Compared, InvalidInput> {
    let [before, after] = shared.known(rule.alpha)?;
    let [control, canary] = shared.seen();
    Ok(Compared {
        n,
        effect: change(canary / control),
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

const TUNING: Tuning = Tuning {
    v_opt: 1_000.0,
    alpha_opt: 0.05,
};

fn single(trials: Trials, alpha: Alpha) -> Result<Interval, InvalidInput> {
    match rate(trials.x, trials.n, alpha, TUNING) {
        Ok(rate) => Ok(rate.interval),
        Err(Failure::Invalid(invalid)) => Err(invalid),
        Err(Failure::CannotCompute(_)) => Ok(Interval { lo: 0.0, hi: 1.0 }),
    }
}
