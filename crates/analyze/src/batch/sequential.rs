//! `sequential`: a mean or a proportion at any look, by an asymptotic confidence sequence.

use super::arms::{AnyArm, compare_any, means, proportions, told};
use super::{Answer, Inputs, Stop};
use crate::Number;
use stats::{CannotCompute, Failure, sequential};

const WEAK: &str = "an arm is less than 8 of its standard errors from 0 (64 events, of rare ones): a relative \
                    sequence does not keep its level there";

const FEW: &str = "one arm is more than twice the other, and one has fewer than 10 events, or units without: a \
                   sequence does not keep its level there";

const LOPSIDED: &str = "one arm is more than twice the other, and one is less than 15 of its standard errors from 0: \
                        a sequence of lopsided values, as revenue, does not keep its level there, and sums do not \
                        show how lopsided they are; wait for more, or let viridian analyze ab --sequential read the \
                        values";

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
    let caution = match proportions(&arms.control, &arms.treatment)? {
        Some([control, treatment]) => {
            let weak = sequential::effect(&fixed, question, tuning).is_err();
            let kept = sequential::proportion(control, treatment, question, tuning).is_ok();
            match (weak, kept) {
                (true, _) => Some(format!(
                    "{WEAK}; ask for the absolute difference, whose p is that of the same question, or use \
                     counts_sequential"
                )),
                (false, false) => Some(format!("{FEW}; use counts_sequential, or wait for more")),
                (false, true) => None,
            }
        }
        None => {
            let [control, treatment] = means(&arms.control, &arms.treatment)?;
            match sequential::mean(&control, &treatment, question, tuning) {
                Ok(_) => None,
                Err(Failure::CannotCompute(CannotCompute::Skewed)) => Some(LOPSIDED.to_owned()),
                Err(_) => Some(format!(
                    "{WEAK}; ask for the absolute difference, whose p (though not its early interval) holds for \
                     the same question, or wait for more"
                )),
            }
        }
    };
    Ok(match caution {
        Some(caution) => answer.text("caution", caution),
        None => answer,
    })
}
