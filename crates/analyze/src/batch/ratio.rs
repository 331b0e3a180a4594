//! `ratio`: two ratios of sums, by the delta method.

use super::arms::{Sums, pairs, told};
use super::{Answer, Inputs, Stop};
use crate::{Count, Number};
use stats::PairMoments;

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Arm {
    n: Count,
    num: Sums,
    den: Sums,
    num_den_sum_prod: Number,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Arms {
    control: Arm,
    treatment: Arm,
}

impl Arm {
    fn parse(&self, arm: &'static str) -> Result<PairMoments, Stop> {
        let product = ("num_den_sum_prod", self.num_den_sum_prod);
        pairs(arm, self.n, ("num", &self.num), ("den", &self.den), product)
    }
}

pub(super) fn answer(inputs: Inputs) -> Result<Answer, Stop> {
    let question = inputs.question();
    let arms: Arms = inputs.read()?;
    let control = arms.control.parse("control")?;
    let treatment = arms.treatment.parse("treatment")?;
    let ratio = stats::effect::ratio(&control, &treatment, question)?;
    Ok(told(&ratio.estimate)
        .number("ratio_control", ratio.control)
        .number("ratio_treatment", ratio.treatment))
}
