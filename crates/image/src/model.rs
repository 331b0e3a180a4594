use std::{collections::BTreeMap, path::PathBuf};

use serde::{Deserialize, Serialize};

use crate::Digest;

/// What becomes an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bake {
    /// Laid over the parent's files: it adds, replaces, and a file `.wh.name` removes `name`.
    pub folder: PathBuf,
    /// 1 to 64 of `A-Z a-z 0-9 . _ -`, beginning with a letter or digit; so is `version`.
    pub app: String,
    pub version: String,
    pub parent: Option<Digest>,
    /// Program and arguments; empty means the parent's.
    pub command: Vec<String>,
    /// Milliseconds since 1970-01-01 UTC.
    pub created_ms: i64,
    /// Facts to keep with the image, such as the source commit.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
}

/// An immutable image in the store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// Of the manifest, and so of every byte of the image.
    pub digest: Digest,
    pub app: String,
    pub version: String,
    pub parent: Option<Digest>,
    pub command: Vec<String>,
    pub created_ms: i64,
    /// Sum of the sizes of the unpacked files.
    pub size_bytes: u64,
    /// Regular files when unpacked.
    pub files: u64,
    /// Lowest first; a child begins with the layers of its parent.
    pub layers: Vec<Layer>,
    pub labels: BTreeMap<String, String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layer {
    /// Of the blob as it is stored (compressed).
    pub digest: Digest,
    /// Of the tar stream inside.
    pub diff_id: Digest,
    /// Of the blob as it is stored.
    pub size_bytes: u64,
}

/// Limits of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The most that the files of one image may sum up to, unpacked.
    pub image_bytes_max: u64,
    /// The most files, folders and links in one image.
    pub image_entries_max: u64,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            image_bytes_max: 1 << 30,
            image_entries_max: 200_000,
        }
    }
}

/// How far a bake or an import is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    pub bytes_done: u64,
    pub bytes_total: u64,
    /// What is being read: a file of the folder, or a blob of the layout.
    pub path: String,
}

/// What an unpacked tree looks like beside its image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Clean,
    Drifted(Vec<Difference>),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// Relative to the tree; `.` is the tree itself.
    pub path: String,
    pub kind: DifferenceKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DifferenceKind {
    /// Other bytes, another link target, or another kind of file.
    Changed,
    Added,
    Removed,
    /// Same content, other permissions.
    Mode,
}

/// How one file differs between two images.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileChange {
    pub path: String,
    pub kind: DifferenceKind,
    pub before: Option<FileFacts>,
    pub after: Option<FileFacts>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileFacts {
    pub kind: FileKind,
    /// Zero for anything but a file.
    pub size_bytes: u64,
    /// Of the content; only files have one.
    pub digest: Option<Digest>,
    /// Only links have one.
    pub link_target: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileKind {
    Folder,
    File,
    Executable,
    Link,
}
