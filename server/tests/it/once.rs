//! `Idempotency-Key`.

use crate::harness::Server;

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
fn pages_of_a_list_hold_everything_once() {
    let server = Server::start();
    server.apply("[environment.blue_green]\nretain_ms = 0\n");
    server.first();
    for version in ["2", "3", "4"] {
        server.bake(version, version);
        server.ok(&[
            "rollout",
            "start",
            "--app",
            "site",
            "--env",
            "prod",
            "--image",
            version,
            "--strategy",
            "blue-green",
            "--watch",
        ]);
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
    let dora = &server.get("/api/v1/history")["dora"];
    assert_eq!(
        (&dora["deployments"], &dora["failure_rate"]),
        (&4.into(), &0.0.into()),
        "{dora}"
    );
}
