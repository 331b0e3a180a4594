use super::inputs::none_negative;
use super::{Answer, Inputs, Refused, Stop};
use crate::{Count, Number};
use stats::sequential::RatioMismatch;

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Split {
    /// What came at each look, one count an arm.
    increments: Vec<Vec<Count>>,
    null_probabilities: Vec<Number>,
    #[serde(default = "usual")]
    dirichlet_concentration: Number,
}

const fn usual() -> Number {
    Number(10_000.0)
}

pub(super) fn answer(inputs: Inputs) -> Result<Answer, Stop> {
    let split: Split = inputs.read()?;
    let shares = Number::all(&split.null_probabilities);
    none_negative("null_probabilities", &shares)?;
    let mut test = RatioMismatch::new(&shares, split.dirichlet_concentration.get())?;
    let mut factors = Vec::with_capacity(split.increments.len());
    let mut chances = Vec::with_capacity(split.increments.len());
    for (index, increment) in split.increments.into_iter().enumerate() {
        let increment: Vec<u64> = increment.into_iter().map(Count::get).collect();
        let look = test
            .observe(&increment)
            .map_err(|invalid| Refused::from(invalid).named(&format!("increments[{index}]")))?;
        factors.push(look.log_bayes_factor);
        chances.push(look.p);
    }
    Ok(Answer::new()
        .numbers("log_bayes_factor", &factors)
        .numbers("p", &chances))
}
