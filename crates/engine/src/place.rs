//! One environment's task: look, decide, act, again. It owns every effect there.

use crate::act::Doing;
use crate::admit::is_waiting_for_person;
use crate::engine::{Engine, EngineError, lock};
use crate::keep::Keeper;
use crate::series::{Sample, Series};
use cloud::{CloudError, Place};
use domain::{Action, Input, Observation, Rollout, RolloutId, Status, Target, Time};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use store::{EnvironmentRecord, Loaded};
use tokio::sync::Notify;

/// What the rest of the engine sees of an environment's task.
pub(crate) struct PlaceHandle {
    target: Target,
    /// Something was journalled from outside: look at the store again, at once.
    stale: AtomicBool,
    wake: Notify,
    seen: Mutex<Option<Arc<Observation>>>,
    trouble: Mutex<Option<String>>,
    series: Mutex<Series>,
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

    pub(crate) fn samples(&self) -> Vec<Sample> {
        lock(&self.series).samples()
    }
}

/// The shortest and longest time between looks, by how much is going on.
const MOVING_MS: u64 = 50;
const WATCHING_MS: u64 = 250;
const IDLE_MS: u64 = 1_000;
const SLOWEST_MS: u64 = 30_000;
/// What an environment's share of the cloud's patience is: with many, each is looked at less often.
const LOOK_COST_MS: u64 = 1;

/// Runs an environment's task and starts it again after a panic, ever more patiently: one poisoned
/// rollout never touches the others.
pub(crate) async fn supervise(engine: Engine, handle: Arc<PlaceHandle>) {
    let stopping = engine.inner.stopping.clone();
    let mut patience = Duration::from_millis(500);
    while !stopping.is_cancelled() {
        let task = tokio::spawn(run(engine.clone(), Arc::clone(&handle)));
        match task.await {
            Ok(()) => return,
            Err(error) => {
                *lock(&handle.trouble) =
                    Some("its task ended unexpectedly and is quarantined; see the log".to_owned());
                tracing::error!(target = %handle.target, %error, patience_ms = patience.as_millis(), "an environment is quarantined; the others go on");
            }
        }
        tokio::select! {
            () = tokio::time::sleep(patience) => {}
            () = stopping.cancelled() => return,
        }
        patience = (patience * 2).min(Duration::from_secs(60));
    }
}

async fn run(engine: Engine, handle: Arc<PlaceHandle>) {
    let stopping = engine.inner.stopping.clone();
    let mut turn = Turn::new(engine, handle);
    loop {
        // On the heap only while it looks: thousands of environments rest most of the time, and a task
        // is as large as the largest thing it ever awaits in place.
        let pause = tokio::select! {
            pause = Box::pin(turn.take()) => pause,
            () = stopping.cancelled() => return,
        };
        tokio::select! {
            () = turn.handle.wake.notified() => {}
            () = tokio::time::sleep(pause) => {}
            () = stopping.cancelled() => return,
        }
    }
}

/// What the task knows between looks.
pub(crate) struct Turn {
    pub(crate) engine: Engine,
    pub(crate) handle: Arc<PlaceHandle>,
    record: Option<EnvironmentRecord>,
    active: Option<Loaded>,
    doing: Doing,
    keeper: Keeper,
    failures: u32,
    told: Option<(Time, Arc<Observation>)>,
}

impl Turn {
    fn new(engine: Engine, handle: Arc<PlaceHandle>) -> Self {
        Self {
            engine,
            handle,
            record: None,
            active: None,
            doing: Doing::default(),
            keeper: Keeper::default(),
            failures: 0,
            told: None,
        }
    }

    /// One look and what follows from it; answers how long to rest.
    async fn take(&mut self) -> Duration {
        match self.try_take().await {
            Ok(pause) => {
                self.failures = 0;
                *lock(&self.handle.trouble) = None;
                pause
            }
            Err(error) => {
                self.failures = self.failures.saturating_add(1);
                self.handle.stale.store(true, Ordering::Release);
                let backoff = 100 * 2_u64.pow(self.failures.min(7));
                let asked = match &error {
                    EngineError::Cloud(CloudError::Throttled {
                        retry_after: Some(after),
                        ..
                    }) => *after,
                    _ => Duration::ZERO,
                };
                if self.failures.is_power_of_two() {
                    tracing::warn!(target = %self.handle.target, %error, attempt = self.failures, "an environment could not be looked after; it is tried again");
                }
                let trouble = Some(error.to_string());
                if std::mem::replace(&mut *lock(&self.handle.trouble), trouble.clone()) != trouble {
                    // Who watches wants to know what holds it up.
                    let _ = self.engine.inner.changes.send(self.handle.target.clone());
                }
                Duration::from_millis(backoff).max(asked)
            }
        }
    }

    async fn try_take(&mut self) -> Result<Duration, EngineError> {
        if self.handle.stale.swap(false, Ordering::AcqRel) || self.record.is_none() {
            self.read_store().await?;
        }
        let Some(record) = self.record.clone() else {
            return Ok(Duration::from_millis(SLOWEST_MS));
        };
        let place = Place {
            target: self.handle.target.clone(),
            environment: Arc::new(record.spec.clone()),
        };
        let mut seen = self.look(&place).await?;

        // Each turn of this loop follows from a fresh look; it ends where there is only waiting.
        while let Some(loaded) = self.active.take() {
            let fence = self.doing.lease(&self.engine, loaded.rollout.id).await?;
            let Some(fence) = fence else {
                // Another replica drives it.
                self.active = Some(loaded);
                self.handle.stale.store(true, Ordering::Release);
                return Ok(Duration::from_millis(IDLE_MS));
            };
            if self.doing.is_stale(&seen) {
                self.active = Some(loaded);
                break;
            }
            let input = Input::Observed((*seen).clone());
            let loaded = self.engine.take_input(loaded, &input, Some(fence)).await?;
            if loaded.rollout.status.is_terminal() {
                self.over(&loaded).await?;
                break;
            }
            let effect = domain::rollout::next_effect(&loaded.rollout, &seen);
            let id = loaded.rollout.id;
            self.active = Some(loaded);
            let Some(effect) = effect else { break };
            match self.doing.act(&self.engine, &place, &effect).await {
                Ok(true) => seen = self.look(&place).await?,
                Ok(false) => break,
                Err(error) => return self.effect_failed(id, error).await,
            }
            if self.handle.stale.swap(false, Ordering::AcqRel) {
                self.read_store().await?;
            }
        }
        if self
            .active
            .as_ref()
            .is_some_and(|loaded| stands_still(&loaded.rollout))
        {
            self.keeper.heal(&self.engine, &place, &seen).await?;
        }
        if self.active.is_none() {
            self.keeper
                .keep(&self.engine, &place, self.record.as_ref(), &seen)
                .await?;
        }
        Ok(self.rest())
    }

    /// Who owns the environment now; admits the next where nobody does.
    async fn read_store(&mut self) -> Result<(), EngineError> {
        let store = &self.engine.inner.store;
        self.record = store.environment(&self.handle.target).await?;
        let Some(record) = &self.record else {
            self.active = None;
            return Ok(());
        };
        self.active = match record.active {
            Some(id) => {
                self.engine.tell_queue(&self.handle.target, id).await?;
                store.load(id).await?
            }
            None => self.engine.admit_next(record).await?,
        };
        Ok(())
    }

    async fn look(&mut self, place: &Place) -> Result<Arc<Observation>, EngineError> {
        let inner = &self.engine.inner;
        let cloud = self.engine.cloud(&place.environment.cloud)?;
        let seen = {
            let _permit = inner.permits.acquire().await;
            let call = tokio::time::timeout(inner.options.call_timeout, cloud.observe(place));
            call.await
                .map_err(|_| CloudError::Transient("reading it took too long".to_owned()))??
        };
        let seen = Arc::new(seen);
        *lock(&self.handle.seen) = Some(Arc::clone(&seen));
        let busy = lock(&self.handle.series).take(&seen);
        self.tell(&seen, busy);
        Ok(seen)
    }

    /// Tells pages that something is worth another look: at once where routing, health or groups
    /// changed, about once a second where only figures did.
    fn tell(&mut self, seen: &Arc<Observation>, busy: bool) {
        let changed = match &self.told {
            None => true,
            Some((_, before)) => shape(before) != shape(seen),
        };
        let due = self
            .told
            .as_ref()
            .is_none_or(|(at, _)| seen.at.since_ms(*at) >= 1_000);
        if changed || (busy && due) {
            self.told = Some((seen.at, Arc::clone(seen)));
            // Nobody listening is fine.
            let _ = self.engine.inner.changes.send(self.handle.target.clone());
        }
    }

    /// A rollout ended: the environment is free, and what runs is read anew.
    async fn over(&mut self, loaded: &Loaded) -> Result<(), EngineError> {
        let id = loaded.rollout.id;
        tracing::info!(rollout.id = id.0, target = %self.handle.target, state = loaded.rollout.status.as_str(), "a rollout is over");
        if let Status::Failed { .. } = loaded.rollout.status {
            self.keeper.hands_off(id);
        }
        self.doing.forget();
        self.handle.refresh();
        Ok(())
    }

    async fn effect_failed(
        &mut self,
        id: RolloutId,
        error: EngineError,
    ) -> Result<Duration, EngineError> {
        let at = self.engine.inner.clock.now();
        let EngineError::Cloud(cloud_error) = &error else {
            return Err(error);
        };
        let (input, pause) = match cloud_error {
            CloudError::Throttled {
                retry_after,
                message,
            } => (
                Input::Throttled {
                    at,
                    message: message.clone(),
                },
                retry_after.unwrap_or(Duration::from_secs(1)),
            ),
            other if other.is_worth_retrying() => return Err(error),
            other => (
                Input::EffectRefused {
                    at,
                    problem: other.to_string(),
                },
                Duration::ZERO,
            ),
        };
        if let Some(loaded) = self.active.take() {
            debug_assert_eq!(loaded.rollout.id, id);
            let fence = self.doing.lease(&self.engine, id).await?;
            let after = self.engine.take_input(loaded, &input, fence).await?;
            if after.rollout.status.is_terminal() {
                self.over(&after).await?;
            } else {
                self.active = Some(after);
            }
        }
        Ok(pause.max(Duration::from_millis(MOVING_MS)))
    }

    fn rest(&self) -> Duration {
        let base = match self.active.as_ref().map(|loaded| &loaded.rollout.status) {
            None => IDLE_MS,
            Some(status) if is_waiting_for_person(status) => IDLE_MS,
            Some(Status::Soaking | Status::Paused { .. }) => WATCHING_MS,
            Some(_) => MOVING_MS,
        };
        let crowd = u64::try_from(self.engine.known_places()).unwrap_or(u64::MAX);
        let fair = crowd.saturating_mul(LOOK_COST_MS) * base / MOVING_MS.max(1) / 20;
        Duration::from_millis(base.max(fair).min(SLOWEST_MS))
    }
}

/// Whether the rollout only waits, so that an instance can be replaced without being in its way.
fn stands_still(rollout: &Rollout) -> bool {
    let waits = matches!(
        rollout.current().map(|(_, step)| &step.action),
        Some(Action::Pause { .. } | Action::Analyze { .. } | Action::Retain { .. })
    );
    waits && rollout.status != Status::RollingBack
}

/// What a page would draw differently.
fn shape(seen: &Observation) -> Vec<(&str, u32, u32, u32, u32, bool)> {
    let groups = seen.groups.iter();
    groups
        .map(|g| {
            (
                g.name.as_str(),
                g.size,
                g.healthy(),
                g.weight,
                g.restarts,
                g.has_drifted(),
            )
        })
        .collect()
}
