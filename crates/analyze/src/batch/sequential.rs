//! `sequential`: a mean or a proportion at any look, by an asymptotic confidence sequence.

use super::arms::{AnyArm, compare_any, proportions, told};
use super::{Answer, Inputs, Stop};
use crate::Number;
use stats::sequential;

const WEAK: &str = "an arm is less than 8 of its standard errors from 0 (64 events, of rare ones): a relative \
                    sequence does not keep its level there; ask for the absolute difference, whose p is that \
                    of the same question, or use counts_sequential";

const FEW: &str = "one arm is more than twice the other, and one has fewer than 10 events, or units without: a \
                   sequence does not keep its level there; use counts_sequential, or wait for more";

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
    // A batch is also for checking us against other software, so the figures are those of the formula;
    // that their level is not kept is told beside them.
    let answer = told(&sequential::asymptotic(&fixed, question, tuning)?);
    if sequential::effect(&fixed, question, tuning).is_err() {
        return Ok(answer.text("caution", WEAK));
    }
    let few = proportions(&arms.control, &arms.treatment)?.is_some_and(|[control, treatment]| {
        sequential::proportion(control, treatment, question, tuning).is_err()
    });
    Ok(if few {
        answer.text("caution", FEW)
    } else {
        answer
    })
}
