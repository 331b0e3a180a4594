//! `Idempotency-Key`.

use crate::harness::{Server, start};

#[test]
fn a_start_sent_again_is_answered_again_and_not_done_again() {
    let server = Server::start();
    server.apply("");
    server.bake("1", "one");
    let bearer = format!("Bearer {}", server.token);
    let send = |key: &str, body: &str| {
        let headers = [
            ("authorization", bearer.as_str()),
            ("content-type", "application/json"),
            ("idempotency-key", key),
        ];
        server.send("POST", "/api/v1/rollouts", &headers, body.as_bytes())
    };
    let start = "{\"app\":\"site\",\"env\":\"prod\",\"image\":\"1\",\"strategy\":\"canary\"}";
    let first = send("k1", start);
    assert_eq!(first.status, 201, "{first:?}");
    assert_eq!(first.header("location"), Some("/api/v1/rollouts/1"));
    let again = send("k1", start);
    assert_eq!((again.status, &again.body), (201, &first.body));
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(again.header("content-type"), Some("application/json"));
    let other = send(
        "k1",
        "{\"app\":\"site\",\"env\":\"prod\",\"image\":\"2\",\"strategy\":\"canary\"}",
    );
    assert_eq!(other.status, 422, "{other:?}");
    assert_eq!(other.json()["field"], "idempotency-key");
    assert_eq!(send(&"k".repeat(300), start).status, 400);
    let page = server.get("/api/v1/rollouts");
    assert_eq!(page["items"].as_array().unwrap().len(), 1, "{page}");
}

#[test]
fn what_the_server_could_not_do_is_tried_again_under_the_same_key() {
    let server = Server::start();
    server.apply("");
    let folder = server.folder.path().join("site");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("index.html"), "one").unwrap();
    let body = serde_json::json!({
        "folder": folder, "app": "site", "version": "1", "parent": null,
        "command": crate::harness::PYTHON, "labels": [],
    });
    let bearer = format!("Bearer {}", server.token);
    let bake = || {
        let headers = [
            ("authorization", bearer.as_str()),
            ("content-type", "application/json"),
            ("idempotency-key", "bake-1"),
        ];
        let body = body.to_string();
        server.send("POST", "/api/v1/images", &headers, body.as_bytes())
    };
    // The node cannot be reached for a while.
    let socket = server.data().join("node/node.sock");
    let aside = server.data().join("node/aside.sock");
    std::fs::rename(&socket, &aside).unwrap();
    let failed = bake();
    assert!(failed.status >= 500, "{failed:?}");
    std::fs::rename(&aside, &socket).unwrap();
    let done = bake();
    assert_eq!(done.status, 201, "{done:?}");
    assert_eq!(done.header("idempotency-replayed"), None);
    let again = bake();
    assert_eq!((again.status, &again.body), (201, &done.body));
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
}

#[test]
fn pages_of_a_list_hold_everything_once() {
    let server = Server::start();
    server.apply("[environment.blue_green]\nretain_ms = 0\n");
    server.first();
    for version in ["2", "3", "4"] {
        server.bake(version, version);
        server.ok(&start(version, "blue-green", &["--watch"]));
    }
    let mut ids = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = server.get(&format!("/api/v1/rollouts?limit=3{cursor}"));
        ids.extend(
            page["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|row| row["id"].as_i64().unwrap()),
        );
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(ids, [4, 3, 2, 1]);
    // Figures that took long to compute may be a few seconds old.
    let dora = crate::harness::wait("the figures of all four", || {
        let dora = server.get("/api/v1/history")["dora"].take();
        (dora["deployments"] == 4).then_some(dora)
    });
    assert_eq!(dora["failure_rate"], 0.0, "{dora}");
}
