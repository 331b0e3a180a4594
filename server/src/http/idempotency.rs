//! `Idempotency-Key`: a POST that is sent again is answered again, not done again.

use super::Server;
use super::extract::read;
use super::problem::{Handled, Trouble};
use app::backend::Viewer;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, StatusCode};
use sha2::{Digest, Sha256};
use store::Begun;

const HEADER: &str = "idempotency-key";
const MAX_KEY: usize = 200;
/// Their answers hold a secret that is kept nowhere; asked again, they make another.
const SECRET: [&str; 2] = ["/api/v1/tokens", "/api/v1/login-links"];

pub(super) async fn once(State(server): State<Server>, request: Request, next: Next) -> Response {
    let secret = SECRET.contains(&request.uri().path());
    if *request.method() != Method::POST || secret || !request.headers().contains_key(HEADER) {
        return next.run(request).await;
    }
    match carry_out(&server, request, next).await {
        Ok(response) => response,
        Err(trouble) => trouble.into_response(),
    }
}

async fn carry_out(server: &Server, request: Request, next: Next) -> Handled<Response> {
    let (parts, body) = request.into_parts();
    let viewer = parts
        .extensions
        .get::<Viewer>()
        .cloned()
        .ok_or_else(Trouble::unauthenticated)?;
    let key = parts
        .headers
        .get(HEADER)
        .and_then(|key| key.to_str().ok())
        .unwrap_or_default();
    let key = key.trim().trim_matches('"').to_owned();
    if key.is_empty() || key.len() > MAX_KEY {
        return Err(Trouble::new(
            StatusCode::BAD_REQUEST,
            format!("the key has {} characters", key.len()),
            format!("use 1 to {MAX_KEY} printable characters, such as a random UUID"),
        )
        .at(HEADER));
    }
    let route = format!("POST {}", parts.uri.path());
    let bytes = read(body).await?;
    let hash = hex::encode(Sha256::digest(&bytes));
    let (store, at) = (&server.world.store, server.world.clock.now());
    let begun = store
        .begin_idempotent(&key, &route, &viewer.actor, &hash, at)
        .await;
    match begun.map_err(crate::world::of_store)? {
        Begun::New => {}
        Begun::Replay { status, body } => return Ok(replay(status, body)),
        Begun::Mismatch => {
            return Err(Trouble::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "this key was used for another request",
                "use a new key for each request; send the same body to repeat one",
            )
            .at(HEADER));
        }
        Begun::InProgress => {
            return Err(Trouble::new(
                StatusCode::CONFLICT,
                "the request of this key is being carried out right now",
                "wait, then send it again for its answer",
            )
            .at(HEADER));
        }
    }
    // Carried out to its end also when the client goes away: the answer is there when it comes back.
    let (shared, by, again) = (
        server.clone(),
        viewer.actor.clone(),
        (key.clone(), route.clone()),
    );
    let task = tokio::spawn(async move {
        let response = next
            .run(Request::from_parts(parts, Body::from(bytes)))
            .await;
        let (head, body) = response.into_parts();
        let body = match axum::body::to_bytes(body, usize::MAX).await {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(_) => String::new(),
        };
        let store = &shared.world.store;
        // What the server could not do is no answer to keep: sent again, it is tried again.
        let kept = if head.status.is_server_error() {
            store.forget_idempotent(&key, &route, &by).await
        } else {
            let status = head.status.as_u16();
            store
                .finish_idempotent(&key, &route, &by, status, &body)
                .await
        };
        if let Err(error) = kept {
            tracing::error!(%error, "an answer could not be kept for its idempotency key");
        }
        Response::from_parts(head, Body::from(body))
    });
    match task.await {
        Ok(response) => Ok(response),
        Err(error) => {
            tracing::error!(%error, "a request ended unexpectedly");
            let (key, route) = again;
            if let Err(error) = store.forget_idempotent(&key, &route, &viewer.actor).await {
                tracing::error!(%error, "the idempotency key of a request that broke is kept");
            }
            Err(Trouble::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "the server broke while answering this",
                "look into its log",
            ))
        }
    }
}

fn replay(status: u16, body: String) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    let kind = if status.is_success() {
        "application/json"
    } else {
        "application/problem+json"
    };
    let mut response = (status, body).into_response();
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
        .headers_mut()
        .insert("idempotency-replayed", HeaderValue::from_static("true"));
    response
}
