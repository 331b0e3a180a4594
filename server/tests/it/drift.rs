//! What runs, beside what was released: differences, what the node met, and what instances wrote.

use crate::harness::{Server, free_port, start, wait};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

/// The folder of an image that does something first, and then serves.
fn program(server: &Server, first: &str) -> PathBuf {
    let folder = server.folder.path().join("program");
    fs::create_dir_all(&folder).unwrap();
    let program = format!(
        "import http.server as h, os, sys\n{first}\nh.ThreadingHTTPServer(('127.0.0.1', int(sys.argv[1])), h.SimpleHTTPRequestHandler).serve_forever()\n"
    );
    fs::write(folder.join("app.py"), program).unwrap();
    folder
}

const RUN: [&str; 3] = ["python3", "app.py", "${PORT}"];

fn environment(server: &Server, at: usize) -> Value {
    server.get("/api/v1/applications/site")["environments"][at].clone()
}

fn ids(environment: &Value) -> BTreeSet<String> {
    let groups = environment["groups"].as_array().unwrap().iter();
    let instances = groups.flat_map(|group| group["instances"].as_array().unwrap());
    let ids = instances.map(|one| one["id"].as_str().unwrap().to_owned());
    ids.collect()
}

fn healthy(server: &Server, at: usize, count: u64) -> Value {
    wait("all healthy", || {
        let now = environment(server, at);
        (now["cell"]["healthy"] == count && ids(&now).len() as u64 == count).then_some(now)
    })
}

/// Changes a file that instances of this version run from, as somebody may who has the machine.
fn tamper(server: &Server, version: &str, file: &str) {
    let images = server.get("/api/v1/images");
    let images = images["images"].as_array().unwrap();
    let image = images.iter().find(|image| image["version"] == version);
    let digest = image.unwrap()["digest"].as_str().unwrap().to_owned();
    let tree = digest.strip_prefix("sha256:").unwrap();
    let file: PathBuf = server
        .data()
        .join("node/images/unpacked")
        .join(tree)
        .join(file);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    fs::write(&file, "other").unwrap();
}

fn entries(server: &Server, kind: &str) -> usize {
    let audit = server.get("/api/v1/audit?limit=1000");
    let items = audit["items"].as_array().unwrap().iter();
    items.filter(|entry| entry["what"] == kind).count()
}

#[test]
fn one_changed_file_is_shown_and_replaced_and_a_program_that_works_elsewhere_is_left_alone() {
    let server = Server::start();
    let port = free_port();
    server.apply(&format!(
        "[[environment]]\nname = \"dev\"\nlisten = \"127.0.0.1:{port}\"\n"
    ));
    server.bake_command("wanders", &program(&server, "os.chdir('/')"), &RUN);
    server.ok(&start("wanders", "blue-green", &["--watch"]));
    server.bake("1", "one");
    let mut dev = start("1", "blue-green", &["--watch"]);
    dev[5] = "dev";
    server.ok(&dev);
    let prod = ids(&healthy(&server, 0, 2));
    let before = ids(&healthy(&server, 1, 1));

    tamper(&server, "1", "index.html");
    let shown = wait("the difference to be shown", || {
        let now = environment(&server, 1);
        now["drift"]["detail"].is_string().then_some(now)
    });
    let told = shown["drift"]["detail"].as_str().unwrap();
    assert!(told.contains("index.html changed"), "{told}");
    assert!(told.contains("Another one takes its place"), "{told}");
    let after = wait("another one in its place", || {
        let now = environment(&server, 1);
        (ids(&now).is_disjoint(&before) && now["drift"].is_null()).then_some(now)
    });
    assert_eq!(ids(&after).len(), 1);
    assert_eq!(entries(&server, "drift_replaced"), 1);

    // The looks that found the one found nothing in the other.
    let now = environment(&server, 0);
    assert_eq!(ids(&now), prod);
    assert_eq!(now["drift"], Value::Null);
    wait("the changed tree to be cleared away", || {
        let output = server.run(&["doctor"]);
        output.status.success().then_some(())
    });
}

#[test]
fn where_it_is_only_reported_a_person_is_told_and_nothing_is_touched() {
    let server = Server::start();
    server.apply("drift = \"report\"\n");
    server.first();
    let before = ids(&healthy(&server, 0, 2));
    tamper(&server, "1", "index.html");
    let need = wait("it to be told on the first page", || {
        let need = server.get("/api/v1/now")["needs"][0].clone();
        let told = need["detail"].as_str().unwrap_or_default();
        told.contains("left as it is").then_some(need)
    });
    assert_eq!(need["kind"], "drift", "{need}");
    assert!(need.to_string().contains("index.html changed"), "{need}");
    wait("both to be journalled", || {
        (entries(&server, "drift_reported") == 2).then_some(())
    });
    let now = environment(&server, 0);
    assert_eq!(now["drift"]["needs_person"], true, "{now}");
    assert_eq!(ids(&now), before);
    assert_eq!(entries(&server, "drift_replaced"), 0);
    let list = server.ok(&["instance", "list", "--app", "site"]);
    assert!(list.contains("index.html changed"), "{list}");
    assert!(
        server
            .fails(&["doctor"], 1)
            .contains("found something wrong")
    );

    let file = server.folder.path().join("app.toml");
    let toml = fs::read_to_string(&file).unwrap();
    fs::write(&file, toml.replace("\"report\"", "\"replace\"")).unwrap();
    let said = server.ok(&["apply", "-f", file.to_str().unwrap()]);
    assert!(said.contains("prod.drift"), "{said}");
    wait("both to be replaced", || {
        let now = environment(&server, 0);
        (ids(&now).is_disjoint(&before) && now["cell"]["healthy"] == 2).then_some(())
    });
    fs::write(&file, toml.replace("\"report\"", "\"ignore\"")).unwrap();
    let said = server.fails(&["apply", "-f", file.to_str().unwrap()], 1);
    assert!(
        said.contains("line 8, column 1") && said.contains("`replace` or `report`"),
        "{said}"
    );
}

#[test]
fn what_was_lost_while_the_node_was_down_is_told() {
    let mut server = Server::start();
    server.apply("");
    server.first();
    let before = ids(&healthy(&server, 0, 2));
    // Without a server nobody starts the node again.
    server.stop();
    let pid = fs::read_to_string(server.data().join("node/node.lock")).unwrap();
    let node: i32 = pid.trim().parse().unwrap();
    kill_process(Pid::from_raw(node).unwrap(), Signal::KILL).unwrap();
    gone(node);
    let lost = before.first().unwrap();
    let record = server.data().join(format!("node/instances/{lost}.json"));
    let record: Value = serde_json::from_slice(&fs::read(record).unwrap()).unwrap();
    let instance = i32::try_from(record["pid"].as_i64().unwrap()).unwrap();
    kill_process_group(Pid::from_raw(instance).unwrap(), Signal::KILL).unwrap();
    gone(instance);

    server.serve();
    let now = healthy(&server, 0, 2);
    let told = now["node"].as_array().unwrap();
    let of = |kind: &str| told.iter().find(|note| note["kind"] == kind).unwrap();
    assert_eq!(
        of("lost")["text"],
        "1 instance of 1 was lost while the node was down; replaced"
    );
    assert_eq!(of("lost")["instances"][0], lost.as_str());
    assert_eq!(
        of("adopted")["text"],
        "1 instance of 1 ran on while the node was down, and was taken over"
    );
    let doctor = server.ok(&["doctor"]);
    assert!(
        doctor.contains("1 instance of 1 was lost while the node was down"),
        "{doctor}"
    );
    assert!(
        doctor.contains(&format!("{lost} was lost: its process ended")),
        "{doctor}"
    );
    let cookie = server.cookie(&[]);
    let page = server.send("GET", "/applications/site", &[("cookie", &cookie)], b"");
    assert!(page.body.contains("What the node did"), "{}", page.body);
    assert!(
        page.body
            .contains("was lost while the node was down; replaced")
    );
    let link = format!("/api/v1/instances/{lost}/log");
    assert!(page.body.contains(&link), "the way to what it wrote");
    let log = server.send("GET", &link, &[("cookie", &cookie)], b"");
    assert_eq!(log.status, 200, "{log:?}");
}

/// Waits until a process is no more than a name in the table.
fn gone(pid: i32) {
    wait("its end", || {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let state = stat
            .rsplit_once(')')
            .map_or("", |(_, rest)| rest.trim_start());
        (state.is_empty() || state.starts_with(['Z', 'X'])).then_some(())
    });
}

#[test]
fn what_an_instance_wrote_is_read_also_after_its_end() {
    let server = Server::start();
    server.apply_with(4_000, "");
    server.bake_program("bad", "exits", "db.example");
    let output = server.run(&start("bad", "blue-green", &["--watch"]));
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    let reason = server.rollout(1)["sentence"].as_str().unwrap().to_owned();
    assert!(reason.contains("no database at db.example"), "{reason}");
    // It names the instance whose whole output can be asked for.
    let mut words = reason.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
    let id = words
        .rfind(|word| word.starts_with("site-prod-v001-"))
        .unwrap_or_else(|| panic!("{reason}"));
    let said = server.ok(&["instance", "log", id]);
    assert_eq!(said.trim(), "no database at db.example");
    let said = server.ok(&["instance", "log", id, "--json"]);
    let said: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(said["instance"], id);
    let answer = server.ask("GET", &format!("/api/v1/instances/{id}/log?lines=1"), None);
    assert_eq!(answer.body, "no database at db.example\n");
    assert_eq!(
        answer.header("content-type"),
        Some("text/plain; charset=utf-8")
    );

    let told = server.fails(&["instance", "log", "site-prod-v009-aaaaaa"], 1);
    assert!(
        told.contains("no output of an instance") && told.contains("instance list"),
        "{told}"
    );
    for (path, status) in [
        ("/api/v1/instances/..%2f..%2fnode/log", 404),
        ("/api/v1/instances/nobody/log?lines=0", 400),
        ("/api/v1/instances/nobody/log?lines=many", 400),
    ] {
        let answer = server.ask("GET", path, None);
        assert_eq!(answer.status, status, "{path}: {answer:?}");
    }
    let stranger = server.send("GET", &format!("/api/v1/instances/{id}/log"), &[], b"");
    assert_eq!(stranger.status, 401, "{stranger:?}");
}

#[test]
fn a_long_output_is_cut_at_64_kib_and_at_whole_lines() {
    let server = Server::start();
    server.apply("");
    // Nothing but these: its handler would tell of every request.
    let talks = "for n in range(20000): print('line', n)\nsys.stdout.flush()\nh.SimpleHTTPRequestHandler.log_message = lambda *_: None";
    server.bake_command("talks", &program(&server, talks), &RUN);
    server.ok(&start("talks", "blue-green", &["--watch"]));
    let id = ids(&environment(&server, 0)).pop_first().unwrap();
    let log = |lines: u32| {
        let answer = server.ask(
            "GET",
            &format!("/api/v1/instances/{id}/log?lines={lines}"),
            None,
        );
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body
    };
    assert_eq!(log(2), "line 19998\nline 19999\n");
    assert_eq!(log(5_000).lines().count(), 5_000);
    assert!(log(5_000).len() <= 64 * 1024);
}
