//! What a reader must know before the figures, and what was done to get them.

use super::basis::{By, RARE};
use super::compare::Split;
use super::metric::{Kind, Metric};
use super::report::{ArmReport, MetricReport, Reading, figures_of, ratio};
use super::{Method, Request, USUAL, early};
use crate::figures::{count, counted, name, p, share, value};
use crate::join::{ACCURACY, Joined, Lump, Missing};
use crate::source::Remark;

/// Below so many units in an arm nothing should be decided.
const FEW: u64 = 100;

pub(super) fn warnings(
    request: &Request,
    arms: &[ArmReport],
    split: Option<&Split>,
    metrics: &[MetricReport],
    (reading, remark): (&Reading, Option<&Remark>),
) -> Vec<String> {
    let mut warnings = Vec::new();
    if let Some(split) = split.filter(|split| split.mismatch) {
        let seen: Vec<String> = arms
            .iter()
            .map(|arm| {
                format!(
                    "{} {} (planned {})",
                    name(&arm.name),
                    share(arm.share),
                    share(arm.planned)
                )
            })
            .collect();
        let how = if split.unplanned.is_some() {
            "no chance does that".to_owned()
        } else {
            format!("so far off by chance only with p {}", p(split.p))
        };
        warnings.push(format!(
            "Sample ratio mismatch: {}; {how}. Units are lost or added in one variant, so the figures \
             below compare different crowds.",
            seen.join(", ")
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
            name(&arm.name),
            counted(arm.units, "unit"),
            match arm.units {
                0 if reading.units_in_two_arms > 0 => ": each was seen in another variant, too.",
                0 | 1 => "; is its name right?",
                _ => ".",
            }
        ));
    }
    for arm in arms
        .iter()
        .filter(|arm| !request.shares.is_empty() && !is_planned(request, arm))
    {
        warnings.push(format!(
            "Variant \"{}\" is in the file, but in no --share.",
            name(&arm.name)
        ));
    }
    if request.missing == Missing::LeaveOut {
        warnings.extend(missing(request, metrics));
    }
    // A sequence of quantiles counts what lies below, however it is spread.
    if !matches!(request.method, Method::Sequential { .. }) {
        warnings.extend(metrics.iter().filter_map(edge));
    }
    warnings.extend(metrics.iter().filter_map(skewed));
    for (n, what) in [
        (reading.rows_without_unit, "without a unit"),
        (reading.rows_without_time, "without a time"),
    ] {
        if n > 0 {
            warnings.push(format!("{} {what}, left out.", counted(n, "row")));
        }
    }
    if reading.nan_cells > 0 {
        warnings.push(format!(
            "{} of a metric said NaN and {} read as no value: {}.",
            counted(reading.nan_cells, "cell"),
            if reading.nan_cells == 1 {
                "was"
            } else {
                "were"
            },
            match request.missing {
                Missing::Zero =>
                    "a unit without any other counts as 0 (--missing leave-out leaves it out)",
                Missing::LeaveOut => "a unit without any other is left out",
            }
        ));
    }
    if reading.values_never_exposed > 0 {
        warnings.push(format!(
            "{} of units that were never exposed, left out.",
            counted(reading.values_never_exposed, "metric row")
        ));
    }
    warnings.extend(early::warning(reading, remark));
    if reading.key_collision_chance > 1e-4 {
        warnings.push(format!(
            "Units are told apart by 64 bits of their name; that two share them has a chance of {}.",
            share(reading.key_collision_chance)
        ));
    }
    warnings
}

/// Means between arms of different sizes, of which the smaller one hardly knows its spread.
fn skewed(metric: &MetricReport) -> Option<String> {
    let arms: Vec<String> = metric
        .comparisons
        .iter()
        .filter(|comparison| figures_of(comparison).is_some_and(|figures| figures.skewed))
        .map(|comparison| format!("\"{}\"", name(&comparison.arm.variant)))
        .collect();
    (!arms.is_empty()).then(|| {
        format!(
            "{}: the variants differ in size, and too few of its rare large values are in the smaller one \
             ({}): interval and p are rough, and a difference is found too often. Compare how many convert \
             (:conversion), or wait for more units.",
            metric.label,
            arms.join(", ")
        )
    })
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
                "{} of the units of \"{}\" have the value {}",
                share(lump.share),
                name(variant),
                value(lump.value)
            )
        })
        .collect();
    let where_it_lies = if lumps.iter().any(|(_, lump)| lump.holds_both) {
        "among them"
    } else {
        "at their edge, or too close to it to tell"
    };
    let remedy = if first.value == 0.0 {
        "the share of units with any value (:conversion), or a quantile farther out"
    } else {
        "another quantile, or the mean"
    };
    Some(format!(
        "{}: {}, and the quantile lies {where_it_lies}, where its interval and p would mean nothing. \
         With --sequential --absolute it is compared whatever the distribution; or compare {remedy}.",
        metric.label,
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
                format!("{} {}", name(&arm.variant), share(ratio(arm.missing, of)))
            })
            .collect();
        let missing = arms().map(|arm| arm.missing).sum();
        told.push(format!(
            "{}: {} without a value ({}), {}.",
            metric.label,
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

pub(super) fn notes(
    request: &Request,
    joined: &Joined,
    control: usize,
    metrics: &[MetricReport],
    reading: &Reading,
) -> Vec<String> {
    let mut notes = Vec::new();
    if request.missing == Missing::Zero {
        notes.extend(missing(request, metrics));
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
    notes.extend(guess(request, joined, control));
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

/// Whether it was said how many units the variant should have.
fn is_planned(request: &Request, arm: &ArmReport) -> bool {
    request
        .shares
        .iter()
        .any(|(planned, _)| *planned == arm.name)
}

/// By what the control was known, where that is not plain.
fn guess(request: &Request, joined: &Joined, control: usize) -> Option<String> {
    let taken = joined.arms[control].0.as_str();
    let usual = || {
        USUAL.iter().filter(|usual| {
            joined
                .arms
                .iter()
                .any(|(arm, _)| arm.eq_ignore_ascii_case(usual))
        })
    };
    if request.control.is_some() || taken == USUAL[0] {
        return None;
    }
    let of: Vec<&str> = usual().copied().collect();
    let of = if of.len() > 1 {
        format!(", the first of {}", of.join(", "))
    } else {
        String::new()
    };
    Some(format!(
        "The control is taken to be \"{}\" by its name{of}; --control names another.",
        name(taken)
    ))
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
                "{}: adjusted (CUPED) by each unit's {before} from before its exposure, known of {}.",
                metric.label,
                known.join(", ")
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
        if request.method == Method::Bayesian {
            notes.push(format!(
                "{}: the chance to win starts from flat priors of the two rates; the interval is the exact \
                 one of the counts and no belief.",
                metric.label
            ));
        }
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
