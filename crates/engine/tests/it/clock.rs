//! A machine whose clock is set while a rollout waits.

use crate::stage::{SITE, Stage, ask, target};
use async_trait::async_trait;
use cloud::fake::Fake;
use cloud::{CloudError, Place, Provider};
use domain::planner::Capabilities;
use domain::{
    Action, Digest, Group, GroupName, Observation, Rollout, Routes, Status, Strategy, Time,
};
use engine::{Clock, SteadyClock, SystemClock};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

const HOUR_MS: i64 = 3_600_000;
const PAUSE: Duration = Duration::from_millis(1_500);

/// How far the machine's clock was set.
#[derive(Clone, Default)]
struct Set(Arc<AtomicI64>);

impl Set {
    fn by(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }

    fn apply(&self, time: Time) -> Time {
        Time(time.0 + self.0.load(Ordering::SeqCst))
    }
}

impl Clock for Set {
    fn now(&self) -> Time {
        self.apply(SystemClock.now())
    }
}

/// The fake on that machine: its readings bear the stamp of the clock that was set.
struct Stamped {
    fake: Arc<Fake>,
    set: Set,
}

#[async_trait]
impl Provider for Stamped {
    fn name(&self) -> &str {
        self.fake.name()
    }
    fn capabilities(&self) -> Capabilities {
        self.fake.capabilities()
    }
    async fn observe(&self, place: &Place) -> Result<Observation, CloudError> {
        let mut seen = self.fake.observe(place).await?;
        seen.at = self.set.apply(seen.at);
        Ok(seen)
    }
    async fn ensure_group(&self, p: &Place, group: &Group, size: u32) -> Result<(), CloudError> {
        self.fake.ensure_group(p, group, size).await
    }
    async fn ensure_size(&self, p: &Place, name: &GroupName, size: u32) -> Result<(), CloudError> {
        self.fake.ensure_size(p, name, size).await
    }
    async fn ensure_traffic(&self, place: &Place, routes: &Routes) -> Result<(), CloudError> {
        self.fake.ensure_traffic(place, routes).await
    }
    async fn ensure_retired(&self, place: &Place, group: &GroupName) -> Result<(), CloudError> {
        self.fake.ensure_retired(place, group).await
    }
    async fn replace_instance(
        &self,
        place: &Place,
        group: &GroupName,
        instance: &str,
    ) -> Result<(), CloudError> {
        self.fake.replace_instance(place, group, instance).await
    }
    async fn has_image(&self, digest: &Digest) -> Result<bool, CloudError> {
        self.fake.has_image(digest).await
    }
}

/// A canary that is set `by_ms` in its first pause; answers how long it paused all the same.
async fn paused_while_set(by_ms: i64) -> Duration {
    let set = Set::default();
    let since = Instant::now();
    let clock = SteadyClock::with(set.clone(), move || since.elapsed(), Time(0));
    let site = SITE.replacen("pause_ms = 100", "pause_ms = 1500", 1);
    assert_ne!(site, SITE);
    let stamped = set.clone();
    let stage = Stage::set_at(Arc::new(clock), &site, |fake| {
        let set = stamped;
        Arc::new(Stamped { fake, set })
    })
    .await;
    stage
        .run(&ask("prod", 1, Strategy::BlueGreen))
        .await
        .unwrap();

    let id = stage
        .engine
        .begin(&ask("prod", 2, Strategy::Canary))
        .await
        .unwrap();
    let paused = stage.until(id, "in its first pause", waits).await;
    let began = Instant::now();
    set.by(by_ms);
    let on = |rollout: &Rollout| rollout.step > paused.step;
    stage.until(id, "past its first pause", on).await;
    let lasted = began.elapsed();
    stage.ends(id, &Status::Succeeded).await;
    assert_eq!(stage.fake.world().lost_requests(&target("prod")), 0);
    lasted
}

fn waits(rollout: &Rollout) -> bool {
    let step = rollout.current().map(|(_, step)| &step.action);
    matches!(step, Some(Action::Pause { .. } | Action::Analyze { .. }))
}

#[tokio::test]
async fn an_hour_set_ahead_does_not_skip_a_pause() {
    let lasted = paused_while_set(HOUR_MS).await;
    assert!(lasted > PAUSE / 2, "the pause was cut to {lasted:?}");
}

/// A pause that waited for the lost hour would run into the bound of [`Stage::until`].
#[tokio::test]
async fn an_hour_set_back_does_not_hold_a_pause_up() {
    paused_while_set(-HOUR_MS).await;
}
