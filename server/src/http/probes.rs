//! `/healthz` and `/readyz`.

use super::Server;
use super::problem::Trouble;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(2);

/// The process lives.
pub(super) async fn healthz() -> &'static str {
    "ok\n"
}

/// Store and node answer.
pub(super) async fn readyz(State(server): State<Server>) -> Response {
    let store = async {
        let head = tokio::time::timeout(PATIENCE, server.world.store.head()).await;
        head.map_err(|_| "the store does not answer".to_owned())?
            .map_err(|error| error.to_string())
    };
    let node = async {
        let status = tokio::time::timeout(PATIENCE, server.world.local.status()).await;
        status
            .map_err(|_| "the node does not answer".to_owned())?
            .map_err(|error| error.to_string())
    };
    let (store, node) = tokio::join!(store, node);
    let trouble: Vec<_> = [store.err(), node.err()].into_iter().flatten().collect();
    if server.stopping.is_cancelled() {
        return not_ready("it is stopping");
    }
    if trouble.is_empty() {
        "ready\n".into_response()
    } else {
        not_ready(&trouble.join("; "))
    }
}

fn not_ready(why: &str) -> Response {
    Trouble::new(
        StatusCode::SERVICE_UNAVAILABLE,
        why,
        "wait; where it stays so, run `viridian doctor`",
    )
    .into_response()
}
