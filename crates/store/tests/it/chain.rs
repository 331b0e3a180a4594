use crate::support::*;
use sea_orm::ConnectionTrait;
use store::Verification;

/// What verification says after `statements` changed the database behind the store's back.
async fn verified(place: &Place, statements: &[&str]) -> Verification {
    filled(place).await.close().await;
    place.tamper(statements).await;
    let store = place.open().await;
    let said = store.verify(|_| {}).await.unwrap();
    store.close().await;
    said
}

#[track_caller]
fn assert_broken(said: &Verification, at: i64) {
    assert!(
        matches!(said, Verification::Broken { seq, .. } if *seq == at),
        "{said:?}"
    );
}

pub(crate) async fn a_sound_journal_is_found_sound(place: Place) {
    let store = filled(&place).await;
    let mut heard = Vec::new();
    let said = store.verify(|progress| heard.push(progress)).await.unwrap();
    let head = store.head().await.unwrap();
    let last = store.journal(None, head - 1, 1).await.unwrap().remove(0);
    assert_eq!(
        said,
        Verification::Sound {
            rows: head,
            head_hash: last.hash
        }
    );
    assert_eq!(heard.last().map(|p| (p.rows, p.of)), Some((head, head)));
    store.close().await;
}

pub(crate) async fn a_changed_entry_is_found(place: Place) {
    let said = verified(
        &place,
        &["UPDATE journal SET actor = 'mallory' WHERE seq = 4"],
    )
    .await;
    assert_broken(&said, 4);
}

pub(crate) async fn a_removed_entry_is_found(place: Place) {
    let said = verified(&place, &["DELETE FROM journal WHERE seq = 3"]).await;
    assert_broken(&said, 3);
}

pub(crate) async fn a_removed_end_is_found(place: Place) {
    let last = "DELETE FROM journal WHERE seq = (SELECT max(seq) FROM journal)";
    let said = verified(&place, &[last]).await;
    assert!(
        matches!(&said, Verification::Broken { why, .. } if why.contains("missing")),
        "{said:?}"
    );
}

pub(crate) async fn swapped_entries_are_found(place: Place) {
    let swap = [
        "UPDATE journal SET seq = -1 WHERE seq = 4",
        "UPDATE journal SET seq = 4 WHERE seq = 5",
        "UPDATE journal SET seq = 5 WHERE seq = -1",
    ];
    assert_broken(&verified(&place, &swap).await, 4);
}

pub(crate) async fn a_changed_list_is_found(place: Place) {
    let said = verified(
        &place,
        &["UPDATE rollout SET state = 'failed' WHERE id = 2"],
    )
    .await;
    assert!(
        matches!(&said, Verification::Broken { why, .. } if why.contains("rollout 2")),
        "{said:?}"
    );
}

pub(crate) async fn the_database_refuses_to_change_an_entry(place: Place) {
    filled(&place).await.close().await;
    let raw = place.raw().await;
    for statement in [
        "UPDATE journal SET actor = 'mallory'",
        "DELETE FROM journal WHERE seq = 1",
    ] {
        let refused = raw.execute_unprepared(statement).await.unwrap_err();
        assert!(refused.to_string().contains("append-only"), "{refused}");
    }
    raw.close().await.unwrap();
}
