//! `mean`: Welch's t on two means.

use super::arms::{MeanArm, told};
use super::{Answer, Inputs, Stop};

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Arms {
    control: MeanArm,
    treatment: MeanArm,
}

pub(super) fn answer(inputs: Inputs) -> Result<Answer, Stop> {
    let question = inputs.question();
    let arms: Arms = inputs.read()?;
    let control = arms.control.parse("control")?;
    let treatment = arms.treatment.parse("treatment")?;
    Ok(told(&stats::effect::mean(&control, &treatment, question)?))
}
