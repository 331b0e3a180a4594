//! From the accept queue to a worker, and one client connection from there to its end.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::task::Poll;
use std::time::{Duration, Instant};

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::OwnedSemaphorePermit;

use crate::client::{Client, ClientIo, Verdict, Watchdog};
use crate::door::Door;
use crate::gateway::{CLOSING, CUT, Shared};
use crate::proxy;
use crate::workers::{Seat, Worker};

pub(crate) fn listen(addr: SocketAddr) -> io::Result<std::net::TcpListener> {
    let socket = if addr.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    // A restarted gateway must not wait for the last one's connections to leave TIME_WAIT.
    socket.set_reuseaddr(true)?;
    socket.bind(addr)?;
    socket.listen(4096)?.into_std()
}

pub(crate) async fn accept(
    shared: Arc<Shared>,
    door: Arc<Door>,
    listener: std::net::TcpListener,
    workers: &'static [Worker],
) {
    let listener = match TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => {
            tracing::error!(%error, "The listener cannot be waited for; nothing is accepted.");
            return;
        }
    };
    let slots = Arc::clone(&shared.slots);
    let rounds = async {
        let mut complained = None::<Instant>;
        while let Ok(slot) = Arc::clone(&slots).acquire_owned().await {
            // Raw again, because it is for a worker to wait for it.
            let accepted = listener.accept().await;
            match accepted.and_then(|(stream, peer)| Ok((stream.into_std()?, peer))) {
                Ok((stream, peer)) => {
                    let Some(seat) = Seat::take(workers) else {
                        return;
                    };
                    let place = Place::new(Arc::clone(&shared), Arc::clone(&door), seat, slot);
                    let handle = &place.seat.0.handle;
                    let task = connection(Arc::clone(&shared), stream, peer, place);
                    shared.tasks.spawn_on(task, handle);
                }
                Err(error) if is_of_one_client(&error) => {}
                Err(error) => {
                    // Out of file descriptors or memory. The waiting clients stay in the kernel's
                    // queue; they are served once others have left.
                    if complained.is_none_or(|last| last.elapsed() > Duration::from_secs(10)) {
                        complained = Some(Instant::now());
                        tracing::warn!(%error, "Cannot accept connections; trying again.");
                    }
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }
        }
    };
    door.closing.run_until_cancelled(rounds).await;
}

fn is_of_one_client(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionReset | Interrupted
    )
}

/// What an open connection takes up for as long as it lives.
pub(crate) struct Place {
    shared: Arc<Shared>,
    pub(crate) door: Arc<Door>,
    seat: Seat,
    _slot: OwnedSemaphorePermit,
}

impl Place {
    fn new(shared: Arc<Shared>, door: Arc<Door>, seat: Seat, slot: OwnedSemaphorePermit) -> Self {
        shared.connections.fetch_add(1, Relaxed);
        Self {
            shared,
            door,
            seat,
            _slot: slot,
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.shared.connections.fetch_sub(1, Relaxed);
    }
}

async fn connection(
    shared: Arc<Shared>,
    stream: std::net::TcpStream,
    peer: SocketAddr,
    place: Place,
) {
    let stream = match adopt(stream) {
        Ok(stream) => stream,
        Err(error) => {
            tracing::debug!(%error, "A client connection was gone before it was served.");
            return;
        }
    };
    let options = &shared.options;
    let door = Arc::clone(&place.door);
    let client = Arc::new(Client::new(peer, Some(place)));
    let io = TokioIo::new(ClientIo {
        stream,
        client: Arc::clone(&client),
    });
    let service = service_fn(|request| {
        let answer = proxy::serve(&shared, &client, request);
        async move { Ok::<_, std::convert::Infallible>(answer.await) }
    });
    let mut conn = pin!(
        http1::Builder::new()
            .max_headers(options.headers_max)
            .max_header_size(options.header_bytes_max)
            .serve_connection(io, service)
            .with_upgrades()
    );
    let shortest = options
        .header_timeout
        .min(options.response_timeout)
        .min(options.idle_timeout);
    let period = (shortest / 8).clamp(Duration::from_millis(10), Duration::from_secs(2));
    let mut tick = pin!(tokio::time::sleep(period));
    let mut told = pin!(door.closing.cancelled());
    let mut cut = pin!(door.cut.cancelled());
    let mut watchdog = Watchdog::new(Instant::now());
    let (mut is_listening, mut is_closing) = (false, false);
    let served = std::future::poll_fn(|cx| {
        // Registers this task once; after that a glance at a flag is enough, where polling the
        // tokens would take their locks at every wake-up of every connection.
        if !is_listening {
            is_listening = true;
            let _ = told.as_mut().poll(cx);
            let _ = cut.as_mut().poll(cx);
        }
        match door.stage(&shared) {
            CUT => return Poll::Ready(()),
            CLOSING if !is_closing => {
                is_closing = true;
                conn.as_mut().graceful_shutdown();
            }
            _ => {}
        }
        if tick.as_mut().poll(cx).is_ready() {
            let now = Instant::now();
            match watchdog.look(&client, now, options.header_timeout, options.idle_timeout) {
                Verdict::Fine => {}
                Verdict::Idle => conn.as_mut().graceful_shutdown(),
                Verdict::TooSlow => return Poll::Ready(()),
            }
            tick.as_mut()
                .reset(tokio::time::Instant::from_std(now + period));
            // Registers the timer anew. This wake-up also lets the request in progress see
            // whether its time is over.
            let _ = tick.as_mut().poll(cx);
        }
        conn.as_mut().poll(cx).map(|ended| {
            if let Err(error) = ended {
                tracing::debug!(%error, "A client connection ended early.");
            }
        })
    });
    served.await;
}

fn adopt(stream: std::net::TcpStream) -> io::Result<TcpStream> {
    stream.set_nodelay(true)?;
    TcpStream::from_std(stream)
}
