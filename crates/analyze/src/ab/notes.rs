//! What was done to get the figures, for below them.

use super::basis::{By, RARE};
use super::metric::{Kind, Metric};
use super::report::{MetricReport, Reading, figures_of, ratio};
use super::words::level;
use super::{Method, Request, control, early, health};
use crate::figures::{count, name, share};
use crate::join::{ACCURACY, Joined, Missing};
use stats::Difference;

pub(super) fn notes(
    request: &Request,
    joined: &Joined,
    control: usize,
    metrics: &[MetricReport],
    reading: &Reading,
) -> Vec<String> {
    let mut notes = Vec::new();
    if request.missing == Missing::Zero {
        notes.extend(health::missing(request, metrics));
    }
    notes.extend(early::note(reading, joined.remark.as_ref()));
    let backwards: u64 = joined.tallies.iter().map(|tally| tally.backwards).sum();
    if backwards > 0 {
        notes.push(format!(
            "Time goes backwards in the file {}; rows are joined by their time, whatever their order.",
            if backwards == 1 { "once".to_owned() } else { format!("{} times", count(backwards)) }
        ));
    }
    if request.time.is_none() && reading.repeated_exposures > 0 {
        notes.push(
            "Without --time every metric value of an exposed unit counts, also from before."
                .to_owned(),
        );
    }
    notes.extend(control::guess(request, joined, control));
    for (asked, metric) in request.metrics.iter().zip(metrics) {
        notes.extend(of_metric(request, asked, metric));
    }
    // A column may be a goal and a guardrail.
    let mut told = std::collections::HashSet::new();
    notes.retain(|note| told.insert(note.clone()));
    match request.method {
        Method::Bayesian => notes.push(
            "The chance to win is no p value: it starts from a prior of no difference, give or take 30%."
                .to_owned(),
        ),
        Method::Sequential { .. } => notes.push(
            "Intervals and p hold at every look, so you may stop whenever they convince you.".to_owned(),
        ),
        Method::Fixed => notes.push(
            "Intervals and p hold for one look at the planned end; to look earlier use --sequential."
                .to_owned(),
        ),
    }
    let computed = || {
        metrics
            .iter()
            .flat_map(|metric| &metric.comparisons)
            .filter_map(figures_of)
    };
    let adjusted = computed()
        .filter(|figures| figures.p_adjusted.is_some())
        .count();
    if adjusted > 1 {
        notes.push(format!(
            "Verdicts and the sentence above follow Holm's p and intervals over all {adjusted} comparisons."
        ));
    }
    if request
        .metrics
        .iter()
        .any(|metric| metric.guardrail.is_some())
    {
        notes.push(format!(
            "Guardrails are tested one-sided against their margin, each for itself and without correction: at best and \
             at worst are bounds at {} each, and p is the chance of figures as good from a variant that is worse by \
             the margin (of a broken one: as bad from one that is not).",
            level(request.question.alpha.get())
        ));
    }
    notes
}

/// What was done about this metric in particular.
fn of_metric(request: &Request, asked: &Metric, metric: &MetricReport) -> Vec<String> {
    let mut notes = Vec::new();
    let arms = || std::iter::once(&metric.control).chain(metric.comparisons.iter().map(|c| &c.arm));
    let computed = || metric.comparisons.iter().filter_map(figures_of);
    if let Some(before) = asked.before.as_deref().map(name) {
        let known: Vec<String> = arms()
            .map(|arm| {
                let known = arm.known_before.unwrap_or(0);
                format!("{} {}", name(&arm.variant), share(ratio(known, arm.n)))
            })
            .collect();
        notes.push(if computed().any(|figures| figures.theta.is_some_and(|theta| theta.get() != 0.0)) {
            format!(
                "{}: adjusted (CUPED) by each unit's {before} from before its exposure, known of {}. The value of a \
                 variant is what it would be with the {before} that \"{}\" had before.",
                metric.label,
                known.join(", "),
                name(&metric.control.variant)
            )
        } else {
            format!(
                "{}: not adjusted, for {before} from before the exposure explains nothing (known of {}).",
                metric.label,
                known.join(", ")
            )
        });
    }
    let by = |way: By| computed().any(|figures| figures.method == Some(way));
    if by(By::SequentialQuantile) {
        notes.push(format!(
            "{}: compared by how many values lie below each candidate, whatever their distribution.",
            metric.label
        ));
    }
    if by(By::SequentialCounts) || by(By::ExactCounts) {
        notes.push(format!(
            "{}: fewer than {} conversions in a variant, so the counts are compared{}, as a ratio of rates.",
            metric.label,
            RARE,
            if by(By::ExactCounts) {
                " exactly"
            } else {
                ""
            }
        ));
        if request.question.difference == Difference::Absolute {
            notes.push(format!(
                "{}: its change is relative all the same, a share of the control's rate: counts so small tell how many \
                 times as many convert, and not by how many points.",
                metric.label
            ));
        }
        if request.method == Method::Bayesian {
            notes.push(format!(
                "{}: the chance to win starts from flat priors of the two rates; the interval is the exact \
                 one of the counts and no belief.",
                metric.label
            ));
        }
    }
    // Of two variants one may have few conversions and the other many; a note that repeats is told once.
    for spent in computed().filter_map(|figures| figures.basis.spent(request.method)) {
        notes.push(format!(
            "{}: one variant has more than 5 units for 2 of the other, so comparing counts below {RARE} \
             conversions and the sequence from there on share the level; p and interval are of {} of it.",
            metric.label,
            share(spent.get())
        ));
    }
    if matches!(metric.kind, Kind::Quantile(_)) {
        notes.push(format!(
            "{}: over units, each by the sum of its values.",
            metric.label
        ));
    }
    if arms().any(|arm| arm.sketched) {
        notes.push(format!(
            "{}: of so many values known to {}% only, which the interval includes.",
            metric.label,
            100.0 * ACCURACY
        ));
    }
    notes
}
