//! The inputs of one request, checked on the way in.

use super::strict::Strict;
use super::{Refused, wrong};
use crate::Number;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use stats::{Alpha, Difference, Question, Side};

/// What every method takes.
const COMMON: [&str; 3] = ["alpha", "difference_type", "side"];

/// How requests write [`Difference`].
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum DifferenceType {
    #[default]
    Relative,
    Absolute,
}

/// How requests write [`Side`].
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum SideName {
    #[default]
    Two,
    Greater,
    Less,
}

/// The inputs of one request: the common ones already read, the method's own still to be.
#[derive(Debug)]
pub(super) struct Inputs {
    question: Question,
    rest: Map<String, Value>,
}

impl Inputs {
    pub(super) fn new(inputs: Option<Value>) -> Result<Self, Refused> {
        let mut rest = match inputs {
            Some(Value::Object(mut rest)) => {
                leave_out_null(&mut rest);
                rest
            }
            None | Some(Value::Null) => {
                return Err(Refused::field(
                    "inputs",
                    "the request has none",
                    r#"add "inputs": {…}"#,
                ));
            }
            Some(_) => {
                return Err(Refused::field(
                    "inputs",
                    "they are no object",
                    r#"write "inputs": {…}"#,
                ));
            }
        };
        let alpha = match common::<Number>(&mut rest, "alpha")? {
            Some(alpha) => Alpha::new(alpha.get())?,
            None => Alpha::default(),
        };
        let difference = match common(&mut rest, "difference_type")?.unwrap_or_default() {
            DifferenceType::Relative => Difference::Relative,
            DifferenceType::Absolute => Difference::Absolute,
        };
        let side = match common(&mut rest, "side")?.unwrap_or_default() {
            SideName::Two => Side::Two,
            SideName::Greater => Side::Greater,
            SideName::Less => Side::Less,
        };
        let question = Question {
            alpha,
            difference,
            side,
        };
        Ok(Self { question, rest })
    }

    /// What was asked: `alpha`, `difference_type` and `side`.
    #[must_use]
    pub(super) const fn question(&self) -> Question {
        self.question
    }

    /// The method's own inputs.
    ///
    /// # Errors
    ///
    /// A field that is missing, of the wrong type, or unknown (if `T` denies those, as it should).
    pub(super) fn read<T: DeserializeOwned>(self) -> Result<T, Refused> {
        read("", Value::Object(self.rest))
    }
}

/// The values of a list, or the index of the first that is NaN or infinite.
pub(super) fn finite(field: &str, list: &[Number]) -> Result<Vec<f64>, Refused> {
    match list.iter().position(|value| !value.get().is_finite()) {
        Some(index) => Err(Refused::field(
            &format!("{field}[{index}]"),
            format!("it is {}", list[index]),
            "leave such values out, and count them apart if they mean something",
        )),
        None => Ok(Number::all(list)),
    }
}

/// That none of these weights or shares is negative, NaN or infinite.
pub(super) fn none_negative(field: &str, list: &[f64]) -> Result<(), Refused> {
    let right = |part: &f64| *part >= 0.0 && part.is_finite();
    match list.iter().position(|part| !right(part)) {
        Some(index) => Err(Refused::field(
            field,
            format!("{field}[{index}] is {}", Number(list[index])),
            "give finite numbers, 0 or above",
        )),
        None => Ok(()),
    }
}

/// That of these inputs only those are given that are of use; `place` is where they stand.
pub(super) fn nothing_but(
    used: &[&str],
    place: &str,
    given: &[(&str, bool)],
) -> Result<(), Refused> {
    let useless = |(name, given): &&(&str, bool)| *given && !used.contains(name);
    match given.iter().find(useless) {
        Some((name, _)) => Err(Refused::field(
            &format!("{place}.{name}"),
            "a metric of this type has no use for it",
            "leave it out, or give the metric another type",
        )),
        None => Ok(()),
    }
}

/// A number that stands alone, or that it is NaN or infinite.
pub(super) fn one(field: &str, number: Number) -> Result<f64, Refused> {
    if number.get().is_finite() {
        Ok(number.get())
    } else {
        let why = format!("it is {number}");
        Err(Refused::field(field, why, "give a finite number"))
    }
}

/// A field that is null is one that is not given, at any depth; an element of a list stays what it is.
fn leave_out_null(fields: &mut Map<String, Value>) {
    fields.retain(|_, value| !value.is_null());
    for value in fields.values_mut() {
        match value {
            Value::Object(inner) => leave_out_null(inner),
            Value::Array(list) => {
                for inner in list.iter_mut().filter_map(Value::as_object_mut) {
                    leave_out_null(inner);
                }
            }
            _ => {}
        }
    }
}

fn common<T: DeserializeOwned>(
    rest: &mut Map<String, Value>,
    name: &str,
) -> Result<Option<T>, Refused> {
    rest.remove(name).map(|value| read(name, value)).transpose()
}

/// A value of a type, or the path to what is wrong in it.
fn read<T: DeserializeOwned>(at: &str, value: Value) -> Result<T, Refused> {
    serde_path_to_error::deserialize(Strict(value)).map_err(|error| {
        let path = match error.path().to_string().as_str() {
            _ if !at.is_empty() => at.to_owned(),
            "." => String::new(),
            path => path.to_owned(),
        };
        let why = error.into_inner().to_string();
        // What is said of a field as a whole is reported at its parent; the field's name is more use.
        let named = |kind: &str| {
            why.strip_prefix(kind)
                .and_then(|rest| rest.split('`').next())
        };
        let inside = |name: &str| {
            if path.is_empty() {
                name.to_owned()
            } else {
                format!("{path}.{name}")
            }
        };
        if let Some(missing) = named("missing field `") {
            return Refused::field(&inside(missing), "it is missing", "add it");
        }
        if let Some(twice) = named("duplicate field `") {
            let why = "it is given twice, under two names";
            return Refused::field(&inside(twice), why, "give it once");
        }
        let beside: &[&str] = if path.contains(['.', '[']) {
            &[]
        } else {
            &COMMON
        };
        let (why, remedy) = wrong::told(&why, beside);
        let path = if path.is_empty() { "inputs" } else { &path };
        Refused::field(path, why, remedy)
    })
}
