use crate::support::*;
use domain::Time;
use store::{Begun, StoreError};

pub(crate) async fn a_login_is_taken_exactly_once(place: Place) {
    let store = place.open().await;
    store
        .save_login("hash", &by("eva"), "admin", Time(100))
        .await
        .unwrap();
    let tries: Vec<_> = (0..50)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move { store.take_login("hash", Time(99)).await.unwrap() })
        })
        .collect();
    let mut taken = Vec::new();
    for answer in tries {
        taken.extend(answer.await.unwrap());
    }
    assert_eq!(taken.len(), 1);
    assert_eq!(
        (taken[0].actor.as_str(), taken[0].role.as_str()),
        ("eva", "admin")
    );

    store
        .save_login("late", &by("eva"), "admin", Time(100))
        .await
        .unwrap();
    assert_eq!(store.take_login("late", Time(100)).await.unwrap(), None);
    store.close().await;
}

pub(crate) async fn sessions_and_tokens_expire(place: Place) {
    let store = place.open().await;
    store
        .save_session("s", &by("eva"), "viewer", Time(100))
        .await
        .unwrap();
    store
        .save_session("s", &by("eva"), "operator", Time(200))
        .await
        .unwrap();
    assert_eq!(
        store.session("s", Time(199)).await.unwrap().unwrap().role,
        "operator"
    );
    assert_eq!(store.session("s", Time(200)).await.unwrap(), None);
    store.remove_session("s").await.unwrap();
    assert_eq!(store.session("s", Time(1)).await.unwrap(), None);

    let scopes = ["rollouts:write".to_owned()];
    store
        .save_token("ci", "t1", "operator", &scopes, Some(Time(100)))
        .await
        .unwrap();
    store
        .save_token("ops", "t2", "admin", &[], None)
        .await
        .unwrap();
    let token = store.token("t1", Time(99)).await.unwrap().unwrap();
    assert_eq!(
        (token.name.as_str(), token.scopes.as_slice()),
        ("ci", &scopes[..])
    );
    assert_eq!(store.token("t1", Time(100)).await.unwrap(), None);
    assert!(store.token("t2", Time(i64::MAX)).await.unwrap().is_some());
    assert_eq!(store.token("t3", Time(0)).await.unwrap(), None);
    let taken = store.save_token("ci", "t9", "admin", &[], None).await;
    assert!(
        matches!(taken, Err(StoreError::TokenTaken { .. })),
        "{taken:?}"
    );
    assert_eq!(store.tokens().await.unwrap().len(), 2);
    assert!(store.remove_token("ci").await.unwrap());
    assert!(!store.remove_token("ci").await.unwrap());
    store.close().await;
}

pub(crate) async fn a_repeated_request_is_an_echo(place: Place) {
    let store = place.open().await;
    let eva = by("eva");
    let begin = |hash: &'static str, at: i64| {
        let (store, eva) = (store.clone(), eva.clone());
        async move {
            store
                .begin_idempotent("k", "POST /rollouts", &eva, hash, Time(at))
                .await
                .unwrap()
        }
    };
    assert_eq!(begin("h", 0).await, Begun::New);
    assert_eq!(begin("h", 1).await, Begun::InProgress);
    assert_eq!(begin("other", 1).await, Begun::Mismatch);
    store
        .finish_idempotent("k", "POST /rollouts", &eva, 201, "{}")
        .await
        .unwrap();
    assert_eq!(
        begin("h", 2).await,
        Begun::Replay {
            status: 201,
            body: "{}".into()
        }
    );
    let ute = store
        .begin_idempotent("k", "POST /rollouts", &by("ute"), "x", Time(3))
        .await
        .unwrap();
    assert_eq!(ute, Begun::New, "keys are each person's own");
    let later = 10 * 60 * 1_000;
    let again = store
        .begin_idempotent("k", "POST /rollouts", &by("ute"), "x", Time(later))
        .await
        .unwrap();
    assert_eq!(again, Begun::New, "whoever carried it out is gone");
    assert_eq!(
        begin("other", 25 * 60 * 60 * 1_000).await,
        Begun::New,
        "a day later it is forgotten"
    );

    let racers: Vec<_> = (0..20)
        .map(|_| {
            let (store, eva) = (store.clone(), eva.clone());
            tokio::spawn(async move {
                store
                    .begin_idempotent("race", "r", &eva, "h", Time(0))
                    .await
                    .unwrap()
            })
        })
        .collect();
    let mut new = 0;
    for racer in racers {
        new += u32::from(racer.await.unwrap() == Begun::New);
    }
    assert_eq!(new, 1);
    store.close().await;
}
