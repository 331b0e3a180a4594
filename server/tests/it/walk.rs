//! The command line, as the walk-through and its scripts use it.

use crate::harness::{Server, root_of, start, wait};
use serde_json::Value;

#[test]
fn bake_apply_start_replace_and_take_back() {
    let server = Server::start();
    let port = server.apply("[environment.blue_green]\nretain_ms = 60000\n");
    server.first();
    assert_eq!(root_of(port), "one");

    // Twice the same is told, not done.
    let said = server.fails(&start("1", "blue-green", &[]), 1);
    assert!(said.contains("runs already"), "{said}");

    server.bake("2", "two");
    let plan = server.ok(&[
        "rollout",
        "plan",
        "--app",
        "site",
        "--env",
        "prod",
        "--image",
        "2",
        "--strategy",
        "blue-green",
    ]);
    assert!(plan.contains("ready for 1 min"), "{plan}");

    let started: Value =
        serde_json::from_str(&server.ok(&start("2", "blue-green", &["--json"]))).unwrap();
    let id = started["id"].to_string();
    wait("all traffic on 2", || {
        (root_of(port) == "two").then_some(())
    });
    let shown = wait("soaking", || {
        let shown: Value =
            serde_json::from_str(&server.ok(&["rollout", "show", &id, "--json"])).unwrap();
        (shown["state"] == "soaking").then_some(shown)
    });
    for field in ["id", "state", "strategy", "steps", "groups", "actions"] {
        assert!(!shown[field].is_null(), "{field} in {shown}");
    }
    assert_eq!(shown["groups"].as_array().unwrap().len(), 2, "{shown}");
    for field in [
        "name",
        "role",
        "image",
        "size",
        "healthy",
        "weight_asked",
        "weight_observed",
    ] {
        assert!(!shown["groups"][0][field].is_null(), "{field}");
    }
    assert!(
        shown["actions"]
            .as_array()
            .unwrap()
            .iter()
            .any(|a| a["name"] == "rollback" && a["allowed"] == true)
    );

    server.ok(&["rollout", "rollback", &id]);
    wait("all traffic on 1", || {
        (root_of(port) == "one").then_some(())
    });
    let output = server.run(&["rollout", "watch", &id]);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(
        told.contains("Going back: ada asked to return to 1"),
        "{told}"
    );

    // A command in a wrong state says why, and what is allowed.
    let said = server.fails(&["rollout", "promote", &id], 1);
    assert!(said.contains("it is over: rolled back"), "{said}");
    let answer = server.ask(
        "POST",
        &format!("/api/v1/rollouts/{id}/promote"),
        Some("{\"step\":null}"),
    );
    assert_eq!(answer.status, 409);
    assert_eq!(answer.json()["actions"].as_array().unwrap().len(), 6);

    // What was sent back is vetoed, until somebody says otherwise.
    let said = server.fails(&start("2", "canary", &[]), 1);
    assert!(
        said.contains("vetoed") && said.contains("viridian veto remove"),
        "{said}"
    );
    assert!(server.ok(&["veto", "list"]).contains("site/prod"));
    assert!(server.ok(&["hold", "list"]).contains("site/prod"));
    server.ok(&[
        "veto", "remove", "--app", "site", "--env", "prod", "--image", "2",
    ]);
    server.ok(&["hold", "remove", "--app", "site", "--env", "prod"]);
    assert!(server.ok(&["veto", "list"]).contains("No image is vetoed"));
    let list = server.ok(&["rollout", "list", "--app", "site", "--state", "rolled_back"]);
    assert!(list.contains("Blue/green 1 → 2"), "{list}");
}

#[test]
fn a_finished_rollout_is_taken_back_by_a_new_one() {
    let server = Server::start();
    let port = server.apply("[environment.blue_green]\nretain_ms = 0\n");
    server.first();
    server.bake("2", "two");
    server.ok(&start("2", "blue-green", &["--watch"]));
    assert_eq!(root_of(port), "two");
    let back: Value =
        serde_json::from_str(&server.ok(&["rollout", "rollback", "2", "--json"])).unwrap();
    assert_eq!(back["id"], 3, "{back}");
    server.ok(&["rollout", "watch", "3"]);
    assert_eq!(root_of(port), "one");
    let history = server.get("/api/v1/history");
    assert_eq!(history["rows"].as_array().unwrap().len(), 3);
    let csv = server.ask("GET", "/api/v1/history.csv", None);
    assert_eq!(csv.body.lines().count(), 4, "{}", csv.body);
}

#[test]
fn an_image_that_cannot_run_is_sent_back_and_the_shell_hears_of_it() {
    let server = Server::start();
    let port = server.apply("");
    server.first();
    let folder = server.folder.path().join("site-1");
    server.ok(&[
        "image",
        "bake",
        folder.to_str().unwrap(),
        "--app",
        "site",
        "--version",
        "bad",
        "--label",
        "why=test",
        "--",
        "python3",
        "-c",
        "raise SystemExit(7)",
    ]);
    let output = server.run(&start("bad", "canary", &["--watch", "--json"]));
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    let told = String::from_utf8(output.stdout).unwrap();
    let last: Value = serde_json::from_str(told.lines().last().unwrap()).unwrap();
    assert_eq!(
        (last["what"].as_str(), last["state"].as_str()),
        (Some("over"), Some("rolled_back")),
        "{told}"
    );
    assert_eq!(root_of(port), "one");
}

#[test]
fn usage_and_addresses_that_are_wrong_have_their_own_codes() {
    let server = Server::start();
    server.fails(&["rollout", "start"], 2);
    server.fails(&["rollout", "show", "seven"], 2);
    server.fails(&["nonsense"], 2);
    let said = server.fails(&["rollout", "show", "99"], 1);
    assert!(
        said.contains("there is no rollout 99") && said.contains("viridian rollout list"),
        "{said}"
    );
    let nowhere = std::process::Command::new(crate::harness::BINARY)
        .args(["rollout", "list"])
        .env("VIRIDIAN_URL", "http://127.0.0.1:1")
        .env("VIRIDIAN_TOKEN", "x")
        .output()
        .unwrap();
    assert_eq!(nowhere.status.code(), Some(1));
    let said = String::from_utf8(nowhere.stderr).unwrap();
    assert!(
        said.contains("no server answers at http://127.0.0.1:1"),
        "{said}"
    );
}
