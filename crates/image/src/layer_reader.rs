//! Reads one layer blob entry by entry. Whoever wrote it may be hostile: every length is bounded
//! before memory is taken, and every path is checked before it is used.

use std::{
    fs::File,
    io::{self, BufReader, Read},
    path::{Path, PathBuf},
};

use flate2::bufread::MultiGzDecoder;
use tar::{Archive, EntryType};

use crate::{
    Digest, ImageError, Options,
    blobs::{Hashing, open_verified},
    extension::Extensions,
    oci,
    tree::{Change, NAME_BYTES_MAX, Node, OPAQUE, PATH_BYTES_MAX, Tree, WHITEOUT},
};

/// A layer on disk and what it must be.
#[derive(Clone, Debug)]
pub(crate) struct LayerBlob {
    pub(crate) path: PathBuf,
    pub(crate) digest: Digest,
    pub(crate) size: u64,
    pub(crate) diff_id: Digest,
    pub(crate) packing: Packing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Packing {
    Plain,
    Gzip,
}

impl Packing {
    pub(crate) fn of(media_type: &str, path: &Path) -> Result<Packing, ImageError> {
        match media_type {
            oci::LAYER_GZIP | "application/vnd.docker.image.rootfs.diff.tar.gzip" => {
                Ok(Packing::Gzip)
            }
            oci::LAYER_TAR | "application/vnd.docker.image.rootfs.diff.tar" => Ok(Packing::Plain),
            other => Err(ImageError::Unsupported {
                path: path.to_path_buf(),
                what: format!("the layer type `{other}`"),
                remedy: "convert the image to gzip layers (skopeo copy --dest-compress-format gzip)",
            }),
        }
    }
}

/// What a visitor gets: the position in the layer, the entry, and its bytes.
pub(crate) type Visit<'a> = dyn FnMut(u64, Entry, &mut dyn Read) -> Result<(), ImageError> + 'a;

#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) path: String,
    pub(crate) change: Change,
}

/// The tree of all these layers, each checked against its digest, bounded by the options.
pub(crate) fn fold(layers: &[LayerBlob], options: &Options) -> Result<Tree, ImageError> {
    let mut tree = Tree::default();
    for (layer, blob) in layers.iter().enumerate() {
        let mut changes = Vec::new();
        read(blob, options, &mut |position, entry, content| {
            let mut change = entry.change;
            if let Change::Put(Node::File { digest, source, .. }) = &mut change {
                let mut hashing = Hashing::new(content);
                io::copy(&mut hashing, &mut io::sink())
                    .map_err(|error| ImageError::malformed(&blob.path, error))?;
                *digest = Some(hashing.finish().1);
                *source = (layer, position);
            }
            changes.push((entry.path, change));
            if changes.len() as u64 > options.image_entries_max {
                return Err(ImageError::TooManyEntries {
                    limit: options.image_entries_max,
                });
            }
            Ok(())
        })?;
        tree.apply(changes)
            .map_err(|bad| hostile(blob, &bad.path, bad.reason))?;
        check_limits(&tree, options)?;
    }
    Ok(tree)
}

pub(crate) fn check_limits(tree: &Tree, options: &Options) -> Result<(), ImageError> {
    if tree.nodes.len() as u64 > options.image_entries_max {
        return Err(ImageError::TooManyEntries {
            limit: options.image_entries_max,
        });
    }
    let bytes = tree.size_bytes();
    if bytes > options.image_bytes_max {
        return Err(ImageError::TooLarge {
            bytes,
            limit: options.image_bytes_max,
        });
    }
    Ok(())
}

/// Visits the entries of a layer whose blob and whose tar stream both hash to what they must.
pub(crate) fn read(
    blob: &LayerBlob,
    options: &Options,
    visit: &mut Visit<'_>,
) -> Result<(), ImageError> {
    let file = open_verified(&blob.path, &blob.digest, blob.size)?;
    let mut stream = Bounded {
        inner: Hashing::new(unpacked(file, blob.packing)),
        left: stream_bytes_max(options),
        exceeded: false,
    };
    let walked = walk(&mut stream, blob, visit).and_then(|()| {
        io::copy(&mut stream, &mut io::sink())
            .map_err(|error| ImageError::malformed(&blob.path, error))
    });
    if stream.exceeded {
        return Err(ImageError::TooLarge {
            bytes: stream.inner.bytes,
            limit: options.image_bytes_max,
        });
    }
    walked?;
    let (_, found, _) = stream.inner.finish();
    if found != blob.diff_id {
        return Err(ImageError::DigestMismatch {
            blob: blob.path.clone(),
            expected: blob.diff_id,
            found,
        });
    }
    Ok(())
}

/// Room for the files, and for the headers and padding of as many entries as are allowed.
fn stream_bytes_max(options: &Options) -> u64 {
    options
        .image_entries_max
        .saturating_mul(4096)
        .saturating_add(1 << 20)
        .saturating_add(options.image_bytes_max)
}

fn unpacked(file: File, packing: Packing) -> Box<dyn Read> {
    let file = BufReader::with_capacity(128 * 1024, file);
    match packing {
        Packing::Plain => Box::new(file),
        Packing::Gzip => Box::new(MultiGzDecoder::new(file)),
    }
}

/// Ends a decompression bomb.
struct Bounded<R> {
    inner: R,
    left: u64,
    exceeded: bool,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        match self.left.checked_sub(count as u64) {
            Some(left) => self.left = left,
            None => {
                self.exceeded = true;
                return Err(io::Error::other("the layer is larger than the limit"));
            }
        }
        Ok(count)
    }
}

fn walk(stream: &mut dyn Read, blob: &LayerBlob, visit: &mut Visit<'_>) -> Result<(), ImageError> {
    let malformed = |error: io::Error| ImageError::malformed(&blob.path, error);
    let mut archive = Archive::new(stream);
    let mut extensions = Extensions::default();
    let mut position = 0;
    // Raw, because the library would read a long name of any length into memory.
    for entry in archive.entries().map_err(malformed)?.raw(true) {
        let mut entry = entry.map_err(malformed)?;
        let kind = entry.header().entry_type();
        if extensions.take_in(kind, &mut entry, &blob.path)? {
            continue;
        }
        let extensions = std::mem::take(&mut extensions);
        let named = match extensions.path {
            Some(path) => path,
            None => text(&entry.header().path_bytes(), blob)?,
        };
        let link = match extensions.link {
            Some(link) => link,
            None => match entry.header().link_name_bytes() {
                Some(bytes) => text(&bytes, blob)?,
                None => String::new(),
            },
        };
        let size = entry.header().entry_size().map_err(malformed)?;
        if extensions.size.is_some_and(|extended| extended != size) {
            return Err(hostile(blob, &named, "gives two different sizes"));
        }
        let mode = entry.header().mode().map_err(malformed)?;
        let path = checked(&named).map_err(|reason| hostile(blob, &named, reason))?;
        if path.is_empty() {
            // The root's own entry (`./`) says nothing that an image keeps.
            if kind == EntryType::Directory {
                continue;
            }
            return Err(hostile(blob, &named, "has no name"));
        }
        let change = match kind {
            EntryType::Directory => Change::Put(Node::Folder),
            // How archives before POSIX wrote a folder.
            EntryType::Regular if named.ends_with('/') => Change::Put(Node::Folder),
            EntryType::Regular => Change::Put(Node::File {
                size,
                executable: mode & 0o111 != 0,
                digest: None,
                source: (0, position),
            }),
            EntryType::Symlink if link.is_empty() || link.len() > PATH_BYTES_MAX => {
                return Err(hostile(blob, &named, "is a link without a usable target"));
            }
            EntryType::Symlink if link.contains('\0') => {
                return Err(hostile(blob, &named, "is a link without a usable target"));
            }
            EntryType::Symlink => Change::Put(Node::Link { target: link }),
            EntryType::Link => Change::HardLink {
                target: checked(&link)
                    .map_err(|_| hostile(blob, &named, "is a hard link out of the image"))?,
            },
            EntryType::Char | EntryType::Block | EntryType::Fifo => {
                return Err(hostile(blob, &named, "is a device or a pipe"));
            }
            _ => {
                return Err(hostile(
                    blob,
                    &named,
                    "is of a kind that images do not have",
                ));
            }
        };
        let entry_read = whiteout(path, change).map_err(|reason| hostile(blob, &named, reason))?;
        visit(position, entry_read, &mut entry)?;
        position += 1;
    }
    Ok(())
}

fn text(bytes: &[u8], blob: &LayerBlob) -> Result<String, ImageError> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.to_owned()),
        Err(_) => Err(hostile(
            blob,
            &String::from_utf8_lossy(bytes),
            "has a name that is not UTF-8",
        )),
    }
}

/// A path below the root with neither `.` nor `..` in it; empty for the root itself.
pub(crate) fn checked(named: &str) -> Result<String, &'static str> {
    if named.starts_with('/') {
        return Err("has an absolute path");
    }
    if named.contains('\0') {
        return Err("has a name with a zero byte");
    }
    let mut path = String::with_capacity(named.len());
    for name in named.split('/') {
        match name {
            "" | "." => continue,
            ".." => return Err("leads out of the image with `..`"),
            _ if name.len() > NAME_BYTES_MAX => return Err("has a name longer than 255 bytes"),
            _ => {}
        }
        if !path.is_empty() {
            path.push('/');
        }
        path.push_str(name);
    }
    if path.len() > PATH_BYTES_MAX {
        return Err("has a path longer than 1024 bytes");
    }
    Ok(path)
}

/// Turns the marker files of image-spec's layer.md ("Whiteouts") into removals.
pub(crate) fn whiteout(path: String, change: Change) -> Result<Entry, &'static str> {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", &path));
    if name == OPAQUE {
        return Ok(Entry {
            path: folder.to_owned(),
            change: Change::Opaque,
        });
    }
    let Some(removed) = name.strip_prefix(WHITEOUT) else {
        return Ok(Entry { path, change });
    };
    if matches!(removed, "" | "." | "..") || removed.starts_with(WHITEOUT) {
        return Err("is a removal marker without a usable name");
    }
    if !matches!(change, Change::Put(Node::File { .. })) {
        return Err("is a removal marker but no file");
    }
    let path = match folder {
        "" => removed.to_owned(),
        _ => format!("{folder}/{removed}"),
    };
    Ok(Entry {
        path,
        change: Change::Whiteout,
    })
}

pub(crate) fn hostile(blob: &LayerBlob, entry: &str, reason: &'static str) -> ImageError {
    ImageError::HostileLayer {
        blob: blob.path.clone(),
        entry: entry
            .chars()
            .take(200)
            .flat_map(char::escape_debug)
            .collect(),
        reason,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_made_plain_or_refused() {
        for (named, expected) in [
            ("a/b", "a/b"),
            ("./a//b/", "a/b"),
            ("./", ""),
            (".", ""),
            ("a/.hidden", "a/.hidden"),
            ("a/..b", "a/..b"),
        ] {
            assert_eq!(checked(named).as_deref(), Ok(expected), "{named}");
        }
        let long_name = "x".repeat(256);
        let long_path = "x/".repeat(600);
        for bad in [
            "/etc/passwd",
            "..",
            "a/../../b",
            "a\0b",
            &long_name,
            &long_path,
        ] {
            assert!(checked(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn removal_markers_need_a_usable_name() {
        let file = || {
            Change::Put(Node::File {
                size: 0,
                executable: false,
                digest: None,
                source: (0, 0),
            })
        };
        let entry = whiteout("a/.wh.b".to_owned(), file()).unwrap();
        assert_eq!(
            (entry.path.as_str(), entry.change),
            ("a/b", Change::Whiteout)
        );
        let entry = whiteout("a/.wh..wh..opq".to_owned(), file()).unwrap();
        assert_eq!((entry.path.as_str(), entry.change), ("a", Change::Opaque));
        for bad in ["a/.wh.", ".wh..", ".wh...", "a/.wh..wh.x"] {
            assert!(whiteout(bad.to_owned(), file()).is_err(), "{bad}");
        }
        assert!(whiteout(".wh.a".to_owned(), Change::Put(Node::Folder)).is_err());
    }
}
