//! One environment's task: it takes its turn, rests, and is started again should it ever panic.

use crate::drift::Mending;
use crate::engine::{Engine, lock};
use crate::series::{Sample, Series};
use crate::turn::Turn;
use domain::{GroupName, Observation, Target};
use futures::FutureExt;
use std::any::Any;
use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Notify;

/// What the rest of the engine sees of an environment's task.
pub(crate) struct PlaceHandle {
    pub(crate) target: Target,
    /// Something was journalled from outside: look at the store again, at once.
    pub(crate) stale: AtomicBool,
    pub(crate) wake: Notify,
    pub(crate) seen: Mutex<Option<Arc<Observation>>>,
    pub(crate) trouble: Mutex<Option<String>>,
    pub(crate) series: Mutex<Series>,
    /// Of the groups in which something differs from its release.
    mending: Mutex<BTreeMap<GroupName, Mending>>,
}

impl PlaceHandle {
    pub(crate) fn new(target: Target) -> Self {
        Self {
            target,
            stale: AtomicBool::new(true),
            wake: Notify::new(),
            seen: Mutex::default(),
            trouble: Mutex::default(),
            series: Mutex::default(),
            mending: Mutex::default(),
        }
    }

    /// Wakes the task and has it read the store again.
    pub(crate) fn refresh(&self) {
        self.stale.store(true, Ordering::Release);
        self.wake.notify_one();
    }

    pub(crate) fn seen(&self) -> Option<Arc<Observation>> {
        lock(&self.seen).clone()
    }

    pub(crate) fn trouble(&self) -> Option<String> {
        lock(&self.trouble).clone()
    }

    pub(crate) fn stands(&self, mending: BTreeMap<GroupName, Mending>) {
        *lock(&self.mending) = mending;
    }

    pub(crate) fn mending(&self) -> BTreeMap<GroupName, Mending> {
        lock(&self.mending).clone()
    }

    pub(crate) fn samples(&self) -> Vec<Sample> {
        lock(&self.series).samples()
    }
}

/// Runs an environment's task and starts it again after a panic, ever more patiently: one poisoned
/// rollout never touches the others.
pub(crate) async fn supervise(engine: Engine, handle: Arc<PlaceHandle>) {
    let stopping = engine.inner.stopping.clone();
    let mut patience = Duration::from_millis(500);
    while !stopping.is_cancelled() {
        // What a panic left behind is never looked at again: the next run begins with nothing.
        let life = AssertUnwindSafe(run(&engine, &handle)).catch_unwind();
        let Err(panic) = life.await else { return };
        *lock(&handle.trouble) =
            Some("its task ended unexpectedly and is quarantined; see the log".to_owned());
        let error = said(panic.as_ref());
        tracing::error!(target = %handle.target, error, patience_ms = patience.as_millis(), "an environment is quarantined; the others go on");
        tokio::select! {
            () = tokio::time::sleep(patience) => {}
            () = stopping.cancelled() => return,
        }
        patience = (patience * 2).min(Duration::from_secs(60));
    }
}

/// The words of a panic.
fn said(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a panic without words")
}

async fn run(engine: &Engine, handle: &Arc<PlaceHandle>) {
    let stopping = &engine.inner.stopping;
    let mut turn = Turn::new(engine.clone(), Arc::clone(handle));
    loop {
        let pause = tokio::select! {
            pause = turn.in_turn() => pause,
            () = stopping.cancelled() => return,
        };
        tokio::select! {
            () = handle.wake.notified() => {}
            () = tokio::time::sleep(pause) => {}
            () = stopping.cancelled() => return,
        }
    }
}
