//! Connections to one backend.
//!
//! A connection has no task of its own: whoever uses it drives it ([`Line::drive`]). Request and
//! answer then stay on one task and one thread, which saves two wake-ups for each request.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::{TrySendError, http1};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::coop::unconstrained;

use crate::body::RequestBody;
use crate::meter::Instance;
use crate::workers;

pub(crate) type Driver = Pin<Box<dyn Future<Output = hyper::Result<()>> + Send>>;

/// One backend of one group, with its idle connections.
pub(crate) struct Upstream {
    pub(crate) addr: SocketAddr,
    pub(crate) instance: Arc<Instance>,
    pub(crate) in_flight: AtomicUsize,
    ejected_until_ms: AtomicU64,
    retired: AtomicBool,
    /// One pool for each worker: a connection is woken by the thread that opened it.
    idle: Box<[Mutex<Vec<Idle>>]>,
}

struct Idle {
    line: Line,
    since: Instant,
}

impl Upstream {
    pub(crate) fn new(addr: SocketAddr, instance: Arc<Instance>) -> Self {
        Self {
            addr,
            instance,
            in_flight: AtomicUsize::new(0),
            ejected_until_ms: AtomicU64::new(0),
            retired: AtomicBool::new(false),
            idle: (0..workers::count()).map(|_| Mutex::default()).collect(),
        }
    }

    pub(crate) fn is_ejected(&self, now_ms: u64) -> bool {
        self.ejected_until_ms.load(Relaxed) > now_ms
    }

    pub(crate) fn eject_until(&self, ms: u64) {
        self.ejected_until_ms.store(ms, Relaxed);
    }

    pub(crate) fn readmit(&self) {
        if self.ejected_until_ms.load(Relaxed) != 0 {
            self.ejected_until_ms.store(0, Relaxed);
        }
    }

    /// The most recently used idle connection that is still open and idle for at most `age_max`.
    pub(crate) fn check_out(&self, now: Instant, age_max: Duration) -> Option<Line> {
        loop {
            let Idle { mut line, since } = self.here().pop()?;
            if now.saturating_duration_since(since) > age_max {
                // Those below it are older still, but may serve a request that can be repeated.
                self.put(line, since, usize::MAX);
                return None;
            }
            if line.is_idle() {
                line.reused = true;
                return Some(line);
            }
        }
    }

    /// Keeps a connection for the next request, unless it is no longer usable or wanted.
    pub(crate) fn check_in(&self, mut line: Line, idle_max: usize) {
        if line.is_idle() {
            self.put(line, Instant::now(), idle_max);
        }
    }

    fn put(&self, line: Line, since: Instant, idle_max: usize) {
        let here_max = (idle_max / self.idle.len()).max(1);
        let mut idle = self.here();
        if !self.retired.load(Relaxed) && idle.len() < here_max {
            idle.push(Idle { line, since });
        }
    }

    /// Closes connections that were idle since before `oldest`.
    pub(crate) fn reap(&self, oldest: Instant) {
        for idle in &self.idle {
            let mut idle = lock(idle);
            let keep_from = idle.iter().position(|one| one.since >= oldest);
            let keep_from = keep_from.unwrap_or(idle.len());
            let reaped: Vec<_> = idle.drain(..keep_from).collect();
            // Closing sockets takes time that nobody should wait for.
            drop(idle);
            drop(reaped);
        }
    }

    /// The backend left the table: its idle connections are closed, and busy ones will be.
    pub(crate) fn retire(&self) {
        // Before the locks: who returns a connection looks at this under the lock.
        self.retired.store(true, Relaxed);
        for idle in &self.idle {
            let closed = std::mem::take(&mut *lock(idle));
            drop(closed);
        }
    }

    pub(crate) async fn connect(&self, within: Duration) -> std::io::Result<Line> {
        let connecting = TcpStream::connect(self.addr);
        let stream = tokio::time::timeout(within, connecting)
            .await
            .map_err(|_elapsed| std::io::ErrorKind::TimedOut)??;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::Builder::new()
            .handshake(TokioIo::new(stream))
            .await
            .map_err(std::io::Error::other)?;
        Ok(Line {
            sender,
            driver: Some(Box::pin(connection.with_upgrades())),
            reused: false,
        })
    }

    fn here(&self) -> MutexGuard<'_, Vec<Idle>> {
        lock(&self.idle[workers::index() % self.idle.len()])
    }
}

fn lock(idle: &Mutex<Vec<Idle>>) -> MutexGuard<'_, Vec<Idle>> {
    idle.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A connection to a backend, for one request at a time.
pub(crate) struct Line {
    sender: http1::SendRequest<RequestBody>,
    /// `None` once the connection has ended.
    pub(crate) driver: Option<Driver>,
    /// Has served a request before, so that the backend may have been closing it meanwhile.
    pub(crate) reused: bool,
}

impl Line {
    /// Moves bytes in both directions as far as possible.
    pub(crate) fn drive(&mut self, cx: &mut Context<'_>) {
        if let Some(driver) = &mut self.driver
            && driver.as_mut().poll(cx).is_ready()
        {
            self.driver = None;
        }
    }

    fn is_idle(&mut self) -> bool {
        // No task waits for an idle connection; the next user's first poll replaces this waker.
        self.drive(&mut Context::from_waker(Waker::noop()));
        self.driver.is_some() && self.sender.is_ready()
    }

    /// Sends a request and drives the connection until the response's head.
    ///
    /// `expired` is asked at every poll; the caller sees to it that the task is polled in time.
    pub(crate) async fn exchange(
        &mut self,
        request: Request<RequestBody>,
        mut expired: impl FnMut() -> bool,
    ) -> Result<Response<Incoming>, ExchangeError> {
        let answer = unconstrained(self.sender.try_send_request(request));
        let mut answer = std::pin::pin!(answer);
        std::future::poll_fn(|cx| {
            if let Some(driver) = &mut self.driver
                && driver.as_mut().poll(cx).is_ready()
            {
                self.driver = None;
            }
            // Only the driver polled above ever completes the answer: to be woken for it as well
            // would only poll this task twice. Unconstrained, because a waker that does nothing
            // must not be handed to tokio's cooperative budget.
            match answer
                .as_mut()
                .poll(&mut Context::from_waker(Waker::noop()))
            {
                Poll::Ready(Ok(response)) => Poll::Ready(Ok(response)),
                Poll::Ready(Err(error)) => Poll::Ready(Err(ExchangeError::Broken(Box::new(error)))),
                Poll::Pending if expired() => Poll::Ready(Err(ExchangeError::Expired)),
                Poll::Pending => Poll::Pending,
            }
        })
        .await
    }
}

pub(crate) enum ExchangeError {
    Broken(Box<TrySendError<Request<RequestBody>>>),
    Expired,
}
