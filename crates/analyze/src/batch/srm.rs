//! `srm`: whether the units arrived in the shares they were assigned with.

use super::{Answer, Inputs, Stop};
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
    let srm = stats::srm::srm(&observed, &Number::all(&weights))?;
    Ok(Answer::new()
        .number("chi2", srm.chi2)
        .count("df", srm.df)
        .number("p", srm.p))
}
