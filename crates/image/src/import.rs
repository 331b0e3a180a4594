//! Copies an image out of a layout that another tool wrote. Nothing in it is believed: every blob
//! must hash to its name, and every layer must unpack to a tree that stays inside itself.

use std::{collections::BTreeMap, io::BufWriter, path::Path};

use serde::Deserialize;
use tempfile::NamedTempFile;

use crate::{
    Digest, Image, ImageError, Progress,
    bake::{check_name, entry_annotations},
    blobs::{Blobs, Hashing, Side, make_durable, open_regular, pump, read_document},
    index::read_foreign_index,
    layer_reader::fold,
    oci::{self, Descriptor},
    store::{ImageStore, documents, layer_blobs},
};

const LAYERS_MAX: usize = 512;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LayoutVersion {
    image_layout_version: String,
}

pub(crate) fn import(
    store: &ImageStore,
    layout: &Path,
    reference: Option<&str>,
    app: &str,
    version: &str,
    progress: &mut dyn FnMut(Progress),
) -> Result<Image, ImageError> {
    check_name("app", app)?;
    check_name("version", version)?;
    check_layout(layout)?;
    let descriptor = choose(layout, reference)?;
    let theirs = Blobs::of_layout(layout);
    let (manifest, config) = documents(&theirs, &descriptor)?;
    if manifest.layers.len() > LAYERS_MAX {
        return Err(ImageError::malformed(
            theirs.path(&descriptor.digest),
            "it has more than 512 layers",
        ));
    }

    // A layer may stand in the list twice; it is copied once.
    let wanted: BTreeMap<Digest, &Descriptor> = [&descriptor, &manifest.config]
        .into_iter()
        .chain(&manifest.layers)
        .map(|descriptor| (descriptor.digest, descriptor))
        .collect();
    let bytes_total = wanted
        .values()
        .fold(0, |sum: u64, blob| sum.saturating_add(blob.size));
    let limit = store.options.image_bytes_max;
    if bytes_total > limit {
        return Err(ImageError::TooLarge {
            bytes: bytes_total,
            limit,
        });
    }
    let _working = store.working()?;
    let mut bytes_done = 0;
    let mut copies = BTreeMap::new();
    for descriptor in wanted.into_values() {
        let copy = copy(&theirs, descriptor, &store.tmp(), &mut |bytes| {
            bytes_done += bytes;
            progress(Progress {
                bytes_done,
                bytes_total,
                path: descriptor.digest.to_string(),
            });
        })?;
        copies.insert(descriptor.digest, copy);
    }
    let layers = layer_blobs(&manifest, &config, &|digest| match copies.get(digest) {
        Some(copy) => copy.path().to_path_buf(),
        None => theirs.path(digest),
    })?;
    let tree = fold(&layers, &store.options)?;
    if let Some((path, target)) = tree.escaping_link() {
        return Err(ImageError::LinkLeavesImage {
            path: path.into(),
            target: target.to_owned(),
        });
    }
    let ours = Descriptor {
        media_type: oci::MANIFEST.to_owned(),
        annotations: Some(entry_annotations(app, version, &tree)),
        ..descriptor
    };
    let blobs = copies
        .into_iter()
        .map(|(digest, file)| (file, digest))
        .collect();
    let digest = ours.digest;
    store.commit(ours, blobs, app, version, &|existing| {
        (existing.digest != digest).then_some("image")
    })
}

fn check_layout(layout: &Path) -> Result<(), ImageError> {
    if !layout.exists() {
        return Err(ImageError::FolderMissing {
            path: layout.to_path_buf(),
        });
    }
    if !layout.is_dir() {
        return Err(ImageError::NotAFolder {
            path: layout.to_path_buf(),
        });
    }
    let path = layout.join("oci-layout");
    if !path.exists() {
        return Err(ImageError::malformed(
            layout,
            "it has no file `oci-layout`, so it is no OCI image layout",
        ));
    }
    let version: LayoutVersion = serde_json::from_slice(&read_document(&path)?)
        .map_err(|error| ImageError::malformed(&path, error))?;
    if !version.image_layout_version.starts_with("1.") {
        return Err(ImageError::Unsupported {
            path,
            what: format!("layout version {}", version.image_layout_version),
            remedy: "write it as version 1.0.0",
        });
    }
    Ok(())
}

fn choose(layout: &Path, reference: Option<&str>) -> Result<Descriptor, ImageError> {
    let path = layout.join("index.json");
    let index = read_foreign_index(&path)?;
    let name = |entry: &Descriptor| match entry.annotation(oci::REF_NAME) {
        Some(name) => name.to_owned(),
        None => entry.digest.to_string(),
    };
    let matching: Vec<&Descriptor> = match reference {
        None => index.manifests.iter().collect(),
        Some(wanted) => index
            .manifests
            .iter()
            .filter(|entry| {
                entry.annotation(oci::REF_NAME) == Some(wanted)
                    || entry.digest.to_string() == wanted
            })
            .collect(),
    };
    let [descriptor] = matching[..] else {
        return Err(ImageError::ReferenceUnknown {
            layout: layout.to_path_buf(),
            wanted: reference.map(str::to_owned),
            available: index.manifests.iter().map(name).collect(),
        });
    };
    if descriptor.media_type != oci::MANIFEST {
        return Err(ImageError::Unsupported {
            path,
            what: format!("`{}` for {}", descriptor.media_type, name(descriptor)),
            remedy: "copy one platform of the image into an OCI layout (skopeo copy --format oci) and import that",
        });
    }
    Ok(descriptor.clone())
}

fn copy(
    theirs: &Blobs,
    descriptor: &Descriptor,
    tmp: &Path,
    each: &mut dyn FnMut(u64),
) -> Result<NamedTempFile, ImageError> {
    use std::io::{Read, Write};

    let path = theirs.path(&descriptor.digest);
    let file = open_regular(&path).map_err(ImageError::io("open the blob", &path))?;
    // One byte more than announced is enough to see that there is more.
    let mut reader = Hashing::new(file.take(descriptor.size.saturating_add(1)));
    let staged = NamedTempFile::new_in(tmp).map_err(ImageError::io("create a file in", tmp))?;
    let mut writer = BufWriter::new(staged);
    pump(&mut reader, &mut writer, each).map_err(|(side, error)| match side {
        Side::Read => ImageError::io("read the blob", &path)(error),
        Side::Write => ImageError::io("write to", tmp)(error),
    })?;
    let (_, found, size) = reader.finish();
    if size != descriptor.size {
        return Err(ImageError::malformed(
            &path,
            format!(
                "its descriptor says {} bytes, which is not its size",
                descriptor.size
            ),
        ));
    }
    if found != descriptor.digest {
        return Err(ImageError::DigestMismatch {
            blob: path,
            expected: descriptor.digest,
            found,
        });
    }
    writer.flush().map_err(ImageError::io("write to", tmp))?;
    let staged = writer
        .into_inner()
        .map_err(|error| ImageError::io("write to", tmp)(error.into_error()))?;
    make_durable(&staged).map_err(ImageError::io("write to", tmp))?;
    Ok(staged)
}
