//! Images whose programs go wrong, at every moment they can, and what the shell hears of it.

use crate::harness::{Server, root_of, start, wait};
use serde_json::Value;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::process::Stdio;

/// Version, mode, argument; what is told of why.
const PROGRAMS: [(&str, &str, &str, &[&str]); 3] = [
    (
        "exits",
        "exits",
        "db.example",
        &[
            "cannot run",
            "ended before they were ever healthy",
            "no database at db.example",
        ],
    ),
    (
        "silent",
        "silent",
        "-",
        &["became healthy within", "nothing listens"],
    ),
    (
        "fails",
        "fails",
        "-",
        &["became healthy within", "answered 500"],
    ),
];

#[test]
fn a_program_that_cannot_serve_is_sent_back_with_the_reason_and_no_visitor_notices() {
    let server = Server::start();
    let port = server.apply_with(4_000, "");
    server.first();
    let folder = server.folder.path().join("site-1");
    server.bake_command("missing", &folder, &["./no-such-program"]);
    for (version, mode, argument, _) in PROGRAMS {
        server.bake_program(version, mode, argument);
    }
    let missing: (&str, &[&str]) = ("missing", &["./no-such-program", "does not exist"]);
    let others = PROGRAMS.map(|(version, _, _, told)| (version, told));
    for (at, (version, told)) in [missing].into_iter().chain(others).enumerate() {
        let strategy = ["canary", "blue-green", "rolling", "ab"][at];
        let output = server.run(&start(version, strategy, &["--watch"]));
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(3), "{version}: {output:?}");
        for told in told {
            assert!(said.contains(told), "{version} should say {told:?}: {said}");
        }
        assert_eq!(root_of(port), "one", "{version}");
    }
    let app = server.get("/api/v1/applications/site");
    let groups = app["environments"][0]["groups"].as_array().unwrap();
    assert_eq!(groups.len(), 1, "nothing is left over: {app}");
}

#[test]
fn a_first_image_that_cannot_serve_leaves_the_environment_empty_and_the_next_one_starts() {
    let server = Server::start();
    let port = server.apply_with(4_000, "");
    server.bake_program("bad", "exits", "db.example");
    let output = server.run(&start("bad", "blue-green", &["--watch"]));
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("no database at db.example"), "{said}");
    server.first();
    assert_eq!(root_of(port), "one");
}

/// A flag that the program of version 2 looks for, to end when it is there.
fn flag(server: &Server) -> String {
    server
        .folder
        .path()
        .join("die")
        .to_str()
        .unwrap()
        .to_owned()
}

#[test]
fn one_that_dies_as_a_canary_is_sent_back() {
    let server = Server::start();
    let port = server.apply("[environment.canary]\nweights = [50, 100]\npause_ms = 600000\n");
    server.first();
    let flag = flag(&server);
    server.bake_program("2", "dies", &flag);
    server.ok(&start("2", "canary", &[]));
    wait("the canary's share", || {
        let now = server.rollout(2);
        let groups = now["groups"].as_array()?;
        groups
            .iter()
            .find(|group| group["image"] == "2" && group["weight_observed"] == 50)?;
        Some(())
    });
    std::fs::write(&flag, "").unwrap();
    let output = server.run(&["rollout", "watch", "2"]);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    let reason = server.rollout(2)["sentence"].to_string();
    assert!(
        reason.contains("is healthy any more") || reason.contains("ended by themselves"),
        "{reason}"
    );
    assert_eq!(root_of(port), "one");
}

#[test]
fn one_that_dies_while_the_old_one_is_kept_is_sent_back() {
    let server = Server::start();
    let port = server.apply("[environment.blue_green]\nretain_ms = 600000\n");
    server.first();
    let flag = flag(&server);
    server.bake_program("2", "dies", &flag);
    server.ok(&start("2", "blue-green", &[]));
    server.until_state(2, "soaking");
    assert_eq!(root_of(port), flag, "version 2 serves");
    std::fs::write(&flag, "").unwrap();
    let output = server.run(&["rollout", "watch", "2"]);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    assert_eq!(root_of(port), "one");
    assert!(server.ok(&["veto", "list"]).contains("site/prod"));
}

#[test]
fn one_that_dies_after_all_is_done_is_started_again_and_told() {
    let server = Server::start();
    let port = server.apply("");
    let flag = flag(&server);
    server.bake_program("1", "dies", &flag);
    server.ok(&start("1", "blue-green", &["--watch"]));
    let group = || server.get("/api/v1/applications/site")["environments"][0]["groups"][0].clone();
    let ids = |group: &Value| -> Vec<String> {
        let instances = group["instances"].as_array().unwrap().iter();
        instances.map(|one| one["id"].to_string()).collect()
    };
    let before = wait("two healthy", || {
        let group = group();
        (group["healthy"] == 2).then(|| ids(&group))
    });
    std::fs::write(&flag, "").unwrap();
    let down = wait("its fall to be told", || {
        let group = group();
        (group["health"] == "degraded").then_some(group)
    });
    assert_eq!(down["healthy"], 0, "{down}");
    std::fs::remove_file(&flag).unwrap();
    let after = wait("two others", || {
        let group = group();
        (group["healthy"] == 2).then_some(group)
    });
    assert!(ids(&after).iter().all(|id| !before.contains(id)), "{after}");
    assert_eq!(root_of(port), flag, "it serves again");
}

#[test]
fn watching_ends_with_a_code_for_each_end() {
    let server = Server::start();
    server.apply("[environment.blue_green]\nretain_ms = 600000\n[environment.canary]\nweights = [50, 100]\npause_ms = 600000\n");
    server.bake("1", "one");
    server.bake("2", "two");
    let code = |args: &[&str]| server.run(args).status.code();
    assert_eq!(
        code(&start("1", "blue-green", &["--watch"])),
        Some(0),
        "succeeded"
    );
    assert_eq!(
        code(&["rollout", "watch", "99"]),
        Some(1),
        "none of this number"
    );
    assert_eq!(code(&["rollout", "watch", "many"]), Some(2), "no number");

    // Cancelled while somebody watches.
    let watching = server
        .command(&start("2", "canary", &["--watch"]))
        .stdout(Stdio::null())
        .spawn();
    let mut watching = watching.unwrap();
    server.until_state(2, "in_progress");
    server.ok(&["rollout", "cancel", "2"]);
    assert_eq!(watching.wait().unwrap().code(), Some(3), "cancelled");

    // Failed: the way back is blocked, since the kept group was taken away by hand and its image is
    // damaged.
    server.ok(&start("2", "blue-green", &[]));
    server.until_state(3, "soaking");
    let image = server.get("/api/v1/images")["images"]
        .as_array()
        .unwrap()
        .clone();
    let image = image.iter().find(|image| image["version"] == "1").unwrap()["digest"].clone();
    let blobs = server.data().join("node/images/oci/blobs");
    let blob = blobs.join(image.as_str().unwrap().replace(':', "/"));
    let whole = std::fs::read(&blob).unwrap();
    std::fs::write(&blob, &whole[1..]).unwrap();
    let kept = server.rollout(3)["groups"].as_array().unwrap().clone();
    let kept = kept.iter().find(|group| group["image"] == "1").unwrap()["name"].clone();
    let path = format!(
        "/v1/environments/site/prod/groups/{}",
        kept.as_str().unwrap()
    );
    tell_node(&server, "DELETE", &path);
    wait("the kept group's end", || {
        let groups = server.rollout(3)["groups"].to_string();
        (!groups.contains(kept.as_str().unwrap())).then_some(())
    });
    server.ok(&["rollout", "rollback", "3"]);
    let output = server.run(&["rollout", "watch", "3"]);
    assert_eq!(output.status.code(), Some(4), "{output:?}");
    let said = String::from_utf8(output.stdout).unwrap();
    for told in [kept.as_str().unwrap(), "is damaged", "roll back again"] {
        assert!(said.contains(told), "{said} should say {told:?}");
    }
    assert_eq!(
        server.get("/api/v1/now")["needs"][0]["rollout"],
        3,
        "it needs a person"
    );

    // What was told to do is the way out.
    std::fs::write(&blob, whole).unwrap();
    server.ok(&["rollout", "rollback", "3"]);
    assert_eq!(code(&["rollout", "watch", "3"]), Some(3), "rolled back");
}

/// Says something to the node itself, as somebody who means well.
fn tell_node(server: &Server, method: &str, path: &str) {
    let mut stream = UnixStream::connect(server.data().join("node/node.sock")).unwrap();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nhost: node\r\nconnection: close\r\n\r\n"
    )
    .unwrap();
    let mut said = String::new();
    stream.read_to_string(&mut said).unwrap();
    assert!(said.starts_with("HTTP/1.1 200"), "{said}");
}
