//! One turn of an environment's task: look, decide, act, again. It owns every effect there.

use crate::act::Doing;
use crate::admit::is_waiting_for_person;
use crate::ahead;
use crate::engine::{Engine, EngineError, Replicas, lock};
use crate::keep::Keeper;
use crate::place::PlaceHandle;
use cloud::{CloudError, Place};
use domain::{Action, Group, Input, Observation, Rollout, RolloutId, Status, Time};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use store::Loaded;

/// The shortest and longest time between looks, by how much is going on.
const MOVING_MS: u64 = 50;
const WATCHING_MS: u64 = 250;
const IDLE_MS: u64 = 1_000;
const SLOWEST_MS: u64 = 30_000;
/// What an environment's share of the cloud's patience is: with many, each is looked at less often.
const LOOK_COST_MS: u64 = 1;

/// How old what was read may be, where other replicas write: a rollback that one of them took is
/// acted upon by the one that holds the lease.
const REREAD_MOVING: Duration = Duration::from_millis(100);
const REREAD_RESTING: Duration = Duration::from_secs(2);
/// The age that is believed of a reading. A stamp from long ago tells of a clock that was set rather
/// than of a cache.
const OLDEST_MS: u64 = 5_000;

/// What the task knows between looks. Thousands of environments rest at a time, each with one of
/// these, so what only a rollout under way needs is behind a pointer.
pub(crate) struct Turn {
    engine: Engine,
    handle: Arc<PlaceHandle>,
    /// As the store had it; `None` before the first reading, and where it has no such environment.
    place: Option<Place>,
    /// The group that serves between rollouts.
    stable: Option<Box<Group>>,
    active: Option<Box<Loaded>>,
    /// The first number that the journal has given to no server group yet.
    next_group: u32,
    /// When the store was last read.
    read_at: Option<Instant>,
    doing: Doing,
    keeper: Keeper,
    failures: u32,
    /// When pages were last told of the environment, and the shape it had.
    told: Option<(Time, u64)>,
}

impl Turn {
    pub(crate) fn new(engine: Engine, handle: Arc<PlaceHandle>) -> Self {
        Self {
            engine,
            handle,
            place: None,
            stable: None,
            active: None,
            next_group: 0,
            read_at: None,
            doing: Doing::default(),
            keeper: Keeper::default(),
            failures: 0,
            told: None,
        }
    }

    /// Takes a turn as soon as it is let, and answers how long to rest.
    pub(crate) async fn in_turn(&mut self) -> Duration {
        let engine = self.engine.clone();
        // What moves does not queue behind thousands that only look.
        let lane = match self.active {
            Some(_) => &engine.inner.moving,
            None => &engine.inner.resting,
        };
        let _turn = lane.acquire().await;
        // On the heap only while it looks: thousands of environments rest most of the time, and a task
        // is as large as the largest thing it ever awaits in place.
        Box::pin(self.take()).await
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
        let stale = self.handle.stale.swap(false, Ordering::AcqRel);
        if stale || self.place.is_none() || self.may_be_outdated() {
            self.read_store().await?;
        }
        let Some(place) = self.place.clone() else {
            return Ok(Duration::from_millis(SLOWEST_MS));
        };
        let mut seen = self.look(&place).await?;
        if ahead::of_journal(&seen, self.next_group).is_some() {
            // Unless somebody has only just begun a rollout.
            self.read_store().await?;
            self.stop_where_ahead(&seen)?;
        }

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
            let loaded = self.engine.take_input(*loaded, &input, Some(fence)).await?;
            if loaded.rollout.status.is_terminal() {
                self.over(&loaded).await?;
                break;
            }
            let effect = domain::rollout::next_effect(&loaded.rollout, &seen);
            let id = loaded.rollout.id;
            self.active = Some(Box::new(loaded));
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
                .keep(&self.engine, &place, self.stable.as_deref(), &seen)
                .await?;
        }
        Ok(self.rest())
    }

    /// What runs is newer than the journal: whatever followed from it would be told and done of a world
    /// that is gone. Only a way back that a person asked for goes on.
    fn stop_where_ahead(&self, seen: &Observation) -> Result<(), EngineError> {
        let active = self.active.as_ref().map(|loaded| &loaded.rollout);
        if active.is_some_and(ahead::is_asked_back) {
            return Ok(());
        }
        match ahead::of_journal(seen, self.next_group) {
            None => Ok(()),
            Some(group) => Err(EngineError::AheadOfJournal {
                target: self.handle.target.clone(),
                group: group.clone(),
                rollout: active.map(|rollout| rollout.id),
            }),
        }
    }

    /// Whether another replica may have journalled something here by now.
    fn may_be_outdated(&self) -> bool {
        let after = match (self.engine.inner.options.replicas, &self.active) {
            (Replicas::None, _) => return false,
            (Replicas::Others, Some(_)) => REREAD_MOVING,
            (Replicas::Others, None) => REREAD_RESTING,
        };
        self.read_at.is_none_or(|at| at.elapsed() >= after)
    }

    /// Who owns the environment now; admits the next where nobody does.
    async fn read_store(&mut self) -> Result<(), EngineError> {
        let store = &self.engine.inner.store;
        self.read_at = Some(Instant::now());
        let Some(record) = store.environment(&self.handle.target).await? else {
            (self.place, self.stable, self.active) = (None, None, None);
            return Ok(());
        };
        let active = match record.active {
            Some(id) => {
                self.engine.tell_queue(&self.handle.target, id).await?;
                store.load(id).await?
            }
            None => self.engine.admit_next(&record).await?,
        };
        self.active = active.map(Box::new);
        self.stable = record.stable.map(Box::new);
        self.next_group = record.reserved.next_group;
        self.place = Some(Place {
            target: self.handle.target.clone(),
            environment: Arc::new(record.spec),
        });
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
        let seen = Arc::new(self.in_our_time(seen));
        *lock(&self.handle.seen) = Some(Arc::clone(&seen));
        let busy = lock(&self.handle.series).take(&seen);
        self.tell(&seen, busy);
        Ok(seen)
    }

    /// Dates a reading by the engine's clock: as long ago as the cloud's stamp is by the machine's.
    fn in_our_time(&self, seen: Observation) -> Observation {
        let clock = &self.engine.inner.clock;
        let age_ms = clock.wall().since_ms(seen.at).min(OLDEST_MS);
        Observation {
            at: Time(clock.now().0.saturating_sub_unsigned(age_ms)),
            ..seen
        }
    }

    /// Tells pages that something is worth another look: at once where routing, health or groups
    /// changed, about once a second where only figures did.
    fn tell(&mut self, seen: &Arc<Observation>, busy: bool) {
        let shape = shape(seen);
        let changed = self.told.is_none_or(|(_, before)| before != shape);
        let due = self
            .told
            .is_none_or(|(at, _)| seen.at.since_ms(at) >= 1_000);
        if changed || (busy && due) {
            self.told = Some((seen.at, shape));
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
            let after = self.engine.take_input(*loaded, &input, fence).await?;
            if after.rollout.status.is_terminal() {
                self.over(&after).await?;
            } else {
                self.active = Some(Box::new(after));
            }
        }
        Ok(pause.max(Duration::from_millis(MOVING_MS)))
    }

    fn has_peers(&self) -> bool {
        self.engine.inner.options.replicas == Replicas::Others
    }

    fn rest(&self) -> Duration {
        let base = match self.active.as_ref().map(|loaded| &loaded.rollout.status) {
            None => IDLE_MS,
            Some(status) if is_waiting_for_person(status) && !self.has_peers() => IDLE_MS,
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

/// A fingerprint of what a page would draw differently.
fn shape(seen: &Observation) -> u64 {
    let mut hasher = DefaultHasher::new();
    for g in &seen.groups {
        let drawn = (g.size, g.healthy(), g.weight, g.restarts, g.has_drifted());
        (g.name.as_str(), drawn).hash(&mut hasher);
    }
    hasher.finish()
}
