use super::mann_whitney::of;
use super::{Answer, Inputs, Stop};
use crate::{Count, Number};
use stats::count::{Events, poisson_rates};
use stats::{Alpha, Side};

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

/// `interval_score` is two-sided at every `side`, as the reference's is; the one that agrees with a
/// one-sided p stands beside it.
pub(super) fn answer(inputs: Inputs) -> Result<Answer, Stop> {
    let question = inputs.question();
    let Arms { control, treatment } = inputs.read()?;
    let (control, treatment) = (control.events(), treatment.events());
    let rates = poisson_rates(control, treatment, question.alpha)?;
    let interval = rates.interval_score;
    let answer = Answer::new()
        .number("p_exact", of(rates.exact, question.side))
        .number("rate_ratio", rates.rate_ratio)
        .number("p_score", of(rates.score, question.side))
        .interval("interval_score", interval.lo, interval.hi);
    // Each end at 2α is one-sided at α; from a half on there is none.
    let one_sided = match Alpha::new(2.0 * question.alpha.get()) {
        Ok(alpha) if question.side != Side::Two => {
            poisson_rates(control, treatment, alpha)?.interval_score
        }
        _ => return Ok(answer),
    };
    let (lo, hi) = if question.side == Side::Greater {
        (one_sided.lo, f64::INFINITY)
    } else {
        (0.0, one_sided.hi)
    };
    Ok(answer.interval("interval_score_one_sided", lo, hi))
}
