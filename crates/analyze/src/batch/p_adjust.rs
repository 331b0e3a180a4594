//! `p_adjust`: p values of many comparisons that keep their promise together.

use super::{Answer, Inputs, Stop};
use crate::Number;
use stats::adjust;

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct PAdjust {
    p: Vec<Number>,
}

pub(super) fn answer(inputs: Inputs) -> Result<Answer, Stop> {
    let PAdjust { p } = inputs.read()?;
    let p = Number::all(&p);
    Ok(Answer::new()
        .numbers("holm", &adjust::holm(&p)?)
        .numbers("bh", &adjust::benjamini_hochberg(&p)?)
        .numbers("bonferroni", &adjust::bonferroni(&p)?))
}
