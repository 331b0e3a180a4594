//! `beta_binomial`: the chance that one proportion beats another, and what a wrong choice costs.

use super::arms::ProportionArm;
use super::{Answer, Inputs, Refused, Stop};
use crate::Number;
use stats::bayes::{self, BetaPrior};

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Arms {
    control: ProportionArm,
    treatment: ProportionArm,
    prior: Option<[Number; 2]>,
}

pub(super) fn answer(inputs: Inputs) -> Result<Answer, Stop> {
    let arms: Arms = inputs.read()?;
    let control = arms.control.parse("control")?;
    let treatment = arms.treatment.parse("treatment")?;
    let prior = match arms.prior {
        Some([a, b]) => BetaPrior::new(a.get(), b.get()).map_err(|invalid| {
            let at = if invalid.field == "a" {
                "prior[0]"
            } else {
                "prior[1]"
            };
            Refused::field(at, invalid.why, invalid.remedy)
        })?,
        None => BetaPrior::FLAT,
    };
    let belief = bayes::beta_binomial(control, treatment, prior)?;
    Ok(Answer::new()
        .number(
            "p_treatment_beats_control",
            belief.p_treatment_beats_control,
        )
        .number(
            "expected_loss_choose_treatment",
            belief.expected_loss_choose_treatment,
        )
        .number(
            "expected_loss_choose_control",
            belief.expected_loss_choose_control,
        ))
}
