//! `kill -9` of a process that writes: nothing it was told is on disk may be missing.

use crate::support::*;
use domain::Time;
use rustix::process::{Pid, Signal, kill_process};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use store::{AdminEvent, Store, StoreUrl, Verification};

const KILLS: usize = 20;
const FILE: &str = "VIRIDIAN_TEST_CRASH_FILE";

/// Not a test of its own: the process that is killed. It prints each number once it is acknowledged.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by acknowledged_entries_survive_kill_9"]
async fn writer_to_be_killed() {
    let Some(file) = std::env::var_os(FILE) else {
        return;
    };
    let store = Store::open(&StoreUrl::Sqlite(file.into())).await.unwrap();
    let others: Vec<_> = (1..8)
        .map(|n| tokio::spawn(write_for_ever(store.clone(), n)))
        .collect();
    write_for_ever(store, 0).await;
    drop(others);
}

async fn write_for_ever(store: Store, n: i64) {
    loop {
        let (by, kind) = (by("eva"), "signed_in".to_owned());
        let event = AdminEvent {
            at: Time(n),
            by,
            kind,
            target: None,
            detail: n.into(),
        };
        let seq = store.record(event).await.unwrap();
        let mut out = std::io::stdout().lock();
        writeln!(out, "acknowledged {seq}").unwrap();
        out.flush().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acknowledged_entries_survive_kill_9() {
    let place = Place::sqlite();
    let file = place.file("viridian.db");
    let mut acknowledged = BTreeSet::new();
    for kill in 0..KILLS {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "crash::writer_to_be_killed",
                "--ignored",
                "--nocapture",
            ])
            .env(FILE, &file)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let pid = Pid::from_child(&child);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        // Killed after a different number of entries each time, in the middle of the next ones.
        let enough = 5 + kill * 3;
        let mut heard = 0;
        for line in lines.by_ref() {
            let line = line.unwrap();
            if let Some((_, seq)) = line.split_once("acknowledged ") {
                acknowledged.insert(seq.parse::<i64>().unwrap());
                heard += 1;
                if heard == enough {
                    kill_process(pid, Signal::KILL).unwrap();
                }
            }
        }
        let ended = child.wait().unwrap();
        assert!(!ended.success(), "it was killed, it did not end: {ended}");
        assert!(
            heard >= enough,
            "it acknowledged {heard} of {enough} before it died"
        );
    }
    let store = place.open().await;
    let found: BTreeSet<i64> = {
        let mut found = BTreeSet::new();
        loop {
            let after = found.last().copied().unwrap_or(0);
            let some = store.journal(None, after, 10_000).await.unwrap();
            if some.is_empty() {
                break found;
            }
            found.extend(some.into_iter().map(|entry| entry.seq));
        }
    };
    let lost: Vec<_> = acknowledged.difference(&found).collect();
    assert!(lost.is_empty(), "lost of {}: {lost:?}", acknowledged.len());
    let said = store.verify(|_| {}).await.unwrap();
    assert!(matches!(said, Verification::Sound { .. }), "{said:?}");
    println!(
        "{KILLS} kills, 0 of {} acknowledged entries lost",
        acknowledged.len()
    );
    store.close().await;
}
