use super::mann_whitney::of;
use super::{Answer, Inputs, Stop};
use crate::{Count, Number};
use stats::count::{Events, poisson_rates};

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Arms {
    control: Arm,
    treatment: Arm,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Arm {
    count: Count,
    exposure: Number,
}

impl Arm {
    fn events(&self) -> Events {
        Events {
            count: self.count.get(),
            exposure: self.exposure.get(),
        }
    }
}

pub(super) fn answer(inputs: Inputs) -> Result<Answer, Stop> {
    let question = inputs.question();
    let Arms { control, treatment } = inputs.read()?;
    let rates = poisson_rates(control.events(), treatment.events(), question.alpha)?;
    let interval = rates.interval_score;
    Ok(Answer::new()
        .number("p_exact", of(rates.exact, question.side))
        .number("rate_ratio", rates.rate_ratio)
        .number("p_score", of(rates.score, question.side))
        .interval("interval_score", interval.lo, interval.hi))
}
