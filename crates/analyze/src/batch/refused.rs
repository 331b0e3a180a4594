//! Why a request got no result.

use crate::near;
use serde::Serialize;
use stats::{CannotCompute, InvalidInput};

/// What ends a method without an answer.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Stop {
    /// The question is sound, the observations cannot answer it: a result that says so.
    CannotCompute(CannotCompute),
    /// The same, of what one arm alone was given.
    Arm(&'static str, CannotCompute),
    /// The question itself is wrong: an error.
    Refused(Refused),
}

impl From<CannotCompute> for Stop {
    fn from(why: CannotCompute) -> Self {
        Self::CannotCompute(why)
    }
}

impl From<Refused> for Stop {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<InvalidInput> for Refused {
    fn from(invalid: InvalidInput) -> Self {
        Self::field(invalid.field, invalid.why, invalid.remedy)
    }
}

impl From<InvalidInput> for Stop {
    fn from(invalid: InvalidInput) -> Self {
        Self::Refused(invalid.into())
    }
}

impl From<stats::Failure> for Stop {
    fn from(failure: stats::Failure) -> Self {
        match failure {
            stats::Failure::CannotCompute(why) => why.into(),
            stats::Failure::Invalid(invalid) => invalid.into(),
        }
    }
}

/// The kinds of error; their names are part of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Code {
    /// The line is not JSON.
    InvalidJson,
    /// The line is longer than a request may be.
    LineTooLong,
    /// JSON, but no request.
    InvalidRequest,
    UnknownMethod,
    /// A field is missing, unknown, of the wrong type or outside its domain.
    InvalidInput,
    /// A defect of ours.
    Internal,
}

/// An error as it is written: the code for programs, the rest for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Refused {
    pub(super) code: Code,
    pub(super) message: String,
    /// The path of the input that is wrong, as `control.sum_sq` or `observed[2]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) field: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) remedy: Option<String>,
    /// The line of the input, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) line: Option<u64>,
}

impl Refused {
    /// An input that is wrong: which, why, and what to do.
    pub(super) fn field(
        field: &str,
        why: impl std::fmt::Display,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            code: Code::InvalidInput,
            message: format!("{field}: {why}"),
            field: Some(field.to_owned()),
            remedy: Some(remedy.into()),
            line: None,
        }
    }

    fn plain(code: Code, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            field: None,
            remedy: Some(remedy.into()),
            line: None,
        }
    }

    pub(super) fn is_about(&self, field: &str) -> bool {
        self.field.as_deref() == Some(field)
    }

    /// The path from the inputs to a field that was named from within `place`; `others` are not in it.
    pub(super) fn inside(self, place: &str, others: &[&str]) -> Self {
        match &self.field {
            Some(field) if !others.contains(&field.as_str()) => {
                let path = format!("{place}.{field}");
                self.named(&path)
            }
            _ => self,
        }
    }

    /// The same of a field that the request has under this path.
    pub(super) fn named(self, path: &str) -> Self {
        let field = self.field.as_deref().unwrap_or_default();
        Self {
            message: self.message.replacen(field, path, 1),
            field: Some(path.to_owned()),
            ..self
        }
    }

    /// An input that is given where the method has no use for it.
    pub(super) fn useless(path: &str, why: &str) -> Self {
        Self::field(path, why, "leave it out")
    }

    pub(super) fn at(self, line: u64) -> Self {
        Self {
            line: Some(line),
            ..self
        }
    }

    pub(super) fn blank() -> Self {
        Self::plain(
            Code::InvalidRequest,
            "the line is blank, and requests follow",
            "take the line out, or write a request there",
        )
    }

    pub(super) fn twice(path: &str) -> Self {
        Self::field(
            path,
            "the name is given twice in one object",
            "give it once",
        )
    }

    pub(super) fn beyond(path: &str) -> Self {
        Self::field(
            path.strip_prefix("inputs.").unwrap_or(path),
            "it is a number beyond 1.8e308, which no double holds",
            "give a number nearer 0, in another unit if need be",
        )
    }

    pub(super) fn not_json(error: &serde_json::Error) -> Self {
        // Its own "line 1" is a line of the request, beside which stands the line of the input.
        let text = error.to_string();
        let why = text.split(" at line ").next().unwrap_or(&text);
        Self::plain(
            Code::InvalidJson,
            format!("the line is not JSON: {why}, at byte {}", error.column()),
            "write one JSON object a line",
        )
    }

    pub(super) fn not_a_request() -> Self {
        Self::plain(
            Code::InvalidRequest,
            "the line is JSON, but no object",
            r#"write {"id": …, "method": …, "inputs": {…}}"#,
        )
    }

    pub(super) fn missing_method() -> Self {
        Self::plain(
            Code::InvalidRequest,
            "the request names no method",
            r#"write {"id": …, "method": …, "inputs": {…}}"#,
        )
    }

    pub(super) fn too_long(longest: usize) -> Self {
        Self::plain(
            Code::LineTooLong,
            format!("the line is longer than {} MiB", longest >> 20),
            "put one request on a line, and split it where it is larger",
        )
    }

    pub(super) fn unknown_method(name: &str, known: &[&str]) -> Self {
        let shown: String = name.chars().take(80).collect();
        Self::plain(
            Code::UnknownMethod,
            format!("there is no method \"{shown}\""),
            near::hint(name, known),
        )
    }

    pub(super) fn defect(method: &str) -> Self {
        Self::plain(
            Code::Internal,
            format!("the method \"{method}\" failed in a way it should not"),
            "please report this request as a defect",
        )
    }
}
