//! Why there is no figure: the observations cannot answer, or the question is wrong.

use crate::CannotCompute;
use thiserror::Error;

/// Why there is no figure.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Failure {
    /// The question is sound, the observations cannot answer it.
    #[error(transparent)]
    CannotCompute(#[from] CannotCompute),
    /// The question itself is wrong.
    #[error(transparent)]
    Invalid(#[from] InvalidInput),
}

/// An input outside the domain of a method: the caller's mistake, not the observations'.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{field}: {why}; {remedy}")]
pub struct InvalidInput {
    /// The name of the input, as the function's documentation calls it.
    pub field: &'static str,
    /// What is wrong with it, as half a sentence about "it".
    pub why: &'static str,
    /// What to give instead.
    pub remedy: &'static str,
}

impl InvalidInput {
    /// An error about `field`, told as "field: why; remedy".
    ///
    /// ```
    /// let refused = stats::InvalidInput::new("n", "it is 0", "give a count of 1 or more");
    /// assert_eq!(refused.to_string(), "n: it is 0; give a count of 1 or more");
    /// ```
    #[must_use]
    pub const fn new(field: &'static str, why: &'static str, remedy: &'static str) -> Self {
        Self { field, why, remedy }
    }
}
