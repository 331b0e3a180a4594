//! `p_adjust`: p values of many comparisons that keep their promise together.

use super::{Answer, Inputs, Refused, Stop};
use crate::Number;
use stats::adjust;

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct PAdjust {
    p: Vec<Number>,
}

pub(super) fn answer(inputs: Inputs) -> Result<Answer, Stop> {
    let PAdjust { p } = inputs.read()?;
    if let Some(index) = p.iter().position(|p| !(0.0..=1.0).contains(&p.get())) {
        return Err(Refused::field(
            "p",
            format!("p[{index}] is {}, and a p is between 0 and 1", p[index]),
            "leave out what could not be computed",
        )
        .into());
    }
    let p = Number::all(&p);
    Ok(Answer::new()
        .numbers("holm", &adjust::holm(&p)?)
        .numbers("bh", &adjust::benjamini_hochberg(&p)?)
        .numbers("bonferroni", &adjust::bonferroni(&p)?))
}
