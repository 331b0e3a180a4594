use crate::support::*;
use domain::{EnvName, Time};
use migrations::{Migrator, MigratorTrait};
use sea_orm::{ConnectionTrait, DatabaseConnection};
use store::{Begun, Grant, Login, Opening, Session, StoreError, Taken, TokenRecord};

fn everywhere(role: &str) -> Vec<Grant> {
    vec![Grant {
        role: role.into(),
        app: None,
        env: None,
    }]
}

fn in_prod_of_site(role: &str) -> Vec<Grant> {
    vec![Grant {
        role: role.into(),
        app: Some(name("site")),
        env: Some(EnvName::new("prod").unwrap()),
    }]
}

fn login(grants: Vec<Grant>, via: Option<&str>) -> Login {
    Login {
        actor: by("eva"),
        grants,
        via: via.map(str::to_owned),
    }
}

fn session(grants: Vec<Grant>, via: Option<&str>, expires_at: i64) -> Session {
    Session {
        actor: by("eva"),
        grants,
        via: via.map(str::to_owned),
        expires_at: Time(expires_at),
    }
}

fn token(name: &str, hash: &str, grants: Vec<Grant>, expires_at: Option<i64>) -> TokenRecord {
    TokenRecord {
        hash: hash.into(),
        name: name.into(),
        grants,
        scopes: Vec::new(),
        expires_at: expires_at.map(Time),
    }
}

pub(crate) async fn a_login_is_taken_exactly_once(place: Place) {
    let store = place.open().await;
    let given = login(in_prod_of_site("admin"), None);
    let event = Some(admin("link_created", 1));
    store
        .save_login("hash", &given, Time(100), event)
        .await
        .unwrap();
    for _ in 0..2 {
        let looked = store.login("hash", Time(99)).await.unwrap();
        assert_eq!(looked, Taken::Now(given.clone()), "looking uses nothing up");
    }
    let tries: Vec<_> = (0..50)
        .map(|n| {
            let store = store.clone();
            let opening = Opening {
                session: format!("s-{n}"),
                ..opening("hash", 99, 500)
            };
            tokio::spawn(async move { store.open_session(opening).await.unwrap() })
        })
        .collect();
    let mut answers = Vec::new();
    for answer in tries {
        answers.push(answer.await.unwrap());
    }
    let before = answers.iter().filter(|a| **a == Taken::Before).count();
    assert_eq!(before, 49, "{answers:?}");
    assert!(answers.contains(&Taken::Now(given)), "{answers:?}");
    assert_eq!(kinds(&store).await, ["link_created", "signed_in"]);
    let mut opened = 0;
    for n in 0..50 {
        let session = store.session(&format!("s-{n}"), Time(99)).await.unwrap();
        opened += u32::from(session.is_some());
    }
    assert_eq!(opened, 1);
    assert_eq!(store.login("hash", Time(99)).await.unwrap(), Taken::Before);

    let late = login(everywhere("admin"), None);
    store
        .save_login("late", &late, Time(100), None)
        .await
        .unwrap();
    let open = async |link, now| {
        let opened = store.open_session(opening(link, now, now + 1)).await;
        let opened = opened.unwrap();
        assert_eq!(store.login(link, Time(now)).await.unwrap(), opened);
        opened
    };
    assert_eq!(open("late", 100).await, Taken::Late);
    assert_eq!(open("guess", 0).await, Taken::Unknown);
    let month = 30 * 24 * 3_600_000;
    store
        .save_login("new", &late, Time(month), None)
        .await
        .unwrap();
    assert_eq!(
        open("hash", month).await,
        Taken::Unknown,
        "what is over is not kept for ever"
    );
    assert_eq!(kinds(&store).await.len(), 2, "nobody else came in");
    store.close().await;
}

pub(crate) async fn sessions_and_tokens_expire(place: Place) {
    let store = place.open().await;
    let given = login(in_prod_of_site("operator"), None);
    store
        .save_login("l", &given, Time(100), None)
        .await
        .unwrap();
    store.open_session(opening("l", 1, 200)).await.unwrap();
    let expected = session(in_prod_of_site("operator"), None, 200);
    assert_eq!(
        store.session("s-l", Time(199)).await.unwrap(),
        Some(expected)
    );
    assert_eq!(store.session("s-l", Time(200)).await.unwrap(), None);
    store.prolong_session("s-l", Time(300)).await.unwrap();
    assert!(store.session("s-l", Time(299)).await.unwrap().is_some());
    assert!(store.close_session("s-l", Time(5)).await.unwrap());
    assert!(!store.close_session("s-l", Time(6)).await.unwrap());
    let out = store.journal(None, 1, 9).await.unwrap();
    assert_eq!(out.len(), 1, "{out:?}");
    assert_eq!(
        (out[0].kind.as_str(), &out[0].by, out[0].at),
        ("signed_out", &by("eva"), Time(5))
    );
    // A request that was under way when it was ended does not bring it back.
    store.prolong_session("s-l", Time(400)).await.unwrap();
    assert_eq!(store.session("s-l", Time(1)).await.unwrap(), None);

    let ci = TokenRecord {
        scopes: vec!["rollouts".to_owned()],
        ..token("ci", "t1", in_prod_of_site("operator"), Some(100))
    };
    let made = Some(admin("token_created", 7));
    store.save_token(&ci, made.clone()).await.unwrap();
    let ops = token("ops", "t2", everywhere("admin"), None);
    store.save_token(&ops, None).await.unwrap();
    assert_eq!(store.token("t1", Time(99)).await.unwrap(), Some(ci.clone()));
    assert_eq!(store.token("t1", Time(100)).await.unwrap(), None);
    assert_eq!(store.token_named("ci").await.unwrap(), Some(ci));
    assert!(store.token("t2", Time(i64::MAX)).await.unwrap().is_some());
    assert_eq!(store.token("t3", Time(0)).await.unwrap(), None);
    let same_name = token("ci", "t9", everywhere("admin"), None);
    let taken = store.save_token(&same_name, made).await;
    assert!(
        matches!(taken, Err(StoreError::TokenTaken { .. })),
        "{taken:?}"
    );
    assert_eq!(store.tokens().await.unwrap().len(), 2);
    let revoked = Some(admin("token_revoked", 8));
    assert!(store.remove_token("t1", revoked.clone()).await.unwrap());
    assert!(!store.remove_token("t1", revoked).await.unwrap());
    assert_eq!(store.token_named("ci").await.unwrap(), None);
    assert_eq!(
        kinds(&store).await,
        ["signed_in", "signed_out", "token_created", "token_revoked"],
        "what was refused is not entered"
    );
    store.close().await;
}

pub(crate) async fn what_comes_from_a_token_ends_with_it(place: Place) {
    let store = place.open().await;
    let short = token("short", "t1", everywhere("admin"), Some(100));
    let long = token("long", "t2", everywhere("admin"), None);
    for token in [&short, &long] {
        store.save_token(token, None).await.unwrap();
        let via = Some(token.hash.as_str());
        let given = login(everywhere("admin"), via);
        for link in [token.name.clone(), format!("l-{}", token.name)] {
            let until = Time(1_000);
            store.save_login(&link, &given, until, None).await.unwrap();
        }
        let opening = opening(&token.name, 1, 1_000);
        assert_eq!(
            store.open_session(opening).await.unwrap(),
            Taken::Now(given)
        );
    }
    let late = store.open_session(opening("l-short", 100, 200)).await;
    assert_eq!(late.unwrap(), Taken::Late, "its token is over");
    let looked = store.login("l-short", Time(99)).await.unwrap();
    assert!(matches!(looked, Taken::Now(_)), "it was not used up");
    assert!(store.session("s-short", Time(99)).await.unwrap().is_some());
    assert_eq!(store.session("s-short", Time(100)).await.unwrap(), None);
    assert!(store.session("s-long", Time(999)).await.unwrap().is_some());
    assert!(store.remove_token("t2", None).await.unwrap());
    assert_eq!(store.session("s-long", Time(1)).await.unwrap(), None);
    assert_eq!(
        store.open_session(opening("l-long", 1, 9)).await.unwrap(),
        Taken::Unknown
    );
    store.close().await;
}

/// Rows of the version before, and what that version reads of ours.
pub(crate) async fn a_role_from_before_grants_counts_everywhere(place: Place) {
    let raw = place.raw().await;
    Migrator::up(&raw, Some(1)).await.unwrap();
    for row in [
        "INSERT INTO token (hash, name, role, scopes, expires_at) VALUES ('t', 'old', 'operator', '[]', NULL)",
        "INSERT INTO session (hash, actor, role, expires_at) VALUES ('s', 'eva', 'approver', 1000)",
        "INSERT INTO login (hash, actor, role, expires_at) VALUES ('l', 'eva', 'admin', 1000)",
    ] {
        raw.execute_unprepared(row).await.unwrap();
    }
    raw.close().await.unwrap();

    let store = place.open().await;
    let old = store.token("t", Time(1)).await.unwrap().unwrap();
    assert_eq!(old.grants, everywhere("operator"));
    let old = store.session("s", Time(1)).await.unwrap().unwrap();
    assert_eq!((old.grants, old.via), (everywhere("approver"), None));
    assert_eq!(
        store.open_session(opening("l", 1, 9)).await.unwrap(),
        Taken::Now(login(everywhere("admin"), None))
    );
    let narrow = token("narrow", "t1", in_prod_of_site("admin"), None);
    let mut both = in_prod_of_site("admin");
    both.extend(everywhere("operator"));
    let both = token("both", "t2", both, None);
    store.save_token(&narrow, None).await.unwrap();
    store.save_token(&both, None).await.unwrap();
    store.close().await;

    let raw = place.raw().await;
    assert_eq!(role_alone(&raw, "t1").await, "viewer");
    assert_eq!(role_alone(&raw, "t2").await, "operator");
    raw.close().await.unwrap();
}

async fn role_alone(raw: &DatabaseConnection, hash: &str) -> String {
    let ask = sea_orm::Statement::from_string(
        raw.get_database_backend(),
        format!("SELECT role FROM token WHERE hash = '{hash}'"),
    );
    let row = raw.query_one_raw(ask).await.unwrap().unwrap();
    row.try_get("", "role").unwrap()
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

    store
        .forget_idempotent("k", "POST /rollouts", &eva)
        .await
        .unwrap();
    assert_eq!(
        begin("third", 25 * 60 * 60 * 1_000).await,
        Begun::New,
        "it came to nothing"
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
