//! Writes one layer: a gzip-compressed tar stream that depends on nothing but names, bytes, links
//! and the executable bit.

use std::{
    io::{self, BufWriter, Read, Write},
    path::Path,
};

use flate2::{Compression, GzBuilder, write::GzEncoder};
use tar::{Builder, EntryType, Header};
use tempfile::NamedTempFile;

use crate::{
    Digest, ImageError,
    blobs::{Hashing, make_durable, open_regular},
    scan::Found,
    tree::{Change, Node},
};

/// A finished layer that is not in the store yet.
#[derive(Debug)]
pub(crate) struct Staged {
    pub(crate) file: NamedTempFile,
    pub(crate) digest: Digest,
    pub(crate) diff_id: Digest,
    pub(crate) size: u64,
}

/// `read` hears of every piece read and the file it is from.
pub(crate) fn write(
    found: &[&Found],
    tmp: &Path,
    read: &mut dyn FnMut(&str, u64),
) -> Result<Staged, ImageError> {
    let writing = || ImageError::io("write a layer to", tmp);
    let file = NamedTempFile::new_in(tmp).map_err(ImageError::io("create a file in", tmp))?;
    let compressed = Hashing::new(BufWriter::with_capacity(128 * 1024, file));
    // The fastest level: a person waits for the bake, and the disk is cheap.
    let gzip = GzBuilder::new().write(compressed, Compression::fast());
    let mut tar = Builder::new(Hashing::new(gzip));
    for found in found {
        append(&mut tar, found, tmp, read)?;
    }
    let (gzip, diff_id, _) = tar.into_inner().map_err(writing())?.finish();
    let (file, digest, size) = gzip.finish().map_err(writing())?.finish();
    let file = file
        .into_inner()
        .map_err(|error| writing()(error.into_error()))?;
    make_durable(&file).map_err(writing())?;
    Ok(Staged {
        file,
        digest,
        diff_id,
        size,
    })
}

type Tar<W> = Builder<Hashing<GzEncoder<W>>>;

fn append<W: Write>(
    tar: &mut Tar<W>,
    found: &Found,
    tmp: &Path,
    read: &mut dyn FnMut(&str, u64),
) -> Result<(), ImageError> {
    let writing = ImageError::io("write a layer to", tmp);
    let mut header = Header::new_gnu();
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_size(0);
    match &found.entry.change {
        Change::Put(Node::Folder) => {
            header.set_entry_type(EntryType::Directory);
            header.set_mode(0o755);
            tar.append_data(&mut header, format!("{}/", found.name), io::empty())
                .map_err(writing)
        }
        Change::Put(Node::Link { target }) => {
            header.set_entry_type(EntryType::Symlink);
            header.set_mode(0o777);
            link_target(tar, &mut header, target)
                .and_then(|()| tar.append_data(&mut header, &found.name, io::empty()))
                .map_err(writing)
        }
        Change::Put(Node::File {
            size, executable, ..
        }) => {
            header.set_entry_type(EntryType::Regular);
            header.set_mode(if *executable { 0o755 } else { 0o644 });
            header.set_size(*size);
            let mut source = Source::open(found, *size, read)?;
            let written = tar.append_data(&mut header, &found.name, &mut source);
            // The reader's own failure explains more than what the archive made of it.
            match (written, source.failed.take()) {
                (_, Some(failed)) => Err(failed),
                (Err(error), None) => Err(writing(error)),
                (Ok(()), None) => source.check_end(),
            }
        }
        Change::Whiteout | Change::Opaque | Change::HardLink { .. } => {
            header.set_entry_type(EntryType::Regular);
            header.set_mode(0o644);
            tar.append_data(&mut header, &found.name, io::empty())
                .map_err(writing)
        }
    }
}

/// Byte for byte: the library's own way would tidy the target up. Too long a one goes ahead in an
/// entry of its own, as GNU tar writes it.
fn link_target<W: Write>(tar: &mut Tar<W>, header: &mut Header, target: &str) -> io::Result<()> {
    if target.len() <= 100 {
        return header.set_link_name_literal(target);
    }
    let mut long = Header::new_gnu();
    long.set_path("././@LongLink")?;
    long.set_entry_type(EntryType::GNULongLink);
    long.set_mode(0o644);
    long.set_uid(0);
    long.set_gid(0);
    long.set_mtime(0);
    long.set_size(target.len() as u64 + 1);
    long.set_cksum();
    tar.append(&long, target.as_bytes().chain(&b"\0"[..]))
}

/// One file of the folder, which must be as long as it was when the folder was looked through.
struct Source<'a> {
    found: &'a Found,
    file: std::fs::File,
    left: u64,
    failed: Option<ImageError>,
    read: &'a mut dyn FnMut(&str, u64),
}

impl<'a> Source<'a> {
    fn open(
        found: &'a Found,
        size: u64,
        read: &'a mut dyn FnMut(&str, u64),
    ) -> Result<Source<'a>, ImageError> {
        let file = open_regular(&found.on_disk).map_err(ImageError::io("read", &found.on_disk))?;
        Ok(Source {
            found,
            file,
            left: size,
            failed: None,
            read,
        })
    }

    fn check_end(mut self) -> Result<(), ImageError> {
        let more = self.file.read(&mut [0]).unwrap_or(0);
        if self.left > 0 || more > 0 {
            return Err(ImageError::FolderChanged {
                path: self.found.on_disk.clone(),
            });
        }
        Ok(())
    }
}

impl Read for Source<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).map_or(buffer.len(), |left| left.min(buffer.len()));
        if most == 0 {
            return Ok(0);
        }
        match self.file.read(&mut buffer[..most]) {
            Ok(0) => {
                self.failed = Some(ImageError::FolderChanged {
                    path: self.found.on_disk.clone(),
                });
                Err(io::ErrorKind::UnexpectedEof.into())
            }
            Ok(count) => {
                self.left -= count as u64;
                (self.read)(&self.found.name, count as u64);
                Ok(count)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) => {
                let kind = error.kind();
                self.failed = Some(ImageError::io("read", &self.found.on_disk)(error));
                Err(kind.into())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer_reader::Entry;

    /// A disk with room for so many bytes.
    struct Disk(usize);

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            match self.0.min(bytes.len()) {
                0 => Err(io::ErrorKind::StorageFull.into()),
                room => {
                    self.0 -= room;
                    Ok(room)
                }
            }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn found(dir: &Path, size: u64) -> Found {
        Found {
            on_disk: dir.join("file"),
            name: "file".to_owned(),
            entry: Entry {
                path: "file".to_owned(),
                change: Change::Put(Node::File {
                    size,
                    executable: false,
                    digest: None,
                    source: (0, 0),
                }),
            },
        }
    }

    fn tar(disk: Disk) -> Tar<Disk> {
        Builder::new(Hashing::new(
            GzBuilder::new().write(disk, Compression::none()),
        ))
    }

    #[test]
    fn a_disk_that_fills_up_is_not_blamed_on_the_folder() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("file"), vec![1; 1 << 20]).unwrap();
        let found = found(dir.path(), 1 << 20);
        let mut tar = tar(Disk(100_000));
        let error = append(&mut tar, &found, dir.path(), &mut |_, _| {}).unwrap_err();
        assert!(matches!(error, ImageError::DiskFull { .. }), "{error:?}");
    }

    #[test]
    fn a_file_that_grew_or_shrank_since_the_scan_is_named() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("file"), "1234").unwrap();
        for size in [3, 5] {
            let mut tar = tar(Disk(1 << 20));
            let found = found(dir.path(), size);
            let error = append(&mut tar, &found, dir.path(), &mut |_, _| {}).unwrap_err();
            assert!(
                matches!(&error, ImageError::FolderChanged { path } if *path == found.on_disk),
                "{error:?}"
            );
        }
    }
}
