//! The way in: a one-time link shows whose session it opens, and the button on it opens it. What only
//! looks at links (a preview, a scanner of mails, a browser that reads ahead) uses none up.

use super::cookie;
use super::people::NoWayIn;
use crate::auth::GrantSpec;
use crate::http::problem::{Handled, Trouble};
use crate::http::{Server, page};
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::header::{CACHE_CONTROL, SET_COOKIE};
use http::{HeaderMap, HeaderValue};

/// `GET /sign-in/{link}`.
pub(crate) async fn ask(State(server): State<Server>, Path(link): Path<String>) -> Response {
    match server.people.whose(&link).await {
        Ok(Ok(viewer)) => {
            let rights: Vec<_> = viewer
                .grants
                .iter()
                .map(|grant| GrantSpec::from_viewer(grant).in_a_sentence())
                .collect();
            page::sign_in(viewer.actor.as_str(), &rights.join(", "), &server.url)
        }
        Ok(Err(why)) => no_way_in(&why),
        Err(problem) => Trouble::from(problem).into_response(),
    }
}

/// `POST /sign-in/{link}`.
pub(crate) async fn sign_in(State(server): State<Server>, Path(link): Path<String>) -> Response {
    match server.people.open_session(&link).await {
        Ok(Ok((secret, actor))) => {
            tracing::info!(%actor, "signed in");
            let mut response = Redirect::to("/").into_response();
            let cookie = cookie::set(Some(&secret), server.public.as_ref());
            set(&mut response, &cookie);
            response
        }
        Ok(Err(why)) => no_way_in(&why),
        Err(problem) => Trouble::from(problem).into_response(),
    }
}

fn no_way_in(why: &NoWayIn) -> Response {
    match why {
        NoWayIn::UsedBefore => page::link_is_spent(),
        NoWayIn::TooLate => page::link_is_late(),
        NoWayIn::Unknown => page::link_is_unknown(),
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
