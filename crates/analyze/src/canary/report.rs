//! What the files say about the canary, for programs.

use super::Request;
use super::columns::Chosen;
use super::counts::{counted_over, pairs, trials};
use super::direction::Known;
use super::metric::{Metric, What};
use super::rates::{self, Bursts, Rest};
use super::sentence::conclusion;
use super::series::Series;
use super::thinned::{Every, Memory, compared, memory};
use super::words::{
    bursts, directions, gaps, left_out, looks, narrower, other_way, rates as better_as_rates,
    thinned,
};
use crate::Number;
use crate::failure::Failure;
use serde::Serialize;
use stats::InvalidInput;
use stats::count::Independent;
use stats::judge::{Observed, Reason, Rule, Verdict, Worse, judge};

/// No pass where the shares of rows without a value are farther apart than this: what one of the two
/// lacks may be what is bad.
const MOST_GAPS_APART: f64 = 0.1;

#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// `pass`, `fail` or `inconclusive`, over all metrics.
    pub verdict: &'static str,
    /// One short sentence; why is told by each metric's reason.
    pub conclusion: String,
    pub warnings: Vec<String>,
    pub notes: Vec<String>,
    pub tolerance: f64,
    pub metrics: Vec<MetricReport>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MetricReport {
    pub metric: String,
    /// The same for the screen: short, and without what a terminal would obey.
    #[serde(skip)]
    pub(super) label: String,
    #[serde(skip)]
    pub(super) column: String,
    pub verdict: &'static str,
    /// A sentence.
    pub reason: String,
    pub method: &'static str,
    /// Whether the interval holds at every look at growing data, or at one.
    pub holds_at: &'static str,
    /// In which direction a change counts as worse: `increase`, `decrease` or `either`.
    pub worse: &'static str,
    /// How that is known.
    pub worse_by: Known,
    /// What was compared of each, counted in `counted`.
    pub n: [u64; 2],
    /// `rows`, `trials` or `events`.
    pub counted: &'static str,
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
    /// Of rates and counts: how much farther apart rows are than chance has it, where they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bursts: Option<Bursts>,
    /// Of a rate that would have passed: what the rest of it has become, where that would have failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rest: Option<Rest>,
    #[serde(skip)]
    pub(super) rate: bool,
    #[serde(skip)]
    pub(super) rule: Rule,
    #[serde(skip)]
    pub(super) because: Because,
}

/// What a verdict rests on.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Because {
    Judged(Reason),
    /// The rows remember those before them for too long.
    Remembers(Memory),
    /// The two lack values in shares that are too far apart for a pass.
    Gaps,
    /// What mostly succeeds would pass, and what fails of it would not.
    Rest(Rest),
}

pub(super) fn metric(
    metric: &Metric,
    rule: &Rule,
    worse_by: Known,
    every: Every,
    [baseline, canary]: [&Series<'_>; 2],
) -> Result<MetricReport, Failure> {
    let judged = |observed: &Observed<'_>| judge(observed, rule).map_err(|why| asked(metric, &why));
    let mut compared_every = None;
    let mut remembers = None;
    let mut never_negative = true;
    let (mut in_bursts, mut rest) = (None, None);
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
            let least = |values: &[f64]| values.iter().copied().fold(f64::INFINITY, f64::min);
            never_negative = least(control).min(least(treated)) >= 0.0;
            compared_every = Some(compared.every);
            remembers = compared
                .memory
                .filter(|memory| every == Every::Auto && memory.forgotten_after.is_none());
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
            let series = [baseline, canary];
            let refused = |why| asked(metric, &why);
            in_bursts =
                rates::bursts(series, events, over, Independent::Trials).map_err(refused)?;
            let judgement = rates::judged(&observed, in_bursts, rule).map_err(refused)?;
            if judgement.verdict == Verdict::Pass {
                rest = rates::rest(control.0, treated.0, in_bursts, rule).map_err(refused)?;
            }
            let memory = memory_of_shares(series, events, over);
            (judgement, [control.1, treated.1], figures, memory)
        }
        What::Count(events, over) => {
            let control = counted_over(baseline, events, over)?;
            let treated = counted_over(canary, events, over)?;
            let figures = [control.0, treated.0].map(|events| rate(events.count, events.exposure));
            let observed = Observed::Count {
                control: control.0,
                canary: treated.0,
            };
            let series = [baseline, canary];
            let refused = |why| asked(metric, &why);
            in_bursts =
                rates::bursts(series, events, over, Independent::Exposure).map_err(refused)?;
            let judgement = rates::judged(&observed, in_bursts, rule).map_err(refused)?;
            let memory = memory_of_shares(series, events, over);
            (judgement, [control.1, treated.1], figures, memory)
        }
    };
    let rows = [baseline.len(), canary.len()];
    // What is never below 0 does not fall by more than all of it.
    let lowest = if never_negative {
        -1.0
    } else {
        f64::NEG_INFINITY
    };
    let because = match (remembers, rest) {
        (Some(memory), _) => Because::Remembers(memory),
        (None, _) if judgement.verdict == Verdict::Pass && gaps_apart(missing, rows) => {
            Because::Gaps
        }
        (None, Some(rest)) => Because::Rest(rest),
        (None, None) => Because::Judged(not_below(judgement.reason, lowest)),
    };
    let verdict = match because {
        Because::Judged(_) => judgement.verdict,
        _ => Verdict::Inconclusive,
    };
    let mut report = MetricReport {
        metric: metric.to_string(),
        label: crate::figures::name(&metric.to_string()),
        column: metric.columns().next().unwrap_or_default().to_owned(),
        verdict: verdict.name(),
        interval: judgement
            .interval
            .filter(|_| remembers.is_none())
            .map(|of| [Number(of.lo.max(lowest)), Number(of.hi)]),
        reason: String::new(),
        method: judgement.method.name(),
        holds_at: looks(judgement.method, rule.looks),
        worse: match rule.worse {
            Worse::Higher => "increase",
            Worse::Lower => "decrease",
            Worse::Either => "either",
        },
        worse_by,
        n: judgement.n,
        counted: match &metric.what {
            What::Continuous(_) | What::Quantile(..) => "rows",
            What::Rate(..) => "trials",
            What::Count(..) => "events",
        },
        missing,
        baseline: Number(figures[0]),
        canary: Number(figures[1]),
        effect: judgement.effect.map(Number),
        alpha: judgement.alpha,
        every: compared_every,
        rows,
        dependence: memory,
        bursts: in_bursts,
        rest,
        rate: matches!(metric.what, What::Rate(..)),
        rule: *rule,
        because,
    };
    report.reason = super::words::because(&report);
    Ok(report)
}

/// The same with its interval cut off there.
fn not_below(mut reason: Reason, lowest: f64) -> Reason {
    if let Reason::Beyond { interval, .. }
    | Reason::Within { interval, .. }
    | Reason::Open { interval, .. }
    | Reason::Coarse { interval, .. } = &mut reason
    {
        interval.lo = interval.lo.max(lowest);
    }
    reason
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

#[expect(clippy::cast_precision_loss, reason = "rows stay below 2^53")]
fn gaps_apart(missing: [u64; 2], rows: [u64; 2]) -> bool {
    let [baseline, canary] = [0, 1].map(|at| missing[at] as f64 / rows[at].max(1) as f64);
    (baseline - canary).abs() > MOST_GAPS_APART
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

impl Report {
    pub(super) fn new(
        request: &Request,
        metrics: Vec<MetricReport>,
        chosen: &Chosen,
        mut warnings: Vec<String>,
    ) -> Self {
        let any = |verdict: Verdict| metrics.iter().any(|one| one.verdict == verdict.name());
        let verdict = if any(Verdict::Fail) {
            Verdict::Fail
        } else if any(Verdict::Inconclusive) {
            Verdict::Inconclusive
        } else {
            Verdict::Pass
        };
        warnings.extend(metrics.iter().filter_map(other_way));
        warnings.extend(metrics.iter().filter_map(gaps));
        warnings.extend(metrics.iter().filter_map(bursts));
        warnings.extend(metrics.iter().filter_map(narrower));
        let mut notes = super::words::intervals(request.looks, &metrics);
        for note in metrics.iter().filter_map(thinned) {
            if !notes.contains(&note) {
                notes.push(note);
            }
        }
        notes.extend(directions(&metrics));
        notes.extend(better_as_rates(&metrics));
        notes.extend(left_out(&chosen.times, "time"));
        notes.extend(left_out(&chosen.labels, "label"));
        Self {
            verdict: verdict.name(),
            conclusion: conclusion(verdict, &metrics),
            warnings,
            notes,
            tolerance: request.tolerance,
            metrics,
        }
    }
}
