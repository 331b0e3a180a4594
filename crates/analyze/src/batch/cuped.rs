//! `cuped`: two means, freed of what the time before explains.

use super::arms::{Sums, pairs, told};
use super::{Answer, Inputs, Stop};
use crate::{Count, Number};
use stats::PairMoments;

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Arm {
    n: Count,
    post: Sums,
    pre: Sums,
    post_pre_sum_prod: Number,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Arms {
    control: Arm,
    treatment: Arm,
}

impl Arm {
    fn parse(&self, arm: &'static str) -> Result<PairMoments, Stop> {
        let product = ("post_pre_sum_prod", self.post_pre_sum_prod);
        pairs(
            arm,
            self.n,
            ("post", &self.post),
            ("pre", &self.pre),
            product,
        )
    }
}

pub(super) fn answer(inputs: Inputs) -> Result<Answer, Stop> {
    let question = inputs.question();
    let arms: Arms = inputs.read()?;
    let control = arms.control.parse("control")?;
    let treatment = arms.treatment.parse("treatment")?;
    let cuped = stats::effect::cuped(&control, &treatment, question)?;
    Ok(told(&cuped.estimate)
        .number("theta", cuped.theta)
        .number("adjusted_mean_control", cuped.adjusted_mean_control)
        .number("adjusted_mean_treatment", cuped.adjusted_mean_treatment))
}
