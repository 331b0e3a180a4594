//! One listener with its table: accepts connections, swaps tables, reads the figures.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::atomic::{
    AtomicU8, AtomicU64, AtomicUsize,
    Ordering::{Acquire, Relaxed, Release, SeqCst},
};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::client::{Client, ClientIo, Verdict, Watchdog};
use crate::meter::{Epoch, Group};
use crate::plan::Plan;
use crate::pool::Upstream;
use crate::workers::{self, Seat, Worker};
use crate::{BindError, Figures, Options, Table, proxy};

const OPEN: u8 = 0;
const CLOSING: u8 = 1;
const CUT: u8 = 2;

/// How long the figures of a group are kept after it has left the table and drained.
const LEFT_GROUP_KEPT: Duration = Duration::from_secs(10 * 60);

/// One listener that moves requests by its table. Dropping it cuts every connection;
/// [`Gateway::shutdown`] lets them finish.
pub struct Gateway {
    shared: Arc<Shared>,
    addr: SocketAddr,
}

pub(crate) struct Shared {
    pub(crate) options: Options,
    pub(crate) epoch: Epoch,
    pub(crate) plan: ArcSwap<Plan>,
    /// Number of the plan in use, for the check in `embark`.
    pub(crate) generation: AtomicU64,
    pub(crate) turns: AtomicU64,
    pub(crate) backend_turns: AtomicUsize,
    pub(crate) unrouted: AtomicU64,
    pub(crate) tasks: TaskTracker,
    /// Ends every connection at once.
    pub(crate) cut: CancellationToken,
    known: Mutex<Known>,
    connections: AtomicU64,
    /// [`OPEN`], [`CLOSING`] or [`CUT`]: what the tokens say, readable without their locks.
    stage: AtomicU8,
    /// Tells every connection to end after the request it is at.
    closing: CancellationToken,
}

/// What outlives a table.
#[derive(Default)]
struct Known {
    groups: BTreeMap<String, KnownGroup>,
    upstreams: HashMap<UpstreamKey, Arc<Upstream>>,
}

struct KnownGroup {
    group: Arc<Group>,
    left_at: Option<Instant>,
}

#[derive(PartialEq, Eq, Hash, Clone)]
struct UpstreamKey {
    group: String,
    id: String,
    addr: SocketAddr,
}

impl Gateway {
    /// Opens the listener, with an empty table. Port 0 takes any free port.
    ///
    /// # Errors
    /// Names the address and what is in the way, usually another program on that port.
    pub async fn bind(addr: SocketAddr, options: Options) -> Result<Self, BindError> {
        let failed = |error| BindError::new(addr, error);
        let workers = workers::all().map_err(failed)?;
        let listener = listen(addr).map_err(failed)?;
        let local = listener.local_addr().map_err(failed)?;
        let mut known = Known::default();
        let shared = Arc::new(Shared {
            options,
            epoch: Epoch::start(),
            plan: ArcSwap::from_pointee(known.plan(0, Table::default())),
            generation: AtomicU64::new(0),
            turns: AtomicU64::new(0),
            backend_turns: AtomicUsize::new(0),
            unrouted: AtomicU64::new(0),
            tasks: TaskTracker::new(),
            cut: CancellationToken::new(),
            known: Mutex::new(known),
            connections: AtomicU64::new(0),
            stage: AtomicU8::new(OPEN),
            closing: CancellationToken::new(),
        });
        let first = &workers[0].handle;
        let accepting = accept(Arc::clone(&shared), listener, workers);
        shared.tasks.spawn_on(accepting, first);
        shared.tasks.spawn_on(housekeep(Arc::clone(&shared)), first);
        Ok(Self {
            shared,
            addr: local,
        })
    }

    pub fn local_addr(&self) -> SocketAddr {
        self.addr
    }

    /// Swaps the table. When this returns, every request that is not yet in flight goes by the new
    /// table, also on connections that are open already; those in flight finish where they are.
    ///
    /// So once a group is out of the table or at weight 0 and its [`in_flight`] reads 0, its
    /// instances can be stopped: only an override or a sticky cookie can still reach a listed group.
    ///
    /// [`in_flight`]: crate::GroupFigures::in_flight
    pub fn set_table(&self, table: Table) {
        let mut known = self.shared.known();
        let generation = self.shared.generation.load(Relaxed) + 1;
        let plan = known.plan(generation, table);
        self.shared.plan.store(Arc::new(plan));
        self.shared.generation.store(generation, SeqCst);
        known.forget_left(&self.shared.plan.load());
    }

    pub fn table(&self) -> Arc<Table> {
        Arc::clone(&self.shared.plan.load().table)
    }

    /// A snapshot of all counters, at the cost of some thousand loads a group.
    pub fn figures(&self) -> Figures {
        let known = self.shared.known();
        let now_ms = self.shared.epoch.ms(Instant::now());
        let mut recent_total = 0;
        let mut recents = Vec::with_capacity(known.groups.len());
        let mut groups = BTreeMap::new();
        for (name, KnownGroup { group, .. }) in &known.groups {
            let recent = group.recent(now_ms);
            recent_total += recent;
            recents.push(recent);
            groups.insert(name.clone(), group.snapshot());
        }
        if recent_total > 0 {
            for (figures, recent) in groups.values_mut().zip(recents) {
                figures.recent_share = Some(recent as f64 / recent_total as f64);
            }
        }
        Figures {
            at_ms: now_ms,
            table_version: self.shared.plan.load().table.version,
            connections: self.shared.connections.load(Relaxed),
            unrouted: self.shared.unrouted.load(Relaxed),
            groups,
        }
    }

    /// Stops accepting, lets the requests in flight finish for up to `grace`, then cuts what is left.
    pub async fn shutdown(self, grace: Duration) {
        self.shared.stage.store(CLOSING, Release);
        self.shared.closing.cancel();
        self.shared.tasks.close();
        if tokio::time::timeout(grace, self.shared.tasks.wait())
            .await
            .is_err()
        {
            tracing::info!(
                connections = self.shared.connections.load(Relaxed),
                "The grace period is over; open connections are cut."
            );
        }
        self.shared.cut();
        self.shared.tasks.wait().await;
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.shared.cut();
    }
}

impl Shared {
    fn cut(&self) {
        self.stage.store(CUT, Release);
        self.closing.cancel();
        self.cut.cancel();
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn plan(&mut self, generation: u64, table: Table) -> Plan {
        let Self { groups, upstreams } = self;
        let group = |name: &str| {
            let known = groups.entry(name.to_owned()).or_insert_with(|| KnownGroup {
                group: Arc::new(Group::new(name)),
                left_at: None,
            });
            Arc::clone(&known.group)
        };
        let upstream = |group: &Arc<Group>, backend: &crate::Backend| {
            let key = UpstreamKey {
                group: group.name.clone(),
                id: backend.id.clone(),
                addr: backend.addr,
            };
            let known = upstreams.entry(key).or_insert_with(|| {
                Arc::new(Upstream::new(backend.addr, group.instance(&backend.id)))
            });
            Arc::clone(known)
        };
        Plan::new(generation, table, group, upstream)
    }

    /// Closes the pools of backends that are no longer listed, and drops groups that left long ago.
    fn forget_left(&mut self, plan: &Plan) {
        let listed = |key: &UpstreamKey| {
            plan.table.routes.iter().any(|route| {
                route.group == key.group
                    && route
                        .backends
                        .iter()
                        .any(|one| one.id == key.id && one.addr == key.addr)
            })
        };
        self.upstreams.retain(|key, upstream| {
            let keep = listed(key);
            if !keep {
                upstream.retire();
            }
            keep
        });
        let now = Instant::now();
        self.groups.retain(|name, known| {
            if plan.table.routes.iter().any(|route| route.group == *name) {
                known.left_at = None;
                return true;
            }
            let left_at = *known.left_at.get_or_insert(now);
            known.group.in_flight() > 0 || now.duration_since(left_at) < LEFT_GROUP_KEPT
        });
    }
}

fn listen(addr: SocketAddr) -> io::Result<std::net::TcpListener> {
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

async fn housekeep(shared: Arc<Shared>) {
    let period = (shared.options.pool_idle_timeout / 4).max(Duration::from_millis(10));
    let rounds = async {
        loop {
            tokio::time::sleep(period).await;
            if let Some(oldest) = Instant::now().checked_sub(shared.options.pool_idle_timeout) {
                for upstream in shared.plan.load().upstreams() {
                    upstream.reap(oldest);
                }
            }
        }
    };
    shared.closing.run_until_cancelled(rounds).await;
}

async fn accept(shared: Arc<Shared>, listener: std::net::TcpListener, workers: &'static [Worker]) {
    let listener = match TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => {
            tracing::error!(%error, "The listener cannot be waited for; nothing is accepted.");
            return;
        }
    };
    let slots = Arc::new(Semaphore::new(shared.options.connections_max));
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
                    let place = Place::new(Arc::clone(&shared), seat, slot);
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
    shared.closing.run_until_cancelled(rounds).await;
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
    seat: Seat,
    _slot: OwnedSemaphorePermit,
}

impl Place {
    fn new(shared: Arc<Shared>, seat: Seat, slot: OwnedSemaphorePermit) -> Self {
        shared.connections.fetch_add(1, Relaxed);
        Self {
            shared,
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
    let mut told = pin!(shared.closing.cancelled());
    let mut cut = pin!(shared.cut.cancelled());
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
        match shared.stage.load(Acquire) {
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
