//! The engine over a real store and the in-memory cloud, in real time.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

mod allowed;
mod clock;
mod drift;
mod queue;
mod restored;
mod stage;
mod trouble;

use cloud::fake::ImageSettings;
use domain::rollout::Waiting;
use domain::{Command, Status, Strategy};
use engine::EngineError;
use stage::{Stage, ask, digest, target};
use std::time::Duration;

#[tokio::test]
async fn each_strategy_leaves_exactly_the_new_group_serving() {
    let stage = Stage::set().await;
    stage
        .run(&ask("prod", 1, Strategy::BlueGreen))
        .await
        .unwrap();
    let mut version = 1;
    for strategy in Strategy::ALL {
        version += 1;
        let id = stage.run(&ask("prod", version, strategy)).await.unwrap();
        let rollout = stage.load(id).await;
        assert_eq!(
            rollout.done.len(),
            rollout.plan.len(),
            "{strategy}: every step is recorded"
        );
        let seen = stage.fake.world().truth(stage.clock.now(), &target("prod"));
        let names: Vec<_> = seen.groups.iter().map(|g| &g.name).collect();
        assert_eq!(names, [&rollout.plan.to.name], "{strategy}");
        assert_eq!(seen.routes.weight(&rollout.plan.to.name), 100, "{strategy}");
        let record = stage
            .store
            .environment(&target("prod"))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(record.stable.unwrap().image, digest(version));
        assert_eq!(record.active, None);
    }
    assert_eq!(stage.fake.world().lost_requests(&target("prod")), 0);
}

#[tokio::test]
async fn a_canary_with_errors_turns_itself_back_and_is_vetoed() {
    let stage = Stage::set().await;
    stage
        .run(&ask("prod", 1, Strategy::BlueGreen))
        .await
        .unwrap();
    let bad = ImageSettings {
        start_ms: 20,
        error_rate: 0.2,
        ..ImageSettings::default()
    };
    stage.fake.world().set_image(digest(2), bad);
    let id = stage
        .engine
        .begin(&ask("prod", 2, Strategy::Canary))
        .await
        .unwrap();
    let rollout = stage.ends(id, &Status::RolledBack).await;
    let why = rollout.going_back.unwrap().why;
    assert!(
        why.contains("error rate") && why.contains("over the bound of 1.00% (n = "),
        "{why}"
    );
    let again = stage.engine.begin(&ask("prod", 2, Strategy::Canary)).await;
    assert!(
        matches!(again, Err(EngineError::Vetoed { .. })),
        "{again:?}"
    );
    let record = stage
        .store
        .environment(&target("prod"))
        .await
        .unwrap()
        .unwrap();
    assert!(record.hold.is_some(), "a rollback holds the environment");
}

#[tokio::test]
async fn the_second_rollout_waits_visibly_and_is_planned_anew() {
    let stage = Stage::set().await;
    stage
        .run(&ask("prod", 1, Strategy::BlueGreen))
        .await
        .unwrap();
    let first = stage
        .engine
        .begin(&ask("prod", 2, Strategy::Canary))
        .await
        .unwrap();
    let twice = stage.engine.begin(&ask("prod", 2, Strategy::Rolling)).await;
    assert!(matches!(twice, Err(EngineError::AlreadyAsked { rollout, .. }) if rollout == first));
    let second = stage
        .engine
        .begin(&ask("prod", 3, Strategy::BlueGreen))
        .await
        .unwrap();
    let queued = Status::Pending {
        waiting: Waiting::Queue { behind: first },
    };
    stage
        .until(second, "queued", |rollout| rollout.status == queued)
        .await;
    stage.ends(first, &Status::Succeeded).await;
    let second = stage.ends(second, &Status::Succeeded).await;
    let from = second.plan.from.clone().unwrap();
    assert_eq!(
        from.image,
        digest(2),
        "it replaced what the first one brought"
    );
}

#[tokio::test]
async fn a_restarted_engine_goes_on_where_the_last_one_was() {
    let mut stage = Stage::set().await;
    stage
        .run(&ask("prod", 1, Strategy::BlueGreen))
        .await
        .unwrap();
    let id = stage
        .engine
        .begin(&ask("prod", 2, Strategy::Canary))
        .await
        .unwrap();
    let total = stage.load(id).await.plan.len();
    for step in [1, total / 2, total - 3] {
        stage
            .until(id, "further", |rollout| rollout.step >= step)
            .await;
        stage.restart().await;
    }
    stage.ends(id, &Status::Succeeded).await;
    assert_eq!(stage.fake.world().lost_requests(&target("prod")), 0);
}

#[tokio::test]
async fn a_replica_acts_on_the_word_that_another_one_took() {
    let stage = Stage::set().await;
    stage
        .run(&ask("prod", 1, Strategy::BlueGreen))
        .await
        .unwrap();
    stage.engine.stop().await;
    let driver = stage.replica("a");
    let id = driver
        .begin(&ask("prod", 2, Strategy::Canary))
        .await
        .unwrap();
    stage.until(id, "under way", |r| r.step > 0).await;
    let by: domain::Actor = "ada".parse().unwrap();
    let paused = driver.command(id, Command::Pause, by.clone(), None).await;
    paused.unwrap();
    // Once it has looked twice more, it has the lease, knows of the pause, and has nothing to journal:
    // only reading the store again tells it of what comes.
    for _ in 0..2 {
        let last = driver.seen(&target("prod")).map(|seen| seen.at);
        while driver.seen(&target("prod")).map(|seen| seen.at) == last {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    let other = stage.replica("b");
    let returned = other.command(id, Command::Rollback, by, None).await;
    returned.unwrap();
    stage.ends(id, &Status::RolledBack).await;
    driver.stop().await;
    other.stop().await;
}

#[tokio::test]
async fn an_environment_declared_to_one_replica_is_looked_after_by_another_that_outlives_it() {
    let stage = Stage::set().await;
    stage.engine.stop().await;
    let (one, other) = (stage.replica("a"), stage.replica("b"));
    let more = "[[environment]]\nname = \"late\"\ncloud = \"fake\"\nlisten = \"127.0.0.1:8105\"\n";
    let site = format!("{}{more}", stage::SITE);
    let site = domain::Application::from_toml(&site).unwrap();
    let by: domain::Actor = "ada".parse().unwrap();
    let saved = stage.store.save_application(&site, &by, stage.clock.now());
    saved.await.unwrap();
    one.environments_changed();
    let asked = ask("late", 1, Strategy::BlueGreen);
    let id = one.begin(&asked).await.unwrap();
    one.stop().await;
    stage.ends(id, &Status::Succeeded).await;
    assert!(other.seen(&target("late")).is_some());
    other.stop().await;
}

#[tokio::test]
async fn a_rollback_returns_the_traffic_and_a_second_one_is_refused() {
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
    stage
        .engine
        .command(id, Command::Rollback, by.clone(), None)
        .await
        .unwrap();
    let again = stage.engine.command(id, Command::Rollback, by, None).await;
    assert!(matches!(again, Err(EngineError::Refused(_))), "{again:?}");
    let rollout = stage.ends(id, &Status::RolledBack).await;
    assert!(rollout.going_back.unwrap().traffic_back_at.is_some());
}

#[tokio::test]
async fn a_finished_rollout_is_taken_back_by_one_of_its_own() {
    let stage = Stage::set().await;
    stage
        .run(&ask("prod", 1, Strategy::BlueGreen))
        .await
        .unwrap();
    let over = stage.run(&ask("prod", 2, Strategy::Rolling)).await.unwrap();
    let by: domain::Actor = "ada".parse().unwrap();
    let done = stage
        .engine
        .command(over, Command::Rollback, by, None)
        .await
        .unwrap();
    assert_ne!(done.rollout, over);
    stage
        .until(done.rollout, "admitted", |r| r.admitted_at.is_some())
        .await;
    let record = stage
        .store
        .environment(&target("prod"))
        .await
        .unwrap()
        .unwrap();
    let vetoed: Vec<_> = record.vetoes.iter().map(|veto| &veto.digest).collect();
    assert_eq!(
        vetoed,
        [&digest(2)],
        "vetoed as soon as the way back begins"
    );
    assert!(record.hold.is_some());
    let back = stage.ends(done.rollout, &Status::Succeeded).await;
    assert_eq!(
        back.plan.to.image,
        digest(1),
        "the group was gone; its image is not"
    );
    let again = stage.engine.begin(&ask("prod", 2, Strategy::Canary)).await;
    assert!(
        matches!(again, Err(EngineError::Vetoed { .. })),
        "{again:?}"
    );
}

#[tokio::test]
async fn what_is_live_already_is_refused_with_a_reason() {
    let stage = Stage::set().await;
    stage
        .run(&ask("prod", 1, Strategy::BlueGreen))
        .await
        .unwrap();
    let refused = stage
        .engine
        .begin(&ask("prod", 1, Strategy::Canary))
        .await
        .unwrap_err();
    assert!(
        refused.to_string().contains("nothing to replace"),
        "{refused}"
    );
}
