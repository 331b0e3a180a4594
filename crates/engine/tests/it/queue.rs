//! One active rollout an environment: starts at the same moment take turns in order, also over a
//! restart.

use crate::stage::{Stage, ask, target};
use domain::rollout::{Waiting, What};
use domain::{Status, Strategy};
use store::EntryEvent;

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
