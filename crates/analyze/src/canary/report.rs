//! What the files say about the canary, for programs.

use super::Request;
use super::columns::Chosen;
use super::direction::Known;
use super::found::found;
use super::metric::{Metric, What};
use super::notes::{
    apart, bursts, directions, gaps, in_turns, intervals, left_out, longer, looks, narrower,
    other_way, rates as better_as_rates, thinned,
};
use super::rates::Bursts;
use super::rest::{Against, Rest};
use super::sentence::conclusion;
use super::series::Series;
use super::thinned::{Every, Memory};
use crate::Number;
use crate::failure::Failure;
use serde::{Serialize, Serializer};
use stats::judge::{Reason, Rule, Verdict, Worse};

/// No pass where the shares of rows without a value are farther apart than this: what one of the two
/// lacks may be what is bad.
const MOST_GAPS_APART: f64 = 0.1;

#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Over all metrics.
    #[serde(serialize_with = "by_name")]
    pub verdict: Verdict,
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
    /// The metric as it is asked for, but for the direction; short, likewise.
    #[serde(skip)]
    pub(super) written: String,
    #[serde(serialize_with = "by_name")]
    pub verdict: Verdict,
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
    /// Of figures whose ranks tell no change: their means, which are told in its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub means: Option<[Number; 2]>,
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
    /// Of a share that would have passed: what the rest of it has become, where that would have failed.
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
    Rest(Against),
}

/// `pass`, `fail` or `inconclusive`.
fn by_name<S: Serializer>(verdict: &Verdict, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(verdict.name())
}

pub(super) fn metric(
    metric: &Metric,
    rule: &Rule,
    worse_by: Known,
    every: Every,
    series: [&Series<'_>; 2],
) -> Result<MetricReport, Failure> {
    let found = found(metric, rule, every, series)?;
    let rows = series.map(Series::len);
    let lowest = found.lowest;
    let because = match (found.remembers, found.rest) {
        (Some(memory), _) => Because::Remembers(memory),
        (None, _)
            if found.judgement.verdict == Verdict::Pass && gaps_apart(found.missing, rows) =>
        {
            Because::Gaps
        }
        (None, Some(against)) => Because::Rest(against),
        (None, None) => Because::Judged(not_below(found.judgement.reason, lowest)),
    };
    let judgement = found.judgement;
    let told = judgement.means.is_none();
    let verdict = match because {
        Because::Judged(_) => judgement.verdict,
        _ => Verdict::Inconclusive,
    };
    let mut report = MetricReport {
        metric: metric.to_string(),
        label: crate::figures::name(&metric.to_string()),
        column: metric.columns().next().unwrap_or_default().to_owned(),
        written: crate::figures::name(&metric.written()),
        verdict,
        interval: judgement
            .interval
            .filter(|_| told && found.remembers.is_none())
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
        missing: found.missing,
        baseline: Number(found.figures[0]),
        canary: Number(found.figures[1]),
        effect: judgement.effect.filter(|_| told).map(Number),
        means: judgement.means.map(|means| means.map(Number)),
        alpha: judgement.alpha,
        every: found.every,
        rows,
        dependence: found.memory,
        bursts: found.bursts,
        rest: found.rest.map(|against| against.told),
        rate: metric.is_rate(),
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

#[expect(clippy::cast_precision_loss, reason = "rows stay below 2^53")]
fn gaps_apart(missing: [u64; 2], rows: [u64; 2]) -> bool {
    let [baseline, canary] = [0, 1].map(|at| missing[at] as f64 / rows[at].max(1) as f64);
    (baseline - canary).abs() > MOST_GAPS_APART
}

impl Report {
    pub(super) fn new(
        request: &Request,
        metrics: Vec<MetricReport>,
        chosen: &Chosen,
        mut warnings: Vec<String>,
    ) -> Self {
        let any = |verdict: Verdict| metrics.iter().any(|one| one.verdict == verdict);
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
        warnings.extend(metrics.iter().filter_map(longer));
        warnings.extend(metrics.iter().filter_map(in_turns));
        let mut notes = intervals(request.looks, &metrics);
        for note in metrics.iter().filter_map(thinned) {
            if !notes.contains(&note) {
                notes.push(note);
            }
        }
        notes.extend(apart(&metrics));
        notes.extend(directions(&metrics));
        notes.extend(better_as_rates(&metrics));
        notes.extend(left_out(&chosen.times, "time"));
        notes.extend(left_out(&chosen.labels, "label"));
        Self {
            verdict,
            conclusion: conclusion(verdict, &metrics),
            warnings,
            notes,
            tolerance: request.tolerance,
            metrics,
        }
    }
}
