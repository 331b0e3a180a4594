//! From an image to a read-only folder. The final tree is known before the first file is written:
//! folders first, then files, then links, so that no link can ever redirect a write.

use std::{
    collections::HashMap,
    fs::{self, File, OpenOptions, Permissions},
    io,
    os::unix::fs::{OpenOptionsExt, PermissionsExt, symlink},
    path::{Path, PathBuf},
};

use crate::{
    Digest, ImageError, Verdict,
    blobs::{Hashing, Side, pump},
    index::Lock,
    layer_reader::{LayerBlob, fold, read},
    seal::Seal,
    store::ImageStore,
    tree::{Node, Tree},
    verify,
};

pub(crate) const FILE_MODE: u32 = 0o444;
pub(crate) const EXECUTABLE_MODE: u32 = 0o555;
pub(crate) const FOLDER_MODE: u32 = 0o555;

pub(crate) fn unpack(store: &ImageStore, digest: &Digest) -> Result<PathBuf, ImageError> {
    let layers = store.layers(digest)?;
    let _working = store.working()?;
    let _alone = Lock::exclusive(&store.dir.join("locks").join(digest.hex()))?;
    let root = store.unpacked(digest);
    match verify::quick(store, digest) {
        Ok(Verdict::Clean) => return Ok(root),
        Ok(Verdict::Drifted(differences)) => {
            return Err(ImageError::Drifted {
                digest: *digest,
                differences,
            });
        }
        Err(ImageError::NotUnpacked { .. }) => {}
        Err(other) => return Err(other),
    }
    let tree = fold(&layers, &store.options)?;
    if let Some((path, target)) = tree.escaping_link() {
        return Err(ImageError::LinkLeavesImage {
            path: path.into(),
            target: target.to_owned(),
        });
    }
    // Beside its final place: a read-only folder can only be renamed where it is.
    let beside = store.dir.join("unpacked");
    let fresh = tempfile::Builder::new()
        .prefix(".new-")
        .tempdir_in(&beside)
        .map_err(ImageError::io("create a folder in", &beside))?
        .keep();
    let finished = write(store, &layers, &tree, &fresh)
        .and_then(|()| Seal::of(*digest, &tree, &fresh)?.write(store))
        .and_then(|()| {
            fs::rename(&fresh, &root).map_err(ImageError::io("move the tree to", &root))
        });
    if let Err(error) = finished {
        // The first error is the one to report.
        let _ = erase(&fresh);
        return Err(error);
    }
    // Not flushed to disk: should a power cut lose some of it, sizes and times no longer match the
    // seal, and the next check says so.
    Ok(root)
}

fn write(
    store: &ImageStore,
    layers: &[LayerBlob],
    tree: &Tree,
    root: &Path,
) -> Result<(), ImageError> {
    for (path, _) in of_kind(tree, |node| *node == Node::Folder) {
        let path = root.join(path);
        fs::create_dir(&path).map_err(ImageError::io("create the folder", &path))?;
    }
    for (number, layer) in layers.iter().enumerate() {
        let mut wanted: HashMap<u64, Vec<(&str, &Node)>> = HashMap::new();
        for (path, node) in &tree.nodes {
            if let Node::File { source, .. } = node
                && source.0 == number
            {
                wanted.entry(source.1).or_default().push((path, node));
            }
        }
        if wanted.is_empty() {
            continue;
        }
        read(layer, &store.options, &mut |position, _, content| {
            let Some(places) = wanted.remove(&position) else {
                return Ok(());
            };
            let mut first: Option<PathBuf> = None;
            for (path, node) in places {
                let path = root.join(path);
                match &first {
                    None => {
                        write_file(&path, node, content, &layer.path)?;
                        first = Some(path);
                    }
                    Some(first) => {
                        let mut copy = File::open(first).map_err(ImageError::io("read", first))?;
                        write_file(&path, node, &mut copy, first)?;
                    }
                }
            }
            Ok(())
        })?;
    }
    for (path, node) in of_kind(tree, |node| matches!(node, Node::Link { .. })) {
        if let Node::Link { target } = node {
            let path = root.join(path);
            symlink(target, &path).map_err(ImageError::io("create the link", &path))?;
        }
    }
    // Deepest first, as nothing can be done in a folder that is closed.
    for (path, _) in of_kind(tree, |node| *node == Node::Folder).rev() {
        close(&root.join(path), FOLDER_MODE)?;
    }
    close(root, FOLDER_MODE)
}

fn of_kind(
    tree: &Tree,
    kind: impl Fn(&Node) -> bool,
) -> impl DoubleEndedIterator<Item = (&String, &Node)> {
    tree.nodes.iter().filter(move |(_, node)| kind(node))
}

fn write_file(
    path: &Path,
    node: &Node,
    content: &mut dyn io::Read,
    source: &Path,
) -> Result<(), ImageError> {
    let Node::File {
        executable, digest, ..
    } = node
    else {
        return Ok(());
    };
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(ImageError::io("create", path))?;
    let mut writer = Hashing::new(file);
    pump(content, &mut writer, &mut |_| {}).map_err(|(side, error)| match side {
        Side::Read => ImageError::io("read", source)(error),
        Side::Write => ImageError::io("write", path)(error),
    })?;
    let (file, found, _) = writer.finish();
    // The layer was read once before to work out the tree; it must still be the same.
    if let Some(expected) = digest
        && *expected != found
    {
        return Err(ImageError::DigestMismatch {
            blob: source.to_path_buf(),
            expected: *expected,
            found,
        });
    }
    let mode = if *executable {
        EXECUTABLE_MODE
    } else {
        FILE_MODE
    };
    file.set_permissions(Permissions::from_mode(mode))
        .map_err(ImageError::io("protect", path))
}

fn close(path: &Path, mode: u32) -> Result<(), ImageError> {
    fs::set_permissions(path, Permissions::from_mode(mode)).map_err(ImageError::io("protect", path))
}

pub(crate) fn remove(store: &ImageStore, digest: &Digest) -> Result<(), ImageError> {
    let _working = store.working()?;
    let _alone = Lock::exclusive(&store.dir.join("locks").join(digest.hex()))?;
    let root = store.unpacked(digest);
    let beside = store.dir.join("unpacked");
    let grave = tempfile::Builder::new()
        .prefix(".old-")
        .tempdir_in(&beside)
        .map_err(ImageError::io("create a folder in", &beside))?
        .keep();
    // Away in one step; a half-removed tree must never be taken for the image.
    let moved = match fs::rename(&root, &grave) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        // Somebody put a file in the tree's place.
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            fs::remove_file(&root).map_err(ImageError::io("remove", &root))
        }
        other => other.map_err(ImageError::io("remove", &root)),
    };
    erase(&grave)?;
    moved?;
    let seal = Seal::path(store, digest);
    match fs::remove_file(&seal) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(ImageError::io("remove", &seal)(error))
        }
        _ => Ok(()),
    }
}

/// Removes a file or a tree, also a read-only one, without following any link.
pub(crate) fn erase(path: &Path) -> Result<(), ImageError> {
    let removing = ImageError::io("remove", path);
    let metadata = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        other => other.map_err(ImageError::io("remove", path))?,
    };
    if !metadata.is_dir() {
        return fs::remove_file(path).map_err(removing);
    }
    let mut waiting = vec![path.to_path_buf()];
    while let Some(dir) = waiting.pop() {
        close(&dir, 0o700)?;
        for entry in fs::read_dir(&dir).map_err(ImageError::io("list", &dir))? {
            let entry = entry.map_err(ImageError::io("list", &dir))?;
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                waiting.push(entry.path());
            }
        }
    }
    fs::remove_dir_all(path).map_err(removing)
}
