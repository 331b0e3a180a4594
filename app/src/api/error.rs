//! Why a page or a click got no answer, as `application/problem+json` carries it.

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{detail}")]
pub struct LoadError {
    pub status: u16,
    #[serde(default)]
    pub title: String,
    /// What was wrong and where.
    pub detail: String,
    /// What to do.
    #[serde(default)]
    pub remedy: String,
    /// The field that is wrong, as the request names it.
    #[serde(default)]
    pub field: Option<String>,
}

impl LoadError {
    pub fn new(status: u16, detail: impl Into<String>, remedy: impl Into<String>) -> Self {
        let title = title(status).to_owned();
        Self {
            status,
            title,
            detail: detail.into(),
            remedy: remedy.into(),
            field: None,
        }
    }

    /// As a person reads it, whichever way it came here. What the interface says of a problem are
    /// parts of a sentence, which pages put side by side; its title is HTTP's word for the status.
    pub(crate) fn in_sentences(self) -> Self {
        Self {
            title: title(self.status).to_owned(),
            detail: sentence(&self.detail),
            remedy: sentence(&self.remedy),
            ..self
        }
    }

    #[must_use]
    pub fn at(self, field: &str) -> Self {
        Self {
            field: Some(field.to_owned()),
            ..self
        }
    }

    /// The server did not answer, or not in a way that can be read.
    pub(super) fn unreachable(cause: &str) -> Self {
        Self::new(
            503,
            format!("The server did not answer ({cause})."),
            "What is shown may be out of date. Traffic does not depend on this page; try again in a moment.",
        )
    }

    /// What is missing: a name in the address that nothing has.
    pub fn not_found(what: &str, name: &str) -> Self {
        Self::new(
            404,
            format!("There is no {what} {name:?}."),
            "The address may be mistyped, or what it named was removed. Now shows everything that runs.",
        )
    }
}

fn sentence(text: &str) -> String {
    let text = text.trim();
    let mut chars = text.chars();
    let Some(first) = chars.next() else {
        return String::new();
    };
    let end = if text.ends_with(['.', '!', '?']) {
        ""
    } else {
        "."
    };
    format!("{}{}{end}", first.to_uppercase(), chars.as_str())
}

fn title(status: u16) -> &'static str {
    match status {
        400 | 422 => "The request is not right",
        401 => "Sign in first",
        403 => "Not allowed",
        404 => "There is nothing here",
        409 => "Something else came first",
        413 => "Too large",
        503 => "Not available now",
        _ => "Something went wrong",
    }
}

#[cfg(feature = "ssr")]
impl From<crate::backend::Problem> for LoadError {
    fn from(problem: crate::backend::Problem) -> Self {
        Self {
            field: problem.field,
            ..Self::new(problem.kind.status(), problem.detail, problem.remedy)
        }
        .in_sentences()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_and_what_to_do_are_two_sentences() {
        let error = LoadError::new(
            404,
            "there is no rollout 99",
            "`viridian rollout list` shows the rollouts there are",
        );
        let told = error.in_sentences();
        assert_eq!(
            format!("{} {}", told.detail, told.remedy),
            "There is no rollout 99. `viridian rollout list` shows the rollouts there are."
        );
        assert_eq!(told.clone().in_sentences(), told);
        assert_eq!(LoadError::new(500, "", "").in_sentences().remedy, "");
    }

    #[test]
    #[cfg(feature = "ssr")]
    fn a_problem_reads_the_same_rendered_by_the_server_and_fetched_by_the_browser() {
        use crate::backend::{Problem, ProblemKind};
        let kinds = [
            (ProblemKind::Invalid, "The request is not right"),
            (ProblemKind::Unauthenticated, "Sign in first"),
            (ProblemKind::Forbidden, "Not allowed"),
            (ProblemKind::NotFound, "There is nothing here"),
            (ProblemKind::Conflict, "Something else came first"),
            (ProblemKind::TooLarge, "Too large"),
            (ProblemKind::Unavailable, "Not available now"),
            (ProblemKind::Internal, "Something went wrong"),
        ];
        for (kind, title) in kinds {
            let rendered = LoadError::from(Problem {
                kind,
                detail: "state is \"lost\"".to_owned(),
                remedy: "use one of these".to_owned(),
                field: Some("state".to_owned()),
            });
            let sent = serde_json::json!({
                "type": "urn:viridian:problem:x",
                "title": "As HTTP says it",
                "status": kind.status(),
                "detail": "state is \"lost\"",
                "remedy": "use one of these",
                "field": "state",
            });
            let fetched: LoadError = serde_json::from_value(sent).unwrap();
            assert_eq!(fetched.in_sentences(), rendered);
            assert_eq!(rendered.title, title);
        }
    }
}
