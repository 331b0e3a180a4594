//! `index.json`: the one mutable file of a layout. It is replaced whole, under a lock that other
//! processes respect, and only after everything it names is safely on disk.

use std::{
    fs::File,
    path::{Path, PathBuf},
};

use rustix::fs::{FlockOperation, flock};

use crate::{
    ImageError,
    blobs::{read_document, staged, sync_dir},
    oci::{Descriptor, Index},
};

/// A lock on a file; released when dropped, also by a killed process.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    pub(crate) fn exclusive(path: &Path) -> Result<Lock, ImageError> {
        Ok(Lock::take(path, FlockOperation::LockExclusive)?.1)
    }

    pub(crate) fn shared(path: &Path) -> Result<Lock, ImageError> {
        Ok(Lock::take(path, FlockOperation::LockShared)?.1)
    }

    /// `None` if anyone else holds it.
    pub(crate) fn if_free(path: &Path) -> Result<Option<Lock>, ImageError> {
        let (taken, lock) = Lock::take(path, FlockOperation::NonBlockingLockExclusive)?;
        Ok(taken.then_some(lock))
    }

    fn take(path: &Path, operation: FlockOperation) -> Result<(bool, Lock), ImageError> {
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path)
            .map_err(ImageError::io("open the lock", path))?;
        let taken = loop {
            match flock(&file, operation) {
                Ok(()) => break true,
                Err(rustix::io::Errno::INTR) => {}
                Err(rustix::io::Errno::WOULDBLOCK) => break false,
                Err(error) => return Err(ImageError::io("lock", path)(error.into())),
            }
        };
        Ok((taken, Lock { _file: file }))
    }
}

/// Where the index is, and where its next version is written first.
#[derive(Clone, Debug)]
pub(crate) struct IndexFile {
    pub(crate) path: PathBuf,
    pub(crate) lock: PathBuf,
    pub(crate) tmp: PathBuf,
}

impl IndexFile {
    pub(crate) fn read(&self) -> Result<Index, ImageError> {
        read_index(&self.path)
    }

    pub(crate) fn lock(&self) -> Result<Lock, ImageError> {
        Lock::exclusive(&self.lock)
    }

    pub(crate) fn create_if_missing(&self) -> Result<(), ImageError> {
        let lock = self.lock()?;
        if !self.path.exists() {
            self.write(&lock, &Index::empty())?;
        }
        Ok(())
    }

    pub(crate) fn add(&self, lock: &Lock, descriptor: Descriptor) -> Result<(), ImageError> {
        let mut index = self.read()?;
        index.manifests.push(descriptor);
        self.write(lock, &index)
    }

    fn write(&self, _held: &Lock, index: &Index) -> Result<(), ImageError> {
        let mut bytes = serde_json::to_vec_pretty(index)
            .map_err(|error| ImageError::malformed(&self.path, error))?;
        bytes.push(b'\n');
        let file = staged(&self.tmp, &bytes)?;
        file.persist(&self.path)
            .map_err(|error| ImageError::io("replace", &self.path)(error.error))?;
        match self.path.parent() {
            Some(dir) => sync_dir(dir),
            None => Ok(()),
        }
    }
}

pub(crate) fn read_index(path: &Path) -> Result<Index, ImageError> {
    // Every image adds some 600 bytes, so an index outgrows the limit of the other documents.
    let bytes = std::fs::read(path).map_err(ImageError::io("read", path))?;
    parse_index(path, &bytes)
}

/// The index of a layout that is not ours: bounded, and no link.
pub(crate) fn read_foreign_index(path: &Path) -> Result<Index, ImageError> {
    parse_index(path, &read_document(path)?)
}

fn parse_index(path: &Path, bytes: &[u8]) -> Result<Index, ImageError> {
    let index: Index =
        serde_json::from_slice(bytes).map_err(|error| ImageError::malformed(path, error))?;
    if index.schema_version != 2 {
        return Err(ImageError::malformed(
            path,
            format!("its schemaVersion is {}, not 2", index.schema_version),
        ));
    }
    Ok(index)
}
