//! `bayesian_effect`: the normal posterior of a mean's or a proportion's effect.

use super::arms::{AnyArm, compare_any, within};
use super::inputs::one;
use super::{Answer, Inputs, Refused, Stop};
use crate::Number;
use stats::Better;
use stats::bayes::{self, Prior};

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Arms {
    control: AnyArm,
    treatment: AnyArm,
    prior: Option<PriorInputs>,
    #[serde(default)]
    inverse: bool,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct PriorInputs {
    proper: bool,
    mean: Option<Number>,
    variance: Option<Number>,
}

impl PriorInputs {
    fn parse(&self) -> Result<Prior, Refused> {
        let mean = one("prior.mean", self.mean.unwrap_or(Number(0.0)))?;
        let variance = self.variance.map_or(Prior::USUAL_VARIANCE, Number::get);
        let normal = Prior::normal(mean, variance).map_err(within("prior"))?;
        // Programs send both of a prior that is not proper, too; they have to be ones.
        Ok(if self.proper { normal } else { Prior::Flat })
    }
}

pub(super) fn answer(inputs: Inputs) -> Result<Answer, Stop> {
    let question = inputs.question();
    let arms: Arms = inputs.read()?;
    let prior = arms.prior.map_or(Ok(Prior::Flat), |prior| prior.parse())?;
    let better = if arms.inverse {
        Better::Lower
    } else {
        Better::Higher
    };
    let estimate = compare_any(&arms.control, &arms.treatment, question)?;
    let belief = bayes::effect(&estimate, prior, better, question)?;
    Ok(Answer::new()
        .number("chance_to_win", belief.chance_to_win)
        .number("expected", belief.expected)
        .interval("interval", belief.interval.lo, belief.interval.hi)
        .numbers("risk", &[belief.risk_control, belief.risk_treatment]))
}
