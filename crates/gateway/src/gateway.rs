//! One table with the doors that lead to it: opens, swaps tables, reads the figures, closes.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::atomic::{
    AtomicU8, AtomicU64, AtomicUsize,
    Ordering::{Relaxed, Release, SeqCst},
};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::door::Door;
use crate::listener::{accept, listen};
use crate::meter::{Epoch, Group};
use crate::plan::Plan;
use crate::pool::Upstream;
use crate::workers;
use crate::{BindError, Figures, Options, Table};

pub(crate) const OPEN: u8 = 0;
pub(crate) const CLOSING: u8 = 1;
pub(crate) const CUT: u8 = 2;

/// How long the figures of a group are kept after it has left the table and drained.
const LEFT_GROUP_KEPT: Duration = Duration::from_secs(10 * 60);

/// Listens at one address or several and moves the requests by one table. Dropping it cuts every
/// connection; [`Gateway::shutdown`] lets them finish.
pub struct Gateway {
    shared: Arc<Shared>,
    workers: &'static [workers::Worker],
    doors: Mutex<Vec<Arc<Door>>>,
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
    pub(crate) connections: AtomicU64,
    /// As many as there may be connections, over all doors.
    pub(crate) slots: Arc<Semaphore>,
    /// [`OPEN`], [`CLOSING`] or [`CUT`]: what the tokens say, readable without their locks.
    pub(crate) stage: AtomicU8,
    /// Tells every connection to end after the request it is at.
    pub(crate) closing: CancellationToken,
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
        let workers = workers::all().map_err(|error| BindError::new(addr, error))?;
        let mut known = Known::default();
        let shared = Arc::new(Shared {
            slots: Arc::new(Semaphore::new(options.connections_max)),
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
        let mut gateway = Self {
            shared,
            workers,
            doors: Mutex::default(),
            addr,
        };
        gateway.addr = gateway.open(addr)?;
        let (shared, first) = (&gateway.shared, &workers[0].handle);
        shared.tasks.spawn_on(housekeep(Arc::clone(shared)), first);
        Ok(gateway)
    }

    /// The address it was bound to first.
    pub fn local_addr(&self) -> SocketAddr {
        self.addr
    }

    /// Every address that is open.
    pub fn addrs(&self) -> Vec<SocketAddr> {
        self.doors().iter().map(|door| door.addr).collect()
    }

    /// Opens another address to the same table; answers which, since port 0 takes any free port.
    ///
    /// # Errors
    /// Names the address and what is in the way.
    pub fn open(&self, addr: SocketAddr) -> Result<SocketAddr, BindError> {
        let failed = |error| BindError::new(addr, error);
        let listener = listen(addr).map_err(failed)?;
        let local = listener.local_addr().map_err(failed)?;
        let door = Arc::new(Door::new(local, &self.shared));
        self.doors().push(Arc::clone(&door));
        let accepting = accept(Arc::clone(&self.shared), door, listener, self.workers);
        let first = &self.workers[0].handle;
        self.shared.tasks.spawn_on(accepting, first);
        Ok(local)
    }

    /// Closes one address: nothing new comes in there, what came in is answered for up to `grace`, then
    /// cut. The other addresses do not notice. `false` where it was not open.
    pub fn close(&self, addr: SocketAddr, grace: Duration) -> bool {
        let mut doors = self.doors();
        let Some(at) = doors.iter().position(|door| door.addr == addr) else {
            return false;
        };
        let door = doors.swap_remove(at);
        // None of the gateway's tasks: nobody has to wait for a grace that nobody needs.
        self.workers[0].handle.spawn(door.close(grace));
        true
    }

    fn doors(&self) -> std::sync::MutexGuard<'_, Vec<Arc<Door>>> {
        self.doors.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Swaps the table. When this returns, every request that is not yet in flight goes by the new
    /// table, also on connections that are open already; those in flight finish where they are.
    ///
    /// So once a group is out of the table or at weight 0 and its [`in_flight`] reads 0, its
    /// instances can be stopped: only an override and the visitors that are kept on it can still
    /// reach a listed group.
    ///
    /// Where ids of visitors decide ([`unit_header`]) and this table gives all the weight to one of
    /// the arms, ids keep the arm they had under the last split for as long as its group is listed.
    /// An id that was never seen is told by nothing from one that was: it goes by that split too.
    ///
    /// [`unit_header`]: crate::Sticky::unit_header
    /// [`in_flight`]: crate::GroupFigures::in_flight
    pub fn set_table(&self, mut table: Table) {
        let mut known = self.shared.known();
        table.settle_units(&self.shared.plan.load().table);
        let generation = self.shared.generation.load(Relaxed) + 1;
        let plan = known.plan(generation, table);
        self.shared.plan.store(Arc::new(plan));
        self.shared.generation.store(generation, SeqCst);
        known.forget_left(&self.shared.plan.load());
    }

    /// The table in use, with [`crate::Sticky::unit_split`] filled in.
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
