//! The few pages that stand alone: to somebody who is not signed in, and for a form that went wrong.
//! Plain HTML without script.

mod style;
mod trouble;

pub(crate) use style::style;
use trouble::escape;
pub(crate) use trouble::problem;

use axum::response::{Html, IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY};
use http::{HeaderValue, StatusCode};

/// How to come in. `again` makes the browser ask once more by itself.
pub(crate) fn sign_in_first(again: bool) -> Response {
    let refresh = if again {
        "<meta http-equiv=\"refresh\" content=\"0\">"
    } else {
        ""
    };
    page(
        StatusCode::UNAUTHORIZED,
        "Sign in",
        refresh,
        "<p>This server shows its pages to those who signed in.</p>\
         <p>A one-time link signs this browser in. On the server's machine, run</p>\
         <pre>viridian login-link --data DIR</pre>\
         <p>where <code>DIR</code> is the folder that <code>viridian serve</code> runs on \
         (<code>.viridian</code> unless it was told otherwise), and open what it prints.</p>",
    )
}

/// Whose session a link opens, with what rights and where, and the one button that opens it.
pub(crate) fn sign_in(actor: &str, rights: &str, url: &str) -> Response {
    let (actor, rights, url) = (escape(actor), escape(rights), escape(url));
    let mut response = page(
        StatusCode::OK,
        &format!("Sign in as {actor}"),
        // Its address is a secret until it was used.
        "<meta name=\"robots\" content=\"noindex\">",
        &format!(
            "<p>This opens a session of <strong>{actor}</strong> in this browser, at \
             <strong>{url}</strong>, with these rights: {rights}.</p>\
             <form method=\"post\"><button autofocus>Sign in as {actor}</button></form>\
             <p>The link works once, and only for an hour. Did somebody else send it to you? Whatever is done \
             in this session is done in the name of {actor}.</p>"
        ),
    );
    response.headers_mut().insert(
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'none'; \
             base-uri 'none'; form-action 'self'",
        ),
    );
    response
}

pub(crate) fn link_is_spent() -> Response {
    no_way_in(
        StatusCode::GONE,
        "This link was used already",
        "A sign-in link works once.",
    )
}

pub(crate) fn link_is_late() -> Response {
    no_way_in(
        StatusCode::GONE,
        "This link is too old",
        "A sign-in link works for an hour, and not longer than the token that made it.",
    )
}

pub(crate) fn link_is_unknown() -> Response {
    no_way_in(
        StatusCode::NOT_FOUND,
        "This link is not known here",
        "This server did not make it, or long ago. A link has to be opened whole, and on the server \
         that made it.",
    )
}

fn no_way_in(status: StatusCode, title: &str, why: &str) -> Response {
    let body = format!(
        "<p>{why} <a href=\"/\">Go on</a> if this browser is signed in; otherwise make another link on \
         the server's machine:</p><pre>viridian login-link --data DIR</pre>"
    );
    page(status, title, "", &body)
}

fn page(status: StatusCode, title: &str, head: &str, body: &str) -> Response {
    let html = format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\">{head}\
         <link rel=\"icon\" type=\"image/svg+xml\" href=\"/favicon.svg\">\
         <link rel=\"stylesheet\" href=\"/sign-in/style.css\">\
         <title>{title} · Viridian</title></head><body><main>\
         <p class=\"mark\"><img src=\"/favicon.svg\" alt=\"\" width=\"20\" height=\"20\">Viridian</p>\
         <h1>{title}</h1>{body}</main></body></html>"
    );
    let mut response = (status, Html(html)).into_response();
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'none'; \
             base-uri 'none'; form-action 'none'",
        ),
    );
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
