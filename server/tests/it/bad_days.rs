//! Days on which the machine is at fault: a full disk, a database in other hands or damaged, two
//! servers for one folder.

use crate::disk::{Disk, fill};
use crate::harness::{BINARY, Given, Server, bake_args, pause, root_of, start, stop_node, wait};
use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

#[test]
fn on_a_full_disk_traffic_goes_on_and_what_was_said_is_done_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let Some(disk) = Disk::mount(&folder.path().join("data"), 48) else {
        return;
    };
    let given = Given {
        disk: Some(disk),
        ..Given::default()
    };
    let mut server = Server::start_with(folder, given);
    let port = server.apply("[environment.blue_green]\nretain_ms = 600000\n");
    server.first();
    server.bake("2", "two");
    server.ok(&start("2", "blue-green", &[]));
    server.until_state(2, "soaking");
    assert_eq!(server.send("GET", "/readyz", &[], b"").status, 200);

    let ballast = server.data().join("ballast");
    let why = wait("the server to notice", || {
        // Whatever was freed meanwhile, by a log that was cut for instance.
        fill(&ballast);
        let answer = server.send("GET", "/readyz", &[], b"");
        (answer.status == 503).then(|| answer.json()["detail"].to_string())
    });
    assert!(why.contains("there is no space left for"), "{why}");
    assert_eq!(server.send("GET", "/healthz", &[], b"").status, 200);
    let said = server.fails(&["rollout", "rollback", "2"], 1);
    assert!(
        said.contains("there is no space left for") && said.contains("free some"),
        "{said}"
    );
    let folder = server.folder.path().join("site-2");
    let said = server.fails(&bake_args(&folder, "3", &["python3"]), 1);
    assert!(said.contains("free some"), "{said}");
    let output = server.run(&["doctor"]);
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("no space left"), "{told}");
    assert_eq!(root_of(port), "two", "what serves goes on");
    assert_eq!(
        server.rollout(2)["state"],
        "soaking",
        "what was refused was not done"
    );

    std::fs::remove_file(&ballast).unwrap();
    wait("the server to be ready", || {
        (server.send("GET", "/readyz", &[], b"").status == 200).then_some(())
    });
    server.ok(&["rollout", "rollback", "2"]);
    assert_eq!(
        server.run(&["rollout", "watch", "2"]).status.code(),
        Some(3)
    );
    assert_eq!(root_of(port), "one");
    assert!(server.ok(&["doctor"]).contains("Everything is sound"));

    server.stop();
    fill(&ballast);
    let said = server.refuses_to_serve();
    assert!(
        said.contains("space") && said.contains("free some"),
        "{said}"
    );
    assert_eq!(root_of(port), "one");
    std::fs::remove_file(&ballast).unwrap();
    server.serve();
    assert_eq!(server.rollout(2)["state"], "rolled_back");
}

#[test]
fn a_folder_that_cannot_be_written_is_told_before_anything_is_started() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let Some(disk) = Disk::mount(&data, 48) else {
        return;
    };
    let given = Given {
        disk: Some(disk),
        ..Given::default()
    };
    let mut server = Server::start_with(folder, given);
    let port = server.apply("");
    server.first();
    server.stop();
    // The node writes there, too: what it holds open keeps the disk from being shut.
    stop_node(&server.data().join("node"));
    let disk = server.given.disk.as_ref().unwrap();
    disk.read_only(&data);
    let said = server.refuses_to_serve();
    assert!(
        said.contains("data cannot be written")
            && said.contains("read-only")
            && said.contains("--data DIR"),
        "{said}"
    );
    let socket = server.data().join("node/node.sock");
    assert!(UnixStream::connect(socket).is_err(), "a node was started");
    disk.writable(&data);
    server.serve();
    assert_eq!(server.rollout(1)["state"], "succeeded");
    wait("what served before", || {
        TcpStream::connect(("127.0.0.1", port))
            .is_ok()
            .then_some(())
    });
    wait("its answer", || (root_of(port) == "one").then_some(()));
}

/// Another program that holds the database's lock for writing.
struct Holder(Child);

impl Holder {
    fn of(database: &Path) -> Self {
        let script = "import sqlite3,sys; c=sqlite3.connect(sys.argv[1],isolation_level=None); \
            c.execute('begin immediate'); print('held',flush=True); sys.stdin.read()";
        let mut child = Command::new("python3")
            .args(["-c", script])
            .arg(database)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = String::new();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        stdout.read_line(&mut said).unwrap();
        assert_eq!(said.trim(), "held");
        Self(child)
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_database_that_another_program_holds_is_told_and_waited_for() {
    let mut server = Server::start();
    let port = server.apply("[environment.blue_green]\nretain_ms = 600000\n");
    server.first();
    let database = server.data().join("viridian.db");
    let held = Holder::of(&database);
    let said = server.fails(&["login-link"], 1);
    assert!(said.contains("is locked by another program"), "{said}");
    assert!(said.contains("end it"), "{said}");
    let ready = server.send("GET", "/readyz", &[], b"");
    assert_eq!(ready.status, 503, "{ready:?}");
    assert_eq!(server.rollout(1)["state"], "succeeded", "reading goes on");
    assert_eq!(root_of(port), "one");
    drop(held);
    wait("the server to be ready", || {
        (server.send("GET", "/readyz", &[], b"").status == 200).then_some(())
    });
    server.ok(&["login-link"]);

    server.stop();
    let held = Holder::of(&database);
    let said = server.refuses_to_serve();
    assert!(said.contains("is locked by another program"), "{said}");
    drop(held);
    server.serve();
    assert!(server.ok(&["doctor"]).contains("Everything is sound"));
}

#[test]
fn a_damaged_database_is_told_with_the_way_out() {
    let mut server = Server::start();
    let port = server.apply("");
    server.first();
    let kept = server.folder.path().join("kept.db");
    let kept = kept.to_str().unwrap();
    server.ok(&["backup", "--to", kept]);
    server.stop();
    let database = server.data().join("viridian.db");
    let whole = std::fs::read(&database).unwrap();
    assert!(whole.len() > 16_384, "{}", whole.len());
    let torn = [&whole[..4_096], &vec![0xA5; whole.len() - 4_096]].concat();
    for (case, bytes) in [
        ("text", b"this was never a database ".repeat(1_000)),
        ("torn", torn),
        ("short", whole[..whole.len() / 2].to_vec()),
    ] {
        std::fs::write(&database, bytes).unwrap();
        let said = server.refuses_to_serve();
        assert!(said.contains("viridian.db is damaged"), "{case}: {said}");
        assert!(said.contains("viridian restore"), "{case}: {said}");
        let output = server.run(&["doctor"]);
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(1), "{case}: {told}");
        assert!(told.contains("is damaged"), "{case}: {told}");
        assert_eq!(root_of(port), "one", "{case}: what serves goes on");
    }
    server.ok(&["restore", "--from", kept]);
    server.serve();
    assert_eq!(server.rollout(1)["state"], "succeeded");
    assert!(server.ok(&["doctor"]).contains("Everything is sound"));
}

#[test]
fn of_several_servers_started_at_once_one_serves() {
    // Only its folder and its end are of use: the servers are started by hand.
    let mut server = Server::start();
    server.stop();
    std::fs::remove_file(server.data().join("server.json")).unwrap();
    let log = |at: usize| server.folder.path().join(format!("log-{at}"));
    let mut started: Vec<_> = (0..4)
        .map(|at| {
            let file = std::fs::File::create(log(at)).unwrap();
            let mut command = Command::new(BINARY);
            command.args(["serve", "--listen", "127.0.0.1:0", "--data"]);
            command.arg(server.data()).stdin(Stdio::null());
            command.stdout(file.try_clone().unwrap()).stderr(file);
            command.spawn().unwrap()
        })
        .collect();
    let until = Instant::now() + Duration::from_secs(60);
    let mut ended = Vec::new();
    while ended.len() < 3 && Instant::now() < until {
        ended.clear();
        for (at, child) in started.iter_mut().enumerate() {
            if let Some(status) = child.try_wait().unwrap() {
                ended.push((at, status.code()));
            }
        }
        pause();
    }
    let serving = wait("server.json", || {
        let text = std::fs::read_to_string(server.data().join("server.json")).ok()?;
        let file: serde_json::Value = serde_json::from_str(&text).ok()?;
        file["pid"].as_u64()
    });
    let alive = started
        .iter_mut()
        .find(|child| u64::from(child.id()) == serving);
    let alive = alive.unwrap();
    assert!(alive.try_wait().unwrap().is_none(), "one serves");
    alive.kill().unwrap();
    for child in &mut started {
        child.wait().unwrap();
    }
    assert_eq!(ended.len(), 3, "{ended:?}");
    for (at, code) in ended {
        let said = std::fs::read_to_string(log(at)).unwrap();
        assert_eq!(code, Some(1), "{said}");
        assert!(
            said.contains("runs on") && said.contains("already"),
            "{said}"
        );
    }
}
