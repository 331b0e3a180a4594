//! One active rollout an environment: starts at the same moment take turns in order, also over a
//! restart.

use crate::stage::{Stage, ask, target};
use domain::rollout::{Waiting, What};
use domain::{Command, GroupName, ReleaseNumber, Status, Strategy};
use engine::EngineError;
use store::{EntryEvent, NewRollout};

#[tokio::test]
async fn starts_at_the_same_moment_take_turns_in_order() {
    let mut stage = Stage::set().await;
    stage
        .run(&ask("prod", 1, Strategy::BlueGreen))
        .await
        .unwrap();
    let asks = [
        ask("prod", 2, Strategy::Canary),
        ask("prod", 3, Strategy::Rolling),
        ask("prod", 4, Strategy::BlueGreen),
    ];
    let [a, b, c] = &asks;
    let engine = stage.engine.clone();
    let begun = tokio::join!(engine.begin(a), engine.begin(b), engine.begin(c));
    let mut ids = [begun.0.unwrap(), begun.1.unwrap(), begun.2.unwrap()];
    ids.sort_unstable();
    for (nth, id) in ids.iter().enumerate() {
        stage
            .until(*id, "admitted", |rollout| rollout.admitted_at.is_some())
            .await;
        for later in &ids[nth + 1..] {
            let waiting = Waiting::Queue { behind: *id };
            let queued = Status::Pending { waiting };
            stage
                .until(*later, "queued behind it", |r| r.status == queued)
                .await;
        }
        stage.restart().await;
        stage.ends(*id, &Status::Succeeded).await;
    }
    // The journal is the witness: nobody begins before the one before is over.
    let journal = stage.store.journal(None, 0, 10_000).await.unwrap();
    let turns = journal.iter().filter_map(|entry| {
        let EntryEvent::Rollout(event) = &entry.event else {
            return None;
        };
        let id = entry.rollout?;
        match event.what {
            What::Admitted { .. } => Some((id, "begins")),
            What::Succeeded => Some((id, "ends")),
            _ => None,
        }
    });
    let turns: Vec<_> = turns.filter(|(id, _)| ids.contains(id)).collect();
    let wanted: Vec<_> = ids
        .iter()
        .flat_map(|id| [(*id, "begins"), (*id, "ends")])
        .collect();
    assert_eq!(turns, wanted);
    assert_eq!(stage.fake.world().lost_requests(&target("prod")), 0);
}

#[tokio::test]
async fn the_one_under_way_is_known_behind_any_number_of_queued_ones() {
    let stage = Stage::set().await;
    stage
        .run(&ask("prod", 1, Strategy::BlueGreen))
        .await
        .unwrap();
    let active = ask("prod", 2, Strategy::Canary);
    let id = stage.engine.begin(&active).await.unwrap();
    stage.until(id, "under way", |r| r.step > 0).await;
    let by: domain::Actor = "ada".parse().unwrap();
    let paused = stage.engine.command(id, Command::Pause, by.clone(), None);
    paused.await.unwrap();
    let prod = target("prod");
    let wish = ask("prod", 3, Strategy::Rolling);
    let plan = stage.engine.plan(&wish).await.unwrap();
    // Written past the engine, which would refuse to want the same again and again.
    for _ in 0..205 {
        let record = stage.store.environment(&prod).await.unwrap().unwrap();
        let mut plan = plan.clone();
        plan.to.name = GroupName::numbered(&prod.app, &prod.env, record.reserved.next_group);
        plan.to.release = ReleaseNumber(record.reserved.next_release);
        let new = NewRollout {
            plan,
            by: by.clone(),
            at: stage.clock.now(),
            needs_approval: false,
            expect: record.reserved,
        };
        stage.store.create_rollout(new).await.unwrap();
    }
    let again = stage.engine.begin(&active).await;
    assert!(
        matches!(again, Err(EngineError::AlreadyAsked { rollout, .. }) if rollout == id),
        "{again:?}"
    );
    stage.engine.stop().await;
}

#[tokio::test]
async fn of_those_that_wait_only_what_may_be_the_same_is_read() {
    let stage = Stage::set().await;
    stage
        .run(&ask("prod", 1, Strategy::BlueGreen))
        .await
        .unwrap();
    stage.engine.stop().await;
    let first = stage.engine.begin(&ask("prod", 2, Strategy::Canary)).await;
    let first = first.unwrap();
    let unreadable = format!(
        "DROP TRIGGER journal_keeps_content; UPDATE journal SET rollout = NULL WHERE rollout = {first};"
    );
    if !stage.meddle(&unreadable) {
        return;
    }
    assert!(stage.store.load(first).await.is_err());
    let same = stage.engine.begin(&ask("prod", 2, Strategy::Rolling)).await;
    assert!(matches!(same, Err(EngineError::Store(_))), "{same:?}");
    let other = stage.engine.begin(&ask("prod", 3, Strategy::Canary)).await;
    other.unwrap();
}
