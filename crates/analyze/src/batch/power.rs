//! `power`: of the effect, the observations in each arm and the power, the one that is not given.

use super::inputs::one;
use super::{Answer, Inputs, Refused, Stop};
use crate::{Count, Number};
use stats::power::Plan;

#[derive(serde::Deserialize)]
#[serde(rename_all = "snake_case")]
enum Metric {
    #[serde(alias = "rate", alias = "conversion")]
    Proportion,
    #[serde(alias = "continuous")]
    Mean,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Power {
    #[serde(alias = "metric_type", alias = "type")]
    metric: Metric,
    baseline: Number,
    stddev: Option<Number>,
    effect: Option<Number>,
    n_per_arm: Option<Count>,
    power: Option<Number>,
}

/// What is usual where nothing is said.
const USUAL_POWER: f64 = 0.8;

pub(super) fn answer(inputs: Inputs) -> Result<Answer, Stop> {
    let question = inputs.question();
    let asked: Power = inputs.read()?;
    let baseline = one("baseline", asked.baseline)?;
    let effect = asked
        .effect
        .map(|effect| one("effect", effect))
        .transpose()?;
    let plan = match (asked.metric, asked.stddev) {
        (Metric::Proportion, None) => Plan::proportion(baseline, question)?,
        (Metric::Proportion, Some(_)) => {
            return Err(Refused::field(
                "stddev",
                "a proportion's follows from its baseline",
                "leave it out",
            )
            .into());
        }
        (Metric::Mean, Some(stddev)) => Plan::mean(baseline, stddev.get(), question)?,
        (Metric::Mean, None) => {
            return Err(Refused::field("stddev", "a mean needs it", "add it").into());
        }
    };
    let power = asked.power.map_or(USUAL_POWER, Number::get);
    match (effect, asked.n_per_arm) {
        (Some(effect), None) => {
            Ok(Answer::new().count("n_per_arm", plan.n_per_arm(effect, power)?))
        }
        (None, Some(n)) => {
            Ok(Answer::new().number("minimum_effect", plan.minimum_effect(n.get(), power)?))
        }
        (Some(effect), Some(n)) if asked.power.is_none() => {
            Ok(Answer::new().number("power", plan.power(effect, n.get())?))
        }
        (Some(_), Some(_)) => Err(Refused::field(
            "power",
            "with effect and n_per_arm given it is the answer",
            "leave one of the three out",
        )
        .into()),
        (None, None) => Err(Refused::field(
            "effect",
            "neither it nor n_per_arm is given",
            "give effect for the observations it needs, n_per_arm for the effect they show, or both \
             for the power",
        )
        .into()),
    }
}
