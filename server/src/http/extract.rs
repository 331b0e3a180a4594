//! What a handler is given, each with its error told as a problem.

use super::problem::Trouble;
use app::backend::Viewer;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use serde::de::DeserializeOwned;

/// The largest request body that is read.
pub(crate) const MAX_BODY: usize = 1 << 20;

/// A JSON body.
pub(crate) struct Asked<T>(pub(crate) T);

/// The query of the address.
pub(crate) struct Filter<T>(pub(crate) T);

/// The parameters in the path.
pub(crate) struct At<T>(pub(crate) T);

/// Who asks, already authenticated.
pub(crate) struct Who(pub(crate) Viewer);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Asked<T> {
    type Rejection = Trouble;

    async fn from_request(request: Request, _: &S) -> Result<Self, Trouble> {
        let kind = request
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok());
        let essence = kind
            .unwrap_or_default()
            .split(';')
            .next()
            .unwrap_or_default()
            .trim();
        let is_json =
            essence.eq_ignore_ascii_case("application/json") || essence.ends_with("+json");
        if !is_json {
            return Err(Trouble::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                match kind {
                    Some(kind) => format!("the body is {kind:?}, it has to be JSON"),
                    None => "the body does not say what it is".to_owned(),
                },
                "send it with `content-type: application/json`",
            )
            .at("content-type"));
        }
        let bytes = read(request.into_body()).await?;
        let mut json = serde_json::Deserializer::from_slice(&bytes);
        let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
            let field = error.path().to_string();
            let error = error.into_inner();
            match error.classify() {
                serde_json::error::Category::Data => {
                    let trouble = Trouble::new(
                        StatusCode::UNPROCESSABLE_ENTITY,
                        format!("the body does not fit: {error}"),
                        "see /api/docs for the fields and their types",
                    );
                    if field == "." {
                        trouble
                    } else {
                        trouble.at(field)
                    }
                }
                _ => malformed(&error),
            }
        })?;
        json.end().map_err(|error| malformed(&error))?;
        Ok(Self(value))
    }
}

fn malformed(error: &serde_json::Error) -> Trouble {
    Trouble::new(
        StatusCode::BAD_REQUEST,
        format!("the body is not JSON: {error}"),
        "mend the text at that line and column",
    )
    .at("body")
}

/// Reads a whole body of bounded size.
pub(crate) async fn read(body: axum::body::Body) -> Result<bytes::Bytes, Trouble> {
    axum::body::to_bytes(body, MAX_BODY).await.map_err(|error| {
        let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
        while let Some(error) = cause {
            if error.is::<http_body_util::LengthLimitError>() {
                return too_large();
            }
            cause = error.source();
        }
        Trouble::new(
            StatusCode::BAD_REQUEST,
            "the body broke off",
            "send it again, whole",
        )
    })
}

pub(crate) fn too_large() -> Trouble {
    Trouble::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        format!("the body is larger than {} KB", MAX_BODY / 1024),
        "nothing here needs so much: send less",
    )
    .at("body")
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Filter<T> {
    type Rejection = Trouble;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Trouble> {
        match Query::from_request_parts(parts, state).await {
            Ok(Query(value)) => Ok(Self(value)),
            Err(error) => Err(misread(&error.body_text())),
        }
    }
}

/// Says which parameter does not fit; `text` is the framework's, `what it did: parameter: why`.
fn misread(text: &str) -> Trouble {
    let (_, said) = text.split_once(": ").unwrap_or(("", text));
    let (detail, field) = match said.split_once(": ") {
        Some((name, why)) => (format!("the parameter {name:?} does not fit: {why}"), name),
        None => (format!("the query does not fit: {said}"), "query"),
    };
    Trouble::new(
        StatusCode::BAD_REQUEST,
        detail,
        "see /api/docs for the parameters and their types",
    )
    .at(field)
}

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for At<T> {
    type Rejection = Trouble;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Trouble> {
        match Path::from_request_parts(parts, state).await {
            Ok(Path(value)) => Ok(Self(value)),
            Err(error) => Err(Trouble::new(
                StatusCode::BAD_REQUEST,
                error.body_text(),
                "see /api/docs for how the address is made up",
            )
            .at("path")),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Who {
    type Rejection = Trouble;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Trouble> {
        parts
            .extensions
            .get::<Viewer>()
            .cloned()
            .map(Self)
            .ok_or_else(Trouble::unauthenticated)
    }
}
