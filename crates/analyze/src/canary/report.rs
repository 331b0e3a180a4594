//! What the files say about the canary, for programs and for people.

use super::Request;
use super::columns::Chosen;
use super::metric::{Metric, What};
use super::series::Series;
use super::thinned::{Every, Memory, compared, memory};
use super::words::{narrower, never_forgotten, reason, thinned};
use crate::Number;
use crate::failure::Failure;
use crate::figures::{between_shares, change, count, counted, share, table, value};
use serde::Serialize;
use stats::count::Events;
use stats::judge::{Looks, Observed, Rule, Trials, Verdict, Worse, judge};
use std::fmt;

#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// `pass`, `fail` or `inconclusive`, over all metrics.
    pub verdict: &'static str,
    pub conclusion: String,
    pub warnings: Vec<String>,
    pub notes: Vec<String>,
    pub tolerance: f64,
    pub metrics: Vec<MetricReport>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MetricReport {
    pub metric: String,
    #[serde(skip)]
    pub(super) column: String,
    pub verdict: &'static str,
    /// A sentence.
    pub reason: String,
    pub method: &'static str,
    /// In which direction a change counts as worse.
    pub worse: &'static str,
    /// Values or trials of each; of counts the events.
    pub n: [u64; 2],
    /// Rows without a value.
    pub missing: [u64; 2],
    /// The median, the quantile, or the rate.
    pub baseline: Number,
    pub canary: Number,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effect: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<[Number; 2]>,
    pub alpha: f64,
    /// Of figures: how far apart the rows are that were compared, 1 being all of them, and how many
    /// rows there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every: Option<usize>,
    pub rows: [u64; 2],
    /// How rows depend on those before them, where there are enough to tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dependence: Option<Memory>,
    #[serde(skip)]
    rate: bool,
}

pub(super) fn metric(
    metric: &Metric,
    rule: &Rule,
    every: Every,
    [baseline, canary]: [&Series<'_>; 2],
) -> Result<MetricReport, Failure> {
    let judged = |observed: &Observed<'_>| {
        judge(observed, rule).map_err(|invalid| {
            Failure::asked(
                format!("{metric}: {}: {}", invalid.field, invalid.why),
                invalid.remedy,
            )
        })
    };
    let mut compared_every = None;
    let mut reason_of_rows = None;
    let (judgement, missing, figures, memory) = match &metric.what {
        What::Continuous(column) | What::Quantile(column, _) => {
            let mut compared = compared(column, every, baseline, canary);
            let control = compared.control.as_mut_slice();
            let treated = compared.canary.as_mut_slice();
            let (q, observed) = match metric.what {
                What::Quantile(_, q) => (
                    q,
                    Observed::Quantile {
                        q,
                        control,
                        canary: treated,
                    },
                ),
                _ => (
                    0.5,
                    Observed::Continuous {
                        control,
                        canary: treated,
                    },
                ),
            };
            let judgement = judged(&observed)?;
            let figures = [order_statistic(control, q), order_statistic(treated, q)];
            compared_every = Some(compared.every);
            reason_of_rows = compared
                .memory
                .filter(|memory| every == Every::Auto && memory.forgotten_after.is_none())
                .map(|memory| never_forgotten(&memory));
            (judgement, compared.missing, figures, compared.memory)
        }
        What::Rate(events, over) => {
            let control = trials(baseline, events, over)?;
            let treated = trials(canary, events, over)?;
            let figures = [control.0, treated.0].map(|trials| rate(trials.x, trials.n as f64));
            let observed = Observed::Rate {
                control: control.0,
                canary: treated.0,
            };
            let memory = memory_of_shares([baseline, canary], events, over);
            (judged(&observed)?, [control.1, treated.1], figures, memory)
        }
        What::Count(events, over) => {
            let control = counted_over(baseline, events, over)?;
            let treated = counted_over(canary, events, over)?;
            let figures = [control.0, treated.0].map(|events| rate(events.count, events.exposure));
            let observed = Observed::Count {
                control: control.0,
                canary: treated.0,
            };
            let memory = memory_of_shares([baseline, canary], events, over);
            (judged(&observed)?, [control.1, treated.1], figures, memory)
        }
    };
    Ok(MetricReport {
        metric: metric.to_string(),
        column: metric.columns().next().unwrap_or_default().to_owned(),
        verdict: match reason_of_rows {
            Some(_) => Verdict::Inconclusive.name(),
            None => judgement.verdict.name(),
        },
        interval: judgement
            .interval
            .filter(|_| reason_of_rows.is_none())
            .map(|of| [Number(of.lo), Number(of.hi)]),
        reason: reason_of_rows.unwrap_or_else(|| reason(&judgement.reason)),
        method: judgement.method.name(),
        worse: match rule.worse {
            Worse::Higher => "increase",
            Worse::Lower => "decrease",
            Worse::Either => "either",
        },
        n: judgement.n,
        missing,
        baseline: Number(figures[0]),
        canary: Number(figures[1]),
        effect: judgement.effect.map(Number),
        alpha: judgement.alpha,
        every: compared_every,
        rows: [baseline.len(), canary.len()],
        dependence: memory,
        rate: matches!(metric.what, What::Rate(..)),
    })
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
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a position within the values"
    )]
    let at = ((values.len() as f64 * q).ceil() as usize).clamp(1, values.len()) - 1;
    *values.select_nth_unstable_by(at, f64::total_cmp).1
}

#[expect(clippy::cast_precision_loss, reason = "counts stay below 2^53")]
fn rate(events: u64, over: f64) -> f64 {
    if over > 0.0 {
        events as f64 / over
    } else {
        f64::NAN
    }
}

/// Rows that have both values, and how many have not.
fn pairs<'a>(
    series: &'a Series<'_>,
    events: &str,
    over: &str,
) -> impl Iterator<Item = (usize, Option<(f64, f64)>)> + 'a {
    let rows = series.rows(events).iter().zip(series.rows(over));
    rows.map(|(events, over)| (!events.is_nan() && !over.is_nan()).then_some((*events, *over)))
        .enumerate()
}

/// A whole number from 0 to 2^53, or what is wrong with it.
fn whole(series: &Series<'_>, column: &str, row: usize, value: f64) -> Result<u64, Failure> {
    if (0.0..=9_007_199_254_740_992.0).contains(&value) && value.fract() == 0.0 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "checked just above"
        )]
        return Ok(value as u64);
    }
    Err(series.wrong(
        column,
        row,
        &format!("{value} is no count"),
        "counts are whole numbers, 0 or more",
    ))
}

fn trials(series: &Series<'_>, events: &str, over: &str) -> Result<(Trials, u64), Failure> {
    let (mut sum, mut missing) = (Trials { x: 0, n: 0 }, 0);
    for (row, pair) in pairs(series, events, over) {
        let Some((x, n)) = pair else {
            missing += 1;
            continue;
        };
        let (x, n) = (whole(series, events, row, x)?, whole(series, over, row, n)?);
        if x > n {
            return Err(series.wrong(
                events,
                row,
                &format!("{x} of {n} {over}"),
                "there cannot be more than all; is it a count over something (:count)?",
            ));
        }
        sum.x = sum.x.saturating_add(x);
        sum.n = sum.n.saturating_add(n);
    }
    Ok((sum, missing))
}

fn counted_over(series: &Series<'_>, events: &str, over: &str) -> Result<(Events, u64), Failure> {
    let (mut count, mut exposure, mut missing) = (0u64, 0.0, 0);
    for (row, pair) in pairs(series, events, over) {
        let Some((x, span)) = pair else {
            missing += 1;
            continue;
        };
        if span < 0.0 {
            return Err(series.wrong(
                over,
                row,
                &format!("{span} is below 0"),
                "give what the events are counted over",
            ));
        }
        count = count.saturating_add(whole(series, events, row, x)?);
        exposure += span;
    }
    if !(exposure > 0.0 && exposure.is_finite()) {
        let what = if exposure > 0.0 {
            "it adds up to more than a number can hold"
        } else {
            "it adds up to 0"
        };
        return Err(series.not_all(over, what, "give what the events are counted over, above 0"));
    }
    Ok((Events { count, exposure }, missing))
}

impl Report {
    pub(super) fn new(request: &Request, metrics: Vec<MetricReport>, chosen: &Chosen) -> Self {
        let with = |verdict: Verdict| -> Vec<String> {
            metrics
                .iter()
                .filter(|metric| metric.verdict == verdict.name())
                .map(|metric| format!("{}: {}", metric.metric, metric.reason))
                .collect()
        };
        let (failed, open) = (with(Verdict::Fail), with(Verdict::Inconclusive));
        let (verdict, conclusion) = if !failed.is_empty() {
            (
                Verdict::Fail,
                format!("The canary fails. {}.", failed.join(". ")),
            )
        } else if !open.is_empty() {
            (
                Verdict::Inconclusive,
                format!("Not decided. {}.", open.join(". ")),
            )
        } else {
            let held = with(Verdict::Pass);
            (
                Verdict::Pass,
                format!("The canary passes. {}.", held.join(". ")),
            )
        };
        let mut warnings: Vec<String> = metrics
            .iter()
            .filter(|metric| metric.missing != [0, 0])
            .map(|metric| {
                format!(
                    "{}: no value in {} of the baseline and {} of the canary, left out.",
                    metric.metric,
                    counted(metric.missing[0], "row"),
                    counted(metric.missing[1], "row")
                )
            })
            .collect();
        warnings.extend(metrics.iter().filter_map(narrower));
        let mut notes = vec![match request.looks {
            Looks::Any => {
                "Intervals hold at every look, so you may judge again as data comes in.".to_owned()
            }
            Looks::One => "Intervals hold for one look.".to_owned(),
        }];
        for note in metrics.iter().filter_map(thinned) {
            if !notes.contains(&note) {
                notes.push(note);
            }
        }
        for (left_out, what) in [(&chosen.times, "time"), (&chosen.labels, "label")] {
            match left_out.as_slice() {
                [] => {}
                [one] => notes.push(format!("Left out as a {what}: {one}.")),
                many => notes.push(format!("Left out as {what}s: {}.", many.join(", "))),
            }
        }
        Self {
            verdict: verdict.name(),
            conclusion,
            warnings,
            notes,
            tolerance: request.tolerance,
            metrics,
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n", self.conclusion)?;
        for warning in &self.warnings {
            writeln!(f, "! {warning}")?;
        }
        if !self.warnings.is_empty() {
            writeln!(f)?;
        }
        let head = [
            "metric", "n", "baseline", "n", "canary", "change", "interval", "verdict",
        ];
        let rows: Vec<Vec<String>> = self
            .metrics
            .iter()
            .map(|metric| {
                let shown = |x: Number| {
                    if metric.rate {
                        share(x.get())
                    } else {
                        value(x.get())
                    }
                };
                vec![
                    metric.metric.clone(),
                    count(metric.n[0]),
                    shown(metric.baseline),
                    count(metric.n[1]),
                    shown(metric.canary),
                    metric
                        .effect
                        .map_or(String::new(), |effect| change(effect.get())),
                    metric.interval.map_or(String::new(), |[lo, hi]| {
                        between_shares(lo.get(), hi.get(), change)
                    }),
                    metric.verdict.to_owned(),
                ]
            })
            .collect();
        writeln!(f, "{}\n", table(&head, &[1, 2, 3, 4, 5, 6], &rows))?;
        for note in &self.notes {
            writeln!(f, "{note}")?;
        }
        Ok(())
    }
}
