//! Content-addressed files, and the hashing of what passes by.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use rustix::fs::OFlags;
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};
use tempfile::NamedTempFile;

use crate::{Digest, ImageError, oci::Descriptor};

/// A manifest, config or index larger than this is not one; the registries' customary limit.
pub(crate) const DOCUMENT_BYTES_MAX: u64 = 4 << 20;

/// Hashes and counts what is read or written through it.
pub(crate) struct Hashing<T> {
    pub(crate) inner: T,
    hasher: Sha256,
    pub(crate) bytes: u64,
}

impl<T> Hashing<T> {
    pub(crate) fn new(inner: T) -> Hashing<T> {
        Hashing {
            inner,
            hasher: Sha256::new(),
            bytes: 0,
        }
    }

    pub(crate) fn finish(self) -> (T, Digest, u64) {
        (self.inner, Digest::finish(self.hasher), self.bytes)
    }
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.hasher.update(&buffer[..count]);
        self.bytes += count as u64;
        Ok(count)
    }
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(buffer)?;
        self.hasher.update(&buffer[..count]);
        self.bytes += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Reads to the end in pieces; `each` hears of every piece.
pub(crate) fn pump(
    from: &mut dyn Read,
    to: &mut dyn Write,
    each: &mut dyn FnMut(u64),
) -> Result<u64, (Side, io::Error)> {
    let mut buffer = vec![0; 256 * 1024];
    let mut total = 0;
    loop {
        let count = match from.read(&mut buffer) {
            Ok(0) => return Ok(total),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err((Side::Read, error)),
        };
        to.write_all(&buffer[..count])
            .map_err(|error| (Side::Write, error))?;
        total += count as u64;
        each(count as u64);
    }
}

/// Which end of a copy failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Read,
    Write,
}

/// Opens a regular file: never through a link, and never waiting on a pipe.
pub(crate) fn open_regular(path: &Path) -> io::Result<File> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits() as i32)
        .open(path)?;
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(io::Error::other("it is not a regular file"))
    }
}

/// The digest of one file's content.
pub(crate) fn digest_of(path: &Path, each: &mut dyn FnMut(u64)) -> io::Result<Digest> {
    let mut reader = Hashing::new(open_regular(path)?);
    pump(&mut reader, &mut io::sink(), each).map_err(|(_, error)| error)?;
    Ok(reader.finish().1)
}

/// `blobs/sha256` of one layout.
#[derive(Clone, Debug)]
pub(crate) struct Blobs {
    dir: PathBuf,
}

impl Blobs {
    pub(crate) fn of_layout(layout: &Path) -> Blobs {
        Blobs {
            dir: layout.join("blobs").join("sha256"),
        }
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(crate) fn path(&self, digest: &Digest) -> PathBuf {
        self.dir.join(digest.hex())
    }

    /// A small JSON blob, whole and checked.
    pub(crate) fn document<T: DeserializeOwned>(
        &self,
        descriptor: &Descriptor,
    ) -> Result<(T, Vec<u8>), ImageError> {
        let path = self.path(&descriptor.digest);
        let bytes = read_document(&path)?;
        let found = Digest::of(&bytes);
        if found != descriptor.digest {
            return Err(ImageError::DigestMismatch {
                blob: path,
                expected: descriptor.digest,
                found,
            });
        }
        let document =
            serde_json::from_slice(&bytes).map_err(|error| ImageError::malformed(&path, error))?;
        Ok((document, bytes))
    }

    /// Moves finished temporary files to their names; they must be flushed to disk already.
    pub(crate) fn keep(&self, files: Vec<(NamedTempFile, Digest)>) -> Result<(), ImageError> {
        for (file, digest) in files {
            let path = self.path(&digest);
            // Over an existing blob too: if that one was damaged, this heals it.
            file.persist(&path)
                .map_err(|error| ImageError::io("keep the blob", &path)(error.error))?;
        }
        sync_dir(&self.dir)
    }
}

/// Checks a whole blob before any of it is parsed, and gives it back at its beginning.
pub(crate) fn open_verified(path: &Path, expected: &Digest, size: u64) -> Result<File, ImageError> {
    let file = open_regular(path).map_err(ImageError::io("open the blob", path))?;
    let found_size = file
        .metadata()
        .map_err(ImageError::io("read the size of", path))?
        .len();
    let mut reader = Hashing::new(file);
    pump(&mut reader, &mut io::sink(), &mut |_| {})
        .map_err(|(_, error)| ImageError::io("read the blob", path)(error))?;
    let (mut file, found, _) = reader.finish();
    if found != *expected {
        return Err(ImageError::DigestMismatch {
            blob: path.to_path_buf(),
            expected: *expected,
            found,
        });
    }
    if found_size != size {
        return Err(ImageError::malformed(
            path,
            format!("its descriptor says {size} bytes, it has {found_size}"),
        ));
    }
    file.rewind()
        .map_err(ImageError::io("read the blob", path))?;
    Ok(file)
}

/// A JSON file of bounded size.
pub(crate) fn read_document(path: &Path) -> Result<Vec<u8>, ImageError> {
    let file = open_regular(path).map_err(ImageError::io("read", path))?;
    let mut bytes = Vec::new();
    file.take(DOCUMENT_BYTES_MAX + 1)
        .read_to_end(&mut bytes)
        .map_err(ImageError::io("read", path))?;
    if bytes.len() as u64 > DOCUMENT_BYTES_MAX {
        return Err(ImageError::malformed(path, "it is larger than 4 MiB"));
    }
    Ok(bytes)
}

/// A temporary file with these bytes, flushed to disk.
pub(crate) fn staged(tmp: &Path, bytes: &[u8]) -> Result<NamedTempFile, ImageError> {
    let mut file = NamedTempFile::new_in(tmp).map_err(ImageError::io("create a file in", tmp))?;
    file.write_all(bytes)
        .and_then(|()| make_durable(&file))
        .map_err(ImageError::io("write to", tmp))?;
    Ok(file)
}

/// Flushes a temporary file and lets every user of the machine read it, as `umask` usually would.
pub(crate) fn make_durable(file: &NamedTempFile) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.as_file()
        .set_permissions(fs::Permissions::from_mode(0o644))?;
    file.as_file().sync_all()
}

/// Makes the names in a folder survive a power cut.
pub(crate) fn sync_dir(dir: &Path) -> Result<(), ImageError> {
    File::open(dir)
        .and_then(|dir| dir.sync_all())
        .map_err(ImageError::io("flush the folder", dir))
}
