//! The images of the node.

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use bytes::Bytes;
use cloud::CloudError;
use cloud_local::wire::{self, AddImage, Adding, Problem};
use domain::{Digest, Time};
use image::{
    Bake, FileChange, FileFacts, FileKind, Image, ImageError, ImageStore, Progress, Verdict,
};
use tokio::sync::mpsc;

use super::{Answer, Api, Refusal};
use crate::error::image_problem;
use crate::node::blocking;
use crate::verbs::{crashed, in_store};

pub(super) fn routes() -> Router<Api> {
    Router::new()
        .route("/v1/images", get(list).post(add))
        .route("/v1/images/{digest}", get(show))
        .route("/v1/images/{digest}/verify", post(verify))
        .route("/v1/images/{a}/differences/{b}", get(differences))
}

/// Asks the store, which blocks.
async fn ask<T: Send + 'static>(
    api: &Api,
    question: impl FnOnce(&ImageStore) -> Result<T, ImageError> + Send + 'static,
) -> Result<T, CloudError> {
    let images = std::sync::Arc::clone(&api.node.images);
    let answer = blocking(move || question(&images))
        .await
        .ok_or_else(crashed)?;
    answer.map_err(|error| image_problem(&error))
}

async fn list(State(api): State<Api>) -> Answer<Vec<wire::Image>> {
    let images = ask(&api, |store| store.list()).await?;
    Ok(Json(
        images
            .into_iter()
            .map(described)
            .collect::<Result<_, _>>()?,
    ))
}

async fn show(State(api): State<Api>, Path(digest): Path<Digest>) -> Answer<wire::Image> {
    let digest = in_store(&digest)?;
    let image = ask(&api, move |store| store.show(&digest)).await?;
    Ok(Json(described(image)?))
}

async fn verify(
    State(api): State<Api>,
    Path(digest): Path<Digest>,
) -> Answer<Vec<wire::Difference>> {
    let digest = in_store(&digest)?;
    let verdict = ask(&api, move |store| match store.verify_full(&digest) {
        // Its layers are read and checked all the same.
        Err(ImageError::NotUnpacked { .. }) => {
            store.differences(&digest, &digest).map(|_| Verdict::Clean)
        }
        other => other,
    });
    let differences = match verdict.await? {
        Verdict::Clean => Vec::new(),
        Verdict::Drifted(differences) => differences,
    };
    let differences = differences.into_iter().map(|one| wire::Difference {
        path: one.path,
        kind: kind(one.kind),
        before: None,
        after: None,
    });
    Ok(Json(differences.collect()))
}

async fn differences(
    State(api): State<Api>,
    Path((a, b)): Path<(Digest, Digest)>,
) -> Answer<Vec<wire::Difference>> {
    let (a, b) = (in_store(&a)?, in_store(&b)?);
    let changes = ask(&api, move |store| store.differences(&a, &b)).await?;
    Ok(Json(
        changes.into_iter().map(changed).collect::<Result<_, _>>()?,
    ))
}

/// Answers with lines of progress, the last one the image or the problem.
async fn add(State(api): State<Api>, Json(asked): Json<AddImage>) -> Response {
    let (lines, receiver) = mpsc::channel::<Adding>(64);
    let images = std::sync::Arc::clone(&api.node.images);
    tokio::task::spawn_blocking(move || {
        let mut told = 0;
        let progress = |done: Progress| {
            // A step of a percent is as fine as anyone can see; a slow reader misses some.
            if done.bytes_done == done.bytes_total
                || (done.bytes_done - told) * 100 >= done.bytes_total
            {
                told = done.bytes_done;
                let _ = lines.try_send(Adding::Progress(wire::Progress {
                    bytes_done: done.bytes_done,
                    bytes_total: done.bytes_total,
                    path: done.path,
                }));
            }
        };
        let end = match make(&images, asked, progress) {
            Ok(image) => Adding::Image(image),
            Err(error) => Adding::Problem(Problem::from(error)),
        };
        // A client that went away finds the image when it asks again.
        let _ = lines.blocking_send(end);
    });
    let stream = futures::stream::unfold(receiver, |mut receiver| async move {
        let line = receiver.recv().await?;
        let bytes = serde_json::to_vec(&line).map(|mut bytes| {
            bytes.push(b'\n');
            Bytes::from(bytes)
        });
        Some((bytes, receiver))
    });
    (
        [(header::CONTENT_TYPE, "application/x-ndjson")],
        Body::from_stream(stream),
    )
        .into_response()
}

fn make(
    images: &ImageStore,
    asked: AddImage,
    mut progress: impl FnMut(Progress),
) -> Result<wire::Image, CloudError> {
    let made = match asked {
        AddImage::Bake(asked) => {
            let bake = Bake {
                folder: asked.folder,
                app: asked.app,
                version: asked.version,
                parent: asked.parent.as_ref().map(in_store).transpose()?,
                command: asked.command,
                created_ms: asked.created.0,
                labels: asked.labels,
            };
            images.bake(&bake, &mut progress)
        }
        AddImage::Import(asked) => {
            let reference = asked.reference.as_deref();
            images.import(
                &asked.layout,
                reference,
                &asked.app,
                &asked.version,
                &mut progress,
            )
        }
    };
    described(made.map_err(|error| image_problem(&error))?)
}

fn digest(digest: image::Digest) -> Result<Digest, CloudError> {
    Digest::new(digest.to_string()).map_err(|error| CloudError::Invalid(error.to_string()))
}

fn described(image: Image) -> Result<wire::Image, CloudError> {
    let layers = image.layers.into_iter().map(|layer| {
        Ok(wire::Layer {
            digest: digest(layer.digest)?,
            size_bytes: layer.size_bytes,
        })
    });
    Ok(wire::Image {
        digest: digest(image.digest)?,
        parent: image.parent.map(digest).transpose()?,
        layers: layers.collect::<Result<_, CloudError>>()?,
        app: image.app,
        version: image.version,
        command: image.command,
        created: Time(image.created_ms),
        size_bytes: image.size_bytes,
        files: image.files,
        labels: image.labels,
    })
}

fn kind(kind: image::DifferenceKind) -> wire::DifferenceKind {
    match kind {
        image::DifferenceKind::Changed => wire::DifferenceKind::Changed,
        image::DifferenceKind::Added => wire::DifferenceKind::Added,
        image::DifferenceKind::Removed => wire::DifferenceKind::Removed,
        image::DifferenceKind::Mode => wire::DifferenceKind::Mode,
    }
}

fn changed(change: FileChange) -> Result<wire::Difference, Refusal> {
    let facts = |facts: FileFacts| {
        let kind = match facts.kind {
            FileKind::Folder => "folder",
            FileKind::File => "file",
            FileKind::Executable => "executable",
            FileKind::Link => "link",
        };
        Ok::<_, CloudError>(wire::FileFacts {
            kind: kind.to_owned(),
            size_bytes: facts.size_bytes,
            digest: facts.digest.map(digest).transpose()?,
            link_target: facts.link_target,
        })
    };
    Ok(wire::Difference {
        path: change.path,
        kind: kind(change.kind),
        before: change.before.map(facts).transpose()?,
        after: change.after.map(facts).transpose()?,
    })
}
