//! An unpacked tree beside what it must be.

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::Path,
};

use crate::{
    Difference, DifferenceKind, Digest, ImageError, Verdict,
    blobs::digest_of,
    seal::{Seal, Sealed, Stat},
    store::ImageStore,
    unpack::{EXECUTABLE_MODE, FILE_MODE, FOLDER_MODE},
};

pub(crate) fn quick(store: &ImageStore, digest: &Digest) -> Result<Verdict, ImageError> {
    let root = present(store, digest)?;
    match Seal::read(store, digest) {
        Some(seal) => compare(&root, &seal),
        None => full(store, digest),
    }
}

pub(crate) fn full(store: &ImageStore, digest: &Digest) -> Result<Verdict, ImageError> {
    let root = present(store, digest)?;
    compare(&root, &Seal::unseen(*digest, &store.tree(digest)?))
}

fn present(store: &ImageStore, digest: &Digest) -> Result<std::path::PathBuf, ImageError> {
    let root = store.unpacked(digest);
    match fs::symlink_metadata(&root) {
        Ok(_) => Ok(root),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Err(ImageError::NotUnpacked { digest: *digest })
        }
        Err(error) => Err(ImageError::io("read", &root)(error)),
    }
}

fn compare(root: &Path, seal: &Seal) -> Result<Verdict, ImageError> {
    let mut differences = Vec::new();
    let mut note = |path: &str, kind| {
        differences.push(Difference {
            path: path.to_owned(),
            kind,
        });
    };
    let top = fs::symlink_metadata(root).map_err(ImageError::io("read", root))?;
    if !top.is_dir() {
        note(".", DifferenceKind::Changed);
        return Ok(Verdict::Drifted(differences));
    }
    if top.mode() & 0o7777 != FOLDER_MODE {
        note(".", DifferenceKind::Mode);
    }
    let mut seen = BTreeSet::new();
    let mut waiting = vec![String::new()];
    while let Some(folder) = waiting.pop() {
        let dir = root.join(&folder);
        for entry in fs::read_dir(&dir).map_err(ImageError::io("list", &dir))? {
            let entry = entry.map_err(ImageError::io("list", &dir))?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let path = match folder.as_str() {
                "" => name.into_owned(),
                _ => format!("{folder}/{name}"),
            };
            match seal.entries.get(&path) {
                // What is inside an added folder is added too: its name says enough.
                None => note(&path, DifferenceKind::Added),
                Some(sealed) => {
                    if let Some(kind) = look(&entry.path(), sealed)? {
                        note(&path, kind);
                    }
                    let is_folder = entry
                        .file_type()
                        .map_err(ImageError::io("read", entry.path()))?
                        .is_dir();
                    if is_folder && *sealed == Sealed::Folder {
                        waiting.push(path.clone());
                    }
                    seen.insert(path);
                }
            }
        }
    }
    for path in seal.entries.keys().filter(|path| !seen.contains(*path)) {
        note(path, DifferenceKind::Removed);
    }
    if differences.is_empty() {
        return Ok(Verdict::Clean);
    }
    differences.sort_unstable_by(|a, b| (&a.path, a.kind).cmp(&(&b.path, b.kind)));
    Ok(Verdict::Drifted(differences))
}

fn look(path: &Path, sealed: &Sealed) -> Result<Option<DifferenceKind>, ImageError> {
    let metadata = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Ok(Some(DifferenceKind::Removed));
        }
        Err(error) => return Err(ImageError::io("read", path)(error)),
    };
    let mode = metadata.permissions().mode() & 0o7777;
    let mode_is = |wanted: u32| (mode != wanted).then_some(DifferenceKind::Mode);
    match sealed {
        Sealed::Folder if metadata.is_dir() => Ok(mode_is(FOLDER_MODE)),
        Sealed::Link { target } if metadata.is_symlink() => {
            let found = fs::read_link(path).map_err(ImageError::io("read the link", path))?;
            let same = found.as_os_str() == target.as_str();
            Ok((!same).then_some(DifferenceKind::Changed))
        }
        Sealed::File {
            executable,
            digest,
            stat,
        } if metadata.is_file() => {
            if *stat == Some(Stat::of(&metadata)) {
                return Ok(None);
            }
            let found = digest_of(path, &mut |_| {}).map_err(ImageError::io("read", path))?;
            if found != *digest {
                return Ok(Some(DifferenceKind::Changed));
            }
            Ok(mode_is(if *executable {
                EXECUTABLE_MODE
            } else {
                FILE_MODE
            }))
        }
        Sealed::Folder | Sealed::Link { .. } | Sealed::File { .. } => {
            Ok(Some(DifferenceKind::Changed))
        }
    }
}
