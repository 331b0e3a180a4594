//! What two arms come to in one metric: figures, or why there are none.

use super::basis::RARE;
use super::compare::compare;
use super::metric::{Kind, Metric};
use super::refusal::{Code, Refusal};
use super::report::Outcome;
use super::{Method, Request};
use crate::failure::Failure;
use crate::figures::{counted, name};
use crate::join::{Arm, Joined, Lump, MetricSums, Sums};
use stats::CannotCompute;
use stats::effect::Proportion;
use stats::sequential::Conversions;

/// One of the two arms.
#[derive(Clone, Copy)]
struct Side<'a> {
    name: &'a str,
    units: u64,
    sums: &'a MetricSums,
    lump: Option<Lump>,
}

impl<'a> Side<'a> {
    fn of((name, arm): &'a (String, Arm), at: usize, kind: Kind) -> Self {
        let sums = &arm.metrics[at];
        Self {
            name,
            units: arm.units,
            sums,
            lump: lump(kind, &sums.sums),
        }
    }
}

/// Equal values at or near which the quantile lies.
pub(super) fn lump(kind: Kind, sums: &Sums) -> Option<Lump> {
    match (sums, kind) {
        (Sums::Values(values), Kind::Quantile(q)) => values.lump(q),
        _ => None,
    }
}

/// Control and another arm in the metric at this place, labelled so.
///
/// # Errors
///
/// What was asked is no question, or we are at fault.
pub(super) fn outcome(
    request: &Request,
    joined: &Joined,
    (at, metric, label): (usize, &Metric, &str),
    control: usize,
    other: usize,
) -> Result<Outcome, Failure> {
    let arms = [control, other].map(|arm| Side::of(&joined.arms[arm], at, metric.kind));
    let found = match refused(request, joined, (at, metric, label), arms) {
        Some(refusal) => Err(refusal),
        None => compare(request, metric, arms.map(|arm| arm.sums)),
    };
    match found {
        Ok(figures) => Ok(Outcome::Computed(Box::new(figures))),
        Err(Refusal::Cannot { code, why }) => Ok(Outcome::Cannot {
            cannot_compute: code,
            why: match (code, arms.iter().find(|arm| arm.units == arm.sums.missing)) {
                (Code::Of(CannotCompute::NoVariance), Some(arm)) => format!(
                    "no unit of \"{}\" has a value of {label}, and all that count as 0 do not vary",
                    name(arm.name)
                ),
                _ => why,
            },
        }),
        Err(Refusal::Asked { what, remedy }) => {
            Err(Failure::asked(format!("{metric}: {what}"), remedy))
        }
        Err(Refusal::Defect(what)) => Err(Failure::asked(
            format!("{metric}: this program is at fault: {what}"),
            "please report it, with the command",
        )),
    }
}

/// What is known of the arms before any method is asked.
fn refused(
    request: &Request,
    joined: &Joined,
    (at, metric, label): (usize, &Metric, &str),
    arms: [Side<'_>; 2],
) -> Option<Refusal> {
    if let Some(empty) = arms.iter().find(|arm| arm.units == 0) {
        let all = arms.iter().all(|arm| arm.units == 0);
        return Some(Refusal::cannot(
            CannotCompute::EmptyArm,
            nobody_left(request, joined, (!all).then_some(empty.name)),
        ));
    }
    if joined
        .arms
        .iter()
        .all(|(_, arm)| arm.metrics[at].missing == arm.units)
    {
        return Some(Refusal::Cannot {
            code: Code::NoValues,
            why: unmatched(joined, label),
        });
    }
    if let Some(arm) = arms.iter().find(|arm| arm.sums.overflows) {
        return Some(Refusal::cannot(
            CannotCompute::Overflow,
            format!(
                "the values of a unit of \"{}\" add up to more than a double can hold",
                name(arm.name)
            ),
        ));
    }
    // A sequence counts what lies below, however it is spread.
    if arms.iter().any(|arm| arm.lump.is_some())
        && !matches!(request.method, Method::Sequential { .. })
    {
        return Some(Refusal::cannot(
            CannotCompute::DegenerateQuantile,
            format!("{label} lies at many equal values"),
        ));
    }
    if let Some(arm) = arms.iter().find(|arm| arm.sums.n() == 0) {
        return Some(Refusal::cannot(
            CannotCompute::EmptyArm,
            format!("no unit of \"{}\" has a value of {label}", name(arm.name)),
        ));
    }
    if arms.iter().any(|arm| few_without(arm.sums)) {
        return Some(Refusal::cannot(
            CannotCompute::TooFew,
            format!(
                "fewer than {RARE} units of a variant are without {label}; make a metric of those instead"
            ),
        ));
    }
    if arms.iter().all(|arm| none_converted(arm.sums)) {
        return Some(Refusal::cannot(
            CannotCompute::TooFew,
            format!(
                "nobody converted in either; wait for a conversion, or look whether \"{}\" holds them",
                name(&metric.column)
            ),
        ));
    }
    None
}

/// Of one arm, or of all, no unit counts.
fn nobody_left(request: &Request, joined: &Joined, arm: Option<&str>) -> String {
    let in_two = joined.seen.in_two_arms;
    match arm {
        _ if in_two == 0 => "no row of a variant has a unit".to_owned(),
        None => format!(
            "all {} were seen in more than one variant; is \"{}\" what the variants were given to?",
            counted(in_two, "unit"),
            name(&request.unit)
        ),
        Some(arm) => format!(
            "each unit of \"{}\" was seen in another variant, too; is \"{}\" what the variants were given to?",
            name(arm),
            name(&request.unit)
        ),
    }
}

/// Why no unit has a value: the files were not brought together.
fn unmatched(joined: &Joined, label: &str) -> String {
    let seen = joined.seen;
    let mut why = format!("no value of {label} belongs to an exposed unit");
    if seen.never_exposed > 0 {
        why.push_str(&format!(
            " ({} of unknown units); do both kinds of rows write units alike?",
            counted(seen.never_exposed, "row")
        ));
    } else if seen.before_exposure > 0 {
        why.push_str(&format!(
            " from then on ({} earlier than the exposure); are the times of one clock?",
            counted(seen.before_exposure, "row")
        ));
    } else {
        why.push_str("; is the column empty?");
    }
    why
}

/// Too few units without a conversion, beside many with one: as rare as rare conversions, and no
/// better known.
fn few_without(arm: &MetricSums) -> bool {
    matches!(arm.sums, Sums::Share { x, n } if Proportion::new(x, n).is_ok_and(Conversions::lacks_others))
}

fn none_converted(arm: &MetricSums) -> bool {
    matches!(arm.sums, Sums::Share { x: 0, .. })
}
