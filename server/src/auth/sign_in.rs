//! The way in: a one-time link opens a session.

use super::cookie;
use super::people::Opened;
use crate::http::problem::{Handled, Trouble};
use crate::http::{Server, page};
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::header::{CACHE_CONTROL, SET_COOKIE};
use http::{HeaderMap, HeaderValue};

/// `GET /sign-in/{link}`.
pub(crate) async fn sign_in(State(server): State<Server>, Path(link): Path<String>) -> Response {
    match server.people.open_session(&link).await {
        Ok(Opened::Session(secret, actor)) => {
            tracing::info!(%actor, "signed in");
            let mut response = Redirect::to("/").into_response();
            let cookie = cookie::set(Some(&secret), server.public.as_ref());
            set(&mut response, &cookie);
            response
        }
        Ok(Opened::UsedBefore) => page::link_is_spent(),
        Ok(Opened::TooLate) => page::link_is_late(),
        Ok(Opened::Unknown) => page::link_is_unknown(),
        Err(problem) => Trouble::from(problem).into_response(),
    }
}

/// `POST /do/sign-out`.
pub(crate) async fn sign_out(
    State(server): State<Server>,
    headers: HeaderMap,
) -> Handled<Response> {
    for secret in cookie::sessions(&headers, server.public.as_ref()) {
        server.people.close_session(secret).await?;
    }
    let mut response = Redirect::to("/").into_response();
    set(&mut response, &cookie::set(None, server.public.as_ref()));
    Ok(response)
}

fn set(response: &mut Response, cookie: &str) {
    if let Ok(value) = HeaderValue::try_from(cookie) {
        response.headers_mut().insert(SET_COOKIE, value);
    }
    response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
}
