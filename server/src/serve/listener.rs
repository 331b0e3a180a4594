//! Connections: accepted in bounded number, none kept that does not move.

use crate::auth::Peer;
use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustix::net::sockopt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

/// Connections at the same time: the listeners of the live stream, and room beside them.
const CONNECTIONS: usize = 4_096;
/// How long a request's head may take to arrive.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// How long what was sent may stay unacknowledged: ends half-open connections and readers that
/// stopped reading.
const UNACKNOWLEDGED_MS: u32 = 30_000;
/// How long answers under way may take when the server stops.
const DRAIN: Duration = Duration::from_secs(5);

pub(super) async fn serve(listener: TcpListener, router: Router, stopping: CancellationToken) {
    let seats = Arc::new(Semaphore::new(CONNECTIONS));
    let connections = TaskTracker::new();
    loop {
        let seat = tokio::select! {
            seat = Arc::clone(&seats).acquire_owned() => seat,
            () = stopping.cancelled() => break,
        };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stopping.cancelled() => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                let connection = connection(stream, peer, router.clone(), stopping.clone());
                connections.spawn(async move {
                    connection.await;
                    drop(seat);
                });
            }
            Err(error) => {
                // Out of files or memory: the connection waits in the kernel.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    drop(listener);
    connections.close();
    if tokio::time::timeout(DRAIN, connections.wait())
        .await
        .is_err()
    {
        tracing::warn!(
            left = connections.len(),
            "some connections were still open when the server stopped"
        );
    }
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    stopping: CancellationToken,
) {
    let set = sockopt::set_tcp_nodelay(&stream, true)
        .and_then(|()| sockopt::set_tcp_user_timeout(&stream, UNACKNOWLEDGED_MS))
        .and_then(|()| sockopt::set_socket_keepalive(&stream, true));
    if let Err(error) = set {
        tracing::debug!(%error, "a connection's options could not be set");
    }
    let service = hyper::service::service_fn(move |request: http::Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(Peer(peer));
        router.clone().oneshot(request)
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(64 * 1024)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stopping.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%peer, %error, "a connection ended");
    }
}
