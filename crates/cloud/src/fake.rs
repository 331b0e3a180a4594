//! An in-memory cloud with a virtual clock, synthetic traffic and fault injection.
//!
//! [`World`] is its pure core: every verb takes the time as an argument and does nothing else than
//! change the world, so a simulation can drive it without threads. [`Fake`] wraps it as a
//! [`Provider`]. Nothing runs in the background: an environment catches up with the clock when it is
//! asked for, so that thousands of sleeping environments cost only their memory.

use crate::{CloudError, Place, Provider};
use async_trait::async_trait;
use domain::planner::Capabilities;
use domain::{Digest, GroupName, Observation, Routes, Time};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

mod fault;
mod group;
mod place;
mod world;

pub use fault::{Answer, Chaos, Fault, FaultId, Kind, Verb};
pub use world::{ImageSettings, Replacing, Settings, World};

/// Where the fake reads the time.
pub type Clock = Arc<dyn Fn() -> Time + Send + Sync>;

/// The in-memory cloud as a [`Provider`].
pub struct Fake {
    clock: Clock,
    world: Mutex<World>,
}

impl Fake {
    /// A cloud without a single group, in which every image runs and answers well.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self::with(clock, Settings::default())
    }

    #[must_use]
    pub fn with(clock: Clock, settings: Settings) -> Self {
        Self {
            clock,
            world: Mutex::new(World::new(settings)),
        }
    }

    /// The world itself: to script faults, to set how images behave, to count.
    ///
    /// Keep the guard for one statement: every verb waits for it.
    pub fn world(&self) -> MutexGuard<'_, World> {
        // A test that panicked while it held the guard must not hide its message behind others.
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Time {
        (self.clock)()
    }
}

#[async_trait]
impl Provider for Fake {
    fn name(&self) -> &str {
        "fake"
    }

    fn capabilities(&self) -> Capabilities {
        self.world().settings.capabilities
    }

    async fn observe(&self, place: &Place) -> Result<Observation, CloudError> {
        let now = self.now();
        self.world().observe(now, &place.target)
    }

    async fn ensure_group(
        &self,
        place: &Place,
        group: &domain::Group,
        size: u32,
    ) -> Result<(), CloudError> {
        let now = self.now();
        self.world()
            .ensure_group(now, &place.target, &group.name, &group.image, size)
    }

    async fn ensure_size(
        &self,
        place: &Place,
        group: &GroupName,
        size: u32,
    ) -> Result<(), CloudError> {
        let now = self.now();
        self.world().ensure_size(now, &place.target, group, size)
    }

    async fn ensure_traffic(&self, place: &Place, routes: &Routes) -> Result<(), CloudError> {
        let now = self.now();
        self.world().ensure_traffic(now, &place.target, routes)
    }

    async fn ensure_retired(&self, place: &Place, group: &GroupName) -> Result<(), CloudError> {
        let now = self.now();
        self.world().ensure_retired(now, &place.target, group)
    }

    async fn replace_instance(
        &self,
        place: &Place,
        group: &GroupName,
        instance: &str,
    ) -> Result<(), CloudError> {
        let now = self.now();
        self.world()
            .replace_instance(now, &place.target, group, instance)
    }

    async fn has_image(&self, digest: &Digest) -> Result<bool, CloudError> {
        self.world().has_image(digest)
    }
}

/// A clock that stands still until it is told to go on.
#[derive(Debug, Default)]
pub struct VirtualClock(AtomicI64);

impl VirtualClock {
    #[must_use]
    pub fn starting_at(time: Time) -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(time.0)))
    }

    #[must_use]
    pub fn now(&self) -> Time {
        Time(self.0.load(Ordering::SeqCst))
    }

    pub fn set(&self, time: Time) {
        self.0.store(time.0, Ordering::SeqCst);
    }

    pub fn advance_ms(&self, ms: u64) {
        self.0
            .fetch_add(i64::try_from(ms).unwrap_or(i64::MAX), Ordering::SeqCst);
    }

    /// As [`Fake::new`] takes it.
    #[must_use]
    pub fn as_clock(self: &Arc<Self>) -> Clock {
        let clock = Arc::clone(self);
        Arc::new(move || clock.now())
    }
}
