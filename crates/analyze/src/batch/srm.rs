//! `srm`: whether the units arrived in the shares they were assigned with.

use super::inputs::none_negative;
use super::{Answer, Inputs, Refused, Stop};
use crate::{Count, Number};

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Srm {
    observed: Vec<Count>,
    weights: Vec<Number>,
}

pub(super) fn answer(inputs: Inputs) -> Result<Answer, Stop> {
    let Srm { observed, weights } = inputs.read()?;
    let observed: Vec<u64> = observed.iter().map(|count| count.get()).collect();
    let weights = Number::all(&weights);
    none_negative("weights", &weights)?;
    whole_or_shares(&weights)?;
    let srm = stats::srm::srm(&observed, &weights)?;
    Ok(Answer::new()
        .number("chi2", srm.chi2)
        .count("df", srm.df)
        .number("p", srm.p))
}

/// Weights are whole parts, as 1 and 1 or 50 and 50, or shares, which add up to 1. Shares that do
/// not are missing an arm or a digit, and dividing them by their sum would hide it.
fn whole_or_shares(weights: &[f64]) -> Result<(), Refused> {
    let sum: f64 = weights.iter().sum();
    let whole = weights.iter().all(|weight| weight.fract() == 0.0);
    if whole || (sum - 1.0).abs() <= 1e-9 {
        return Ok(());
    }
    Err(Refused::field(
        "weights",
        format!("they add up to {}, not to 1", Number(sum)),
        "give shares that add up to 1, or whole parts, as 1 and 1",
    ))
}
