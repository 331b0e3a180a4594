//! Bad days: clouds that throttle, deny, lose replies, or take the engine's task down with them.

use crate::stage::{Stage, ask, target};
use async_trait::async_trait;
use cloud::fake::{Fake, Fault, Kind, Verb};
use cloud::{CloudError, Place, Provider};
use domain::planner::Capabilities;
use domain::{Digest, Group, GroupName, Observation, Routes, Status, Strategy};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

#[tokio::test]
async fn a_throttled_and_forgetful_cloud_only_takes_longer() {
    let stage = Stage::set().await;
    stage
        .run(&ask("prod", 1, Strategy::BlueGreen))
        .await
        .unwrap();
    let faults: Vec<_> = [
        Fault::once(
            Verb::EnsureTraffic,
            Kind::Throttled {
                retry_after: Some(std::time::Duration::from_millis(100)),
            },
        ),
        Fault::once(Verb::EnsureGroup, Kind::LostReply),
        Fault::once(Verb::EnsureRetired, Kind::Transient),
        Fault::once(Verb::Observe, Kind::Transient),
    ]
    .into_iter()
    .map(|fault| stage.fake.world().add_fault(fault))
    .collect();
    stage.run(&ask("prod", 2, Strategy::Canary)).await.unwrap();
    for fault in faults {
        assert!(
            stage.fake.world().fired(fault) > 0,
            "{fault:?} never happened"
        );
    }
    assert_eq!(stage.fake.world().lost_requests(&target("prod")), 0);
}

#[tokio::test]
async fn a_cloud_that_denies_sends_the_rollout_back_with_its_words() {
    let stage = Stage::set().await;
    stage
        .run(&ask("prod", 1, Strategy::BlueGreen))
        .await
        .unwrap();
    let fault = stage
        .fake
        .world()
        .add_fault(Fault::once(Verb::EnsureTraffic, Kind::Denied));
    let id = stage
        .engine
        .begin(&ask("prod", 2, Strategy::BlueGreen))
        .await
        .unwrap();
    let rollout = stage.ends(id, &Status::RolledBack).await;
    assert!(stage.fake.world().fired(fault) > 0);
    assert!(rollout.going_back.unwrap().why.contains("denies"));
}

#[tokio::test]
async fn a_way_back_that_is_denied_needs_a_person_and_can_be_tried_again() {
    let stage = Stage::set().await;
    stage
        .run(&ask("prod", 1, Strategy::BlueGreen))
        .await
        .unwrap();
    let id = stage
        .engine
        .begin(&ask("prod", 2, Strategy::Canary))
        .await
        .unwrap();
    stage
        .until(id, "shifting", |rollout| rollout.first_figures.is_some())
        .await;
    let by: domain::Actor = "ada".parse().unwrap();
    // Paused, so that it is the way back that meets the denial and not the next weight.
    stage
        .engine
        .command(id, domain::Command::Pause, by.clone(), None)
        .await
        .unwrap();
    let fault = stage
        .fake
        .world()
        .add_fault(Fault::always(Verb::EnsureTraffic, Kind::Denied));
    stage
        .engine
        .command(id, domain::Command::Rollback, by.clone(), None)
        .await
        .unwrap();
    let failed = stage
        .until(id, "failed", |r| matches!(r.status, Status::Failed { .. }))
        .await;
    let Status::Failed { problem } = failed.status else {
        panic!("failed")
    };
    assert!(
        problem.contains("roll back again") && problem.contains("site-prod-v001"),
        "{problem}"
    );
    stage.fake.world().take_back(fault);
    stage
        .engine
        .command(id, domain::Command::Rollback, by, None)
        .await
        .unwrap();
    stage.ends(id, &Status::RolledBack).await;
}

/// Panics whenever it is asked about `prod`.
struct Poison {
    fake: Arc<Fake>,
    panics: Arc<AtomicU64>,
}

#[async_trait]
impl Provider for Poison {
    fn name(&self) -> &str {
        "fake"
    }
    fn capabilities(&self) -> Capabilities {
        self.fake.capabilities()
    }
    async fn observe(&self, place: &Place) -> Result<Observation, CloudError> {
        if place.target == target("prod") {
            self.panics.fetch_add(1, Ordering::SeqCst);
            panic!("poisoned on purpose");
        }
        self.fake.observe(place).await
    }
    async fn ensure_group(
        &self,
        place: &Place,
        group: &Group,
        size: u32,
    ) -> Result<(), CloudError> {
        self.fake.ensure_group(place, group, size).await
    }
    async fn ensure_size(
        &self,
        place: &Place,
        group: &GroupName,
        size: u32,
    ) -> Result<(), CloudError> {
        self.fake.ensure_size(place, group, size).await
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

#[tokio::test]
async fn a_poisoned_environment_is_quarantined_and_the_others_go_on() {
    let panics = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&panics);
    let stage = Stage::set_with(|fake| {
        Arc::new(Poison {
            fake,
            panics: counted,
        })
    })
    .await;
    stage
        .engine
        .begin(&ask("prod", 1, Strategy::BlueGreen))
        .await
        .unwrap();
    stage
        .run(&ask("dev", 1, Strategy::BlueGreen))
        .await
        .unwrap();
    stage.run(&ask("dev", 2, Strategy::Rolling)).await.unwrap();
    assert!(panics.load(Ordering::SeqCst) > 0, "the poison never worked");
    let trouble = stage.engine.trouble(&target("prod")).unwrap();
    assert!(trouble.contains("quarantined"), "{trouble}");
}
