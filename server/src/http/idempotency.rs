//! `Idempotency-Key`: a POST that is sent again is answered again, not done again.

use super::Server;
use super::extract::read;
use super::problem::{Handled, Trouble};
use crate::world::watched;
use app::backend::Viewer;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::Actor;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, StatusCode};
use sha2::{Digest, Sha256};
use store::{Begun, Store};

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
    let slot = Slot {
        store: store.clone(),
        key,
        route,
        by: viewer.actor,
    };
    Ok(slot
        .fill(next.run(Request::from_parts(parts, Body::from(bytes))))
        .await)
}

/// Where the answer of a request is kept.
#[derive(Clone)]
struct Slot {
    store: Store,
    key: String,
    route: String,
    by: Actor,
}

impl Slot {
    /// Carried out to its end also when the client goes away: the answer is there when it comes back.
    async fn fill(self, request: impl Future<Output = Response> + Send + 'static) -> Response {
        let slot = self.clone();
        let task = tokio::spawn(async move {
            let (response, done) = watched(request).await;
            if response.status() == StatusCode::SERVICE_UNAVAILABLE && !done {
                slot.forget().await;
                return response;
            }
            slot.keep(in_doubt(response)).await
        });
        match task.await {
            Ok(response) => response,
            Err(error) => {
                tracing::error!(%error, "a request ended unexpectedly");
                let broke = Trouble::new(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "the server broke while answering this",
                    "look into its log",
                );
                self.keep(in_doubt(broke.into_response())).await
            }
        }
    }

    /// The request came to nothing: sent again, it is tried again.
    async fn forget(&self) {
        let forgotten = self
            .store
            .forget_idempotent(&self.key, &self.route, &self.by);
        if let Err(error) = forgotten.await {
            tracing::error!(%error, "the idempotency key of a request that came to nothing is kept for a while");
        }
    }

    async fn keep(&self, response: Response) -> Response {
        let (head, body) = response.into_parts();
        let body = match axum::body::to_bytes(body, usize::MAX).await {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(_) => String::new(),
        };
        let status = head.status.as_u16();
        let kept = self
            .store
            .finish_idempotent(&self.key, &self.route, &self.by, status, &body);
        if let Err(error) = kept.await {
            tracing::error!(%error, "an answer could not be kept for its idempotency key");
        }
        Response::from_parts(head, Body::from(body))
    }
}

/// What failed after it was done, or who knows where, is not tried again by itself: its answer, which
/// is kept, must not say so.
fn in_doubt(response: Response) -> Response {
    let trouble = response.extensions().get::<Trouble>();
    let Some(trouble) = trouble.filter(|trouble| trouble.status().is_server_error()) else {
        return response;
    };
    Trouble::new(
        trouble.status(),
        format!("{}; what was asked for may be done", trouble.body().detail),
        "look whether it is; where it is not, send it again with a new key",
    )
    .into_response()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::done;
    use domain::Time;

    const HASH: &str = "of the body";

    async fn slot(folder: &tempfile::TempDir) -> Slot {
        let file = folder.path().join("viridian.db");
        let store = Store::open(&store::StoreUrl::Sqlite(file)).await.unwrap();
        let slot = Slot {
            store,
            key: "k".to_owned(),
            route: "POST /there".to_owned(),
            by: Actor::new("eve").unwrap(),
        };
        assert_eq!(slot.ask().await, Begun::New);
        slot
    }

    impl Slot {
        async fn ask(&self) -> Begun {
            let (key, route) = (&self.key, &self.route);
            let begun = self
                .store
                .begin_idempotent(key, route, &self.by, HASH, Time(0));
            begun.await.unwrap()
        }
    }

    fn trouble(status: StatusCode) -> Response {
        Trouble::new(status, "the store did not answer", "try again").into_response()
    }

    /// The status that is answered, and the one that is answered when it is sent again.
    async fn answered(
        request: impl Future<Output = Response> + Send + 'static,
    ) -> (StatusCode, Option<u16>) {
        let folder = tempfile::tempdir().unwrap();
        let slot = slot(&folder).await;
        let status = slot.clone().fill(request).await.status();
        let again = match slot.ask().await {
            Begun::New => None,
            Begun::Replay { status, body } => {
                if status >= 500 {
                    assert!(body.contains("may be done"), "{body}");
                    assert!(!body.contains("try again"), "{body}");
                }
                Some(status)
            }
            other => panic!("{other:?}"),
        };
        slot.store.close().await;
        (status, again)
    }

    #[tokio::test]
    async fn only_what_came_to_nothing_is_carried_out_again() {
        let unavailable = StatusCode::SERVICE_UNAVAILABLE;
        let nothing = answered(async move { trouble(unavailable) }).await;
        assert_eq!(nothing, (unavailable, None));

        let deed = answered(async move {
            done();
            trouble(unavailable)
        });
        assert_eq!(deed.await, (unavailable, Some(503)));

        let internal = StatusCode::INTERNAL_SERVER_ERROR;
        let unknown = answered(async move { trouble(internal) }).await;
        assert_eq!(unknown, (internal, Some(500)));
        let broke = answered(async { panic!("it broke") }).await;
        assert_eq!(broke, (internal, Some(500)));

        let refused = answered(async { trouble(StatusCode::CONFLICT) }).await;
        assert_eq!(refused, (StatusCode::CONFLICT, Some(409)));
    }
}
