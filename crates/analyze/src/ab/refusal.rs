//! Why two arms have no comparison.

use serde::{Serialize, Serializer};
use stats::{CannotCompute, InvalidInput};

/// The reason in one word, for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// No value belongs to an exposed unit.
    NoValues,
    Of(CannotCompute),
}

impl Code {
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoValues => "no_values",
            Self::Of(why) => why.code(),
        }
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The observations have no answer, which is a part of the report.
    Cannot { code: Code, why: String },
    /// What was asked is no question.
    Asked { what: String, remedy: String },
    /// Our own parts do not fit together.
    Defect(&'static str),
}

impl Refusal {
    pub(super) fn cannot(code: CannotCompute, why: impl Into<String>) -> Self {
        Self::Cannot {
            code: Code::Of(code),
            why: why.into(),
        }
    }
}

impl From<CannotCompute> for Refusal {
    fn from(code: CannotCompute) -> Self {
        let why = match code.remedy() {
            Some(remedy) => format!("{code}; {remedy}"),
            None => code.to_string(),
        };
        Self::cannot(code, why)
    }
}

impl From<InvalidInput> for Refusal {
    fn from(invalid: InvalidInput) -> Self {
        Self::Asked {
            what: format!("{}: {}", invalid.field, invalid.why),
            remedy: invalid.remedy.to_owned(),
        }
    }
}

impl From<stats::Failure> for Refusal {
    fn from(failure: stats::Failure) -> Self {
        match failure {
            stats::Failure::CannotCompute(code) => code.into(),
            stats::Failure::Invalid(invalid) => invalid.into(),
        }
    }
}
