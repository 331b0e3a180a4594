//! `quantile`: two quantiles with the order statistics that bound them.

use super::arms::{told, within};
use super::inputs::one;
use super::{Answer, Inputs, Refused, Stop};
use crate::{Count, Number};
use stats::effect::QuantileArm;

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Arm {
    n: Count,
    n_star: Count,
    nu: Number,
    q: Number,
    lo: Number,
    hi: Number,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Arms {
    control: Arm,
    treatment: Arm,
}

impl Arm {
    fn parse(&self, arm: &'static str) -> Result<QuantileArm, Refused> {
        let at = |name: &str, figure: Number| one(&format!("{arm}.{name}"), figure);
        let (q, lo, hi) = (at("q", self.q)?, at("lo", self.lo)?, at("hi", self.hi)?);
        QuantileArm::new(self.n.get(), self.n_star.get(), self.nu.get(), q, lo, hi)
            .map_err(within(arm))
    }
}

pub(super) fn answer(inputs: Inputs) -> Result<Answer, Stop> {
    let question = inputs.question();
    let arms: Arms = inputs.read()?;
    let control = arms.control.parse("control")?;
    let treatment = arms.treatment.parse("treatment")?;
    if arms.control.nu != arms.treatment.nu {
        return Err(Refused::field(
            "treatment.nu",
            "it is not the control's",
            "compare quantiles of the same level",
        )
        .into());
    }
    Ok(told(&stats::effect::quantile(
        &control, &treatment, question,
    )?))
}
