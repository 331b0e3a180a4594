//! The node of a data folder, which `viridian serve` starts and on purpose leaves running.

use crate::process::{STOP, within};
use anyhow::{Context, Result};
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// A running node. It holds a lock on `node/node.lock`, in which it wrote its process id: the kernel
/// vouches that the id is not somebody else's by now.
pub(crate) struct Node {
    lock: File,
    pid: Pid,
}

impl Node {
    /// The node that runs in this data folder, if one does.
    pub(crate) fn running(data: &Path) -> Result<Option<Self>> {
        let path = data.join("node/node.lock");
        let Ok(mut lock) = File::open(&path) else {
            return Ok(None);
        };
        match flock(&lock, FlockOperation::NonBlockingLockShared) {
            Ok(()) => return Ok(None),
            Err(Errno::WOULDBLOCK) => {}
            Err(error) => {
                return Err(error).with_context(|| format!("cannot look at {}", path.display()));
            }
        }
        let mut text = String::new();
        lock.read_to_string(&mut text)?;
        let pid = text
            .trim()
            .parse()
            .ok()
            .and_then(Pid::from_raw)
            .with_context(|| format!("{} names no process", path.display()))?;
        Ok(Some(Self { lock, pid }))
    }

    /// Asks it to end, with its instances, and waits until its lock is free.
    pub(crate) fn stop(self) -> Result<()> {
        kill_process(self.pid, Signal::TERM)?;
        let Self { lock, pid } = self;
        within(
            STOP,
            || flock(&lock, FlockOperation::LockShared),
            || {
                eprintln!("the node did not end within {STOP:?} and is killed");
                kill_process(pid, Signal::KILL)
            },
        )??;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Command, Stdio};

    /// A data folder whose node's lock is held here, in the name of `pid`.
    fn held(pid: u32) -> (tempfile::TempDir, File) {
        let data = tempfile::tempdir().unwrap();
        let path = data.path().join("node/node.lock");
        std::fs::create_dir(data.path().join("node")).unwrap();
        std::fs::write(&path, pid.to_string()).unwrap();
        let lock = File::open(&path).unwrap();
        flock(&lock, FlockOperation::NonBlockingLockExclusive).unwrap();
        (data, lock)
    }

    #[test]
    fn node_runs_while_its_lock_is_held() {
        let empty = tempfile::tempdir().unwrap();
        assert!(Node::running(empty.path()).unwrap().is_none());
        let (data, lock) = held(std::process::id());
        assert!(Node::running(data.path()).unwrap().is_some());
        drop(lock);
        assert!(Node::running(data.path()).unwrap().is_none());
    }

    #[test]
    fn stopping_ends_the_process_and_waits_for_the_lock() {
        let mut process = Command::new("sleep")
            .arg("600")
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let (data, lock) = held(process.id());
        let node = Node::running(data.path()).unwrap().unwrap();
        let owner = std::thread::spawn(move || {
            let status = process.wait().unwrap();
            drop(lock);
            status
        });
        node.stop().unwrap();
        assert!(!owner.join().unwrap().success());
        assert!(Node::running(data.path()).unwrap().is_none());
    }
}
