use super::{Answer, Inputs, Stop};
use crate::{Count, Number};
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
    let answer = counts(events.counts.map(Count::get), &question)?;
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
