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
