//! `sequential`: a mean or a proportion at any look, by an asymptotic confidence sequence.

use super::arms::{AnyArm, compare_any, told};
use super::{Answer, Inputs, Stop};
use crate::Number;
use stats::sequential;

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Arms {
    control: AnyArm,
    treatment: AnyArm,
    tuning: Option<Number>,
}

pub(super) fn answer(inputs: Inputs) -> Result<Answer, Stop> {
    let question = inputs.question();
    let arms: Arms = inputs.read()?;
    let tuning = arms.tuning.map_or(sequential::DEFAULT_TUNING, Number::get);
    let fixed = compare_any(&arms.control, &arms.treatment, question)?;
    Ok(told(&sequential::asymptotic(&fixed, question, tuning)?))
}
