//! Metric rows from before their unit's first exposure: history, or a clock that is off.

use super::report::{Reading, ratio};
use crate::figures::{count, counted, share};
use crate::source::Remark;

/// A larger share of what exposed units did is enough to turn a result around.
const MUCH: f64 = 0.1;

/// Of the metric rows of exposed units.
fn is_much(reading: &Reading) -> bool {
    ratio(reading.values_before_exposure, of_exposed(reading)) > MUCH
}

const fn of_exposed(reading: &Reading) -> u64 {
    reading.values_before_exposure + reading.values_used
}

/// Behind the conclusion, where figures stand in it.
pub(super) fn sentence(reading: &Reading) -> Option<String> {
    (reading.values_used > 0 && is_much(reading)).then(|| {
        format!(
            "{} of {} {} earlier than their unit's first exposure and left out; are the times of one clock?",
            count(reading.values_before_exposure),
            counted(of_exposed(reading), "metric row"),
            is_or_are(reading.values_before_exposure)
        )
    })
}

/// Where so many are left out that they may be the result, or the files tell why they are.
pub(super) fn warning(reading: &Reading, remark: Option<&Remark>) -> Option<String> {
    let early = reading.values_before_exposure;
    if early == 0 || !(is_much(reading) || remark.is_some()) {
        return None;
    }
    let rows = format!(
        "{} of {} of exposed units ({}) {} earlier than the first exposure of the unit and left out",
        count(early),
        counted(of_exposed(reading), "metric row"),
        share(ratio(early, of_exposed(reading))),
        is_or_are(early)
    );
    Some(match remark {
        Some(remark) => format!(
            "{rows}: {}. To join them rightly, {}.",
            remark.what, remark.remedy
        ),
        None => format!(
            "{rows}. That is right of what was done before the experiment, and wrong where zones differ or \
             times lack their time of day."
        ),
    })
}

const fn is_or_are(n: u64) -> &'static str {
    if n == 1 { "is" } else { "are" }
}

/// Where they are few and nothing speaks against it.
pub(super) fn note(reading: &Reading, remark: Option<&Remark>) -> Option<String> {
    let early = reading.values_before_exposure;
    (early > 0 && warning(reading, remark).is_none()).then(|| {
        format!(
            "{} {} earlier than the first exposure of the unit, left out.",
            counted(early, "metric row"),
            if early == 1 { "was" } else { "were" }
        )
    })
}
