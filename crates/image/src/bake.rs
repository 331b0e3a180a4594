//! From a folder and a parent to a new image.

use crate::{
    Bake, Digest, Image, ImageError, Progress,
    blobs::{digest_of, staged},
    layer,
    layer_reader::check_limits,
    oci::{self, Annotations, Config, Descriptor, Execution, History, Manifest, RootFs},
    scan::{Found, scan},
    store::ImageStore,
    time,
    tree::{Change, Node, Tree},
};

const LABELS_MAX: usize = 256;
const LABEL_BYTES_MAX: usize = 4096;
const COMMAND_BYTES_MAX: usize = 128 * 1024;

pub(crate) fn bake(
    store: &ImageStore,
    request: &Bake,
    progress: &mut dyn FnMut(Progress),
) -> Result<Image, ImageError> {
    check_request(request)?;
    let created = time::to_rfc3339(request.created_ms).ok_or(ImageError::BadTime {
        created_ms: request.created_ms,
    })?;
    let scan = scan(&request.folder, &store.dir, &store.options)?;
    let parent = Parent::of(store, request.parent)?;
    let command = match &request.command[..] {
        [] if parent.command.is_empty() => return Err(ImageError::NoCommand),
        [] => parent.command.clone(),
        given => given.to_vec(),
    };
    let tree = lay_over(&parent.tree, &scan.found)?;
    check_limits(&tree, &store.options)?;
    if let Some((path, target)) = tree.escaping_link() {
        return Err(ImageError::LinkLeavesImage {
            path: request.folder.join(path),
            target: target.to_owned(),
        });
    }

    let _working = store.working()?;
    let mut bytes_done = 0;
    let mut read = |path: &str, bytes: u64| {
        bytes_done += bytes;
        progress(Progress {
            bytes_done,
            bytes_total: scan.bytes,
            path: path.to_owned(),
        });
    };
    let new = only_new(&parent.tree, &scan.found, &mut read)?;
    let layer = match &new[..] {
        [] => None,
        new => Some(layer::write(new, &store.tmp(), &mut read)?),
    };

    let mut layers = parent.layers;
    let mut diff_ids = parent.diff_ids;
    let mut history = parent.history;
    if let Some(layer) = &layer {
        layers.push(Descriptor {
            media_type: oci::LAYER_GZIP.to_owned(),
            digest: layer.digest,
            size: layer.size,
            annotations: None,
        });
        diff_ids.push(layer.diff_id);
    }
    history.push(History {
        created: Some(created.clone()),
        created_by: Some(format!(
            "viridian image bake {}:{}",
            request.app, request.version
        )),
        empty_layer: layer.is_none().then_some(true),
        ..History::default()
    });
    let config = Config {
        created: Some(created.clone()),
        architecture: oci::architecture().to_owned(),
        os: std::env::consts::OS.to_owned(),
        config: Some(Execution {
            entrypoint: None,
            cmd: Some(command.clone()),
            labels: (!request.labels.is_empty()).then(|| request.labels.clone()),
        }),
        rootfs: RootFs {
            kind: "layers".to_owned(),
            diff_ids: diff_ids.clone(),
        },
        history: Some(history),
    };
    let mut blobs = Vec::new();
    let config = document(store, &config, oci::CONFIG, &mut blobs)?;
    let mut annotations = Annotations::from([
        (oci::APP.to_owned(), request.app.clone()),
        (oci::TITLE.to_owned(), request.app.clone()),
        (oci::VERSION.to_owned(), request.version.clone()),
        (oci::CREATED.to_owned(), created),
    ]);
    if let Some(parent) = &request.parent {
        annotations.insert(oci::BASE_DIGEST.to_owned(), parent.to_string());
    }
    let manifest = Manifest {
        schema_version: 2,
        media_type: Some(oci::MANIFEST.to_owned()),
        config,
        layers,
        annotations: Some(annotations),
    };
    let mut descriptor = document(store, &manifest, oci::MANIFEST, &mut blobs)?;
    descriptor.annotations = Some(entry_annotations(&request.app, &request.version, &tree));
    if let Some(layer) = layer {
        blobs.push((layer.file, layer.digest));
    }
    store.commit(
        descriptor,
        blobs,
        &request.app,
        &request.version,
        &|existing| {
            // Not the manifest's digest: it also covers the time of baking, and how a layer happens
            // to be compressed, and neither is content.
            let same_files = existing
                .layers
                .iter()
                .map(|layer| &layer.diff_id)
                .eq(&diff_ids);
            if !same_files {
                Some("files")
            } else if existing.command != command {
                Some("command")
            } else if existing.parent != request.parent {
                Some("parent")
            } else if existing.labels != request.labels {
                Some("labels")
            } else {
                None
            }
        },
    )
}

/// What our index says about an image, so that a list needs no layer.
pub(crate) fn entry_annotations(app: &str, version: &str, tree: &Tree) -> Annotations {
    Annotations::from([
        (oci::REF_NAME.to_owned(), format!("{app}:{version}")),
        (oci::APP.to_owned(), app.to_owned()),
        (oci::APP_VERSION.to_owned(), version.to_owned()),
        (oci::FILES.to_owned(), tree.files().to_string()),
        (oci::SIZE.to_owned(), tree.size_bytes().to_string()),
    ])
}

pub(crate) fn check_name(field: &'static str, value: &str) -> Result<(), ImageError> {
    let legal = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    let good = value.len() <= 64
        && value.bytes().all(legal)
        && value
            .bytes()
            .next()
            .is_some_and(|b| b.is_ascii_alphanumeric());
    if good {
        return Ok(());
    }
    Err(ImageError::BadName {
        field,
        value: value
            .chars()
            .take(100)
            .flat_map(char::escape_debug)
            .collect(),
    })
}

fn check_request(request: &Bake) -> Result<(), ImageError> {
    check_name("app", &request.app)?;
    check_name("version", &request.version)?;
    if request.labels.len() > LABELS_MAX {
        return Err(ImageError::BadLabel {
            key: String::new(),
            reason: "there are more than 256 labels",
        });
    }
    for (key, value) in &request.labels {
        let reason = if key.is_empty() {
            "it has no name"
        } else if key.len() > LABEL_BYTES_MAX || value.len() > LABEL_BYTES_MAX {
            "its name or value is longer than 4096 bytes"
        } else {
            continue;
        };
        return Err(ImageError::BadLabel {
            key: key.chars().take(100).collect(),
            reason,
        });
    }
    let reason = match request.command.first() {
        Some(program) if program.is_empty() => "the program's name is empty",
        _ if request.command.iter().any(|word| word.contains('\0')) => {
            "a word contains a zero byte, which no program can be given"
        }
        _ if request.command.iter().map(String::len).sum::<usize>() > COMMAND_BYTES_MAX => {
            "it is longer than 128 KiB"
        }
        _ => return Ok(()),
    };
    Err(ImageError::BadCommand { reason })
}

#[derive(Default)]
struct Parent {
    tree: Tree,
    layers: Vec<Descriptor>,
    diff_ids: Vec<Digest>,
    history: Vec<History>,
    command: Vec<String>,
}

impl Parent {
    fn of(store: &ImageStore, parent: Option<Digest>) -> Result<Parent, ImageError> {
        let Some(digest) = parent else {
            return Ok(Parent::default());
        };
        let image = match store.show(&digest) {
            Err(ImageError::NotFound { digest }) => {
                return Err(ImageError::ParentUnknown { digest });
            }
            other => other?,
        };
        let (manifest, config) = store.documents(&digest)?;
        Ok(Parent {
            tree: store.tree(&digest)?,
            layers: manifest.layers,
            diff_ids: config.rootfs.diff_ids,
            history: config.history.unwrap_or_default(),
            command: image.command,
        })
    }
}

fn lay_over(parent: &Tree, found: &[Found]) -> Result<Tree, ImageError> {
    for found in found {
        if found.entry.change == Change::Whiteout && parent.get(&found.entry.path).is_none() {
            return Err(ImageError::NothingToRemove {
                path: found.on_disk.clone(),
            });
        }
    }
    let mut tree = parent.clone();
    let changes = found
        .iter()
        .map(|found| (found.entry.path.clone(), found.entry.change.clone()))
        .collect();
    tree.apply(changes)
        .map_err(|bad| ImageError::FolderChanged {
            path: bad.path.into(),
        })?;
    Ok(tree)
}

/// What the parent does not already have in the same form. A path that the folder also removes, or
/// that lies in a folder it empties, is always new.
fn only_new<'a>(
    parent: &Tree,
    found: &'a [Found],
    read: &mut dyn FnMut(&str, u64),
) -> Result<Vec<&'a Found>, ImageError> {
    let mut below = parent.clone();
    let removals = found
        .iter()
        .filter(|found| matches!(found.entry.change, Change::Whiteout | Change::Opaque))
        .map(|found| (found.entry.path.clone(), found.entry.change.clone()))
        .collect();
    below
        .apply(removals)
        .map_err(|bad| ImageError::FolderChanged {
            path: bad.path.into(),
        })?;
    let mut new = Vec::new();
    for found in found {
        if !is_same(below.get(&found.entry.path), found, read)? {
            new.push(found);
        }
    }
    Ok(new)
}

fn is_same(
    below: Option<&Node>,
    found: &Found,
    read: &mut dyn FnMut(&str, u64),
) -> Result<bool, ImageError> {
    let (Some(below), Change::Put(node)) = (below, &found.entry.change) else {
        return Ok(false);
    };
    match (below, node) {
        (
            Node::File {
                size,
                executable,
                digest,
                ..
            },
            Node::File {
                size: new_size,
                executable: new_executable,
                ..
            },
        ) if size == new_size && executable == new_executable => {
            let new_digest = digest_of(&found.on_disk, &mut |_| {})
                .map_err(ImageError::io("read", &found.on_disk))?;
            let same = *digest == Some(new_digest);
            if same {
                read(&found.name, *size);
            }
            Ok(same)
        }
        (Node::File { .. }, _) => Ok(false),
        (below, node) => Ok(below == node),
    }
}

fn document(
    store: &ImageStore,
    document: &impl serde::Serialize,
    media_type: &str,
    blobs: &mut Vec<(tempfile::NamedTempFile, Digest)>,
) -> Result<Descriptor, ImageError> {
    let bytes = serde_json::to_vec(document)
        .map_err(|error| ImageError::malformed(store.blobs.dir(), error))?;
    let digest = Digest::of(&bytes);
    blobs.push((staged(&store.tmp(), &bytes)?, digest));
    Ok(Descriptor {
        media_type: media_type.to_owned(),
        digest,
        size: bytes.len() as u64,
        annotations: None,
    })
}
