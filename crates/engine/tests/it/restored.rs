//! The database comes back from a back-up that is older than what runs.

use crate::stage::{Stage, ask, target};
use cloud::fake::Verb;
use domain::{Command, Status, Strategy};
use engine::EngineError;
use std::time::{Duration, Instant};
use store::{Store, StoreUrl};

impl Stage {
    /// Puts a back-up in the place of the database, with the engine stopped meanwhile.
    async fn restore(&mut self, back_up: &std::path::Path) {
        self.engine.stop().await;
        let url = StoreUrl::Sqlite(back_up.to_owned());
        self.store = Store::open(&url).await.unwrap();
        self.restart().await;
    }

    async fn until_trouble(&self, part: &str) {
        let began = Instant::now();
        loop {
            let trouble = self.engine.trouble(&target("prod")).unwrap_or_default();
            if trouble.contains(part) {
                return;
            }
            assert!(began.elapsed() < Duration::from_secs(30), "{trouble:?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    fn writes(&self) -> u64 {
        let world = self.fake.world();
        let verbs = [
            Verb::EnsureGroup,
            Verb::EnsureSize,
            Verb::EnsureTraffic,
            Verb::EnsureRetired,
        ];
        verbs.into_iter().map(|verb| world.calls(verb)).sum()
    }

    /// The engine looks some more times, and then some.
    async fn looks_on(&self) {
        let looks = || self.fake.world().calls(Verb::Observe);
        let (began, enough) = (Instant::now(), looks() + 4);
        while looks() < enough {
            assert!(
                began.elapsed() < Duration::from_secs(30),
                "it looks no more"
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn serves_alone(&self, group: &domain::GroupName) {
        let began = Instant::now();
        loop {
            let seen = self.fake.world().truth(self.clock.wall(), &target("prod"));
            let names: Vec<_> = seen.groups.iter().map(|group| &group.name).collect();
            if names == [group] && seen.routes.weight(group) == 100 {
                return;
            }
            assert!(began.elapsed() < Duration::from_secs(30), "{names:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

#[tokio::test]
async fn nothing_is_touched_where_what_runs_is_newer_than_the_journal() {
    let mut stage = Stage::set().await;
    let elsewhere = tempfile::tempdir().unwrap();
    let file = elsewhere.path().join("older.db");
    stage
        .run(&ask("prod", 1, Strategy::BlueGreen))
        .await
        .unwrap();
    stage.store.back_up(&file).await.unwrap();
    stage
        .run(&ask("prod", 2, Strategy::BlueGreen))
        .await
        .unwrap();
    let newest = stage.run(&ask("prod", 3, Strategy::Rolling)).await.unwrap();
    let serving = stage.load(newest).await.plan.to.name.clone();

    stage.restore(&file).await;
    let writes = stage.writes();
    stage.until_trouble("the journal does not know it").await;
    stage.looks_on().await;
    stage.serves_alone(&serving).await;
    assert_eq!(stage.writes(), writes, "nothing was touched");

    // The way out that is told: what is to run is started, above all numbers that are taken.
    let id = stage
        .run(&ask("prod", 3, Strategy::BlueGreen))
        .await
        .unwrap();
    let to = stage.load(id).await.plan.to.name.clone();
    assert!(to.number() > serving.number(), "{to} after {serving}");
    stage.serves_alone(&to).await;
    assert_eq!(stage.fake.world().lost_requests(&target("prod")), 0);
}

#[tokio::test]
async fn a_rollout_of_an_older_journal_is_not_ended_with_words_about_another_world() {
    let mut stage = Stage::set().await;
    let elsewhere = tempfile::tempdir().unwrap();
    let file = elsewhere.path().join("older.db");
    stage
        .run(&ask("prod", 1, Strategy::BlueGreen))
        .await
        .unwrap();
    let canary = stage
        .engine
        .begin(&ask("prod", 2, Strategy::Canary))
        .await
        .unwrap();
    let then = stage
        .until(canary, "shifting", |rollout| {
            rollout.first_figures.is_some()
        })
        .await;
    stage.store.back_up(&file).await.unwrap();
    stage.ends(canary, &Status::Succeeded).await;
    stage
        .run(&ask("prod", 3, Strategy::BlueGreen))
        .await
        .unwrap();

    stage.restore(&file).await;
    let writes = stage.writes();
    stage.until_trouble("roll rollout 2 back").await;
    stage.looks_on().await;
    let now = stage.load(canary).await;
    assert!(
        now.status.is_active() && now.going_back.is_none(),
        "{now:?}"
    );
    assert!(now.step >= then.step);
    assert_eq!(stage.writes(), writes, "nothing was touched");
    let refused = stage.engine.begin(&ask("prod", 3, Strategy::Canary)).await;
    assert!(
        matches!(refused, Err(EngineError::AheadOfJournal { rollout: Some(id), .. }) if id == canary),
        "{refused:?}"
    );

    // A person who asks for the way back gets what the journal knows.
    let by: domain::Actor = "ada".parse().unwrap();
    let back = stage.engine.command(canary, Command::Rollback, by, None);
    back.await.unwrap();
    let back = stage.ends(canary, &Status::RolledBack).await;
    let from = back.plan.from.clone().unwrap();
    let seen = stage
        .fake
        .world()
        .truth(stage.clock.wall(), &target("prod"));
    assert_eq!(seen.routes.weight(&from.name), 100);
    let id = stage
        .run(&ask("prod", 3, Strategy::BlueGreen))
        .await
        .unwrap();
    let to = stage.load(id).await.plan.to.name.clone();
    stage.serves_alone(&to).await;
}
