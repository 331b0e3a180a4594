use crate::support::*;
use sea_orm::ConnectionTrait;
use store::{Store, StoreError};

pub(crate) async fn migrations_of_a_newer_version_are_refused(place: Place) {
    place.open().await.close().await;
    let raw = place.raw().await;
    raw.execute_unprepared(
        "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m9999_future', 1)",
    )
    .await
    .unwrap();
    raw.close().await.unwrap();
    let refused = Store::open(&place.url).await.unwrap_err();
    assert!(
        matches!(&refused, StoreError::Newer { unknown, .. } if unknown == "m9999_future"),
        "{refused}"
    );
}

pub(crate) async fn opening_again_changes_nothing(place: Place) {
    let store = filled(&place).await;
    let before = store.journal(None, 0, 1_000).await.unwrap();
    store.close().await;
    for _ in 0..3 {
        let store = place.open().await;
        assert_eq!(store.journal(None, 0, 1_000).await.unwrap(), before);
        store.close().await;
    }
}
