//! `sequential`: a mean or a proportion at any look, by an asymptotic confidence sequence.

use super::arms::{AnyArm, compare_any, proportions, told};
use super::{Answer, Inputs, Stop};
use crate::Number;
use stats::sequential;

const TOO_FEW: &str = "fewer than 20 events, or 20 units without, in an arm: a relative sequence does not \
                       keep its level there; use counts_sequential or the absolute difference";

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
    let answer = told(&sequential::asymptotic(&fixed, question, tuning)?);
    // A batch is also for checking us against other software, so the figures are those of the formula;
    // that their level is not kept is told beside them.
    let kept = match proportions(&arms.control, &arms.treatment)? {
        Some([control, treatment]) => {
            sequential::proportion(control, treatment, question, tuning).is_ok()
        }
        None => true,
    };
    Ok(if kept {
        answer
    } else {
        answer.text("caution", TOO_FEW)
    })
}
