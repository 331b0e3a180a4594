//! Settings that are declared come into effect by a rollout, also of the same image.

use crate::harness::{Server, free_port, root_of, start, wait};
use std::net::{Ipv4Addr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};

/// Asks a port over and over until told to stop; counts what was answered and what was not.
struct Load {
    stop: Arc<AtomicBool>,
    answered: Arc<AtomicU64>,
    failed: Arc<AtomicU64>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Load {
    fn on(port: u16, text: &'static str) -> Self {
        let (stop, answered, failed) =
            <(Arc<AtomicBool>, Arc<AtomicU64>, Arc<AtomicU64>)>::default();
        let (ended, good, bad) = (stop.clone(), answered.clone(), failed.clone());
        let thread = std::thread::spawn(move || {
            while !ended.load(SeqCst) {
                let count = if root_of(port) == text { &good } else { &bad };
                count.fetch_add(1, SeqCst);
            }
        });
        Self {
            stop,
            answered,
            failed,
            thread: Some(thread),
        }
    }

    fn has_answers(&self, more: u64) {
        let before = self.answered.load(SeqCst);
        wait("answers under load", || {
            (self.answered.load(SeqCst) >= before + more || self.failed.load(SeqCst) > 0)
                .then_some(())
        });
    }

    /// What failed, once it has stopped.
    fn end(mut self) -> u64 {
        self.stop.store(true, SeqCst);
        self.thread.take().unwrap().join().unwrap();
        self.failed.load(SeqCst)
    }
}

fn is_closed(port: u16) -> bool {
    TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err()
}

#[test]
fn another_port_is_brought_by_a_rollout_of_the_same_image_and_taken_back() {
    let server = Server::start();
    let more = "[environment.blue_green]\nretain_ms = 60000\n";
    let old = server.apply(more);
    server.first();

    let file = server.folder.path().join("app.toml");
    let path = file.to_str().unwrap();
    let new = free_port();
    let text = std::fs::read_to_string(&file).unwrap();
    let text = text.replace(&format!(":{old}"), &format!(":{new}"));
    std::fs::write(&file, text).unwrap();
    let change = format!("listen 127.0.0.1:{old} → 127.0.0.1:{new}");
    for args in [&["apply", "-f", path, "--plan"][..], &["apply", "-f", path]] {
        let said = server.ok(args);
        assert!(said.contains("~ prod.listen"), "{said}");
        assert!(
            said.contains(&format!("prod: {change} takes a rollout")),
            "{said}"
        );
    }
    // Declared is not in force: nothing moves by itself, and applying again still says so.
    let said = server.ok(&["apply", "-f", path]);
    assert!(
        said.contains("nothing to change") && said.contains("takes a rollout"),
        "{said}"
    );
    assert!(root_of(old) == "one" && is_closed(new));

    let mut plan = vec!["rollout", "plan"];
    plan.extend(&start("1", "canary", &[])[2..]);
    let plan = server.ok(&plan);
    assert!(plan.contains(&format!("Canary 1: {change}")), "{plan}");

    let load = Load::on(old, "one");
    server.ok(&start("1", "blue-green", &[]));
    server.until_state(2, "soaking");
    // Until the old group is retired, both addresses lead to what serves.
    assert_eq!(root_of(new), "one");
    load.has_answers(50);
    assert_eq!(load.end(), 0, "requests to the old port failed");
    server.ok(&["rollout", "promote", "2"]);
    server.until_state(2, "succeeded");
    wait("the old port is closed", || is_closed(old).then_some(()));
    assert_eq!(root_of(new), "one");
    let said = server.fails(&start("1", "blue-green", &[]), 1);
    assert!(said.contains("runs already"), "{said}");
    let said = server.ok(&["apply", "-f", path]);
    assert!(!said.contains("takes a rollout"), "{said}");

    // The way back brings the earlier release whole: its configuration too.
    server.ok(&["rollout", "rollback", "2"]);
    server.until_state(3, "soaking");
    server.ok(&["rollout", "promote", "3"]);
    server.until_state(3, "succeeded");
    wait("the new port is closed", || is_closed(new).then_some(()));
    assert_eq!(root_of(old), "one");
    // The image serves on, so it is not vetoed; only what was declared may come again.
    server.ok(&start("1", "blue-green", &[]));
    server.until_state(4, "soaking");
    assert_eq!(root_of(new), "one");
}

#[test]
fn a_rollout_that_goes_back_closes_the_port_it_had_opened() {
    let server = Server::start();
    let old = server.apply("[environment.blue_green]\nretain_ms = 60000\n");
    server.first();
    let new = free_port();
    let file = server.folder.path().join("app.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace(&format!(":{old}"), &format!(":{new}"))).unwrap();
    server.ok(&["apply", "-f", file.to_str().unwrap()]);
    let load = Load::on(old, "one");
    server.ok(&start("1", "blue-green", &[]));
    server.until_state(2, "soaking");
    assert_eq!(root_of(new), "one");
    server.ok(&["rollout", "rollback", "2"]);
    server.until_state(2, "rolled_back");
    wait("the new port is closed", || is_closed(new).then_some(()));
    load.has_answers(50);
    assert_eq!(load.end(), 0, "requests to the old port failed");
    // Only the configuration was bad: the image that serves is not vetoed.
    let site = server.get("/api/v1/applications/site");
    let vetoes = &site["environments"][0]["vetoes"];
    assert_eq!(vetoes.as_array().map(Vec::len), Some(0), "{site}");
}
