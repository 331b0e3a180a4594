//! What the command line says.

use crate::harness::{BINARY, Given, PYTHON, Server, bake_args, start, wait};
use rustix::process::{Pid, Signal, kill_process};
use std::fs::File;
use std::path::Path;
use std::process::Stdio;

#[test]
fn only_the_first_run_prints_a_way_in() {
    let mut server = Server::start();
    let links = |server: &Server| server.log().matches("/sign-in/").count();
    let printed = |server: &Server| {
        wait("its words", || {
            server.log().contains("sign in a browser").then_some(())
        });
    };
    wait("the link of the first run", || {
        (links(&server) == 1).then_some(())
    });
    server.stop();
    server.serve();
    printed(&server);
    assert_eq!(links(&server), 1, "{}", server.log());
    assert!(server.ok(&["login-link"]).contains("/sign-in/"));
}

#[test]
fn a_server_without_its_website_says_how_to_name_it() {
    let folder = tempfile::tempdir().unwrap();
    // Away from where it was built, nothing lies beside it.
    let program = folder.path().join("alone/bin/viridian");
    std::fs::create_dir_all(program.parent().unwrap()).unwrap();
    if std::fs::hard_link(BINARY, &program).is_err() {
        std::fs::copy(BINARY, &program).unwrap();
    }
    let given = Given {
        program: Some(program),
        ..Given::default()
    };
    let server = Server::start_with(folder, given);
    let log = server.log();
    let warning = log.lines().find(|line| line.contains("WARN")).unwrap();
    assert!(
        warning.contains("without script and style") && warning.contains("--site DIR"),
        "{log}"
    );

    let given = Given {
        args: vec!["--site".to_owned(), "/none".to_owned()],
        ..Given::default()
    };
    let server = Server::start_with(tempfile::tempdir().unwrap(), given);
    let log = server.log();
    let warning = log.lines().find(|line| line.contains("WARN")).unwrap();
    assert!(
        warning.contains("/none/pkg") && warning.contains("--site DIR"),
        "{log}"
    );
}

#[test]
fn what_was_removed_already_is_not_told_as_removed() {
    let server = Server::start();
    server.apply("[environment.blue_green]\nretain_ms = 600000\n");
    server.first();
    server.bake("2", "two");
    server.ok(&start("2", "blue-green", &[]));
    server.until_state(2, "soaking");
    server.ok(&["rollout", "rollback", "2"]);
    server.until_state(2, "rolled_back");
    let veto = [
        "veto", "remove", "--app", "site", "--env", "prod", "--image", "2",
    ];
    let hold = ["hold", "remove", "--app", "site", "--env", "prod"];
    assert_eq!(
        server.ok(&veto).trim(),
        "2 may be started in site/prod again."
    );
    assert_eq!(
        server.ok(&veto).trim(),
        "There was no veto of 2 in site/prod; nothing has changed."
    );
    assert_eq!(
        server.ok(&hold).trim(),
        "site/prod is not on hold any more."
    );
    assert_eq!(
        server.ok(&hold).trim(),
        "There was no hold on site/prod; nothing has changed."
    );
    let mut json = hold.to_vec();
    json.push("--json");
    let told: serde_json::Value = serde_json::from_str(&server.ok(&json)).unwrap();
    assert_eq!(told["changed"], false);
}

#[test]
fn a_list_of_nothing_is_no_error() {
    let server = Server::start();
    for (args, says) in [
        (&["rollout", "list"][..], "No rollout was started yet"),
        (
            &["rollout", "list", "--app", "site"],
            "There is no rollout of site.",
        ),
        (
            &[
                "rollout",
                "list",
                "--app",
                "site",
                "--env",
                "prod",
                "--state",
                "paused,failed",
            ],
            "There is no rollout of site/prod that is paused or failed.",
        ),
        (&["image", "list"], "There is no image yet"),
        (&["hold", "list"], "No environment is on hold."),
        (&["veto", "list"], "No image is vetoed."),
    ] {
        let said = server.ok(args);
        assert!(said.starts_with(says), "{args:?}: {said}");
        let mut json = args.to_vec();
        json.push("--json");
        let page: serde_json::Value = serde_json::from_str(&server.ok(&json)).unwrap();
        let items = if args[0] == "image" {
            &page["images"]
        } else {
            &page["items"]
        };
        assert_eq!(items, &serde_json::json!([]), "{json:?}: {page}");
    }
    let said = server.fails(&["rollout", "list", "--state", "asleep"], 1);
    assert!(
        said.contains("\"asleep\" is no state") && said.contains("pending_approval"),
        "{said}"
    );
    let said = server.fails(&["hold", "remove", "--app", "site", "--env", "prod"], 1);
    assert!(said.contains("there is no environment site/prod"), "{said}");
}

#[test]
fn a_refused_image_is_told_as_a_baker_understands_it() {
    let server = Server::start();
    server.apply("");
    let digest = server.bake("1", "one");
    let folder = server.folder.path().join("site-1");
    let folder = folder.to_str().unwrap();
    let bake = |folder: &str, version: &str| {
        let args = bake_args(Path::new(folder), version, &PYTHON);
        let output = server.run(&args);
        let said = [output.stdout, output.stderr].concat();
        (
            output.status.code().unwrap(),
            String::from_utf8(said).unwrap(),
        )
    };
    let (code, said) = bake(folder, "1");
    assert_eq!(code, 0, "{said}");
    assert!(
        said.contains("is this very image already") && said.contains(&digest),
        "{said}"
    );
    std::fs::write(format!("{folder}/index.html"), "changed").unwrap();
    for (folder, version, what, remedy) in [
        (
            folder,
            "1",
            "site 1 exists already",
            "choose another version",
        ),
        ("/none", "2", "/none does not exist", "check the path"),
        ("/dev/null", "2", "is not a folder", "name the folder"),
    ] {
        let (code, said) = bake(folder, version);
        assert_eq!(code, 1, "{said}");
        assert!(said.contains(what) && said.contains(remedy), "{said}");
        assert!(
            !said.contains("cloud") && !said.contains("what is asked for"),
            "{said}"
        );
    }
    assert!(bake(folder, "1").1.contains(&digest), "which image it is");
}

#[test]
fn long_work_says_how_far_it_is_and_json_is_left_alone() {
    let server = Server::start();
    server.apply("");
    server.bake("1", "one");
    let node = std::fs::read_to_string(server.data().join("node/node.lock")).unwrap();
    let node = Pid::from_raw(node.trim().parse().unwrap()).unwrap();
    let folder = server.folder.path().join("site-1");
    let bake = |version: &str, more: &[&str]| {
        let log = server.folder.path().join(format!("{version}.log"));
        let mut args = vec!["image", "bake", folder.to_str().unwrap(), "--app", "site"];
        args.extend(["--version", version]);
        args.extend(more);
        let child = server
            .command(&args)
            .arg("--")
            .args(PYTHON)
            .stdout(Stdio::null())
            .stderr(File::create(&log).unwrap())
            .spawn()
            .unwrap();
        (child, log)
    };
    // Who bakes stands still, so that there is something to wait for.
    kill_process(node, Signal::STOP).unwrap();
    let (mut quiet, quiet_log) = bake("2", &["--json"]);
    wait("the first in the list", || {
        let making = server.get("/api/v1/images/making");
        (making["items"][0]["version"] == "2").then_some(())
    });
    let (mut told, told_log) = bake("3", &[]);
    let read = |log| std::fs::read_to_string(log).unwrap();
    let shown = wait("a line of progress", || {
        let text = read(&told_log);
        text.contains("site 3: ").then_some(text)
    });
    kill_process(node, Signal::CONT).unwrap();
    assert!(shown.contains("looking at the files"), "{shown}");
    assert!(told.wait().unwrap().success(), "{}", read(&told_log));
    assert!(quiet.wait().unwrap().success(), "{}", read(&quiet_log));
    assert_eq!(read(&quiet_log), "");
    let making = server.get("/api/v1/images/making");
    assert_eq!(making["items"], serde_json::json!([]));
}
