//! Bad input, each with its clear error.

use crate::harness::{Server, free_port, root_of, start, wait};
use std::os::unix::fs::symlink;

#[test]
fn a_declaration_that_is_wrong_is_told_by_file_line_and_column() {
    let server = Server::start();
    let file = server.folder.path().join("bad.toml");
    let path = file.to_str().unwrap();
    for (toml, told) in [
        (
            "[application]\nname = \"site\"\nnmae = 1\n",
            "line 3, column 1",
        ),
        (
            "[application]\nname = \"site\"\n[[environment]]\nname = \"prod\"\nlisten = \"127.0.0.1:1\"\ninstances = \"two\"\n",
            "line 6, column 13",
        ),
        (
            "[application]\nname = \"site\"\n[[environment]]\nname = \"prod\"\nlisten = \"127.0.0.1:1\"\n[environment.canary]\nweights = [50, 5]\n",
            "weights must rise",
        ),
        (
            "[application]\nname = \"site\"\n[[environment]]\nname = \"prod\"\nlisten = \"127.0.0.1:1\"\ncloud = \"moon\"\n",
            "no cloud is named",
        ),
    ] {
        std::fs::write(&file, toml).unwrap();
        let said = server.fails(&["apply", "-f", path], 1);
        assert!(
            said.contains(told) && said.contains("bad.toml"),
            "{said} should say {told}"
        );
    }
    let said = server.fails(&["apply", "-f", "missing.toml"], 1);
    assert!(said.contains("missing.toml cannot be read"), "{said}");
}

#[test]
fn one_port_is_for_one_environment_of_all_applications() {
    let server = Server::start();
    let port = server.apply("");
    let file = server.folder.path().join("other.toml");
    let toml = format!(
        "[application]\nname = \"other\"\n[[environment]]\nname = \"prod\"\nlisten = \"127.0.0.1:{port}\"\n"
    );
    std::fs::write(&file, toml).unwrap();
    for plan in [&["--plan"][..], &[]] {
        let mut args = vec!["apply", "-f", file.to_str().unwrap()];
        args.extend(plan);
        let said = server.fails(&args, 1);
        assert!(said.contains("is taken by site/prod"), "{said}");
    }
}

#[test]
fn a_folder_that_makes_no_image_says_why() {
    let server = Server::start();
    server.apply("");
    let folder = server.folder.path().join("site");
    let path = folder.to_str().unwrap();
    let bake = |more: &[&str]| {
        let mut args = vec!["image", "bake", path, "--app", "site", "--version", "1"];
        args.extend(more);
        server.fails(&args, 1)
    };
    let run = ["--", "python3", "-m", "http.server", "${PORT}"];
    let said = bake(&run);
    assert!(said.contains(path), "a missing folder: {said}");
    std::fs::create_dir(&folder).unwrap();
    let said = bake(&run);
    assert!(said.contains("empty"), "an empty folder: {said}");
    std::fs::write(folder.join("index.html"), "x").unwrap();
    let said = bake(&[]);
    assert!(said.contains("no program"), "no command: {said}");
    let said = bake(&["--parent", "9", "--", "python3"]);
    assert!(
        said.contains("parent") && said.contains('9'),
        "an unknown parent: {said}"
    );
    symlink("/etc/passwd", folder.join("out")).unwrap();
    let said = bake(&run);
    assert!(said.contains("out"), "a link that points out: {said}");
}

#[test]
fn a_version_never_moves_to_another_image() {
    let server = Server::start();
    server.apply("");
    let first = server.bake("1", "one");
    assert_eq!(server.bake("1", "one"), first, "the same again is the same");
    let folder = server.folder.path().join("site-1");
    std::fs::write(folder.join("index.html"), "another").unwrap();
    let mut args = vec![
        "image",
        "bake",
        folder.to_str().unwrap(),
        "--app",
        "site",
        "--version",
        "1",
        "--",
    ];
    args.extend(crate::harness::PYTHON);
    let said = server.fails(&args, 1);
    assert!(said.contains('1'), "{said}");
    assert_eq!(
        server.get("/api/v1/images")["images"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn what_is_asked_for_and_is_not_there_is_named() {
    let server = Server::start();
    server.apply("");
    let ask = |app: &str, env: &str, image: &str| {
        let body = format!(
            "{{\"app\":\"{app}\",\"env\":\"{env}\",\"image\":\"{image}\",\"strategy\":\"canary\"}}"
        );
        server.ask("POST", "/api/v1/rollouts", Some(&body))
    };
    for (app, env, image, field) in [
        ("shop", "prod", "1", "app"),
        ("site", "dev", "1", "env"),
        ("site", "prod", "1", "image"),
    ] {
        let answer = ask(app, env, image);
        assert_eq!(answer.status, 404, "{answer:?}");
        assert_eq!(answer.json()["field"], field);
        assert!(!answer.json()["remedy"].as_str().unwrap().is_empty());
    }
}

/// Method, path, headers, body; the status and the field that are expected.
type Case<'a> = (
    &'a str,
    &'a str,
    Vec<(&'a str, &'a str)>,
    &'a [u8],
    u16,
    Option<&'a str>,
);

#[test]
fn every_error_is_a_problem() {
    let server = Server::start();
    let start = "/api/v1/rollouts";
    let bearer = format!("Bearer {}", server.token);
    let auth = ("authorization", bearer.as_str());
    let json = ("content-type", "application/json");
    let big = vec![b' '; 10 << 20];
    let cases: Vec<Case> = vec![
        (
            "POST",
            start,
            vec![auth, json],
            b"{\"app\":",
            400,
            Some("body"),
        ),
        (
            "POST",
            start,
            vec![auth, json],
            b"{\"app\":\"site\",}",
            400,
            Some("body"),
        ),
        (
            "POST",
            start,
            vec![auth, json],
            b"{\"app\":\"Not A Name\"}",
            422,
            Some("app"),
        ),
        (
            "POST",
            start,
            vec![auth, json],
            b"{\"app\":7}",
            422,
            Some("app"),
        ),
        (
            "POST",
            start,
            vec![auth, ("content-type", "text/plain")],
            b"{}",
            415,
            Some("content-type"),
        ),
        ("POST", start, vec![auth], b"{}", 415, Some("content-type")),
        ("POST", start, vec![auth, json], &big, 413, Some("body")),
        (
            "POST",
            start,
            vec![auth, json, ("idempotency-key", "k")],
            &big,
            413,
            Some("body"),
        ),
        ("PUT", start, vec![auth, json], b"{}", 405, None),
        ("DELETE", "/healthz", vec![auth], b"", 405, None),
        ("GET", "/api/v1/nothing", vec![auth], b"", 404, None),
        ("GET", "/api/other", vec![auth], b"", 404, None),
        (
            "GET",
            "/api/v1/rollouts/seven",
            vec![auth],
            b"",
            400,
            Some("path"),
        ),
        ("GET", "/api/v1/rollouts/7", vec![auth], b"", 404, None),
        (
            "GET",
            "/api/v1/rollouts?limit=many",
            vec![auth],
            b"",
            400,
            Some("limit"),
        ),
        (
            "GET",
            "/api/v1/rollouts?app=Storefront",
            vec![auth],
            b"",
            400,
            Some("app"),
        ),
        (
            "GET",
            "/api/v1/rollouts?since=abc",
            vec![auth],
            b"",
            400,
            Some("since"),
        ),
        (
            "GET",
            "/api/v1/history?since=abc",
            vec![auth],
            b"",
            400,
            Some("since"),
        ),
        (
            "GET",
            "/api/v1/history.csv?aap=site",
            vec![auth],
            b"",
            400,
            Some("aap"),
        ),
        (
            "GET",
            "/api/v1/audit?before=7",
            vec![auth],
            b"",
            400,
            Some("before"),
        ),
        (
            "GET",
            "/api/v1/images?env=prod",
            vec![auth],
            b"",
            400,
            Some("env"),
        ),
        (
            "GET",
            "/api/v1/events?rollot=7",
            vec![auth],
            b"",
            400,
            Some("rollot"),
        ),
        (
            "GET",
            "/api/v1/rollouts?limit=1000",
            vec![auth],
            b"",
            422,
            Some("limit"),
        ),
        (
            "GET",
            "/api/v1/rollouts?cursor=x",
            vec![auth],
            b"",
            422,
            Some("cursor"),
        ),
        (
            "GET",
            "/api/v1/rollouts?state=x",
            vec![auth],
            b"",
            422,
            Some("state"),
        ),
        (
            "POST",
            "/api/v1/rollouts/7/dance",
            vec![auth, json],
            b"{}",
            404,
            Some("verb"),
        ),
        (
            "GET",
            "/api/v1/images/sha256:0",
            vec![auth],
            b"",
            400,
            Some("path"),
        ),
        (
            "GET",
            start,
            vec![("authorization", "Bearer wrong")],
            b"",
            401,
            None,
        ),
        (
            "GET",
            start,
            vec![("authorization", "Basic wrong")],
            b"",
            401,
            None,
        ),
    ];
    for (method, path, headers, body, status, field) in cases {
        let answer = server.send(method, path, &headers, body);
        let what = format!("{method} {path}");
        assert_eq!(answer.status, status, "{what}: {answer:?}");
        assert_eq!(
            answer.header("content-type"),
            Some("application/problem+json"),
            "{what}"
        );
        let problem = answer.json();
        assert_eq!(problem["status"], status, "{what}");
        assert_eq!(problem["field"].as_str(), field, "{what}: {problem}");
        for name in ["type", "title", "detail", "remedy"] {
            assert!(
                !problem[name].as_str().unwrap_or_default().is_empty(),
                "{what}: no {name} in {problem}"
            );
        }
    }
}

#[test]
fn a_filter_of_the_history_that_cannot_be_read_is_kept_and_lists_nothing() {
    let server = Server::start();
    server.apply("");
    server.first();
    let cookie = server.cookie(&[]);
    let page = |query: &str| {
        let path = format!("/history?{query}");
        server.send("GET", &path, &[("cookie", &cookie)], b"")
    };
    for (query, kept, told) in [
        ("app=Site", "value=\"Site\"", "is no application name"),
        (
            "env=a+b&app=site",
            "value=\"a b\"",
            "is no environment name",
        ),
        ("state=lost&app=site", "value=\"site\"", "is no state"),
    ] {
        let answer = page(query);
        assert_eq!(answer.status, 422, "{query}: {}", answer.head);
        let body = &answer.body;
        assert!(
            body.contains(kept) && body.contains(told),
            "{query}: {body}"
        );
        assert!(body.contains("role=\"alert\""), "{query}: {body}");
        assert!(!body.contains("history.csv"), "{query}: {body}");
        assert!(!body.contains("/rollouts/1"), "{query}: {body}");
    }
    let answer = page("app=site");
    assert_eq!(answer.status, 200, "{}", answer.head);
    assert!(answer.body.contains("history.csv?app=site"));
    assert!(answer.body.contains("/rollouts/1"));
}

#[test]
fn the_step_that_was_looked_at_is_counted_as_it_is_shown() {
    let server = Server::start();
    server.apply("[environment.blue_green]\napproval = \"anyone\"\nretain_ms = 0\n");
    server.first();
    server.bake("2", "two");
    server.ok(&start("2", "blue-green", &[]));
    let step = wait("the approval's turn", || {
        let now = server.rollout(2);
        (now["reason"] == "approval").then(|| now["step"].as_u64().unwrap())
    });
    let shown = server.ok(&["rollout", "show", "2"]);
    let number = step + 1;
    let line = shown.lines().find(|line| line.contains("now ")).unwrap();
    assert!(line.contains(&format!("{number}. ")), "{line}");
    let promote = |step: u64| {
        let step = step.to_string();
        server.run(&["rollout", "promote", "2", "--step", &step])
    };
    for (step, code, told) in [(0, 2, "--step"), (number - 1, 1, "moved on")] {
        let output = promote(step);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{step}: {said}");
        assert!(said.contains(told), "{step}: {said}");
    }
    let output = promote(number);
    assert!(output.status.success(), "{output:?}");
    server.until_state(2, "succeeded");
}

#[test]
fn two_starts_at_once_are_one_rollout() {
    let server = Server::start();
    server.apply("");
    server.bake("1", "one");
    let body = "{\"app\":\"site\",\"env\":\"prod\",\"image\":\"1\",\"strategy\":\"canary\"}";
    let answers: Vec<_> = std::thread::scope(|scope| {
        let asks: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| server.ask("POST", "/api/v1/rollouts", Some(body)).status))
            .collect();
        asks.into_iter().map(|ask| ask.join().unwrap()).collect()
    });
    assert_eq!(
        answers.iter().filter(|status| **status == 201).count(),
        1,
        "{answers:?}"
    );
    assert!(
        answers.iter().all(|status| matches!(status, 201 | 409)),
        "{answers:?}"
    );
}

#[test]
fn an_address_that_is_taken_is_told_at_the_start() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let folder = tempfile::tempdir().unwrap();
    let output = std::process::Command::new(crate::harness::BINARY)
        .args(["serve", "--listen", &address, "--data"])
        .arg(folder.path().join("data"))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains(&format!("cannot listen on {address}")),
        "{said}"
    );
    assert!(
        !folder.path().join("data/node/node.sock").exists(),
        "nothing was started"
    );
}

#[test]
fn an_environment_names_its_port() {
    let server = Server::start();
    let file = server.folder.path().join("zero.toml");
    let toml = "[application]\nname = \"site\"\n[[environment]]\nname = \"prod\"\nlisten = \"127.0.0.1:0\"\n";
    std::fs::write(&file, toml).unwrap();
    let said = server.fails(&["apply", "-f", file.to_str().unwrap()], 1);
    assert!(said.contains("listen") && said.contains("port"), "{said}");
    std::fs::write(&file, toml.replace(":0\"", &format!(":{}\"", free_port()))).unwrap();
    server.ok(&["apply", "-f", file.to_str().unwrap()]);
}

#[test]
fn a_port_that_another_program_has_is_told_and_waited_for() {
    let server = Server::start();
    let port = server.apply("");
    let taken = std::net::TcpListener::bind(("127.0.0.1", port)).unwrap();
    server.bake("1", "one");
    server.ok(&start("1", "blue-green", &[]));
    let trouble = wait("what holds it up", || {
        server.rollout(1)["trouble"].as_str().map(str::to_owned)
    });
    assert!(
        trouble.contains(&format!("127.0.0.1:{port}")) && trouble.contains("in use"),
        "{trouble}"
    );
    drop(taken);
    server.until_state(1, "succeeded");
    assert_eq!(root_of(port), "one");
    assert!(server.rollout(1)["trouble"].is_null());
}

#[test]
fn a_promotion_that_is_clicked_twice_is_one() {
    let server = Server::start();
    server.apply("[environment.blue_green]\napproval = \"anyone\"\nretain_ms = 0\n");
    server.first();
    server.bake("2", "two");
    server.ok(&start("2", "blue-green", &[]));
    let step = wait("the approval's turn", || {
        let now = server.rollout(2);
        (now["reason"] == "approval").then(|| now["step"].to_string())
    });
    let body = format!("{{\"step\":{step}}}");
    let promote = || {
        let answer = server.ask("POST", "/api/v1/rollouts/2/promote", Some(&body));
        assert!(matches!(answer.status, 200 | 409), "{answer:?}");
        answer.status
    };
    let answers: Vec<_> = std::thread::scope(|scope| {
        let asks: Vec<_> = (0..4).map(|_| scope.spawn(promote)).collect();
        asks.into_iter().map(|ask| ask.join().unwrap()).collect()
    });
    let done = answers.iter().filter(|status| **status == 200).count();
    assert_eq!(done, 1, "{answers:?}");
    server.until_state(2, "succeeded");
    let journal = server.get("/api/v1/rollouts/2/journal?limit=200");
    let rows = journal["items"].as_array().unwrap().iter();
    assert_eq!(
        rows.filter(|row| row["what"] == "promoted").count(),
        1,
        "{journal}"
    );
}
