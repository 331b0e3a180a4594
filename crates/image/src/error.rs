use std::{io, path::PathBuf};

use crate::{BadDigest, Difference, Digest};

/// Why the store could not do what was asked: what was wrong, where, and what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImageError {
    #[error("the folder {} does not exist: check the path", path.display())]
    FolderMissing { path: PathBuf },
    #[error("{} is not a folder: name the folder that holds the file", path.display())]
    NotAFolder { path: PathBuf },
    #[error("the folder {} is empty: an image needs at least one file", path.display())]
    FolderEmpty { path: PathBuf },
    #[error(
        "the folder {} contains the image store itself ({}): bake a folder of its own",
        path.display(), store.display()
    )]
    StoreInsideFolder { path: PathBuf, store: PathBuf },
    #[error(
        "the link {} points outside its image, to `{target}`: copy the target into the folder, or make the link relative to a file inside",
        path.display()
    )]
    LinkLeavesImage { path: PathBuf, target: String },
    #[error(
        "{} is a {kind}: an image holds only files, folders and links; remove it from the folder",
        path.display()
    )]
    SpecialFile { path: PathBuf, kind: &'static str },
    #[error("the name or link target of {} is not UTF-8: rename it", path.display())]
    NotText { path: PathBuf },
    #[error(
        "the path {} or its link target is too long ({length} bytes): at most {limit} bytes in all and 255 a name; shorten it",
        path.display()
    )]
    PathTooLong {
        path: PathBuf,
        length: usize,
        limit: usize,
    },
    #[error(
        "{} marks a file for removal that the parent image does not have: delete the marker or correct its name",
        path.display()
    )]
    NothingToRemove { path: PathBuf },
    #[error(
        "{} {reason}: `.wh.name`, an empty file, removes `name` of the parent image; rename what is no such marker",
        path.display()
    )]
    BadMarker { path: PathBuf, reason: &'static str },
    #[error(
        "the image would be {bytes} bytes unpacked and the limit is {limit}: leave out what it does not need to run, or raise the store's limit"
    )]
    TooLarge { bytes: u64, limit: u64 },
    #[error(
        "the image would hold more than {limit} files and folders: leave out what it does not need to run, or raise the store's limit"
    )]
    TooManyEntries { limit: u64 },
    #[error("{} changed while it was being read: bake again when nothing writes there", path.display())]
    FolderChanged { path: PathBuf },
    #[error(
        "the {field} `{value}` cannot be used: write 1 to 64 letters, digits, dots, underscores or dashes, beginning with a letter or digit"
    )]
    BadName { field: &'static str, value: String },
    #[error("the label `{key}` cannot be used: {reason}")]
    BadLabel { key: String, reason: &'static str },
    #[error(
        "the creation time {created_ms} ms is outside the years 0 to 9999: give milliseconds since 1970"
    )]
    BadTime { created_ms: i64 },
    #[error(
        "the image has no command: say what to start, since there is no parent image whose command it could take over"
    )]
    NoCommand,
    #[error("the command cannot be used: {reason}")]
    BadCommand { reason: &'static str },
    #[error("the parent image {digest} is not in the store: bake or import it first")]
    ParentUnknown { digest: Digest },
    #[error("the image {digest} is not in the store: bake or import it first")]
    NotFound { digest: Digest },
    #[error("the image {digest} is not unpacked: unpack it first")]
    NotUnpacked { digest: Digest },
    #[error(
        "{app} {version} exists already, as {existing}, with its own {differs}, and an image never changes: choose another version"
    )]
    VersionTaken {
        app: String,
        version: String,
        existing: Digest,
        /// What is not the same: files, command, parent, labels or image.
        differs: &'static str,
    },
    #[error(
        "the unpacked tree of {digest} no longer matches its image ({} differences, the first at `{}`): stop what runs from it, remove the tree and unpack again",
        differences.len(), differences.first().map_or("", |d| &d.path)
    )]
    Drifted {
        digest: Digest,
        differences: Vec<Difference>,
    },
    #[error(
        "the blob {} is damaged: its bytes hash to {found}, not to {expected}; restore it from a copy or import the image again",
        blob.display()
    )]
    DigestMismatch {
        blob: PathBuf,
        expected: Digest,
        found: Digest,
    },
    #[error("{} is not a valid part of an OCI image layout: {reason}; write the layout again with the tool that made it", path.display())]
    Malformed { path: PathBuf, reason: String },
    #[error("the layer {} holds `{entry}`, which {reason}: refused, do not use this image", blob.display())]
    HostileLayer {
        blob: PathBuf,
        entry: String,
        reason: &'static str,
    },
    #[error("{} uses {what}, which this store does not read: {remedy}", path.display())]
    Unsupported {
        path: PathBuf,
        what: String,
        remedy: &'static str,
    },
    #[error(
        "the layout {} has no image `{}`; it has: {}",
        layout.display(), wanted.as_deref().unwrap_or("(none named)"), available.join(", ")
    )]
    ReferenceUnknown {
        layout: PathBuf,
        wanted: Option<String>,
        available: Vec<String>,
    },
    #[error("the disk of {} is full: free some space and try again; nothing half-written was kept", path.display())]
    DiskFull { path: PathBuf },
    #[error("could not {action} {}", path.display())]
    Io {
        action: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    #[error(transparent)]
    BadDigest(#[from] BadDigest),
}

impl ImageError {
    /// Names the action and the path of an I/O error; a full disk is told apart.
    pub(crate) fn io(
        action: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> ImageError {
        let path = path.into();
        move |source| match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                ImageError::DiskFull { path }
            }
            _ => ImageError::Io {
                action,
                path,
                source,
            },
        }
    }

    pub(crate) fn malformed(path: impl Into<PathBuf>, reason: impl ToString) -> ImageError {
        ImageError::Malformed {
            path: path.into(),
            reason: reason.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_apart_from_other_errors() {
        let full = io::Error::from_raw_os_error(rustix::io::Errno::NOSPC.raw_os_error());
        let error = ImageError::io("write", "/store/tmp/x")(full);
        assert!(matches!(error, ImageError::DiskFull { .. }), "{error:?}");
        assert!(error.to_string().contains("free some space"));
        let quota = io::Error::from_raw_os_error(rustix::io::Errno::DQUOT.raw_os_error());
        assert!(matches!(
            ImageError::io("write", "x")(quota),
            ImageError::DiskFull { .. }
        ));
        let denied = io::Error::from(io::ErrorKind::PermissionDenied);
        assert!(matches!(
            ImageError::io("write", "x")(denied),
            ImageError::Io { .. }
        ));
    }
}
