use super::{Answer, Inputs, Refused, Stop};
use crate::{Count, Number};
use stats::InvalidInput;
use stats::sequential::{CountsQuestion, counts};

/// Control first, treatment second.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Events {
    counts: [Count; 2],
    dirichlet_alpha: [Number; 2],
    assignment_share: [Number; 2],
}

pub(super) fn answer(inputs: Inputs) -> Result<Answer, Stop> {
    let alpha = inputs.question().alpha;
    let events: Events = inputs.read()?;
    let question = CountsQuestion {
        prior: events.dirichlet_alpha.map(Number::get),
        shares: events.assignment_share.map(Number::get),
        alpha,
    };
    let answer = counts(events.counts.map(Count::get), &question)
        .map_err(|invalid| of_arm(invalid, &question))?;
    let (share, ratio) = (answer.share_interval, answer.rate_ratio_interval);
    // Of no events at all there is no ratio; the interval is everything and says so.
    let known = (!answer.rate_ratio.is_nan()).then_some(answer.rate_ratio);
    Ok(Answer::new()
        .number("log_e", answer.log_e)
        .number("p", answer.p)
        .interval("share_interval", share.lo, share.hi)
        .maybe("rate_ratio", known)
        .interval("rate_ratio_interval", ratio.lo, ratio.hi))
}

/// The arm that is wrong by its index, where it is one alone.
fn of_arm(invalid: InvalidInput, question: &CountsQuestion) -> Refused {
    let right = match invalid.field {
        "dirichlet_alpha" => question
            .prior
            .map(|prior| (1e-200..=1e300).contains(&prior)),
        "assignment_share" => question.shares.map(|share| share >= 1e-200),
        _ => return invalid.into(),
    };
    match right.iter().position(|right| !right) {
        Some(index) => {
            let path = format!("{}[{index}]", invalid.field);
            Refused::from(invalid).named(&path)
        }
        None => invalid.into(),
    }
}
