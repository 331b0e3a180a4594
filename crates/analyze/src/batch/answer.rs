//! The result of one request, field by field.

use crate::Number;
use serde::Serialize;
use serde_json::{Map, Value, json};

/// A result under construction. Non-finite floats are written as words, so none gets lost as `null`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub(super) struct Answer(Map<String, Value>);

impl Answer {
    #[must_use]
    pub(super) fn new() -> Self {
        Self::default()
    }

    #[must_use]
    pub(super) fn number(self, name: &str, value: f64) -> Self {
        self.value(name, json!(Number(value)))
    }

    /// A number, or `null` where there is none.
    #[must_use]
    pub(super) fn maybe(self, name: &str, value: Option<f64>) -> Self {
        self.value(name, json!(value.map(Number)))
    }

    #[must_use]
    pub(super) fn numbers(self, name: &str, values: &[f64]) -> Self {
        let values: Vec<Number> = values.iter().copied().map(Number).collect();
        self.value(name, json!(values))
    }

    /// Lower and upper bound.
    #[must_use]
    pub(super) fn interval(self, name: &str, lo: f64, hi: f64) -> Self {
        self.numbers(name, &[lo, hi])
    }

    #[must_use]
    pub(super) fn count(self, name: &str, value: u64) -> Self {
        self.value(name, json!(value))
    }

    #[must_use]
    pub(super) fn flag(self, name: &str, value: bool) -> Self {
        self.value(name, json!(value))
    }

    #[must_use]
    pub(super) fn text(self, name: &str, value: impl Into<String>) -> Self {
        self.value(name, Value::String(value.into()))
    }

    /// Anything else; floats inside must be [`Number`]s.
    #[must_use]
    pub(super) fn value(mut self, name: &str, value: Value) -> Self {
        self.0.insert(name.to_owned(), value);
        self
    }
}
