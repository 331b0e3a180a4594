//! What a reader must know before the figures, and what was done to get them.

use super::basis::RARE;
use super::compare::Split;
use super::metric::{Kind, Metric};
use super::report::{ArmReport, MetricReport, Reading, figures_of, ratio};
use super::{Method, Request};
use crate::figures::{count, counted, p, share, value};
use crate::join::{ACCURACY, Joined, Lump, Missing};

/// Below so many units in an arm nothing should be decided.
const FEW: u64 = 100;

pub(super) fn warnings(
    request: &Request,
    arms: &[ArmReport],
    split: Option<&Split>,
    metrics: &[MetricReport],
    reading: &Reading,
) -> Vec<String> {
    let mut warnings = Vec::new();
    if let Some(split) = split.filter(|split| split.mismatch) {
        let seen: Vec<String> = arms
            .iter()
            .map(|arm| {
                format!(
                    "{} {} (planned {})",
                    arm.name,
                    share(arm.share),
                    share(arm.planned)
                )
            })
            .collect();
        warnings.push(format!(
            "Sample ratio mismatch: {}; so far off by chance only with p {}. Units are lost or added in \
             one variant, so the figures below compare different crowds.",
            seen.join(", "),
            p(split.p)
        ));
    }
    let units: u64 = arms.iter().map(|arm| arm.units).sum();
    if reading.units_in_two_arms > 0 {
        let all = units + reading.units_in_two_arms;
        warnings.push(format!(
            "{} ({}) {} seen in more than one variant and left out.",
            counted(reading.units_in_two_arms, "unit"),
            share(ratio(reading.units_in_two_arms, all)),
            if reading.units_in_two_arms == 1 {
                "was"
            } else {
                "were"
            }
        ));
    }
    for arm in arms.iter().filter(|arm| arm.units < FEW) {
        warnings.push(format!(
            "Variant \"{}\" has {} only{}",
            arm.name,
            counted(arm.units, "unit"),
            if arm.units <= 1 {
                "; is its name right?"
            } else {
                "."
            }
        ));
    }
    for arm in arms
        .iter()
        .filter(|arm| arm.planned == 0.0 && arm.units > 0)
    {
        warnings.push(format!(
            "Variant \"{}\" is in the file, but in no --share.",
            arm.name
        ));
    }
    if request.missing == Missing::LeaveOut {
        warnings.extend(missing(request, metrics));
    }
    // A sequence of quantiles counts what lies below, however it is spread.
    if !matches!(request.method, Method::Sequential { .. }) {
        warnings.extend(metrics.iter().filter_map(edge));
    }
    for (n, what) in [
        (reading.rows_without_unit, "without a unit"),
        (reading.rows_without_time, "without a time"),
    ] {
        if n > 0 {
            warnings.push(format!("{} {what}, left out.", counted(n, "row")));
        }
    }
    if reading.values_never_exposed > 0 {
        warnings.push(format!(
            "{} of units that were never exposed, left out.",
            counted(reading.values_never_exposed, "metric row")
        ));
    }
    if reading.key_collision_chance > 1e-4 {
        warnings.push(format!(
            "Units are told apart by 64 bits of their name; that two share them has a chance of {}.",
            share(reading.key_collision_chance)
        ));
    }
    warnings
}

/// A quantile of which the data can hardly tell how sure it is.
fn edge(metric: &MetricReport) -> Option<String> {
    let arms = std::iter::once(&metric.control).chain(metric.comparisons.iter().map(|c| &c.arm));
    let lumps: Vec<(&str, Lump)> = arms
        .filter_map(|arm| Some((arm.variant.as_str(), arm.lump?)))
        .collect();
    let (_, first) = lumps.first()?;
    let each: Vec<String> = lumps
        .iter()
        .map(|(variant, lump)| {
            format!(
                "{} of the units of \"{variant}\" have the value {}",
                share(lump.share),
                value(lump.value)
            )
        })
        .collect();
    let where_it_lies = if lumps.iter().any(|(_, lump)| lump.holds_both) {
        "among them, where it has no interval"
    } else {
        "at their edge, so do not trust its interval and p"
    };
    let remedy = if first.value == 0.0 {
        "the share of units with any value (:conversion), or a quantile farther out"
    } else {
        "another quantile, or the mean"
    };
    Some(format!(
        "{}: {}, and the quantile lies {where_it_lies}; compare {remedy}.",
        metric.metric,
        each.join(", ")
    ))
}

/// Units without a value: of no concern where doing nothing is 0, of much where they are left out.
fn missing(request: &Request, metrics: &[MetricReport]) -> Vec<String> {
    let mut told = Vec::new();
    for metric in metrics {
        let arms =
            || std::iter::once(&metric.control).chain(metric.comparisons.iter().map(|c| &c.arm));
        if !arms().any(|arm| arm.missing > 0) {
            continue;
        }
        let each: Vec<String> = arms()
            .map(|arm| {
                let of = if request.missing == Missing::LeaveOut {
                    arm.n + arm.missing
                } else {
                    arm.n
                };
                format!("{} {}", arm.variant, share(ratio(arm.missing, of)))
            })
            .collect();
        let missing = arms().map(|arm| arm.missing).sum();
        told.push(format!(
            "{}: {} without a value ({}), {}.",
            metric.metric,
            counted(missing, "unit"),
            each.join(", "),
            match request.missing {
                Missing::Zero => "counted as 0",
                Missing::LeaveOut => "left out",
            }
        ));
    }
    told
}

fn were(n: u64, one: &str) -> String {
    format!(
        "{} {}",
        counted(n, one),
        if n == 1 { "was" } else { "were" }
    )
}

pub(super) fn notes(
    request: &Request,
    joined: &Joined,
    metrics: &[MetricReport],
    reading: &Reading,
) -> Vec<String> {
    let mut notes = Vec::new();
    if request.missing == Missing::Zero {
        notes.extend(missing(request, metrics));
    }
    if reading.values_before_exposure > 0 {
        notes.push(format!(
            "{} earlier than the first exposure of the unit, left out.",
            were(reading.values_before_exposure, "metric row")
        ));
    }
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
        notes.push(
            "Guardrails are tested one-sided against their margin, each for itself and without correction; \
             p is the chance of figures as good from a variant that is worse by the margin (of a broken \
             one: as bad from one that is not)."
                .to_owned(),
        );
    }
    notes
}

/// What was done about this metric in particular.
fn of_metric(request: &Request, asked: &Metric, metric: &MetricReport) -> Vec<String> {
    let mut notes = Vec::new();
    let arms = || std::iter::once(&metric.control).chain(metric.comparisons.iter().map(|c| &c.arm));
    let computed = || metric.comparisons.iter().filter_map(figures_of);
    if let Some(before) = &asked.before {
        let known: Vec<String> = arms()
            .map(|arm| {
                let known = arm.known_before.unwrap_or(0);
                format!("{} {}", arm.variant, share(ratio(known, arm.n)))
            })
            .collect();
        notes.push(if computed().any(|figures| figures.theta.is_some_and(|theta| theta.get() != 0.0)) {
            format!(
                "{}: adjusted (CUPED) by each unit's {before} from before its exposure, known of {}.",
                metric.metric,
                known.join(", ")
            )
        } else {
            format!(
                "{}: not adjusted, for {before} from before the exposure explains nothing (known of {}).",
                metric.metric,
                known.join(", ")
            )
        });
    }
    let by = |names: &'static [&str]| {
        move |figures: &super::report::Figures| figures.counts.is_some_and(|by| names.contains(&by))
    };
    if computed().any(by(&["sequential_quantile"])) {
        notes.push(format!(
            "{}: compared by how many values lie below each candidate, whatever their distribution.",
            metric.metric
        ));
    }
    if computed().any(by(&["sequential_counts", "exact_counts"])) {
        notes.push(format!(
            "{}: fewer than {} conversions in a variant, so the counts are compared{}, as a ratio of rates.",
            metric.metric,
            RARE,
            if computed().any(by(&["exact_counts"])) {
                " exactly"
            } else {
                ""
            }
        ));
        if request.method == Method::Bayesian {
            notes.push(format!(
                "{}: the chance to win starts from flat priors of the two rates; the interval is the exact \
                 one of the counts and no belief.",
                metric.metric
            ));
        }
    }
    if matches!(metric.kind, Kind::Quantile(_)) {
        notes.push(format!(
            "{}: over units, each by the sum of its values.",
            metric.metric
        ));
    }
    if arms().any(|arm| arm.sketched) {
        notes.push(format!(
            "{}: of so many values known to {}% only, which the interval includes.",
            metric.metric,
            100.0 * ACCURACY
        ));
    }
    notes
}
