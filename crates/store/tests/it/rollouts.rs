use crate::support::*;
use domain::rollout::{Status, What};
use domain::{Role, RolloutId, Strategy, Time};
use std::collections::BTreeSet;
use store::{AppendError, NewRollout, Reserved, RolloutQuery, StoreError};

pub(crate) async fn a_rollout_is_created_loaded_and_listed(place: Place) {
    let store = with_site(&place).await;
    let prod = target("site", "prod");
    let made = create(&store, &prod, 1).await;
    assert_eq!(made.rollout.id, RolloutId(1));
    assert_eq!((made.seq, made.due_at), (1, Some(Time(1_001))));
    assert_eq!(load(&store, made.rollout.id).await, made);

    let (rows, next) = store.rollouts(RolloutQuery::default()).await.unwrap();
    assert!(next.is_none());
    let row = &rows[0];
    assert_eq!(
        (&row.app, &row.env, row.strategy),
        (&prod.app, &prod.env, Strategy::Canary)
    );
    assert_eq!(row.status, made.rollout.status);
    assert_eq!(
        (row.from.clone(), &row.to.0, &row.to.2),
        (None, &made.rollout.plan.to.name, &digest(1))
    );
    assert_eq!((row.steps_total, row.seq), (made.rollout.plan.len(), 1));
    assert_eq!(
        (row.created_by.clone(), row.created_at),
        (by("eva"), Time(1_001))
    );

    let reserved = store.environment(&prod).await.unwrap().unwrap().reserved;
    assert_eq!(
        reserved,
        Reserved {
            next_group: 3,
            next_release: 2
        }
    );
    assert_eq!(store.load(RolloutId(77)).await.unwrap(), None);
    store.close().await;
}

pub(crate) async fn a_plan_for_moved_counters_is_refused(place: Place) {
    let store = with_site(&place).await;
    let prod = target("site", "prod");
    let (plan, expect) = planned(&store, &prod, 1).await;
    let new = NewRollout {
        plan,
        by: by("eva"),
        at: Time(5),
        needs_approval: true,
        expect,
    };
    let tries = (0..20).map(|_| {
        let (store, new) = (store.clone(), new.clone());
        tokio::spawn(async move { store.create_rollout(new).await })
    });
    let mut made = 0;
    for answer in tries.collect::<Vec<_>>() {
        match answer.await.unwrap() {
            Ok(loaded) => {
                made += 1;
                assert_eq!(loaded.rollout.status, Status::PendingApproval);
            }
            Err(StoreError::Moved { found, .. }) => assert_eq!(found.next_release, 2),
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!(made, 1);
    store.close().await;
}

pub(crate) async fn one_of_a_hundred_wins_each_sequence_number(place: Place) {
    let store = with_site(&place).await;
    let mut loaded = create(&store, &target("site", "prod"), 1).await;
    admit(&store, &mut loaded).await;
    for round in 0..5 {
        let before = loaded.seq;
        let tries: Vec<_> = (0..100)
            .map(|n| {
                let (store, mut loaded) = (store.clone(), loaded.clone());
                tokio::spawn(async move {
                    let note = format!("round {round}, task {n}");
                    let event = event(2_100 + n, What::StepDone { step: 0, note });
                    append(&store, &mut loaded, None, vec![event])
                        .await
                        .map(|_| loaded)
                })
            })
            .collect();
        let mut won = Vec::new();
        for answer in tries {
            match answer.await.unwrap() {
                Ok(loaded) => won.push(loaded),
                Err(AppendError::Stale { found }) => assert_eq!(found, before + 1),
                Err(other) => panic!("{other}"),
            }
        }
        assert_eq!(won.len(), 1);
        loaded = won.remove(0);
    }
    assert_eq!(load(&store, loaded.rollout.id).await, loaded);
    store.close().await;
}

pub(crate) async fn a_late_owner_is_fenced(place: Place) {
    let store = with_site(&place).await;
    let mut loaded = create(&store, &target("site", "prod"), 1).await;
    let id = loaded.rollout.id;
    let first = store
        .claim(id, "one", Time(0), 1_000)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        store.claim(id, "two", Time(999), 1_000).await.unwrap(),
        None
    );
    let second = store
        .claim(id, "two", Time(1_000), 1_000)
        .await
        .unwrap()
        .unwrap();
    assert!(second > first);
    let admitted = || vec![event(2_000, What::Admitted { plan: None })];
    let late = append(&store, &mut loaded, Some(first), admitted()).await;
    assert!(matches!(late, Err(AppendError::Fenced)), "{late:?}");
    append(&store, &mut loaded, Some(second), admitted())
        .await
        .unwrap();
    assert_eq!(load(&store, id).await.seq, 2);
    store.close().await;
}

pub(crate) async fn a_lease_is_kept_renewed_and_passed_on_when_it_is_over(place: Place) {
    let store = with_site(&place).await;
    let id = create(&store, &target("site", "prod"), 1).await.rollout.id;
    let fence = store
        .claim(id, "one", Time(0), 1_000)
        .await
        .unwrap()
        .unwrap();
    for now in [1, 400, 700, 1_500, 9_000] {
        let again = store.claim(id, "one", Time(now), 1_000).await.unwrap();
        assert_eq!(again, Some(fence), "at {now}");
    }
    assert_eq!(
        store.claim(id, "two", Time(9_900), 1_000).await.unwrap(),
        None
    );
    let next = store
        .claim(id, "two", Time(10_000), 1_000)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(next.0, fence.0 + 1);

    let mut owners = BTreeSet::new();
    let tries: Vec<_> = (0..30)
        .map(|n| {
            let store = store.clone();
            tokio::spawn(
                async move { store.claim(id, &format!("o{n}"), Time(50_000), 1_000).await },
            )
        })
        .collect();
    for answer in tries {
        owners.extend(answer.await.unwrap().unwrap());
    }
    assert_eq!(owners.len(), 1, "one of thirty gets an expired lease");
    store.close().await;
}

pub(crate) async fn the_second_rollout_of_an_environment_is_refused(place: Place) {
    let store = with_site(&place).await;
    let (prod, dev) = (target("site", "prod"), target("site", "dev"));
    let mut first = create(&store, &prod, 1).await;
    let mut second = create(&store, &prod, 2).await;
    let mut elsewhere = create(&store, &dev, 2).await;
    admit(&store, &mut first).await;
    let admitted = vec![event(2_000, What::Admitted { plan: None })];
    let refused = append(&store, &mut second, None, admitted.clone()).await;
    assert!(
        matches!(refused, Err(AppendError::Occupied { by }) if by == first.rollout.id),
        "{refused:?}"
    );
    admit(&store, &mut elsewhere).await;
    assert_eq!(
        store.environment(&prod).await.unwrap().unwrap().active,
        Some(first.rollout.id)
    );
    succeed(&store, &mut first).await;
    append(&store, &mut second, None, admitted).await.unwrap();
    store.close().await;
}

pub(crate) async fn success_moves_the_stable_group_and_frees_the_environment(place: Place) {
    let store = with_site(&place).await;
    let prod = target("site", "prod");
    let mut first = create(&store, &prod, 1).await;
    admit(&store, &mut first).await;
    succeed(&store, &mut first).await;
    let env = store.environment(&prod).await.unwrap().unwrap();
    let stable = env.stable.unwrap();
    assert_eq!(
        (stable.role, &stable.name),
        (Role::Stable, &first.rollout.plan.to.name)
    );
    assert_eq!((env.stable_since, env.active), (Some(Time(3_000)), None));
    let unfinished = RolloutQuery {
        unfinished_only: true,
        ..RolloutQuery::default()
    };
    let (rows, _) = store.rollouts(unfinished).await.unwrap();
    assert!(rows.is_empty(), "{rows:?}");

    let second = create(&store, &prod, 2).await;
    assert_eq!(
        second.rollout.plan.from.as_ref().map(|from| &from.name),
        Some(&stable.name)
    );
    store.close().await;
}

pub(crate) async fn a_rollback_leaves_a_hold_and_a_veto_that_can_be_removed(place: Place) {
    let store = filled(&place).await;
    let prod = target("site", "prod");
    let env = store.environment(&prod).await.unwrap().unwrap();
    let hold = env.hold.expect("a hold");
    assert_eq!((hold.by, hold.rollout), (by("ute"), Some(RolloutId(2))));
    assert!(
        hold.why.contains("1.2.0") && hold.why.contains("1 of 10 requests failed"),
        "{}",
        hold.why
    );
    assert_eq!(env.vetoes.len(), 1);
    assert_eq!(
        (&env.vetoes[0].digest, env.vetoes[0].rollout),
        (&digest(2), Some(RolloutId(2)))
    );

    let (who, at) = (by("eva"), Time(4_000));
    assert!(store.remove_hold(&prod, &who, at).await.unwrap());
    assert!(!store.remove_hold(&prod, &who, at).await.unwrap());
    assert!(
        store
            .remove_veto(&prod, &digest(2), &who, at)
            .await
            .unwrap()
    );
    assert!(
        !store
            .remove_veto(&prod, &digest(2), &who, at)
            .await
            .unwrap()
    );
    let env = store.environment(&prod).await.unwrap().unwrap();
    assert!(env.hold.is_none() && env.vetoes.is_empty());
    let kinds: Vec<_> = store
        .journal(None, 0, 1_000)
        .await
        .unwrap()
        .into_iter()
        .map(|e| e.kind)
        .collect();
    assert_eq!(kinds[kinds.len() - 2..], ["hold_removed", "veto_removed"]);
    store.close().await;
}

pub(crate) async fn a_plan_made_anew_takes_its_numbers(place: Place) {
    let store = with_site(&place).await;
    let prod = target("site", "prod");
    let mut waiting = create(&store, &prod, 1).await;
    let (again, _) = planned(&store, &prod, 1).await;
    let number = again.to.name.number().unwrap();
    let admitted = event(
        2_000,
        What::Admitted {
            plan: Some(Box::new(again)),
        },
    );
    append(&store, &mut waiting, None, vec![admitted])
        .await
        .unwrap();
    let reserved = store.environment(&prod).await.unwrap().unwrap().reserved;
    assert!(reserved.next_group > number, "{reserved:?} after {number}");
    assert_eq!(reserved.next_release, 3);
    assert_eq!(load(&store, waiting.rollout.id).await, waiting);
    store.close().await;
}

pub(crate) async fn pages_are_complete_while_rollouts_start(place: Place) {
    let store = with_site(&place).await;
    let (prod, dev) = (target("site", "prod"), target("site", "dev"));
    for n in 1..=11 {
        create(&store, if n % 2 == 0 { &prod } else { &dev }, n).await;
    }
    let mut seen = Vec::new();
    let mut cursor = None;
    loop {
        let query = RolloutQuery {
            cursor,
            limit: 3,
            ..RolloutQuery::default()
        };
        let (rows, next) = store.rollouts(query).await.unwrap();
        seen.extend(rows.iter().map(|row| row.id.0));
        create(&store, &prod, 100 + seen.len() as u64).await;
        let Some(next) = next else { break };
        cursor = Some(next.to_string().parse().unwrap());
    }
    assert_eq!(seen, (1..=11).rev().collect::<Vec<_>>());

    let query = RolloutQuery {
        env: Some(dev.env.clone()),
        ..RolloutQuery::default()
    };
    let (rows, _) = store.rollouts(query).await.unwrap();
    assert_eq!(
        rows.iter().map(|row| row.id.0).collect::<Vec<_>>(),
        [11, 9, 7, 5, 3, 1]
    );
    let mut first = load(&store, RolloutId(1)).await;
    admit(&store, &mut first).await;
    succeed(&store, &mut first).await;
    let query = RolloutQuery {
        states: vec!["succeeded".into()],
        ..RolloutQuery::default()
    };
    assert_eq!(store.rollouts(query).await.unwrap().0.len(), 1);
    let query = RolloutQuery {
        unfinished_only: true,
        app: Some(dev.app),
        ..RolloutQuery::default()
    };
    assert!(
        store
            .rollouts(query)
            .await
            .unwrap()
            .0
            .iter()
            .all(|row| row.id.0 != 1)
    );
    let query = RolloutQuery {
        strategy: Some(Strategy::Rolling),
        ..RolloutQuery::default()
    };
    assert!(store.rollouts(query).await.unwrap().0.is_empty());
    store.close().await;
}

pub(crate) async fn what_is_replayed_is_what_was_written(place: Place) {
    let store = filled(&place).await;
    let mut last = create(&store, &target("site", "prod"), 9).await;
    admit(&store, &mut last).await;
    assert_eq!(load(&store, last.rollout.id).await, last);
    store.close().await;
    let again = place.open().await;
    assert_eq!(load(&again, last.rollout.id).await, last);
    let (rows, _) = again.rollouts(RolloutQuery::default()).await.unwrap();
    for row in rows {
        let loaded = load(&again, row.id).await;
        assert_eq!(row.status, loaded.rollout.status);
        assert_eq!((row.step, row.seq), (loaded.rollout.step, loaded.seq));
        assert_eq!(row.ended_at, loaded.rollout.ended_at);
    }
    again.close().await;
}

pub(crate) async fn rollouts_are_counted_by_state(place: Place) {
    let store = filled(&place).await;
    assert!(store.unfinished_by_state().await.unwrap().is_empty());
    let prod = target("site", "prod");
    for n in 4..7 {
        let mut loaded = create(&store, &prod, n).await;
        if n == 4 {
            admit(&store, &mut loaded).await;
        }
    }
    let counted: Vec<_> = store
        .unfinished_by_state()
        .await
        .unwrap()
        .into_iter()
        .collect();
    let expected = [("in_progress", 1), ("pending", 2)];
    assert_eq!(counted, expected.map(|(state, n)| (state.to_owned(), n)));
    store.close().await;
}
