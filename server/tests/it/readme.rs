//! The README's own application, as it stands there, beside the running demonstration: the very lines,
//! in one shell. Ports are others, the same one for the same number, so that what collides there
//! collides here.

use crate::harness::{BINARY, Server, free_port, stop_node};
use rustix::process::{Pid, Signal, kill_process_group};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The lines of every block of code under a heading.
fn blocks(readme: &str, heading: &str) -> String {
    let (_, section) = readme.split_once(&format!("\n## {heading}\n")).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let blocks: Vec<_> = section.split("\n```").skip(1).step_by(2).collect();
    assert!(!blocks.is_empty(), "{heading} has no block");
    blocks.join("\n")
}

/// Another port for each number in `127.0.0.1:NUMBER`.
#[derive(Default)]
struct Ports(BTreeMap<String, u16>);

impl Ports {
    fn moved(&mut self, text: &str) -> String {
        let mut pieces = text.split("127.0.0.1:");
        let mut moved = pieces.next().unwrap().to_owned();
        for piece in pieces {
            let digits = piece.bytes().take_while(u8::is_ascii_digit).count();
            let (number, rest) = piece.split_at(digits);
            assert!(digits > 0, "a port that is no number: {piece}");
            let other = self.0.entry(number.to_owned()).or_insert_with(free_port);
            moved.push_str(&format!("127.0.0.1:{other}{rest}"));
        }
        moved
    }
}

#[test]
fn what_the_readme_says_of_an_own_application_works_beside_the_demonstration() {
    let clone = tempfile::tempdir().unwrap();
    let here = clone.path();
    let mut ports = Ports::default();
    // What `cargo xtask run` has left: its server, on its port, with the shop declared.
    let demonstration = Server::start();
    let (_, port) = demonstration.url.rsplit_once(':').unwrap();
    ports.0.insert("3000".to_owned(), port.parse().unwrap());
    let shop = fs::read_to_string(root().join("examples/storefront/viridian.toml")).unwrap();
    fs::write(here.join("shop.toml"), ports.moved(&shop)).unwrap();
    let declared = here.join("shop.toml");
    demonstration.ok(&["apply", "-f", declared.to_str().unwrap()]);
    symlink(demonstration.data(), here.join(".viridian")).unwrap();
    fs::create_dir_all(here.join("target/debug")).unwrap();
    symlink(BINARY, here.join("target/debug/viridian")).unwrap();

    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let own = blocks(&readme, "Your own application");
    let team = blocks(&readme, "A team");
    let script = ports.moved(&format!("set -eu\n{own}\n{team}\nwait\necho all of it\n"));
    // The waits are for a person to watch.
    assert!(script.contains("pause_ms = 5000"), "{script}");
    let script = script.replace("pause_ms = 5000", "pause_ms = 300\nretain_ms = 0");
    let used: BTreeSet<_> = ports.0.values().collect();
    assert_eq!(used.len(), ports.0.len(), "the machine gave a port twice");
    fs::write(here.join("script.sh"), &script).unwrap();

    let log = fs::File::create(here.join("log")).unwrap();
    let mut shell = Command::new("bash")
        .arg("script.sh")
        .current_dir(here)
        .env_remove("CARGO_TARGET_DIR")
        .env_remove("VIRIDIAN_DATABASE_URL")
        .env("VIRIDIAN_USER", "ada")
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .process_group(0)
        .spawn()
        .unwrap();
    let group = Pid::from_child(&shell);
    let status = shell.wait().unwrap();
    // Whatever the script has left behind where it broke off.
    let _ = kill_process_group(group, Signal::KILL);
    stop_node(&here.join("mine/data/node"));
    let said = fs::read_to_string(here.join("log")).unwrap();
    let its_log = fs::read_to_string(here.join("mine/serve.log")).unwrap_or_default();
    assert!(status.success(), "{said}\n{its_log}");
    for told in [
        "Sign in, once, within an hour",
        "Rollout 1:",
        "Canary 1 → 2",
        "all of it",
    ] {
        assert!(said.contains(told), "no {told:?} in {said}");
    }
}
