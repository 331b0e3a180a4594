//! Walks the folder of a bake: names and sizes only, so that what cannot become an image is
//! refused before anything is copied.

use std::{
    fs, io,
    os::unix::fs::{FileTypeExt, PermissionsExt},
    path::{Path, PathBuf},
};

use crate::{
    ImageError, Options,
    layer_reader::{Entry, whiteout},
    tree::{Change, NAME_BYTES_MAX, Node, PATH_BYTES_MAX},
};

/// One thing of the folder and what it does to the parent's files.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) on_disk: PathBuf,
    /// As in the layer: markers keep their own name.
    pub(crate) name: String,
    pub(crate) entry: Entry,
}

#[derive(Debug)]
pub(crate) struct Scan {
    /// In the order of the names, so that the same folder always gives the same layer.
    pub(crate) found: Vec<Found>,
    pub(crate) bytes: u64,
}

/// `store` must not lie inside the folder, or a bake would contain itself.
pub(crate) fn scan(folder: &Path, store: &Path, options: &Options) -> Result<Scan, ImageError> {
    let metadata = fs::metadata(folder).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => ImageError::FolderMissing {
            path: folder.to_path_buf(),
        },
        _ => ImageError::io("read the folder", folder)(error),
    })?;
    if !metadata.is_dir() {
        return Err(ImageError::NotAFolder {
            path: folder.to_path_buf(),
        });
    }
    let root = folder
        .canonicalize()
        .map_err(ImageError::io("read the folder", folder))?;
    if store.starts_with(&root) {
        return Err(ImageError::StoreInsideFolder {
            path: folder.to_path_buf(),
            store: store.to_path_buf(),
        });
    }
    let mut scan = Scan {
        found: Vec::new(),
        bytes: 0,
    };
    let mut waiting = vec![(root, String::new())];
    while let Some((dir, below)) = waiting.pop() {
        for entry in fs::read_dir(&dir).map_err(ImageError::io("list the folder", &dir))? {
            let entry = entry.map_err(ImageError::io("list the folder", &dir))?;
            let found = look(&entry, &below)?;
            if let Change::Put(Node::File { size, .. }) = found.entry.change {
                scan.bytes = scan.bytes.saturating_add(size);
            }
            if matches!(found.entry.change, Change::Put(Node::Folder)) {
                waiting.push((found.on_disk.clone(), found.name.clone()));
            }
            scan.found.push(found);
            if scan.found.len() as u64 > options.image_entries_max {
                return Err(ImageError::TooManyEntries {
                    limit: options.image_entries_max,
                });
            }
        }
    }
    if scan
        .found
        .iter()
        .all(|found| matches!(found.entry.change, Change::Put(Node::Folder)))
    {
        return Err(ImageError::FolderEmpty {
            path: folder.to_path_buf(),
        });
    }
    if scan.bytes > options.image_bytes_max {
        return Err(ImageError::TooLarge {
            bytes: scan.bytes,
            limit: options.image_bytes_max,
        });
    }
    scan.found.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    Ok(scan)
}

fn look(entry: &fs::DirEntry, below: &str) -> Result<Found, ImageError> {
    let on_disk = entry.path();
    let not_text = || ImageError::NotText {
        path: on_disk.clone(),
    };
    let too_long = |length| ImageError::PathTooLong {
        path: on_disk.clone(),
        length,
        limit: PATH_BYTES_MAX,
    };
    let file_name = entry.file_name();
    let file_name = file_name.to_str().ok_or_else(not_text)?;
    let name = match below {
        "" => file_name.to_owned(),
        _ => format!("{below}/{file_name}"),
    };
    if name.len() > PATH_BYTES_MAX || file_name.len() > NAME_BYTES_MAX {
        return Err(too_long(name.len()));
    }
    let metadata = fs::symlink_metadata(&on_disk).map_err(ImageError::io("read", &on_disk))?;
    let kind = metadata.file_type();
    let node = if kind.is_dir() {
        Node::Folder
    } else if kind.is_file() {
        Node::File {
            size: metadata.len(),
            executable: metadata.permissions().mode() & 0o111 != 0,
            digest: None,
            source: (0, 0),
        }
    } else if kind.is_symlink() {
        let target = fs::read_link(&on_disk).map_err(ImageError::io("read the link", &on_disk))?;
        let target = target.to_str().ok_or_else(not_text)?.to_owned();
        if target.len() > PATH_BYTES_MAX {
            return Err(too_long(target.len()));
        }
        Node::Link { target }
    } else {
        return Err(ImageError::SpecialFile {
            kind: if kind.is_fifo() {
                "named pipe"
            } else if kind.is_socket() {
                "socket"
            } else {
                "device"
            },
            path: on_disk,
        });
    };
    let entry =
        whiteout(name.clone(), Change::Put(node)).map_err(|reason| ImageError::BadMarker {
            path: on_disk.clone(),
            reason,
        })?;
    Ok(Found {
        on_disk,
        name,
        entry,
    })
}
