//! The data folder: one server, a sound journal, back-ups.

use crate::harness::Server;
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
}
