//! A button that is offered does what it says; one that is not says why, as the command would.

use crate::harness::{Server, start};
use serde_json::Value;

/// Whether a rollback is offered, and the reason where it is not. One that is not is tried, too.
fn way_back(server: &Server, id: u32) -> Result<(), String> {
    let shown = server.rollout(id);
    let actions = shown["actions"].as_array().unwrap();
    let offer = actions.iter().find(|a| a["name"] == "rollback").unwrap();
    let why = offer["why"].as_str().unwrap().to_owned();
    if offer["allowed"] == true {
        assert_eq!(why, "");
        return Ok(());
    }
    let path = format!("/api/v1/rollouts/{id}/rollback");
    let answer = server.ask("POST", &path, Some("{\"step\":null}"));
    assert_eq!(answer.status, 409, "{answer:?}");
    let told = answer.json();
    let Value::String(detail) = &told["detail"] else {
        panic!("{told}");
    };
    assert!(why.starts_with(detail.as_str()), "{why:?} and {detail:?}");
    Err(why)
}

#[test]
fn a_finished_rollout_offers_the_way_back_only_while_the_command_takes_it() {
    let server = Server::start();
    server.apply(
        "[environment.canary]\nweights = [50, 100]\npause_ms = 600000\n[environment.blue_green]\nretain_ms = 0\n",
    );
    server.first();
    server.bake("2", "two");
    server.ok(&start("2", "blue-green", &["--watch"]));
    assert_eq!(way_back(&server, 2), Ok(()));
    let told = way_back(&server, 1).unwrap_err();
    assert!(
        told.contains("the first rollout of its environment"),
        "{told}"
    );

    // Somebody is on that way already.
    server.ok(&start("1", "canary", &[]));
    assert_eq!(
        way_back(&server, 2).unwrap_err(),
        "rollout 3 is bringing 1 to site/prod already"
    );
    // What they brought was sent back, and may not return until somebody says so.
    server.ok(&["rollout", "rollback", "3"]);
    server.until_state(3, "rolled_back");
    let told = way_back(&server, 2).unwrap_err();
    assert!(told.contains("1 is vetoed in site/prod"), "{told}");
    server.ok(&[
        "veto", "remove", "--app", "site", "--env", "prod", "--image", "1",
    ]);
    assert_eq!(way_back(&server, 2), Ok(()));

    server.ok(&["rollout", "rollback", "2"]);
    server.until_state(4, "succeeded");
    let told = way_back(&server, 2).unwrap_err();
    assert!(told.contains("replaced since"), "{told}");
    assert!(told.contains("start a rollout of 1"), "{told}");
    // And what was taken back does not return by a click.
    let told = way_back(&server, 4).unwrap_err();
    assert!(told.contains("2 is vetoed in site/prod"), "{told}");
}
