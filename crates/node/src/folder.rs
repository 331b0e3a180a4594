//! The node's folder: one owner, one identity.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use crate::NodeError;

/// The folder of a running node. The lock is given back by the kernel however the process ends.
#[derive(Debug)]
pub(crate) struct Folder {
    pub(crate) path: PathBuf,
    _lock: File,
}

impl Folder {
    pub(crate) fn take(dir: &Path) -> Result<Self, NodeError> {
        for folder in [dir, &dir.join("instances")] {
            let mut builder = fs::DirBuilder::new();
            builder.recursive(true).mode(0o700);
            builder
                .create(folder)
                .map_err(NodeError::io("create the folder", folder))?;
        }
        let path = dir
            .canonicalize()
            .map_err(NodeError::io("find the folder", dir))?;
        let lock = lock(&path)?;
        Ok(Self { path, _lock: lock })
    }
}

fn lock(dir: &Path) -> Result<File, NodeError> {
    let path = dir.join("node.lock");
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .map_err(NodeError::io("open", &path))?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {}
        Err(rustix::io::Errno::WOULDBLOCK) => {
            let mut pid = String::new();
            // Only for the message.
            let _ = file.read_to_string(&mut pid);
            return Err(NodeError::AlreadyRunning {
                dir: dir.to_owned(),
                pid: pid.trim().to_owned(),
            });
        }
        Err(errno) => return Err(NodeError::io("lock", &path)(errno.into())),
    }
    file.set_len(0).map_err(NodeError::io("write", &path))?;
    file.write_all(std::process::id().to_string().as_bytes())
        .map_err(NodeError::io("write", &path))?;
    Ok(file)
}
