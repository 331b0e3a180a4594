//! The one door: every request passes here before any handler. What is not on the open list needs
//! somebody who proved who they are.

use super::people::Known;
use super::{Hosts, Scope, cookie, csrf};
use crate::http::problem::Trouble;
use crate::http::{Server, page};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{ACCEPT, AUTHORIZATION, HOST};
use http::{HeaderMap, HeaderName, Method, StatusCode};
use std::net::SocketAddr;

/// The other end of the connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// How the one who asks proved it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signed {
    Token,
    Cookie,
}

/// Whether anybody may have this: probes, the way in, and files that hold nothing of anybody.
fn is_open(method: &Method, path: &str) -> bool {
    let reads = matches!(*method, Method::GET | Method::HEAD);
    reads
        && (matches!(path, "/healthz" | "/readyz" | "/favicon.svg")
            || path.starts_with("/sign-in/")
            || path == "/sign-in"
            || path.starts_with("/pkg/"))
}

/// Host, identity, origin, scope; in this order.
pub(crate) async fn gate(
    State(server): State<Server>,
    mut request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path().to_owned();
    let host = request
        .headers()
        .get(HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or_default();
    let host = request
        .uri()
        .authority()
        .map_or(host, |authority| authority.as_str());
    if !server.hosts.allow(host) {
        let host: String = host.chars().take(100).collect();
        return Trouble::new(
            StatusCode::MISDIRECTED_REQUEST,
            format!("this server does not answer as {host:?}"),
            "use the address that `viridian serve` printed, or allow the name with --allow-host NAME",
        )
        .at("host")
        .into_response();
    }
    if is_open(request.method(), &path) {
        return next.run(request).await;
    }
    // The button of a sign-in page. A page of somebody else must not press it: that would sign the
    // browser in as them.
    if *request.method() == Method::POST && path.starts_with("/sign-in/") {
        if csrf::is_ours(request.headers(), server.public.as_ref()) {
            return next.run(request).await;
        }
        return Trouble::new(
            StatusCode::FORBIDDEN,
            "this was not sent by a page of this server",
            "open the sign-in link itself and press its button; behind a proxy that ends TLS, `viridian serve` takes --public-url https://HOST",
        )
        .at("origin")
        .into_response();
    }
    if path == "/metrics"
        && server.public.is_none()
        && is_local(&request, host)
        && !request.headers().contains_key(AUTHORIZATION)
    {
        return next.run(request).await;
    }
    let (known, signed) = match identify(&server, request.headers()).await {
        Ok(Some(found)) => found,
        Ok(None) => return refuse(&request),
        Err(trouble) => return trouble.into_response(),
    };
    let reads = matches!(
        *request.method(),
        Method::GET | Method::HEAD | Method::OPTIONS
    );
    if !reads
        && signed == Signed::Cookie
        && !csrf::is_ours(request.headers(), server.public.as_ref())
    {
        return Trouble::new(
            StatusCode::FORBIDDEN,
            "this was not sent by a page of this server",
            "use the page itself, or a token in `Authorization: Bearer`",
        )
        .at("origin")
        .into_response();
    }
    if !known.credential.scopes.is_empty() {
        let needed = Scope::needed(request.method(), &path);
        let scopes = &known.credential.scopes;
        if !scopes.iter().any(|scope| scope == needed.as_str()) {
            return Trouble::new(
                StatusCode::FORBIDDEN,
                format!(
                    "this token is for {}, this needs {}",
                    scopes.join(", "),
                    needed.as_str()
                ),
                "make another with `viridian token create --scope`",
            )
            .into_response();
        }
    }
    request.extensions_mut().insert(known.viewer);
    request.extensions_mut().insert(known.credential);
    request.extensions_mut().insert(known.seal);
    request.extensions_mut().insert(known.proof);
    request.extensions_mut().insert(signed);
    next.run(request).await
}

/// Whether a header is one that proxies add to what they pass on.
fn is_of_a_proxy(name: &HeaderName) -> bool {
    let name = name.as_str();
    matches!(name, "forwarded" | "via" | "x-real-ip") || name.starts_with("x-forwarded-")
}

/// Whether a program on this machine asks, and not a proxy on it for somebody else. A proxy may say
/// nothing of itself: with `--public-url` nobody is taken for local.
fn is_local(request: &Request, host: &str) -> bool {
    let peer = request.extensions().get::<Peer>();
    peer.is_some_and(|peer| peer.0.ip().is_loopback())
        && Hosts::is_loopback(host)
        && !request.headers().keys().any(is_of_a_proxy)
}

/// A token that is given counts alone, also when it is wrong.
async fn identify(
    server: &Server,
    headers: &HeaderMap,
) -> Result<Option<(Known, Signed)>, Trouble> {
    if let Some(value) = headers.get(AUTHORIZATION) {
        let value = value.to_str().unwrap_or_default();
        let token = value
            .split_once(' ')
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        let Some((_, token)) = token else {
            return Ok(None);
        };
        let known = server.people.of_token(token.trim()).await?;
        return Ok(known.map(|known| (known, Signed::Token)));
    }
    // A script of anything on this host can add cookies of our name. One that is no session of this
    // server must not hide the one that is; of two that are, one may have been planted, so neither
    // counts.
    let mut found: Option<Known> = None;
    for secret in cookie::sessions(headers, server.public.as_ref()) {
        let Some(known) = server.people.of_session(secret).await? else {
            continue;
        };
        if found.is_some() {
            tracing::warn!(actor = %known.viewer.actor, "a browser sent two sessions; it has to sign in again");
            return Ok(None);
        }
        found = Some(known);
    }
    Ok(found.map(|known| (known, Signed::Cookie)))
}

/// Programs get a problem, people a page that says how to come in.
fn refuse(request: &Request) -> Response {
    let headers = request.headers();
    let accepts_html = headers
        .get_all(ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .any(|value| value.contains("text/html"));
    if request.uri().path().starts_with("/api/") || !accepts_html {
        return Trouble::unauthenticated().into_response();
    }
    // A strict cookie does not come along from another site's link: the page asks again by itself.
    let crossed = headers
        .get("sec-fetch-site")
        .is_some_and(|site| site == "cross-site");
    page::sign_in_first(crossed && *request.method() == Method::GET).into_response()
}
