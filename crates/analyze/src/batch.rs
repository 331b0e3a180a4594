//! Newline-delimited JSON: one request a line in, one answer a line out, in the same order.
//!
//! A request is `{"id": …, "method": …, "inputs": {…}}`. An answer carries the same `id` and either
//! a `result` or an `error` with a `code` that never changes its meaning, a `message`, and where it
//! helps the `field` and the `remedy`, and the `line` it is about. A line that cannot be answered
//! never stops the batch.
//!
//! # Adding a method
//!
//! One file a method, `batch/<method>.rs`, a `mod` line and a line in [`METHODS`], `("srm", srm::answer)`.
//! The file holds the inputs as a type and one function:
//!
//! ```ignore
//! use super::inputs::none_negative;
//! use super::{Answer, Inputs, Stop};
//! use crate::{Count, Number};
//!
//! #[derive(serde::Deserialize)]
//! #[serde(deny_unknown_fields)]
//! struct Srm {
//!     observed: Vec<Count>,
//!     weights: Vec<Number>,
//! }
//!
//! pub(super) fn answer(inputs: Inputs) -> Result<Answer, Stop> {
//!     let Srm { observed, weights } = inputs.read()?;
//!     let observed: Vec<u64> = observed.iter().map(|count| count.get()).collect();
//!     let weights = Number::all(&weights);
//!     none_negative("weights", &weights)?; // an error of the request that tells the index
//!     let srm = stats::srm::srm(&observed, &weights)?; // a `CannotCompute` becomes {"result": {"cannot_compute": "<code>"}}
//!     Ok(Answer::new().number("chi2", srm.chi2).count("df", srm.df).number("p", srm.p))
//! }
//! ```
//!
//! `alpha`, `difference_type` and `side` are every method's: they are taken off and checked before the
//! method is called and wait in [`Inputs::question`]; the method's own type must not name them. Floats are
//! [`crate::Number`] (or [`Answer::number`]), counts are [`crate::Count`]. `?` turns `stats::InvalidInput`,
//! `stats::CannotCompute` and `stats::Failure` into what they are on the wire. An input that a method has no
//! use for beside the others is refused by name ([`Refused::useless`]).

mod answer;
mod arms;
mod bayesian_effect;
mod beta_binomial;
mod boundary;
mod counts_sequential;
mod cuped;
mod inputs;
mod judge;
mod kayenta_classify;
mod kayenta_score;
mod lines;
mod mann_whitney;
mod mean;
mod p_adjust;
mod poisson_rates;
mod power;
mod proportion;
mod quantile;
mod ratio;
mod refused;
mod request;
mod sequential;
mod srm;
mod srm_sequential;
mod strict;
mod wrong;

use answer::Answer;
use inputs::Inputs;
use refused::{Refused, Stop};

use crate::near;
use lines::{Line, Lines};
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use stats::CannotCompute;
use std::io::{self, Read, Write};

/// What a line may hold at most: a million numbers fit, a file without line ends does not.
const LONGEST_LINE: usize = 16 << 20;

type Method = fn(Inputs) -> Result<Answer, Stop>;

/// Every method, by its name. One line each, sorted.
const METHODS: &[(&str, Method)] = &[
    ("bayesian_effect", bayesian_effect::answer),
    ("beta_binomial", beta_binomial::answer),
    ("boundary", boundary::answer),
    ("counts_sequential", counts_sequential::answer),
    ("cuped", cuped::answer),
    ("judge", judge::answer),
    ("kayenta_classify", kayenta_classify::answer),
    ("kayenta_score", kayenta_score::answer),
    ("mann_whitney", mann_whitney::answer),
    ("mean", mean::answer),
    ("p_adjust", p_adjust::answer),
    ("poisson_rates", poisson_rates::answer),
    ("power", power::answer),
    ("proportion", proportion::answer),
    ("quantile", quantile::answer),
    ("ratio", ratio::answer),
    ("sequential", sequential::answer),
    ("srm", srm::answer),
    ("srm_sequential", srm_sequential::answer),
];

/// How a batch went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    pub answered: u64,
    pub errors: u64,
}

/// Answers every request until the input ends. Blank lines at the end are passed over; one before a
/// request is a request that is missing, and its answer is an error, so that answers stay in step
/// with lines.
///
/// What has been asked is answered before more is waited for, so a program may hold a conversation.
///
/// # Errors
///
/// Only when the input cannot be read or the output cannot be written. An input that is no text of lines,
/// as a compressed one, is [`io::ErrorKind::InvalidData`].
pub fn run(input: impl Read, output: impl Write) -> io::Result<Summary> {
    let mut lines = Lines::new(input, LONGEST_LINE);
    let mut output = io::BufWriter::new(output);
    let mut summary = Summary::default();
    let mut number = 0;
    let mut blank = 0;
    while let Some(line) = lines.next()? {
        number += 1;
        let answer = match line {
            Line::Text(text) if text.trim_ascii().is_empty() => {
                blank += 1;
                continue;
            }
            Line::Text(text) => answer(text, number),
            Line::TooLong => Reply::error(None, Refused::too_long(LONGEST_LINE).at(number)),
        };
        let missing = (number - std::mem::take(&mut blank)..number)
            .map(|line| Reply::error(None, Refused::blank().at(line)));
        for answer in missing.chain([answer]) {
            summary.answered += 1;
            summary.errors += u64::from(answer.error.is_some());
            serde_json::to_writer(&mut output, &answer)?;
            output.write_all(b"\n")?;
        }
        if lines.must_wait() {
            output.flush()?;
        }
    }
    output.flush()?;
    Ok(summary)
}

/// One line out: a result or an error.
#[derive(Serialize)]
struct Reply {
    id: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<Answer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Refused>,
}

impl Reply {
    const fn error(id: Option<Box<RawValue>>, refused: Refused) -> Self {
        Self {
            id,
            result: None,
            error: Some(refused),
        }
    }
}

/// The answer to one line, the `number`-th.
fn answer(line: &[u8], number: u64) -> Reply {
    let parsed = match request::parse(line) {
        Ok(parsed) => parsed,
        Err(error) => return Reply::error(None, Refused::not_json(&error).at(number)),
    };
    let Value::Object(mut request) = parsed.value else {
        return Reply::error(None, Refused::not_a_request().at(number));
    };
    request.remove("id");
    let id = parsed.id.filter(|_| parsed.twice.as_deref() != Some("id"));
    if let Some(path) = parsed.twice {
        return Reply::error(id, Refused::twice(&path).at(number));
    }
    if let Some(path) = parsed.beyond {
        return Reply::error(id, Refused::beyond(&path).at(number));
    }
    let result = match answered(request) {
        Ok(answer) => answer,
        Err(Stop::CannotCompute(why)) => without(why, None),
        Err(Stop::Arm(arm, why)) => without(why, Some(arm)),
        Err(Stop::Refused(refused)) => return Reply::error(id, refused.at(number)),
    };
    Reply {
        id,
        result: Some(result),
        error: None,
    }
}

/// The result that says why there is none, and what to do where that is not plain.
fn without(why: CannotCompute, arm: Option<&str>) -> Answer {
    let answer = Answer::new().text("cannot_compute", why.code());
    let answer = match arm {
        Some(arm) => answer.text("arm", arm),
        None => answer,
    };
    match why.remedy() {
        Some(remedy) => answer
            .text("message", why.to_string())
            .text("remedy", remedy),
        None => answer,
    }
}

fn answered(mut request: Map<String, Value>) -> Result<Answer, Stop> {
    let name = match request.remove("method") {
        Some(Value::String(name)) => name,
        Some(_) => {
            return Err(Refused::field("method", "it is not a string", "name a method").into());
        }
        None => return Err(Refused::missing_method().into()),
    };
    let method = METHODS
        .iter()
        .find_map(|(known, method)| (*known == name).then_some(*method))
        .ok_or_else(|| {
            let known: Vec<&str> = METHODS.iter().map(|(known, _)| *known).collect();
            Refused::unknown_method(&name, &known)
        })?;
    let inputs = request.remove("inputs");
    if let Some((unknown, _)) = request.iter().next() {
        let hint = near::hint(unknown, &["id", "method", "inputs"]);
        return Err(Refused::field(unknown, "a request has no such field", hint).into());
    }
    let inputs = Inputs::new(inputs)?;
    // A defect in one method must not take the other answers with it.
    std::panic::catch_unwind(move || method(inputs))
        .unwrap_or_else(|_| Err(Refused::defect(&name).into()))
}
