//! The only place where an error becomes HTTP: `application/problem+json` (RFC 9457).

use app::backend::Problem;
use axum::response::{IntoResponse, Response};
use domain::rollout::ActionOffer;
use http::header::{CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

/// What went wrong, where, and what to do.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ProblemBody {
    /// Names the kind: `urn:viridian:problem:conflict`.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// The status in words.
    pub(crate) title: String,
    pub(crate) status: u16,
    /// What was wrong.
    pub(crate) detail: String,
    /// What to do.
    pub(crate) remedy: String,
    /// The part of the request that is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) field: Option<String>,
    /// What can be done instead, where a command was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) actions: Option<Vec<ActionOffer>>,
}

/// An error on its way out.
#[derive(Clone, Debug)]
pub(crate) struct Trouble(Box<ProblemBody>);

pub(crate) type Handled<T> = Result<T, Trouble>;

impl Trouble {
    pub(crate) fn new(
        status: StatusCode,
        detail: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        let title = status.canonical_reason().unwrap_or("Error");
        Self(Box::new(ProblemBody {
            kind: format!(
                "urn:viridian:problem:{}",
                title.to_ascii_lowercase().replace(' ', "-")
            ),
            title: title.to_owned(),
            status: status.as_u16(),
            detail: detail.into(),
            remedy: remedy.into(),
            field: None,
            actions: None,
        }))
    }

    pub(crate) fn at(mut self, field: impl Into<String>) -> Self {
        self.0.field = Some(field.into());
        self
    }

    pub(crate) fn with_actions(mut self, actions: Vec<ActionOffer>) -> Self {
        self.0.actions = Some(actions);
        self
    }

    pub(crate) fn body(&self) -> &ProblemBody {
        &self.0
    }

    pub(crate) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    pub(crate) fn unauthenticated() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "this needs a valid token or a signed-in browser",
            "send `Authorization: Bearer TOKEN` (the server's data folder holds one, `viridian token create` makes more), or sign in with the link that `viridian login-link` prints",
        )
    }
}

impl From<Problem> for Trouble {
    fn from(problem: Problem) -> Self {
        let status = StatusCode::from_u16(problem.kind.status())
            .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let trouble = Self::new(status, problem.detail, problem.remedy);
        match problem.field {
            Some(field) => trouble.at(field),
            None => trouble,
        }
    }
}

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        let status = self.status();
        let body = serde_json::to_vec(&self.0).unwrap_or_default();
        let mut response = (status, body).into_response();
        // For who shows it in another form.
        response.extensions_mut().insert(self);
        let headers = response.headers_mut();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(
                WWW_AUTHENTICATE,
                HeaderValue::from_static("Bearer realm=\"viridian\""),
            );
        }
        response
    }
}

/// An address under `/api` that does not exist.
pub(crate) async fn unknown_route(uri: http::Uri) -> Trouble {
    Trouble::new(
        StatusCode::NOT_FOUND,
        format!("there is nothing at {}", uri.path()),
        "see /api/docs for what there is",
    )
}

/// An address that exists, asked with another method.
pub(crate) async fn unknown_method(method: http::Method, uri: http::Uri) -> Trouble {
    Trouble::new(
        StatusCode::METHOD_NOT_ALLOWED,
        format!("{} does not take {method}", uri.path()),
        "see the `allow` header of this answer, or /api/docs",
    )
}

/// A handler that broke: the cause is in the log, not in the answer.
pub(crate) fn panicked(_: Box<dyn std::any::Any + Send + 'static>) -> Response {
    Trouble::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "the server broke while answering this",
        "look into its log; trying again may help",
    )
    .into_response()
}
