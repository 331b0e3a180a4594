//! What an unpacked tree was like when it was finished. Kept outside the tree, and only a shortcut:
//! a file that still has the recorded size, times, mode and inode need not be read again.

use std::{
    collections::BTreeMap,
    fs::{self, Metadata},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::{
    Digest, ImageError,
    blobs::staged,
    store::ImageStore,
    tree::{Node, Tree},
};

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Seal {
    pub(crate) digest: Digest,
    pub(crate) entries: BTreeMap<String, Sealed>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Sealed {
    Folder,
    Link {
        target: String,
    },
    File {
        executable: bool,
        digest: Digest,
        stat: Option<Stat>,
    },
}

/// A file's change time cannot be set by a program, unlike its modification time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stat {
    size: u64,
    inode: u64,
    mode: u32,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stat {
    pub(crate) fn of(metadata: &Metadata) -> Stat {
        Stat {
            size: metadata.size(),
            inode: metadata.ino(),
            mode: metadata.mode(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

impl Seal {
    /// What the layers say, with nothing known about any tree.
    pub(crate) fn unseen(digest: Digest, tree: &Tree) -> Seal {
        let entries = tree
            .nodes
            .iter()
            .map(|(path, node)| {
                let sealed = match node {
                    Node::Folder => Sealed::Folder,
                    Node::Link { target } => Sealed::Link {
                        target: target.clone(),
                    },
                    Node::File {
                        executable, digest, ..
                    } => Sealed::File {
                        executable: *executable,
                        // A tree of layers has read all its files.
                        digest: digest.unwrap_or_else(|| Digest::of(b"")),
                        stat: None,
                    },
                };
                (path.clone(), sealed)
            })
            .collect();
        Seal { digest, entries }
    }

    /// The same with the state of the finished tree at `root`.
    pub(crate) fn of(digest: Digest, tree: &Tree, root: &Path) -> Result<Seal, ImageError> {
        let mut seal = Seal::unseen(digest, tree);
        for (path, sealed) in &mut seal.entries {
            if let Sealed::File { stat, .. } = sealed {
                let path = root.join(path);
                let metadata =
                    fs::symlink_metadata(&path).map_err(ImageError::io("read", &path))?;
                *stat = Some(Stat::of(&metadata));
            }
        }
        Ok(seal)
    }

    pub(crate) fn path(store: &ImageStore, digest: &Digest) -> PathBuf {
        store
            .dir
            .join("seals")
            .join(format!("{}.json", digest.hex()))
    }

    pub(crate) fn write(&self, store: &ImageStore) -> Result<(), ImageError> {
        let path = Seal::path(store, &self.digest);
        let bytes =
            serde_json::to_vec(self).map_err(|error| ImageError::malformed(&path, error))?;
        staged(&store.tmp(), &bytes)?
            .persist(&path)
            .map_err(|error| ImageError::io("write", &path)(error.error))?;
        Ok(())
    }

    /// `None` if there is none that can be used; the layers then tell the same, only slower.
    pub(crate) fn read(store: &ImageStore, digest: &Digest) -> Option<Seal> {
        let bytes = fs::read(Seal::path(store, digest)).ok()?;
        let seal: Seal = serde_json::from_slice(&bytes).ok()?;
        (seal.digest == *digest).then_some(seal)
    }
}
