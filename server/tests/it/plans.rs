//! A plan that is asked for while its environment is busy says whom it would wait for.

use crate::harness::{Server, start};
use serde_json::{Value, json};

/// The plan of a rollout of `image`, as JSON and as a person reads it.
fn plan(server: &Server, image: &str) -> (Value, String) {
    let what = [
        "--app",
        "site",
        "--env",
        "prod",
        "--image",
        image,
        "--strategy",
        "canary",
    ];
    let ask = |more: &[&str]| server.ok(&[&["rollout", "plan"][..], &what, more].concat());
    let json = serde_json::from_str(&ask(&["--json"])).unwrap();
    (json, ask(&[]))
}

#[test]
fn a_plan_behind_others_names_them() {
    let server = Server::start();
    server.apply("[environment.canary]\nweights = [50, 100]\npause_ms = 600000\n");
    server.first();
    for version in ["2", "3", "4"] {
        server.bake(version, version);
    }
    let (json, text) = plan(&server, "2");
    assert_eq!(json["behind"], json!([]), "{json}");
    assert_eq!(json["note"], "");
    assert!(!text.contains("is under way"), "{text}");

    server.ok(&start("2", "canary", &[]));
    server.until_state(2, "in_progress");
    let (json, text) = plan(&server, "3");
    assert_eq!(json["behind"], json!([2]), "{json}");
    let told = json["note"].as_str().unwrap();
    assert!(
        told.starts_with("Rollout 2 is under way in site/prod") && told.contains("made anew"),
        "{told}"
    );
    assert!(text.contains(told), "{text}");

    server.ok(&start("3", "canary", &[]));
    let (json, text) = plan(&server, "4");
    assert_eq!(json["behind"], json!([2, 3]), "{json}");
    let told = json["note"].as_str().unwrap();
    assert!(
        told.starts_with("Rollout 2 is under way in site/prod and rollout 3 waits"),
        "{told}"
    );
    assert!(text.contains(told), "{text}");
    let page = server.cookie(&[]);
    let page = server.send(
        "GET",
        "/applications/site?promote=prod&image=4&strategy=canary",
        &[("cookie", &page), ("accept", "text/html")],
        b"",
    );
    assert!(page.body.contains(told), "{}", page.body);
}
