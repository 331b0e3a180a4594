use crate::stage::{Stage, ask};
use domain::{Actor, Command, Refused, Rollout, Status, Strategy};
use engine::EngineError;

/// Between somebody's look at a rollout and their command it may have come to where they may not.
#[tokio::test]
async fn who_may_is_asked_of_the_rollout_that_is_changed() {
    let stage = Stage::set().await;
    let id = stage
        .engine
        .begin(&ask("prod", 1, Strategy::BlueGreen))
        .await
        .unwrap();
    let by = Actor::new("eve").unwrap();
    let may = |_: &Rollout| {
        Err(Refused {
            why: "no".into(),
            remedy: "ask".into(),
        })
    };
    let told = stage
        .engine
        .command_where(id, Command::Cancel, by.clone(), None, &may)
        .await;
    assert!(
        matches!(&told, Err(EngineError::Forbidden(refused)) if refused.why == "no"),
        "{told:?}"
    );
    stage.ends(id, &Status::Succeeded).await;
    // Of one that is over the way back is another rollout: it is asked there, too.
    let may = |rollout: &Rollout| {
        assert_eq!(rollout.status, Status::Succeeded);
        Err(Refused {
            why: "no".into(),
            remedy: "ask".into(),
        })
    };
    let next = stage
        .run(&ask("prod", 2, Strategy::BlueGreen))
        .await
        .unwrap();
    let told = stage
        .engine
        .command_where(next, Command::Rollback, by, None, &may)
        .await;
    assert!(matches!(told, Err(EngineError::Forbidden(_))), "{told:?}");
    let entries = stage.store.journal(None, 0, 10_000).await.unwrap();
    assert!(entries.iter().all(|entry| entry.by.as_str() != "eve"));
}
