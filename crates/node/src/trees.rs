//! Unpacked images to run from.
//!
//! A tree that drifted cannot be cleaned in place: instances still serve from it until others took
//! over, and no request may be lost meanwhile. So a clean tree is unpacked beside it, in another
//! *generation*: an image store of its own that shares the first one's layers. A drifted tree that
//! nothing runs from is removed.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use image::{Difference, Digest, ImageError, ImageStore, Verdict};

/// Drift that comes back faster than instances are replaced is not chased beyond this.
const GENERATIONS_MAX: u32 = 32;

pub(crate) struct Trees {
    dir: PathBuf,
    generations: Mutex<BTreeMap<u32, Arc<ImageStore>>>,
    /// Held while trees are unpacked or removed.
    changing: Mutex<()>,
}

impl Trees {
    pub(crate) fn new(dir: &Path, images: Arc<ImageStore>) -> Self {
        Self {
            dir: dir.to_owned(),
            generations: Mutex::new([(0, images)].into()),
            changing: Mutex::default(),
        }
    }

    fn generation(&self, number: u32) -> Result<Arc<ImageStore>, ImageError> {
        let mut known = self
            .generations
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(store) = known.get(&number) {
            return Ok(Arc::clone(store));
        }
        let dir = self.dir.join("trees").join(number.to_string());
        let prepare = || -> io::Result<()> {
            fs::create_dir_all(&dir)?;
            match symlink(self.dir.join("images/oci"), dir.join("oci")) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
                _ => Ok(()),
            }
        };
        prepare().map_err(|source| ImageError::Io {
            action: "prepare the folder",
            path: dir.clone(),
            source,
        })?;
        let store = Arc::new(ImageStore::open(&dir)?);
        known.insert(number, Arc::clone(&store));
        Ok(store)
    }

    /// A clean tree of the image and its generation. Blocks.
    pub(crate) fn clean(&self, digest: &Digest) -> Result<(PathBuf, u32), ImageError> {
        let _alone = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut number = 0;
        loop {
            match self.generation(number)?.unpack(digest) {
                Err(ImageError::Drifted { .. }) if number < GENERATIONS_MAX => number += 1,
                other => return other.map(|tree| (tree, number)),
            }
        }
    }

    /// How the tree differs from its image. Blocks; cheap while nothing does.
    pub(crate) fn drift(
        &self,
        digest: &Digest,
        generation: u32,
    ) -> Result<Vec<Difference>, ImageError> {
        match self.generation(generation)?.verify(digest) {
            Ok(Verdict::Clean) => Ok(Vec::new()),
            Ok(Verdict::Drifted(differences)) => Ok(differences),
            Err(error) => Err(error),
        }
    }

    /// Removes the trees of the image that drifted and that nothing runs from. Blocks.
    pub(crate) fn tidy(
        &self,
        digest: &Digest,
        in_use: &dyn Fn(u32) -> bool,
    ) -> Result<(), ImageError> {
        let _alone = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let known: Vec<_> = {
            let known = self
                .generations
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            known
                .iter()
                .map(|(number, store)| (*number, Arc::clone(store)))
                .collect()
        };
        for (number, store) in known {
            if !in_use(number) && matches!(store.verify(digest), Ok(Verdict::Drifted(_))) {
                store.remove_unpacked(digest)?;
            }
        }
        Ok(())
    }
}
