//! What the rows of a metric come to, by its kind.

use super::counts::{counted_over, pairs, trials};
use super::metric::{Metric, What};
use super::rates::{self, Bursts};
use super::rest::{self, Against};
use super::series::Series;
use super::thinned::{Every, Memory, compared, memory};
use crate::failure::Failure;
use stats::InvalidInput;
use stats::count::{Events, Independent};
use stats::judge::{Judgement, Observed, Rule, Trials, Verdict, judge};
use stats::numeric::quantile_rank;

/// Of baseline and canary.
pub(super) struct Found {
    pub(super) judgement: Judgement,
    /// Rows without a value.
    pub(super) missing: [u64; 2],
    /// The median, the quantile, or the rate; NaN of nothing.
    pub(super) figures: [f64; 2],
    /// What is never below 0 does not fall by more than all of it: −1, else −∞.
    pub(super) lowest: f64,
    /// How rows depend on those before them, where there are enough to tell.
    pub(super) memory: Option<Memory>,
    /// The same where it decides, because no rows are far enough apart to be compared.
    pub(super) remembers: Option<Memory>,
    /// Of figures: every so many-th row was compared.
    pub(super) every: Option<usize>,
    pub(super) bursts: Option<Bursts>,
    pub(super) rest: Option<Against>,
}

pub(super) fn found(
    metric: &Metric,
    rule: &Rule,
    every: Every,
    series: [&Series<'_>; 2],
) -> Result<Found, Failure> {
    let refused = |why| asked(metric, &why);
    match &metric.what {
        What::Continuous(column) => figure(column, None, rule, every, series).map_err(refused),
        What::Quantile(column, q) => figure(column, Some(*q), rule, every, series).map_err(refused),
        What::Rate(events, over) => {
            let sums = Sums::of(series, events, over);
            rate(rule, sums.both(trials)?, sums).map_err(refused)
        }
        What::Count(events, over) => {
            let sums = Sums::of(series, events, over);
            count(rule, sums.both(counted_over)?, sums).map_err(refused)
        }
    }
}

/// By the ranks of single rows, or at a quantile of them.
fn figure(
    column: &str,
    quantile: Option<f64>,
    rule: &Rule,
    every: Every,
    [baseline, canary]: [&Series<'_>; 2],
) -> Result<Found, InvalidInput> {
    let mut compared = compared(column, every, baseline, canary);
    let control = compared.control.as_mut_slice();
    let canary = compared.canary.as_mut_slice();
    let judgement = judge(
        &match quantile {
            Some(q) => Observed::Quantile { q, control, canary },
            None => Observed::Continuous { control, canary },
        },
        rule,
    )?;
    let q = quantile.unwrap_or(0.5);
    let least = |values: &[f64]| values.iter().copied().fold(f64::INFINITY, f64::min);
    let never_negative = least(control).min(least(canary)) >= 0.0;
    let figures = [order_statistic(control, q), order_statistic(canary, q)];
    let rest = if judgement.verdict == Verdict::Pass {
        rest::of_figures(column, quantile, [control, canary], figures, rule)?
    } else {
        None
    };
    Ok(Found {
        judgement,
        missing: compared.missing,
        figures,
        lowest: if never_negative {
            -1.0
        } else {
            f64::NEG_INFINITY
        },
        memory: compared.memory,
        remembers: compared
            .memory
            .filter(|memory| every == Every::Auto && memory.forgotten_after.is_none()),
        every: Some(compared.every),
        bursts: None,
        rest,
    })
}

/// The rows that sums were taken over.
#[derive(Clone, Copy)]
struct Sums<'a> {
    series: [&'a Series<'a>; 2],
    events: &'a str,
    over: &'a str,
}

/// By the sums of trials, each with the rows that lack a value.
fn rate(
    rule: &Rule,
    [(control, without), (canary, canary_without)]: [(Trials, u64); 2],
    sums: Sums<'_>,
) -> Result<Found, InvalidInput> {
    let observed = Observed::Rate { control, canary };
    let bursts = sums.bursts(Independent::Trials)?;
    let judgement = rates::judged(&observed, bursts, rule)?;
    let rest = if judgement.verdict == Verdict::Pass {
        rest::of_trials(control, canary, bursts, rule)?
    } else {
        None
    };
    let figures = [control, canary].map(|of| share(of.x, of.n as f64));
    Ok(Found {
        bursts,
        rest,
        ..sums.found(judgement, [without, canary_without], figures)
    })
}

/// By the sums of events over what they are counted over, each with the rows that lack a value.
fn count(
    rule: &Rule,
    [(control, without), (canary, canary_without)]: [(Events, u64); 2],
    sums: Sums<'_>,
) -> Result<Found, InvalidInput> {
    let observed = Observed::Count { control, canary };
    let bursts = sums.bursts(Independent::Exposure)?;
    let judgement = rates::judged(&observed, bursts, rule)?;
    let figures = [control, canary].map(|of| share(of.count, of.exposure));
    Ok(Found {
        bursts,
        ..sums.found(judgement, [without, canary_without], figures)
    })
}

impl<'a> Sums<'a> {
    const fn of(series: [&'a Series<'a>; 2], events: &'a str, over: &'a str) -> Self {
        Self {
            series,
            events,
            over,
        }
    }

    /// Of baseline and canary.
    fn both<T>(
        self,
        sum: impl Fn(&Series<'_>, &str, &str) -> Result<T, Failure>,
    ) -> Result<[T; 2], Failure> {
        let [baseline, canary] = self.series;
        let of = |series| sum(series, self.events, self.over);
        Ok([of(baseline)?, of(canary)?])
    }

    fn bursts(self, as_if: Independent) -> Result<Option<Bursts>, InvalidInput> {
        rates::bursts(self.series, self.events, self.over, as_if)
    }

    fn found(self, judgement: Judgement, missing: [u64; 2], figures: [f64; 2]) -> Found {
        Found {
            judgement,
            missing,
            figures,
            lowest: -1.0,
            memory: memory_of_shares(self.series, self.events, self.over),
            remembers: None,
            every: None,
            bursts: None,
            rest: None,
        }
    }
}

/// What `stats` refuses, in the words of the command.
fn asked(metric: &Metric, invalid: &InvalidInput) -> Failure {
    match invalid.field {
        // The values are finite, so it is what is tolerated that is not.
        "a" | "b" => Failure::asked(
            format!("{metric}: a value larger by the tolerance is beyond what a double holds"),
            "give a smaller --tolerance, or figures in a unit in which they are nearer 1",
        ),
        field => Failure::asked(
            format!(
                "{metric}: {}: {}",
                field.replace("control", "baseline"),
                invalid.why
            ),
            invalid.remedy,
        ),
    }
}

/// How rows of events out of something depend on those before them.
fn memory_of_shares(series: [&Series<'_>; 2], events: &str, over: &str) -> Option<Memory> {
    let [control, canary] = series.map(|series| -> Vec<f64> {
        let shares = pairs(series, events, over);
        shares
            .map(|(_, pair)| match pair {
                Some((x, n)) if n > 0.0 => x / n,
                _ => f64::NAN,
            })
            .collect()
    });
    memory(&control, &canary)
}

/// The value below which a share `q` of the values lies; NaN of nothing.
fn order_statistic(values: &mut [f64], q: f64) -> f64 {
    if values.is_empty() {
        return f64::NAN;
    }
    let rank = usize::try_from(quantile_rank(q, values.len() as u64)).unwrap_or(usize::MAX);
    let at = rank.clamp(1, values.len()) - 1;
    *values.select_nth_unstable_by(at, f64::total_cmp).1
}

#[expect(clippy::cast_precision_loss, reason = "counts stay below 2^53")]
fn share(events: u64, over: f64) -> f64 {
    if over > 0.0 {
        events as f64 / over
    } else {
        f64::NAN
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_the_least_value_with_that_share_at_or_below_it() {
        let mut values: Vec<f64> = (1..=100).rev().map(f64::from).collect();
        assert_eq!(order_statistic(&mut values, 0.55), 55.0);
        assert_eq!(order_statistic(&mut values, 0.001), 1.0);
        assert!(order_statistic(&mut [], 0.5).is_nan());
    }
}
