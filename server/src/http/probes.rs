//! `/healthz` and `/readyz`.

use super::Server;
use super::problem::Trouble;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;

const PATIENCE: Duration = Duration::from_secs(2);
/// How long a proof that the store can be written holds: probes are open to anybody, and each proof
/// waits for the disk.
const PROVEN_FOR: Duration = Duration::from_secs(2);

/// Whether the store could be written when it was last tried, and why not.
#[derive(Default)]
pub(crate) struct Writable(Mutex<Option<(Instant, Result<(), String>)>>);

impl Writable {
    /// Tries it, unless somebody just did. Who comes meanwhile shares the answer.
    async fn proven(&self, server: &Server) -> Result<(), String> {
        let mut last = self.0.lock().await;
        if let Some((at, said)) = &*last
            && at.elapsed() < PROVEN_FOR
        {
            return said.clone();
        }
        let at = server.world.clock.now();
        let tried = tokio::time::timeout(PATIENCE, server.world.store.prove_writable(at)).await;
        let said = match tried {
            Ok(said) => said.map_err(|error| error.to_string()),
            Err(_) => Err(format!(
                "the store could not be written within {} s",
                PATIENCE.as_secs()
            )),
        };
        *last = Some((Instant::now(), said.clone()));
        said
    }
}

/// The process lives.
pub(super) async fn healthz() -> &'static str {
    "ok\n"
}

/// The store answers and takes writes, and the node answers.
pub(super) async fn readyz(State(server): State<Server>) -> Response {
    let store = async {
        let head = tokio::time::timeout(PATIENCE, server.world.store.head()).await;
        head.map_err(|_| "the store does not answer".to_owned())?
            .map_err(|error| error.to_string())?;
        server.writable.proven(&server).await
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
