//! A disk that is full, and then is not: what was acknowledged is there for everybody.

use crate::{AdminEvent, Store, StoreError, StoreUrl, Verification};
use domain::{Actor, Time};
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, Statement};
use std::sync::atomic::Ordering;

/// Large enough to need a new page before long.
const DETAIL: usize = 1_500;

async fn record(store: &Store, n: i64) -> Result<i64, StoreError> {
    let event = AdminEvent {
        at: Time(n),
        by: Actor::new("eva").unwrap(),
        kind: "signed_in".to_owned(),
        target: None,
        detail: "x".repeat(DETAIL).into(),
    };
    store.record(event).await
}

/// What a connection that is none of the store's own sees: the end of the journal and its rows.
async fn seen(outside: &DatabaseConnection) -> (i64, i64) {
    let sql = "SELECT (SELECT seq FROM chain), (SELECT count(*) FROM journal)";
    let statement = Statement::from_string(outside.get_database_backend(), sql);
    let row = outside.query_one_raw(statement).await.unwrap().unwrap();
    (
        row.try_get_by_index(0).unwrap(),
        row.try_get_by_index(1).unwrap(),
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_when_the_disk_was_full() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("viridian.db");
    let store = Store::open(&StoreUrl::Sqlite(path.clone())).await.unwrap();
    let outside = format!("sqlite:{}?mode=ro", path.display());
    let outside = Database::connect(outside).await.unwrap();
    let mut acknowledged = 0;
    for round in 0..3 {
        for n in 0..5 {
            let seq = record(&store, n).await.unwrap();
            acknowledged += 1;
            assert_eq!(seq, acknowledged, "in round {round}");
            assert_eq!(seen(&outside).await, (acknowledged, acknowledged));
        }
        // SQLite reads 1 as the size the file has.
        let connections = &store.inner.connections;
        connections.most_pages.store(1, Ordering::SeqCst);
        let limit = "PRAGMA max_page_count = 1";
        if round == 0 {
            let limited = connections.writer.execute_unprepared(limit).await;
            limited.unwrap();
        } else {
            // The task has a connection of its own by now: trouble of any kind makes it open one.
            connections.writer.execute_unprepared(limit).await.ok();
            record_trouble(&store).await;
        }
        let mut full = 0;
        while full < 12 {
            let several = (0..4).map(|n| {
                let store = store.clone();
                tokio::spawn(async move { record(&store, n).await })
            });
            for said in several.collect::<Vec<_>>() {
                match said.await.unwrap() {
                    Ok(_) => acknowledged += 1,
                    Err(StoreError::Full { .. }) => full += 1,
                    Err(other) => panic!("{other:?}"),
                }
            }
            assert_eq!(seen(&outside).await, (acknowledged, acknowledged));
            assert!(acknowledged < 1_000, "the file grows in spite of the limit");
        }
        connections.most_pages.store(u32::MAX, Ordering::SeqCst);
    }
    record(&store, 0).await.unwrap();
    acknowledged += 1;
    assert_eq!(seen(&outside).await, (acknowledged, acknowledged));
    let said = store.verify(|_| {}).await.unwrap();
    assert!(
        matches!(said, Verification::Sound { rows, .. } if rows == acknowledged),
        "{said:?}"
    );
    outside.close().await.unwrap();
    store.close().await;
    let store = Store::open(&StoreUrl::Sqlite(path)).await.unwrap();
    assert_eq!(store.head().await.unwrap(), acknowledged);
    store.close().await;
}

/// A write that the database refuses, as trouble.
async fn record_trouble(store: &Store) {
    let said: Result<(), StoreError> = store
        .inner
        .writer
        .write((), |batch, ()| {
            Box::pin(async move {
                let done = batch.tx.execute_unprepared("no SQL").await;
                done.map(drop).map_err(|e| batch.trouble(e))
            })
        })
        .await;
    assert!(matches!(said, Err(StoreError::Database { .. })), "{said:?}");
}
