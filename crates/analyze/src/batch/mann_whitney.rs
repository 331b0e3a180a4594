use super::inputs::finite;
use super::{Answer, Inputs, Stop};
use crate::Number;
use stats::Side;
use stats::rank::{Pair, Tails};

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Samples {
    a: Vec<Number>,
    b: Vec<Number>,
}

/// `p_exact` and `interval` are for the `side` asked for; "greater" is: a tends to be greater than b.
pub(super) fn answer(inputs: Inputs) -> Result<Answer, Stop> {
    let question = inputs.question();
    let Samples { a, b } = inputs.read()?;
    let pair = Pair::new(&finite("a", &a)?, &finite("b", &b)?)?;
    let test = pair.mann_whitney()?;
    let shift = pair.shift(question.alpha, question.side);
    Ok(Answer::new()
        .number("u_a", test.u_a)
        .number("p_two_sided", test.asymptotic.two_sided)
        .number("p_greater", test.asymptotic.greater)
        .number("p_less", test.asymptotic.less)
        .maybe("p_exact", test.exact.map(|exact| of(exact, question.side)))
        .number("cles", test.cles)
        .number("hodges_lehmann", shift.estimate)
        .interval("interval", shift.interval.lo, shift.interval.hi)
        .number("interval_level", shift.coverage))
}

/// The chance that belongs to a side.
pub(super) const fn of(tails: Tails, side: Side) -> f64 {
    match side {
        Side::Two => tails.two_sided,
        Side::Greater => tails.greater,
        Side::Less => tails.less,
    }
}
