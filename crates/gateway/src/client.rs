//! The client's side: one accepted connection, watched for clients that send nothing or too slowly.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use http::HeaderValue;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::door::Door;
use crate::listener::Place;

/// What is known of one client connection. Used by one task only; the atomics cost nothing.
pub(crate) struct Client {
    pub(crate) ip: String,
    pub(crate) ip_value: HeaderValue,
    requests: AtomicU64,
    busy: AtomicBool,
    partial_head: AtomicBool,
    /// Given back when the last user of the socket is gone, which may be a tunnel.
    place: Option<Place>,
}

impl Client {
    pub(crate) fn new(peer: SocketAddr, place: Option<Place>) -> Self {
        let ip = peer.ip().to_canonical().to_string();
        Self {
            ip_value: HeaderValue::from_str(&ip).expect("an IP address is a valid header value"),
            ip,
            requests: AtomicU64::new(0),
            busy: AtomicBool::new(false),
            partial_head: AtomicBool::new(false),
            place,
        }
    }

    /// Where it came in; `None` in tests alone.
    pub(crate) fn door(&self) -> Option<&Door> {
        self.place.as_ref().map(|place| &*place.door)
    }

    pub(crate) fn request_begun(&self) {
        self.requests
            .store(self.requests.load(Relaxed) + 1, Relaxed);
        self.busy.store(true, Relaxed);
    }

    pub(crate) fn request_done(&self) {
        self.partial_head.store(false, Relaxed);
        self.busy.store(false, Relaxed);
    }
}

/// Judges, from time to time, whether a connection waits for its client too long.
pub(crate) struct Watchdog {
    requests: u64,
    quiet_since: Instant,
    partial_since: Option<Instant>,
}

pub(crate) enum Verdict {
    Fine,
    /// Nothing was asked for a while: close it the polite way.
    Idle,
    /// A request head has been under way for too long.
    TooSlow,
}

impl Watchdog {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            requests: 0,
            quiet_since: now,
            partial_since: None,
        }
    }

    pub(crate) fn look(
        &mut self,
        client: &Client,
        now: Instant,
        header_timeout: Duration,
        idle_timeout: Duration,
    ) -> Verdict {
        let requests = client.requests.load(Relaxed);
        if client.busy.load(Relaxed) || requests != self.requests {
            self.requests = requests;
            self.quiet_since = now;
            self.partial_since = None;
            return Verdict::Fine;
        }
        let awaited_since = if requests == 0 {
            Some(self.quiet_since)
        } else if client.partial_head.load(Relaxed) {
            Some(*self.partial_since.get_or_insert(now))
        } else {
            None
        };
        match awaited_since {
            Some(since) if now.duration_since(since) >= header_timeout => Verdict::TooSlow,
            None if now.duration_since(self.quiet_since) >= idle_timeout => Verdict::Idle,
            _ => Verdict::Fine,
        }
    }
}

/// The socket; notes when bytes of a request head arrive.
pub(crate) struct ClientIo {
    pub(crate) stream: TcpStream,
    pub(crate) client: Arc<Client>,
}

impl AsyncRead for ClientIo {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buf);
        if buf.filled().len() > before && !self.client.busy.load(Relaxed) {
            self.client.partial_head.store(true, Relaxed);
        }
        polled
    }
}

impl AsyncWrite for ClientIo {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
