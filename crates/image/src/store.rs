use std::{
    fs,
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;

use crate::{
    Bake, Digest, FileChange, Image, ImageError, Layer, Options, Progress, Verdict, bake,
    blobs::{Blobs, staged},
    import,
    index::{IndexFile, Lock},
    layer_reader::{LayerBlob, Packing, fold},
    oci::{self, Config, Descriptor, Manifest},
    time,
    tree::Tree,
    unpack, verify,
};

/// Images on disk: an OCI image layout in `oci/`, unpacked trees in `unpacked/<digest>/`, and
/// beside them what is known about the trees (`seals/`).
///
/// Any number of stores, in any number of processes, may work on one folder at the same time.
#[derive(Debug)]
pub struct ImageStore {
    pub(crate) dir: PathBuf,
    pub(crate) options: Options,
    pub(crate) blobs: Blobs,
    pub(crate) index: IndexFile,
}

impl ImageStore {
    /// Opens or creates the store with the default limits.
    pub fn open(dir: impl AsRef<Path>) -> Result<ImageStore, ImageError> {
        ImageStore::open_with(dir, Options::default())
    }

    pub fn open_with(dir: impl AsRef<Path>, options: Options) -> Result<ImageStore, ImageError> {
        let given = dir.as_ref();
        fs::create_dir_all(given).map_err(ImageError::io("create the folder", given))?;
        let dir = given
            .canonicalize()
            .map_err(ImageError::io("find the folder", given))?;
        let layout = dir.join("oci");
        let blobs = Blobs::of_layout(&layout);
        for folder in [
            blobs.dir(),
            &dir.join("unpacked"),
            &dir.join("seals"),
            &dir.join("locks"),
            &dir.join("tmp"),
        ] {
            fs::create_dir_all(folder).map_err(ImageError::io("create the folder", folder))?;
        }
        let index = IndexFile {
            path: layout.join("index.json"),
            lock: dir.join("locks").join("index"),
            tmp: dir.join("tmp"),
        };
        let store = ImageStore {
            dir,
            options,
            blobs,
            index,
        };
        store.clear_leftovers()?;
        let _working = store.working()?;
        let version = layout.join("oci-layout");
        if !version.exists() {
            staged(&store.tmp(), br#"{"imageLayoutVersion":"1.0.0"}"#)?
                .persist(&version)
                .map_err(|error| ImageError::io("create", &version)(error.error))?;
        }
        store.index.create_if_missing()?;
        store.index.read()?;
        Ok(store)
    }

    /// Lays a folder over a parent and keeps the result. Baking the same again gives the image that
    /// is there already; the same version with anything else is [`ImageError::VersionTaken`].
    pub fn bake(
        &self,
        request: &Bake,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Image, ImageError> {
        bake::bake(self, request, progress)
    }

    /// Copies an image out of another OCI layout. `reference` is its
    /// `org.opencontainers.image.ref.name` or digest; it may be left out if there is only one image.
    pub fn import(
        &self,
        layout_dir: &Path,
        reference: Option<&str>,
        app: &str,
        version: &str,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Image, ImageError> {
        import::import(self, layout_dir, reference, app, version, progress)
    }

    pub fn show(&self, digest: &Digest) -> Result<Image, ImageError> {
        let index = self.index.read()?;
        let descriptor = index
            .manifests
            .iter()
            .find(|descriptor| descriptor.digest == *digest)
            .ok_or(ImageError::NotFound { digest: *digest })?;
        self.image(descriptor)
    }

    /// All images, in the order in which they came.
    pub fn list(&self) -> Result<Vec<Image>, ImageError> {
        let index = self.index.read()?;
        index
            .manifests
            .iter()
            .map(|entry| self.image(entry))
            .collect()
    }

    pub fn find(&self, app: &str, version: &str) -> Result<Option<Image>, ImageError> {
        let index = self.index.read()?;
        index
            .manifests
            .iter()
            .find(|entry| {
                entry.annotation(oci::APP) == Some(app)
                    && entry.annotation(oci::APP_VERSION) == Some(version)
            })
            .map(|entry| self.image(entry))
            .transpose()
    }

    /// The image as a read-only folder: files 0444 or 0555, folders 0555. If it is there already it
    /// is checked instead, and [`ImageError::Drifted`] says what is no longer as it should be.
    pub fn unpack(&self, digest: &Digest) -> Result<PathBuf, ImageError> {
        unpack::unpack(self, digest)
    }

    /// The unpacked tree beside its image. Reads only the files whose size, times, mode or inode are
    /// no longer those of the unpacking, so it may run every few seconds.
    pub fn verify(&self, digest: &Digest) -> Result<Verdict, ImageError> {
        verify::quick(self, digest)
    }

    /// As [`ImageStore::verify`], but reads every byte of the layers and of the tree and trusts
    /// nothing but the digest.
    pub fn verify_full(&self, digest: &Digest) -> Result<Verdict, ImageError> {
        verify::full(self, digest)
    }

    /// What changes from image `a`, such as the parent, to image `b`.
    pub fn differences(&self, a: &Digest, b: &Digest) -> Result<Vec<FileChange>, ImageError> {
        Ok(self.tree(a)?.changes_to(&self.tree(b)?))
    }

    /// Removes the unpacked tree; the image stays. Nothing may run from it any more.
    pub fn remove_unpacked(&self, digest: &Digest) -> Result<(), ImageError> {
        unpack::remove(self, digest)
    }

    pub(crate) fn tmp(&self) -> PathBuf {
        self.dir.join("tmp")
    }

    pub(crate) fn unpacked(&self, digest: &Digest) -> PathBuf {
        self.dir.join("unpacked").join(digest.hex())
    }

    /// Held while temporary files are in use, so that nobody clears them away.
    pub(crate) fn working(&self) -> Result<Lock, ImageError> {
        Lock::shared(&self.dir.join("locks").join("working"))
    }

    /// What a killed process left behind; only when no other one is at work.
    fn clear_leftovers(&self) -> Result<(), ImageError> {
        let Some(_alone) = Lock::if_free(&self.dir.join("locks").join("working"))? else {
            return Ok(());
        };
        for (dir, prefix) in [(self.tmp(), ""), (self.dir.join("unpacked"), ".")] {
            let listing = fs::read_dir(&dir).map_err(ImageError::io("list", &dir))?;
            for entry in listing {
                let entry = entry.map_err(ImageError::io("list", &dir))?;
                if entry.file_name().to_string_lossy().starts_with(prefix) {
                    unpack::erase(&entry.path())?;
                }
            }
        }
        Ok(())
    }

    pub(crate) fn documents(&self, digest: &Digest) -> Result<(Manifest, Config), ImageError> {
        let index = self.index.read()?;
        let descriptor = index
            .manifests
            .iter()
            .find(|descriptor| descriptor.digest == *digest)
            .ok_or(ImageError::NotFound { digest: *digest })?;
        documents(&self.blobs, descriptor)
    }

    pub(crate) fn layers(&self, digest: &Digest) -> Result<Vec<LayerBlob>, ImageError> {
        let (manifest, config) = self.documents(digest)?;
        layer_blobs(&manifest, &config, &|digest| self.blobs.path(digest))
    }

    pub(crate) fn tree(&self, digest: &Digest) -> Result<Tree, ImageError> {
        fold(&self.layers(digest)?, &self.options)
    }

    fn image(&self, descriptor: &Descriptor) -> Result<Image, ImageError> {
        let (manifest, config) = documents(&self.blobs, descriptor)?;
        describe(&self.index.path, descriptor, &manifest, config)
    }

    /// Makes an image visible: its blobs first, then the index, unless `differs` objects to the
    /// image that already has this app and version.
    pub(crate) fn commit(
        &self,
        descriptor: Descriptor,
        blobs: Vec<(NamedTempFile, Digest)>,
        app: &str,
        version: &str,
        differs: &dyn Fn(&Image) -> Option<&'static str>,
    ) -> Result<Image, ImageError> {
        let lock = self.index.lock()?;
        if let Some(existing) = self.find(app, version)? {
            return match differs(&existing) {
                None => Ok(existing),
                Some(differs) => Err(ImageError::VersionTaken {
                    app: app.to_owned(),
                    version: version.to_owned(),
                    existing: existing.digest,
                    differs,
                }),
            };
        }
        self.blobs.keep(blobs)?;
        let image = self.image(&descriptor)?;
        self.index.add(&lock, descriptor)?;
        tracing::info!(
            image.digest = %image.digest, image.app = app, image.version = version,
            image.size_bytes = image.size_bytes, "an image was added to the store"
        );
        Ok(image)
    }
}

/// Manifest and config, checked against each other.
pub(crate) fn documents(
    blobs: &Blobs,
    descriptor: &Descriptor,
) -> Result<(Manifest, Config), ImageError> {
    let (manifest, _) = blobs.document::<Manifest>(descriptor)?;
    let (config, _) = blobs.document::<Config>(&manifest.config)?;
    if manifest.layers.len() != config.rootfs.diff_ids.len() {
        return Err(ImageError::malformed(
            blobs.path(&descriptor.digest),
            format!(
                "it lists {} layers and its config {}",
                manifest.layers.len(),
                config.rootfs.diff_ids.len()
            ),
        ));
    }
    Ok((manifest, config))
}

pub(crate) fn layer_blobs(
    manifest: &Manifest,
    config: &Config,
    path: &dyn Fn(&Digest) -> PathBuf,
) -> Result<Vec<LayerBlob>, ImageError> {
    let diff_ids = &config.rootfs.diff_ids;
    manifest
        .layers
        .iter()
        .zip(diff_ids)
        .map(|(layer, diff_id)| {
            let path = path(&layer.digest);
            Ok(LayerBlob {
                packing: Packing::of(&layer.media_type, &path)?,
                path,
                digest: layer.digest,
                size: layer.size,
                diff_id: *diff_id,
            })
        })
        .collect()
}

/// An image as its documents and its entry in our index say; `index` is named in errors.
fn describe(
    index: &Path,
    descriptor: &Descriptor,
    manifest: &Manifest,
    config: Config,
) -> Result<Image, ImageError> {
    let entry = |key: &str| {
        descriptor.annotation(key).ok_or_else(|| {
            ImageError::malformed(
                index,
                format!("{} lacks the annotation {key}", descriptor.digest),
            )
        })
    };
    let number = |key: &str| -> Result<u64, ImageError> {
        let value = entry(key)?;
        value.parse().map_err(|_| {
            ImageError::malformed(
                index,
                format!("the annotation {key} is `{value}`, no number"),
            )
        })
    };
    let annotations = manifest.annotations.as_ref();
    let execution = config.config.unwrap_or_default();
    let mut command = execution.entrypoint.unwrap_or_default();
    command.extend(execution.cmd.unwrap_or_default());
    Ok(Image {
        digest: descriptor.digest,
        app: entry(oci::APP)?.to_owned(),
        version: entry(oci::APP_VERSION)?.to_owned(),
        // Another tool may have written a digest of another kind: then the parent is not known here.
        parent: annotations
            .and_then(|all| all.get(oci::BASE_DIGEST))
            .and_then(|digest| digest.parse().ok()),
        command,
        created_ms: config
            .created
            .as_deref()
            .and_then(time::from_rfc3339)
            .unwrap_or(0),
        size_bytes: number(oci::SIZE)?,
        files: number(oci::FILES)?,
        layers: manifest
            .layers
            .iter()
            .zip(config.rootfs.diff_ids)
            .map(|(layer, diff_id)| Layer {
                digest: layer.digest,
                diff_id,
                size_bytes: layer.size,
            })
            .collect(),
        labels: execution.labels.unwrap_or_default(),
    })
}
