//! The data folder: one server, a sound journal, back-ups.

use crate::harness::{Given, Server};
use std::process::Command;

#[test]
fn one_folder_has_one_server() {
    let server = Server::start();
    let said = server.refuses_to_serve();
    assert!(
        said.contains("runs on") && said.contains(&server.url) && said.contains("--data"),
        "{said}"
    );
}

#[test]
fn the_doctor_names_the_first_bad_entry() {
    let mut server = Server::start();
    server.apply("");
    server.first();
    assert!(
        server.ok(&["doctor"]).contains("Everything is sound"),
        "while serving"
    );
    server.stop();
    assert!(
        server.ok(&["doctor"]).contains("Everything is sound"),
        "while not"
    );
    let database = server.data().join("viridian.db");
    // As somebody with the file and no scruples: the triggers that guard it go first.
    let tamper = "import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); \
        [c.execute('drop trigger '+n) for (n,) in c.execute(\"select name from sqlite_master where type='trigger'\").fetchall()]; \
        c.execute(\"update journal set actor='mallory' where seq=3\"); c.commit()";
    let done = Command::new("python3")
        .args(["-c", tamper])
        .arg(&database)
        .output()
        .unwrap();
    assert!(done.status.success(), "{done:?}");
    let output = server.run(&["doctor", "--json"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["sound"], false);
    let text = told["findings"][0]["text"].as_str().unwrap();
    assert!(text.contains("entry 3 is not as it was written"), "{text}");
}

#[test]
fn the_doctor_sees_a_token_that_others_may_read() {
    use std::os::unix::fs::PermissionsExt;
    let server = Server::start();
    let token = server.data().join("token");
    let mode = token.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    std::fs::set_permissions(&token, std::fs::Permissions::from_mode(0o644)).unwrap();
    let output = server.run(&["doctor"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        String::from_utf8(output.stdout)
            .unwrap()
            .contains("others may read")
    );
}

#[test]
fn the_doctor_sees_a_folder_that_others_may_look_into() {
    use std::os::unix::fs::PermissionsExt;
    let server = Server::start();
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    for name in ["viridian.db", "viridian.db-wal", "viridian.db-shm"] {
        assert_eq!(mode(&server.data().join(name)), 0o600, "{name}");
    }
    let file = server.folder.path().join("kept.db");
    server.ok(&["backup", "--to", file.to_str().unwrap()]);
    assert_eq!(mode(&file), 0o600);
    let open = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(server.data(), open).unwrap();
    let output = server.run(&["doctor"]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(
        said.contains("others may look into") && said.contains("chmod -R go-rwx"),
        "{said}"
    );
}

#[test]
fn the_doctor_sees_lists_that_do_not_show_what_the_journal_says() {
    let mut server = Server::start();
    server.apply("");
    server.first();
    server.stop();
    let tamper = "import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); \
        c.execute('delete from release where rollout=1'); \
        n=c.execute('delete from rollout where id=1').rowcount; c.commit(); sys.exit(n-1)";
    let done = Command::new("python3")
        .args(["-c", tamper])
        .arg(server.data().join("viridian.db"))
        .output()
        .unwrap();
    assert!(done.status.success(), "{done:?}");
    let output = server.run(&["doctor", "--json"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = told["findings"][0]["text"].as_str().unwrap();
    assert!(text.contains("rollout 1 is not listed"), "{text}");
}

#[test]
fn whoever_only_looks_leaves_the_lock_alone() {
    let mut server = Server::start();
    server.stop();
    let lock = server.data().join("lock");
    let before = std::fs::read_to_string(&lock).unwrap();
    server.ok(&["doctor"]);
    assert_eq!(std::fs::read_to_string(&lock).unwrap(), before);
    server.serve();
    let held = std::fs::read_to_string(&lock).unwrap();
    assert_ne!(held, before, "who has the folder is named there");
    server.ok(&["doctor"]);
    let file = server.folder.path().join("kept.db");
    server.ok(&["backup", "--to", file.to_str().unwrap()]);
    assert_eq!(std::fs::read_to_string(&lock).unwrap(), held);
}

#[test]
fn a_back_up_made_while_serving_brings_everything_back() {
    let mut server = Server::start();
    server.apply("");
    server.first();
    let file = server.folder.path().join("monday.db");
    let path = file.to_str().unwrap();
    let said = server.ok(&["backup", "--to", path]);
    assert!(said.contains("journal entries"), "{said}");
    let said = server.fails(&["restore", "--from", path], 1);
    assert!(said.contains("`viridian serve` runs on"), "{said}");
    let before = server.ok(&["rollout", "list", "--json"]);
    server.bake("2", "two");
    server.stop();
    server.ok(&["restore", "--from", path]);
    server.serve();
    assert_eq!(server.ok(&["rollout", "list", "--json"]), before);
    assert_eq!(
        server.get("/api/v1/images")["images"]
            .as_array()
            .unwrap()
            .len(),
        1,
        "made after the back-up"
    );
    assert!(server.ok(&["doctor"]).contains("Everything is sound"));
}

#[test]
fn a_lost_token_is_made_anew() {
    let mut server = Server::start();
    let old = server.token.clone();
    server.stop();
    std::fs::write(server.data().join("token"), "nonsense").unwrap();
    server.serve();
    assert_ne!(server.token, old);
    assert_eq!(server.ask("GET", "/api/v1/now", None).status, 200);
    let bearer = format!("Bearer {old}");
    assert_eq!(
        server
            .send("GET", "/api/v1/now", &[("authorization", &bearer)], b"")
            .status,
        401
    );
}

#[test]
fn probes_and_figures_tell_of_the_node() {
    let server = Server::start();
    assert_eq!(server.send("GET", "/readyz", &[], b"").status, 200);
    let metrics = server.send("GET", "/metrics", &[], b"");
    assert_eq!(metrics.status, 200, "this machine needs no token");
    assert!(
        metrics.body.contains("viridian_node_up 1")
            && metrics.body.contains("viridian_journal_head"),
        "{}",
        metrics.body
    );
    // Behind a proxy on this machine everybody seems to be on it.
    let of_proxies: [(&str, &str); 5] = [
        ("x-forwarded-for", "203.0.113.9"),
        ("x-forwarded-proto", "https"),
        ("forwarded", "for=203.0.113.9"),
        ("x-real-ip", "203.0.113.9"),
        ("via", "1.1 proxy"),
    ];
    for header in of_proxies {
        let answer = server.send("GET", "/metrics", &[header], b"");
        assert_eq!(answer.status, 401, "{header:?}");
    }
    let bearer = format!("Bearer {}", server.token);
    let headers = [of_proxies[0], ("authorization", bearer.as_str())];
    assert_eq!(server.send("GET", "/metrics", &headers, b"").status, 200);
}

#[test]
fn behind_a_told_proxy_figures_take_a_token() {
    let given = |args: [&str; 2]| Given {
        args: args.map(str::to_owned).to_vec(),
        ..Given::default()
    };
    let start = |args| Server::start_with(tempfile::tempdir().unwrap(), given(args));
    let server = start(["--allow-host", "ops.example.org"]);
    let other = server.send("GET", "/metrics", &[("host", "ops.example.org")], b"");
    assert_eq!(other.status, 401, "a name that is not of this machine");
    assert_eq!(server.send("GET", "/metrics", &[], b"").status, 200);

    // A proxy that says nothing of itself, and asks as if for itself.
    let server = start(["--public-url", "https://ops.example.org"]);
    assert_eq!(server.send("GET", "/metrics", &[], b"").status, 401);
    assert_eq!(server.ask("GET", "/metrics", None).status, 200);
}
