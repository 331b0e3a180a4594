use crate::support::*;
use domain::Time;
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
    assert_differs(&said, "rollout 2");
}

/// Of [`filled`]: rollouts 1 and 3 succeeded, 2 was rolled back and left a hold and a veto.
#[track_caller]
fn assert_differs(said: &Verification, what: &str) {
    assert!(
        matches!(said, Verification::Differs { why } if why.contains(what)),
        "{said:?}"
    );
}

pub(crate) async fn a_rollout_that_is_no_longer_listed_is_found(place: Place) {
    let removal = [
        "DELETE FROM release WHERE rollout = 1",
        "DELETE FROM rollout WHERE id = 1",
    ];
    let said = verified(&place, &removal).await;
    assert_differs(&said, "rollout 1 is not listed");
}

pub(crate) async fn a_lost_veto_is_found(place: Place) {
    let said = verified(&place, &["DELETE FROM veto"]).await;
    assert_differs(&said, "site/prod does not list the veto of 1.2.0");
}

pub(crate) async fn a_veto_that_nobody_made_is_found(place: Place) {
    let made = "INSERT INTO veto (app, env, digest, version, why, actor, at, rollout) \
        VALUES ('site', 'dev', 'sha256:0', '9', 'x', 'mallory', 1, NULL)";
    let said = verified(&place, &[made]).await;
    assert_differs(&said, "site/dev lists a veto of 9");
}

pub(crate) async fn a_lost_hold_is_found(place: Place) {
    let said = verified(&place, &["UPDATE environment SET hold = NULL"]).await;
    assert_differs(&said, "site/prod shows no hold");
}

pub(crate) async fn another_stable_group_is_found(place: Place) {
    let swap = "UPDATE environment SET stable = replace(stable, '1.3.0', '1.1.0')";
    let said = verified(&place, &[swap]).await;
    assert_differs(&said, "site/prod shows another stable group");
}

pub(crate) async fn a_lost_environment_is_found(place: Place) {
    let said = verified(&place, &["DELETE FROM environment WHERE env = 'dev'"]).await;
    assert_differs(&said, "site/dev was declared, and is not listed");
}

/// What a person removed is not missed, what stays is, and a rollout that waits is no difference.
pub(crate) async fn removed_holds_and_vetoes_are_no_difference(place: Place) {
    let store = filled(&place).await;
    let prod = target("site", "prod");
    let veto = store.environment(&prod).await.unwrap().unwrap().vetoes[0]
        .digest
        .clone();
    assert!(
        store
            .remove_hold(&prod, &by("ute"), Time(5_000))
            .await
            .unwrap()
    );
    let sound = |said: &Verification| matches!(said, Verification::Sound { .. });
    assert!(sound(&store.verify(|_| {}).await.unwrap()));
    assert!(
        store
            .remove_veto(&prod, &veto, &by("ute"), Time(5_001))
            .await
            .unwrap()
    );
    create(&store, &prod, 9).await;
    let less = application("site", &[("prod", 8102)]);
    store
        .save_application(&less, &by("eva"), Time(5_002))
        .await
        .unwrap();
    let said = store.verify(|_| {}).await.unwrap();
    assert!(sound(&said), "{said:?}");
    store.close().await;
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
