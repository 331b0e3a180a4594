//! An upgraded connection: bytes in both directions, no longer HTTP.

use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::meter::Trip;
use crate::pool::Line;

/// Connects the two ends until one of them closes or `cut` is called; in flight for as long.
pub(crate) fn open(
    tasks: &TaskTracker,
    cut: &CancellationToken,
    client: OnUpgrade,
    backend: OnUpgrade,
    mut line: Line,
    trip: Trip,
) {
    let cut = cut.clone();
    tasks.spawn(async move {
        let tunnel = async {
            // The backend's end is handed over by its driver, at the latest by its next poll.
            let driven = async {
                if let Some(driver) = line.driver.take() {
                    driver.await?;
                }
                backend.await
            };
            let (client, backend) = tokio::try_join!(client, driven)?;
            let (mut client, mut backend) = (TokioIo::new(client), TokioIo::new(backend));
            // That an end disappears is how most tunnels end.
            let _ended = tokio::io::copy_bidirectional(&mut client, &mut backend).await;
            Ok::<_, hyper::Error>(())
        };
        if let Some(Err(error)) = cut.run_until_cancelled(tunnel).await {
            tracing::debug!(%error, "An upgrade was not completed.");
        }
        drop(trip);
    });
}
