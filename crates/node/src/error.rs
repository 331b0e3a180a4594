//! Why a node cannot run, and how its troubles become answers.

use std::io;
use std::path::{Path, PathBuf};

use cloud::CloudError;
use image::ImageError;

/// Why the node process ends.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    #[error(
        "another node (process {pid}) already runs in {}; use that one, or end it first", dir.display()
    )]
    AlreadyRunning { dir: PathBuf, pid: String },
    #[error(
        "the path of the socket {} is too long ({length} bytes, at most {limit}): choose a data folder with a shorter path",
        path.display()
    )]
    SocketPathTooLong {
        path: PathBuf,
        length: usize,
        limit: usize,
    },
    #[error(
        "{} cannot be read ({reason}); it says what this node has to run: restore it from a copy, or move it away to begin with nothing",
        path.display()
    )]
    State { path: PathBuf, reason: String },
    #[error("could not {action} {}", path.display())]
    Io {
        action: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    #[error("the image store cannot be opened")]
    Images(#[from] ImageError),
}

impl NodeError {
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io {
            action,
            path,
            source,
        }
    }
}

/// The error and what caused it, in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text.push_str(": ");
        text.push_str(&next.to_string());
        cause = next.source();
    }
    text
}

/// An I/O error of the node's own files: worth trying again, since only the machine is at fault.
pub(crate) fn transient(what: &str, error: &io::Error) -> CloudError {
    CloudError::Transient(format!("{what}: {error}"))
}

pub(crate) fn image_problem(error: &ImageError) -> CloudError {
    let text = chain(error);
    match error {
        ImageError::NotFound { .. } | ImageError::NotUnpacked { .. } => CloudError::NotFound(text),
        ImageError::VersionTaken { .. } | ImageError::Drifted { .. } => CloudError::Conflict(text),
        ImageError::DiskFull { .. } | ImageError::FolderChanged { .. } => {
            CloudError::Transient(text)
        }
        ImageError::Io { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => {
            CloudError::Denied(text)
        }
        ImageError::Io { .. } => CloudError::Transient(text),
        ImageError::Unsupported { .. } => CloudError::Unsupported(text),
        _ => CloudError::Invalid(text),
    }
}
