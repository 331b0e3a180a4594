//! What a reader must know before the figures.

use super::compare::Split;
use super::metric::Direction;
use super::report::{ArmReport, MetricReport, Reading, figures_of, ratio};
use super::{Method, Request, early, words};
use crate::figures::{counted, name, p, share, value};
use crate::join::{Lump, Missing};
use crate::source::Remark;
use stats::Difference;

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
    if request.question.difference == Difference::Absolute {
        warnings.extend(metrics.iter().filter_map(wide));
    }
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

/// A margin in the metric's unit that is more than the control has.
fn wide(metric: &MetricReport) -> Option<String> {
    let (margin, own) = (metric.guardrail?, metric.control.value.get());
    let passes = match metric.direction {
        Direction::Up => "none at all",
        Direction::Down => "twice as much",
    };
    (own > 0.0 && margin > own).then(|| {
        format!(
            "{}: the margin of {} is more than \"{}\" itself has, {}: a variant with {passes} keeps the guardrail. \
             Without --absolute a margin is a share of the control's figure, as guardrail=5%.",
            metric.label,
            words::margin(Difference::Absolute, metric),
            name(&metric.control.variant),
            words::figure(metric.kind, own),
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
pub(super) fn missing(request: &Request, metrics: &[MetricReport]) -> Vec<String> {
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

/// Whether it was said how many units the variant should have.
fn is_planned(request: &Request, arm: &ArmReport) -> bool {
    request
        .shares
        .iter()
        .any(|(planned, _)| *planned == arm.name)
}
