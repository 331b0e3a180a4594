use crate::support::*;
use domain::rollout::What;
use domain::{RolloutId, Time};
use store::{AdminEvent, EntryEvent, Store};

async fn wrote_something(store: &Store, n: i64) {
    let event = AdminEvent {
        at: Time(n),
        by: by("eva"),
        kind: "signed_in".into(),
        target: None,
        detail: serde_json::json!({ "n": n }),
    };
    store.record(event).await.unwrap();
}

pub(crate) async fn subscribers_hear_everything_in_order(place: Place) {
    let store = with_site(&place).await;
    let mut heard = store.subscribe();
    let before = store.head().await.unwrap();
    let writers: Vec<_> = (0..100)
        .map(|n| {
            let store = store.clone();
            tokio::spawn(async move { wrote_something(&store, n).await })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    for n in 1..=100 {
        let entry = heard.recv().await.unwrap();
        assert_eq!(entry.seq, before + n);
        // What is heard is committed: it can be read.
        let read = store.journal(None, entry.seq - 1, 1).await.unwrap();
        assert_eq!(read[0], *entry);
    }
    assert_eq!(store.head().await.unwrap(), before + 100);
    store.close().await;
}

pub(crate) async fn notes_of_an_environment_are_its_own_and_newest_first(place: Place) {
    let store = with_site(&place).await;
    let (prod, dev) = (target("site", "prod"), target("site", "dev"));
    // A rollout's own entries are not among them.
    create(&store, &prod, 1).await;
    for (n, target) in [(1, &prod), (2, &dev), (3, &prod), (4, &prod)] {
        let event = AdminEvent {
            at: Time(n),
            by: by("eva"),
            kind: "drift_replaced".into(),
            target: Some(target.clone()),
            detail: serde_json::json!({ "n": n }),
        };
        store.record(event).await.unwrap();
    }
    wrote_something(&store, 5).await;
    let notes = store.notes(&prod, 2).await.unwrap();
    let times: Vec<_> = notes.iter().map(|entry| entry.at).collect();
    assert_eq!(times, [Time(4), Time(3)]);
    assert!(
        notes
            .iter()
            .all(|entry| entry.target.as_ref() == Some(&prod))
    );
    assert_eq!(store.notes(&prod, 10).await.unwrap().len(), 3);
    store.close().await;
}

pub(crate) async fn a_refusal_in_a_batch_harms_nobody(place: Place) {
    let store = with_site(&place).await;
    let mut loaded = create(&store, &target("site", "prod"), 1).await;
    let stale = loaded.clone();
    admit(&store, &mut loaded).await;
    let seq = loaded.seq;
    let tries: Vec<_> = (0..60)
        .map(|n| {
            let (store, mut stale) = (store.clone(), stale.clone());
            tokio::spawn(async move {
                if n % 2 == 0 {
                    wrote_something(&store, n).await;
                    true
                } else {
                    append(&store, &mut stale, None, vec![event(n, What::Approved)])
                        .await
                        .is_ok()
                }
            })
        })
        .collect();
    let mut done = 0;
    for answer in tries {
        done += u32::from(answer.await.unwrap());
    }
    assert_eq!(done, 30);
    assert_eq!(load(&store, loaded.rollout.id).await.seq, seq);
    store.close().await;
}

pub(crate) async fn administrative_entries_share_the_chain(place: Place) {
    let store = filled(&place).await;
    wrote_something(&store, 5).await;
    let entries = store.journal(None, 0, 1_000).await.unwrap();
    assert_eq!(entries[0].kind, "applied");
    assert_eq!(entries[0].rollout, None);
    for (n, entry) in (1..).zip(&entries) {
        assert_eq!(entry.seq, n);
    }
    let last = entries.last().unwrap();
    assert_eq!(last.event, EntryEvent::Admin(serde_json::json!({ "n": 5 })));
    assert_eq!(store.head().await.unwrap(), last.seq);
    let created = entries
        .iter()
        .find(|entry| entry.rollout.is_some())
        .unwrap();
    assert_eq!((created.kind.as_str(), created.rollout_seq), ("created", 1));
    assert_eq!(created.target, Some(target("site", "prod")));
    assert!(
        matches!(&created.event, EntryEvent::Rollout(event) if matches!(event.what, What::Created { .. }))
    );
    store.close().await;
}

pub(crate) async fn entries_are_read_from_anywhere(place: Place) {
    let store = filled(&place).await;
    let all = store.journal(None, 0, 1_000).await.unwrap();
    let some = store.journal(None, 3, 2).await.unwrap();
    assert_eq!(some, all[3..5]);
    let of_second = store.journal(Some(RolloutId(2)), 0, 1_000).await.unwrap();
    assert!(of_second.len() > 3);
    assert!(
        of_second
            .iter()
            .all(|entry| entry.rollout == Some(RolloutId(2)))
    );
    assert!(
        store
            .journal(None, all.len() as i64, 10)
            .await
            .unwrap()
            .is_empty()
    );
    store.close().await;
}
