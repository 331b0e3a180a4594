//! Instances that differ from their release, on a cloud where replacing one takes its time.

use crate::stage::{SITE, Stage, ask, digest, target};
use cloud::fake::{Fault, ImageSettings, Kind, Replacing, Verb};
use domain::{Application, GroupName, ObservedGroup, Strategy};
use engine::Mending;
use std::time::{Duration, Instant};

/// The stable group of `prod`, brought there with a cloud that replaces as real ones do.
async fn staged() -> (Stage, GroupName) {
    let stage = Stage::set().await;
    stage.fake.world().settings.replacing = Replacing::Beside;
    let id = stage
        .run(&ask("prod", 1, Strategy::BlueGreen))
        .await
        .unwrap();
    let group = stage.load(id).await.plan.to.name.clone();
    (stage, group)
}

impl Stage {
    fn truth(&self, group: &GroupName) -> ObservedGroup {
        let now = engine::Clock::now(&engine::SystemClock);
        let seen = self.fake.world().truth(now, &target("prod"));
        seen.group(group).unwrap().clone()
    }

    fn spoil_one(&self, group: &GroupName) -> String {
        let instance = self.truth(group).instances[0].id.clone();
        let mut world = self.fake.world();
        assert!(world.spoil(&target("prod"), group, &instance, "etc/motd changed"));
        instance
    }

    /// Says how instances behave that are started from now on.
    fn image(&self, settings: ImageSettings) {
        self.fake.world().set_image(digest(1), settings);
    }

    async fn entries(&self, kind: &str) -> Vec<String> {
        let journal = self.store.journal(None, 0, 10_000).await.unwrap();
        let of_kind = journal.iter().filter(|entry| entry.kind == kind);
        of_kind.map(|entry| format!("{:?}", entry.event)).collect()
    }

    fn mending(&self, group: &GroupName) -> Option<Mending> {
        self.engine.mending(&target("prod")).remove(group)
    }

    async fn wait(&self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let began = Instant::now();
        while !is_so(self) {
            assert!(began.elapsed() < Duration::from_secs(60), "not yet: {what}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

#[tokio::test]
async fn a_slow_replacement_is_asked_for_and_journalled_once() {
    let (stage, group) = staged().await;
    stage.image(ImageSettings {
        start_ms: 6_000,
        ..ImageSettings::default()
    });
    let instance = stage.spoil_one(&group);
    stage
        .wait("a fourth is on its way", |stage| {
            stage.truth(&group).running() == 4
        })
        .await;
    let asked =
        |mending| matches!(mending, Some(Mending::Asked { instance: of, .. }) if of == instance);
    stage
        .wait("it is told", |stage| asked(stage.mending(&group)))
        .await;
    stage
        .wait("another one serves in its place", |stage| {
            let group = stage.truth(&group);
            group.healthy() == 3 && group.instances.iter().all(|i| i.id != instance)
        })
        .await;
    stage
        .wait("nothing is told any more", |stage| {
            stage.mending(&group).is_none()
        })
        .await;
    let told = stage.entries("drift_replaced").await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].contains(&instance) && told[0].contains("etc/motd changed"),
        "{told:?}"
    );
    assert_eq!(stage.fake.world().calls(Verb::ReplaceInstance), 1);
}

#[tokio::test]
async fn a_replacement_that_never_serves_is_journalled_once_also_by_the_next_engine() {
    let (mut stage, group) = staged().await;
    stage.image(ImageSettings {
        healthy: false,
        ..ImageSettings::default()
    });
    stage.spoil_one(&group);
    stage
        .wait("a fourth is on its way", |stage| {
            stage.truth(&group).running() == 4
        })
        .await;
    stage.restart().await;
    stage
        .wait("the next engine has asked as well", |stage| {
            stage.fake.world().calls(Verb::ReplaceInstance) == 2
        })
        .await;
    let asked = |mending| matches!(mending, Some(Mending::Asked { .. }));
    stage
        .wait("it stands by it", |stage| asked(stage.mending(&group)))
        .await;
    let told = stage.entries("drift_replaced").await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(stage.truth(&group).running(), 4, "and no fifth");
}

#[tokio::test]
async fn a_lost_answer_is_asked_for_again_without_a_second_entry() {
    let (stage, group) = staged().await;
    let fault = Fault::once(Verb::ReplaceInstance, Kind::Transient);
    let fault = stage.fake.world().add_fault(fault);
    let instance = stage.spoil_one(&group);
    stage
        .wait("it is gone", |stage| {
            stage
                .truth(&group)
                .instances
                .iter()
                .all(|i| i.id != instance)
        })
        .await;
    assert_eq!(stage.fake.world().fired(fault), 1);
    let told = stage.entries("drift_replaced").await;
    assert_eq!(told.len(), 1, "{told:?}");
}

#[tokio::test]
async fn what_cannot_be_journalled_is_neither_done_nor_forgotten() {
    let (stage, group) = staged().await;
    let full = "CREATE TRIGGER full BEFORE INSERT ON journal WHEN NEW.kind LIKE 'drift%' \
                BEGIN SELECT RAISE(FAIL, 'database or disk is full'); END;";
    if !stage.meddle(full) {
        return;
    }
    let instance = stage.spoil_one(&group);
    let in_trouble = |stage: &Stage| {
        let trouble = stage.engine.trouble(&target("prod")).unwrap_or_default();
        trouble.contains("disk is full")
    };
    stage.wait("the store has failed", in_trouble).await;
    assert_eq!(stage.mending(&group), Some(Mending::Due));
    assert_eq!(stage.fake.world().calls(Verb::ReplaceInstance), 0);
    stage.meddle("DROP TRIGGER full;");
    stage
        .wait("it is gone", |stage| {
            stage
                .truth(&group)
                .instances
                .iter()
                .all(|i| i.id != instance)
        })
        .await;
    let told = stage.entries("drift_replaced").await;
    assert_eq!(told.len(), 1, "{told:?}");
}

#[tokio::test]
async fn an_image_that_changes_its_own_files_is_left_to_a_person_after_three_rounds() {
    let (stage, group) = staged().await;
    stage.image(ImageSettings {
        start_ms: 20,
        drifts_after_ms: Some(50),
        ..ImageSettings::default()
    });
    stage.spoil_one(&group);
    let given_up = Some(Mending::GivenUp { rounds: 3 });
    stage
        .wait("it is given up", |stage| stage.mending(&group) == given_up)
        .await;
    let calls = stage.fake.world().calls(Verb::ReplaceInstance);
    assert_eq!(calls, 3);
    assert_eq!(stage.entries("drift_replaced").await.len(), 3);
    let told = stage.entries("drift_given_up").await;
    assert!(
        told.len() == 1 && told[0].contains("data/own added"),
        "{told:?}"
    );
    assert_eq!(stage.truth(&group).healthy(), 3, "all of them serve");
}

#[tokio::test]
async fn where_it_is_only_reported_nothing_is_touched_until_that_is_declared_otherwise() {
    let (stage, group) = staged().await;
    let declare = async |policy: &str| {
        let more = format!("instances = 3\ndrift = \"{policy}\"");
        let site = Application::from_toml(&SITE.replacen("instances = 3", &more, 1)).unwrap();
        let by = "ada".parse().unwrap();
        let saved = stage.store.save_application(&site, &by, stage.clock.now());
        saved.await.unwrap();
        stage.engine.environments_changed();
    };
    declare("report").await;
    let instance = stage.spoil_one(&group);
    stage
        .wait("it is reported", |stage| {
            stage.mending(&group) == Some(Mending::Reported)
        })
        .await;
    // Long after the time in which it would have been replaced.
    let reported = Instant::now();
    stage
        .wait("it was left alone", |_| {
            reported.elapsed() > Duration::from_secs(5)
        })
        .await;
    assert_eq!(stage.fake.world().calls(Verb::ReplaceInstance), 0);
    let told = stage.entries("drift_reported").await;
    assert!(told.len() == 1 && told[0].contains(&instance), "{told:?}");

    declare("replace").await;
    stage
        .wait("it is replaced", |stage| {
            stage
                .truth(&group)
                .instances
                .iter()
                .all(|i| i.id != instance)
        })
        .await;
}
