//! The way in: a one-time link opens a session.

use super::gate::{COOKIE_NAME, session};
use super::people::SESSION_MS;
use crate::http::problem::{Handled, Trouble};
use crate::http::{Server, page};
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::header::{CACHE_CONTROL, SET_COOKIE};
use http::{HeaderMap, HeaderValue};

/// `GET /sign-in/{link}`.
pub(crate) async fn sign_in(State(server): State<Server>, Path(link): Path<String>) -> Response {
    match server.people.open_session(&link).await {
        Ok(Some((secret, actor))) => {
            tracing::info!(%actor, "signed in");
            let mut response = Redirect::to("/").into_response();
            set(
                &mut response,
                &format!(
                    "{COOKIE_NAME}={secret}; HttpOnly; SameSite=Strict; Path=/; Max-Age={}",
                    SESSION_MS / 1_000
                ),
            );
            response
        }
        Ok(None) => page::link_is_spent().into_response(),
        Err(problem) => Trouble::from(problem).into_response(),
    }
}

/// `POST /do/sign-out`.
pub(crate) async fn sign_out(
    State(server): State<Server>,
    headers: HeaderMap,
) -> Handled<Response> {
    if let Some(secret) = session(&headers) {
        server.people.close_session(secret).await?;
    }
    let mut response = Redirect::to("/").into_response();
    set(
        &mut response,
        &format!("{COOKIE_NAME}=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0"),
    );
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
