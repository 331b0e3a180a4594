//! What one arm remembers by itself and the other does not.
//!
//! Pairs hold the noise of both arms, so that they hide what one alone remembers, and they hold what changes in the
//! canary on the way, so that they seem to remember what is a change.

use super::correlations::{Correlations, of_series};
use super::course::without_course;
use super::ranks::Ranks;
use super::{Dependence, Longer, Series};
use crate::CannotCompute;

/// Fewer rows of an arm by itself do not show how short its memory is.
const LEAST_ALONE: usize = 50;

/// A course of fewer rows takes too much of what they remember with it.
const LEAST_OF_COURSE: usize = 100;

/// The dependence of the pairs, or that of one arm by itself where the other remembers for much less long.
pub(super) fn or_of_one_arm(pairs: Dependence, control: &[f64], canary: &[f64]) -> Dependence {
    if pairs.step == Some(1) {
        return or_hidden(pairs, control, canary);
    }
    let Some(control) = shorter(control, &pairs) else {
        return pairs;
    };
    match rest(canary) {
        // Beside a control without any memory, what is more than a course is none of a change.
        Ok(rest) if rest.is_longer_than(&control) => Dependence {
            canary_longer: Some(Longer::Remembers),
            ..if control.step == Some(1) {
                pairs.or_if_longer(rest)
            } else {
                rest
            }
        },
        // A canary that is all course has nothing left that could remember.
        rest => Dependence {
            canary_longer: Some(Longer::Changes),
            turn: rest.ok().and_then(|rest| rest.turn),
            ..control
        },
    }
}

/// What one arm remembers where the pairs show nothing and the other arm has nothing.
fn or_hidden(pairs: Dependence, control: &[f64], canary: &[f64]) -> Dependence {
    let hidden = if has_no_memory(canary) {
        of_series(control, Series::Control)
    } else if !has_no_memory(control) {
        return pairs;
    } else if pairs.rows < LEAST_OF_COURSE as u64 {
        of_series(canary, Series::Canary)
    } else {
        rest(canary).map(|rest| Dependence {
            canary_longer: Some(Longer::Remembers),
            ..rest
        })
    };
    hidden.map_or(pairs, |hidden| pairs.or_if_longer(hidden))
}

/// The canary without its course.
fn rest(canary: &[f64]) -> Result<Dependence, CannotCompute> {
    of_series(&without_course(canary)?, Series::Canary)
}

/// What never varies remembers nothing.
fn has_no_memory(arm: &[f64]) -> bool {
    Ranks::of(arm).map_or(true, |ranks| {
        let mut r = Correlations::of(&ranks);
        r.turn().is_none() && r.show_nothing()
    })
}

/// The control by itself, where it clearly remembers for less long than the pairs do, or not at all.
fn shorter(control: &[f64], pairs: &Dependence) -> Option<Dependence> {
    let rows = control.iter().filter(|value| !value.is_nan()).count();
    if rows < LEAST_ALONE {
        return None;
    }
    let alone = |neighbours: f64, step: usize| Dependence {
        series: Series::Control,
        rows: rows as u64,
        neighbours,
        step: Some(step),
        turn: None,
        canary_longer: None,
    };
    let Ok(ranks) = Ranks::of(control) else {
        return Some(alone(0.0, 1));
    };
    let mut r = Correlations::of(&ranks);
    if r.turn().is_some() {
        return None;
    }
    let step = if r.show_nothing() {
        1
    } else if r.are_noise() {
        // Neither with a memory nor clearly without one.
        return None;
    } else {
        r.least_step().map(|step| step + step.div_ceil(2))?
    };
    let much_less = pairs.step.is_none_or(|pairs| 4 * step < 3 * pairs);
    (step == 1 || much_less).then(|| alone(r.at(1), step))
}
