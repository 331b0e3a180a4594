//! `proportion`: Welch's t on two proportions, and the pooled z beside it.

use super::arms::{ProportionArm, told};
use super::{Answer, Inputs, Stop};

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Arms {
    control: ProportionArm,
    treatment: ProportionArm,
}

pub(super) fn answer(inputs: Inputs) -> Result<Answer, Stop> {
    let question = inputs.question();
    let arms: Arms = inputs.read()?;
    let control = arms.control.parse("control")?;
    let treatment = arms.treatment.parse("treatment")?;
    let estimate = stats::effect::proportion(control, treatment, question)?;
    let pooled = stats::effect::pooled_test(control, treatment, question.side)?;
    Ok(told(&estimate)
        .number("pooled_z", pooled.z)
        .number("pooled_p", pooled.p))
}
