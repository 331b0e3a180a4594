//! The engine's handle: what the outside can ask of it.

use crate::admit::Ask;
use crate::clock::SharedClock;
use crate::drift::Mending;
use crate::place::{self, PlaceHandle};
use crate::series::Sample;
use cloud::{CloudError, Provider};
use domain::planner::PlanError;
use domain::{
    Actor, AppName, GroupName, Observation, Plan, Refused, Rollout, RolloutId, Target, Version,
};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use store::{EnvironmentRecord, Store, StoreError};
use tokio::sync::{Semaphore, broadcast};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The clouds by the name that declarations use.
pub type Clouds = BTreeMap<String, Arc<dyn Provider>>;

#[derive(Clone, Debug)]
pub struct Options {
    /// Names this process in leases. With SQLite one process owns the folder, so the name can stay
    /// the same over restarts and a restarted engine goes on at once.
    pub owner: String,
    /// Cloud calls at the same time.
    pub concurrency: usize,
    /// How long a lease lasts without renewal.
    pub lease_ms: u64,
    /// How long one cloud call may take.
    pub call_timeout: Duration,
    pub replicas: Replicas,
}

/// Who else writes to the store. What this process writes wakes its environments at once; what
/// another one writes has to be looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replicas {
    /// Nobody: the store is this process's own.
    None,
    /// Others like this one, each taking commands for rollouts that another may drive.
    Others,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            owner: "embedded".to_owned(),
            concurrency: 64,
            lease_ms: 30_000,
            call_timeout: Duration::from_secs(20),
            replicas: Replicas::None,
        }
    }
}

/// Turns under way for each cloud call that may be: most of a turn is the store's, not the cloud's.
const TURNS_PER_CALL: usize = 4;
/// Between two looks for environments that another replica was told of, and where reading them
/// failed.
const NEXT_LOOK: Duration = Duration::from_secs(5);
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Drives every rollout. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) store: Store,
    pub(crate) clouds: Clouds,
    pub(crate) clock: SharedClock,
    pub(crate) options: Options,
    pub(crate) permits: Semaphore,
    /// Environments with a rollout that are looked after at the same time. What a look needs is many
    /// times what a rest needs, so thousands that woke together take turns.
    pub(crate) moving: Semaphore,
    /// The same for environments without one.
    pub(crate) resting: Semaphore,
    pub(crate) changes: broadcast::Sender<Target>,
    pub(crate) stopping: CancellationToken,
    places: Mutex<HashMap<Target, Arc<PlaceHandle>>>,
    tasks: TaskTracker,
}

/// A rollout as it stands, with the last look at its cloud.
#[derive(Clone, Debug)]
pub struct Snapshot {
    pub rollout: Rollout,
    /// Events so far.
    pub seq: u64,
    pub seen: Option<Arc<Observation>>,
}

/// What a command led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Done {
    /// The rollout to look at: a rollback of a finished one is a rollout of its own.
    pub rollout: RolloutId,
}

/// Why the engine did not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    #[error(transparent)]
    Refused(#[from] Refused),
    /// By who asked the engine to ask, whatever state the rollout is in.
    #[error(transparent)]
    Forbidden(Refused),
    #[error("there is no rollout {0}")]
    NoRollout(RolloutId),
    #[error("there is no application {0}")]
    NoApplication(AppName),
    #[error("there is no environment {0}")]
    NoEnvironment(Target),
    #[error("{version} is vetoed in {target}: {why}")]
    Vetoed {
        target: Target,
        version: Version,
        by: Actor,
        why: String,
        rollout: Option<RolloutId>,
    },
    #[error("rollout {rollout} is bringing {version} to {target} already")]
    AlreadyAsked {
        target: Target,
        version: Version,
        rollout: RolloutId,
    },
    #[error("{target} is owned by rollout {by}, which is not over")]
    Occupied { target: Target, by: RolloutId },
    #[error("the cloud {cloud:?} does not have {version} of the image")]
    ImageMissing { cloud: String, version: Version },
    #[error(
        "{group} runs in {target} and the journal does not know it: the database is older than what runs, as after restoring a back-up, so nothing is touched there. Restore the newest database, or {}",
        match rollout {
            Some(id) => format!("roll rollout {id} back and then start the image that is to run"),
            None => "start the image that is to run".to_owned(),
        }
    )]
    AheadOfJournal {
        target: Target,
        group: GroupName,
        /// What is under way by the journal.
        rollout: Option<RolloutId>,
    },
    #[error("no cloud is named {0:?}")]
    NoCloud(String),
    #[error(transparent)]
    Plan(#[from] PlanError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Cloud(#[from] CloudError),
    #[error("others kept changing it at the same time; try again")]
    Contended,
}

impl Engine {
    /// Starts a task for every environment that the store knows.
    #[must_use]
    pub fn start(store: Store, clouds: Clouds, clock: SharedClock, options: Options) -> Engine {
        let inner = Arc::new(Inner {
            permits: Semaphore::new(options.concurrency.max(1)),
            moving: Semaphore::new(options.concurrency.max(1) * TURNS_PER_CALL),
            resting: Semaphore::new(options.concurrency.max(1)),
            changes: broadcast::channel(1_024).0,
            stopping: CancellationToken::new(),
            places: Mutex::default(),
            tasks: TaskTracker::new(),
            store,
            clouds,
            clock,
            options,
        });
        let engine = Engine { inner };
        engine.environments_changed();
        if engine.inner.options.replicas == Replicas::Others {
            engine.inner.tasks.spawn(engine.clone().keep_looking());
        }
        engine
    }

    /// An `apply` that another replica took is heard of by nobody here.
    async fn keep_looking(self) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(NEXT_LOOK) => {}
                () = self.inner.stopping.cancelled() => return,
            }
            match self.inner.store.environments().await {
                // Those that are known here read the store by themselves.
                Ok(records) => records
                    .iter()
                    .for_each(|record| drop(self.place(&target_of(record)))),
                Err(error) => tracing::warn!(%error, "could not look for new environments"),
            }
        }
    }

    /// Looks again at which environments there are: after an `apply`.
    pub fn environments_changed(&self) {
        let engine = self.clone();
        self.inner.tasks.spawn(async move {
            if let Err(error) = engine.look_for_environments().await {
                tracing::error!(%error, "could not read the environments; they are looked for again");
                tokio::select! {
                    () = tokio::time::sleep(LOOK_AGAIN) => engine.environments_changed(),
                    () = engine.inner.stopping.cancelled() => {}
                }
            }
        });
    }

    async fn look_for_environments(&self) -> Result<(), StoreError> {
        let mut records = self.inner.store.environments().await?;
        // After a restart, what was under way goes on first.
        records.sort_by_key(|record| record.active.is_none());
        for record in &records {
            self.place(&target_of(record)).refresh();
        }
        Ok(())
    }

    /// The handle of an environment's task, which is started where there is none.
    pub(crate) fn place(&self, target: &Target) -> Arc<PlaceHandle> {
        let mut places = lock(&self.inner.places);
        if let Some(place) = places.get(target) {
            return Arc::clone(place);
        }
        let handle = Arc::new(PlaceHandle::new(target.clone()));
        places.insert(target.clone(), Arc::clone(&handle));
        if !self.inner.stopping.is_cancelled() {
            self.inner
                .tasks
                .spawn(place::supervise(self.clone(), Arc::clone(&handle)));
        }
        handle
    }

    pub(crate) fn known_places(&self) -> usize {
        lock(&self.inner.places).len()
    }

    /// What a rollout would do, without starting it.
    pub async fn plan(&self, ask: &Ask) -> Result<Plan, EngineError> {
        let record = self.environment(&ask.target).await?;
        self.plan_for(ask, &record).await
    }

    /// A rollout as it stands.
    pub async fn snapshot(&self, id: RolloutId) -> Result<Option<Snapshot>, EngineError> {
        let Some(loaded) = self.inner.store.load(id).await? else {
            return Ok(None);
        };
        let seen = self.seen(&loaded.rollout.plan.target);
        Ok(Some(Snapshot {
            rollout: loaded.rollout,
            seq: loaded.seq,
            seen,
        }))
    }

    /// The last look at an environment, if there was one.
    #[must_use]
    pub fn seen(&self, target: &Target) -> Option<Arc<Observation>> {
        lock(&self.inner.places).get(target)?.seen()
    }

    /// Why the last look failed, if it did.
    #[must_use]
    pub fn trouble(&self, target: &Target) -> Option<String> {
        lock(&self.inner.places).get(target)?.trouble()
    }

    /// What is done about instances that differ from their release, by group.
    #[must_use]
    pub fn mending(&self, target: &Target) -> BTreeMap<GroupName, Mending> {
        lock(&self.inner.places)
            .get(target)
            .map(|place| place.mending())
            .unwrap_or_default()
    }

    /// Figures of the last five minutes, about one sample a second.
    #[must_use]
    pub fn series(&self, target: &Target) -> Vec<Sample> {
        lock(&self.inner.places)
            .get(target)
            .map(|place| place.samples())
            .unwrap_or_default()
    }

    /// Environments that were observed to have changed, each about once a second.
    #[must_use]
    pub fn changes(&self) -> broadcast::Receiver<Target> {
        self.inner.changes.subscribe()
    }

    /// Ends all tasks. Clouds keep running as they are; the next engine goes on from the journal.
    pub async fn stop(&self) {
        self.inner.stopping.cancel();
        self.inner.tasks.close();
        let limit = Duration::from_secs(5);
        if tokio::time::timeout(limit, self.inner.tasks.wait())
            .await
            .is_err()
        {
            tracing::warn!("some environments were still in a cloud call when the engine stopped");
        }
    }
}

pub(crate) fn target_of(record: &EnvironmentRecord) -> Target {
    Target {
        app: record.app.clone(),
        env: record.spec.name.clone(),
    }
}

/// A lock that survives a panic elsewhere: what it guards is replaced whole, never half.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
