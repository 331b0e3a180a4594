//! Images: lineage, where each serves, baking and importing.

use super::error::{at, invalid, not_found, of_making, of_store};
use super::{InMaking, World, require_within};
use app::backend::{Answer, Viewer, ViewerRole};
use app::view::*;
use cloud_local::wire;
use domain::{Actor, AppName, Digest, Target, Version};
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use store::ImageRecord;
use utoipa::ToSchema;

/// Files listed of what differs from a parent.
const CHANGES: usize = 1_000;

/// What `image import` sends: an OCI image layout on the server's machine.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub(crate) struct ImportRequest {
    pub(crate) folder: String,
    pub(crate) app: AppName,
    pub(crate) version: Version,
    /// Which image of the layout, where it holds several.
    #[serde(default)]
    pub(crate) reference: Option<String>,
}

impl World {
    pub(super) async fn images_view(&self, app: Option<&AppName>) -> Answer<ImagesView> {
        let seq = self.head().await?;
        let records = self.store.images(app).await.map_err(of_store)?;
        let uses = self.uses().await?;
        let images = parents_first(records)
            .iter()
            .map(|record| uses.view(record))
            .collect();
        Ok(ImagesView {
            as_of: self.time(),
            seq,
            images,
        })
    }

    pub(super) async fn image_view(&self, digest: &Digest) -> Answer<ImageView> {
        let record = self.store.image(digest).await.map_err(of_store)?;
        let record = record.ok_or_else(|| {
            not_found(
                format!("image {digest}"),
                "`viridian image list` shows the images there are",
            )
        })?;
        let mut view = self.uses().await?.view(&record);
        if let Some(parent) = &record.parent {
            view.changes = self.changes(parent, digest).await;
        }
        Ok(view)
    }

    /// Files that differ; empty where the node does not answer, since nothing depends on them.
    pub(super) async fn changes(&self, from: &Digest, to: &Digest) -> Vec<FileChangeView> {
        let differences = match self.local.differences(from, to).await {
            Ok(differences) => differences,
            Err(error) => {
                tracing::warn!(%from, %to, %error, "could not compare two images");
                return Vec::new();
            }
        };
        differences
            .into_iter()
            .take(CHANGES)
            .map(|difference| FileChangeView {
                path: difference.path,
                kind: serde_json::to_value(difference.kind)
                    .ok()
                    .and_then(|kind| kind.as_str().map(str::to_owned))
                    .unwrap_or_default(),
            })
            .collect()
    }

    pub(super) async fn bake_image(
        &self,
        viewer: &Viewer,
        request: BakeRequest,
    ) -> Answer<ImageView> {
        let folder = absolute(&request.folder)?;
        let parent = match request
            .parent
            .as_deref()
            .filter(|parent| !parent.is_empty())
        {
            None => None,
            Some(parent) => Some(self.parent(&request.app, parent).await?),
        };
        if request.command.is_empty() && parent.is_none() {
            return Err(invalid(
                "command",
                "there is no program to start, and no parent to take it from",
                "name the program and its arguments after `--`, such as `-- python3 -m http.server '${PORT}'`",
            ));
        }
        let entry = self
            .making
            .begin(&request.app, &request.version, viewer, self.time());
        let world = self.clone();
        let by = viewer.actor.clone();
        // A client that goes away must not leave a half-known image behind.
        let task = tokio::spawn(async move {
            let bake = wire::Bake {
                folder,
                app: request.app.to_string(),
                version: request.version.to_string(),
                parent,
                command: request.command,
                created: world.time(),
                labels: request.labels.into_iter().collect(),
            };
            let image = world
                .local
                .bake(bake, &mut |progress| entry.tell(progress))
                .await
                .map_err(of_making)?;
            world
                .remember(request.app, request.version, image, by)
                .await
        });
        task.await.map_err(lost)?
    }

    pub(crate) async fn import_image(
        &self,
        viewer: &Viewer,
        request: ImportRequest,
    ) -> Answer<ImageView> {
        self.may_make(viewer, &request.app, "import images").await?;
        let layout = absolute(&request.folder)?;
        let entry = self
            .making
            .begin(&request.app, &request.version, viewer, self.time());
        let world = self.clone();
        let by = viewer.actor.clone();
        let task = tokio::spawn(async move {
            let import = wire::Import {
                layout,
                reference: request.reference,
                app: request.app.to_string(),
                version: request.version.to_string(),
            };
            let image = world
                .local
                .import(import, &mut |progress| entry.tell(progress))
                .await
                .map_err(of_making)?;
            world
                .remember(request.app, request.version, image, by)
                .await
        });
        task.await.map_err(lost)?
    }

    /// An image belongs to its application and not to a place, so the right to operate any of its
    /// environments is enough; where it may run is asked when it is started.
    pub(super) async fn may_make(&self, viewer: &Viewer, app: &AppName, what: &str) -> Answer<()> {
        let Err(refused) = require_within(viewer, ViewerRole::Operator, Some(app), what) else {
            return Ok(());
        };
        match self.store.application(app).await.map_err(of_store)? {
            Some(_) => Err(refused),
            None => Err(at(
                not_found(
                    format!("application {app}"),
                    format!(
                        "declare it with `viridian apply -f FILE`; to {what} under a name that nobody declared takes the role operator in every application"
                    ),
                ),
                "app",
            )),
        }
    }

    /// What is being baked and imported now, oldest first.
    pub(crate) fn in_making(&self) -> Vec<InMaking> {
        self.making.all()
    }

    /// Whether a version has its image already; making it again makes nothing new.
    pub(crate) async fn is_made(&self, app: &AppName, version: &Version) -> Answer<bool> {
        let found = self.store.find_image(app, version).await;
        Ok(found.map_err(of_store)?.is_some())
    }

    async fn parent(&self, app: &AppName, parent: &str) -> Answer<Digest> {
        match self.resolve(app, parent).await {
            Ok(record) => Ok(record.digest),
            Err(mut problem) => {
                problem.field = Some("parent".to_owned());
                Err(problem)
            }
        }
    }

    async fn remember(
        &self,
        app: AppName,
        version: Version,
        image: wire::Image,
        by: Actor,
    ) -> Answer<ImageView> {
        let record = ImageRecord {
            digest: image.digest.clone(),
            app,
            version,
            parent: image.parent,
            command: image.command,
            baked_at: image.created,
            baked_by: by,
            size_bytes: image.size_bytes,
            files: image.files,
            labels: image.labels.into_iter().collect(),
        };
        self.store.save_image(record).await.map_err(of_store)?;
        self.image_view(&image.digest).await
    }

    async fn uses(&self) -> Answer<Uses> {
        let mut uses = Uses::default();
        for record in self.store.environments().await.map_err(of_store)? {
            let target = Target {
                app: record.app.clone(),
                env: record.spec.name.clone(),
            };
            for veto in &record.vetoes {
                uses.vetoed
                    .entry(veto.digest.clone())
                    .or_default()
                    .push(target.clone());
            }
            let Some(seen) = self.engine.seen(&target) else {
                continue;
            };
            let mut weights: HashMap<&Digest, u32> = HashMap::new();
            for group in &seen.groups {
                *weights.entry(&group.image).or_default() += seen.routes.weight(&group.name);
            }
            for (digest, weight) in weights {
                if weight > 0 {
                    uses.live
                        .entry(digest.clone())
                        .or_default()
                        .push((target.clone(), weight));
                }
            }
        }
        Ok(uses)
    }
}

fn lost(error: tokio::task::JoinError) -> app::backend::Problem {
    tracing::error!(%error, "making an image ended unexpectedly");
    super::error::problem(
        app::backend::ProblemKind::Internal,
        "the image could not be made: the server broke while doing it",
        "look into the server's log, then try again",
    )
}

fn absolute(folder: &str) -> Answer<PathBuf> {
    let path = Path::new(folder);
    if path.is_absolute() {
        return Ok(path.to_path_buf());
    }
    Err(invalid(
        "folder",
        format!("{folder:?} is not an absolute path"),
        "name the folder from / on, as the server's machine sees it",
    ))
}

/// Where images serve, and where they may not.
#[derive(Default)]
struct Uses {
    live: HashMap<Digest, Vec<(Target, u32)>>,
    vetoed: HashMap<Digest, Vec<Target>>,
}

impl Uses {
    fn view(&self, record: &ImageRecord) -> ImageView {
        let live = self.live.get(&record.digest).into_iter().flatten();
        let vetoed = self.vetoed.get(&record.digest).into_iter().flatten();
        ImageView {
            digest: record.digest.clone(),
            app: record.app.clone(),
            version: record.version.clone(),
            parent: record.parent.clone(),
            command: record.command.clone(),
            baked_at: record.baked_at,
            baked_by: record.baked_by.to_string(),
            size_bytes: record.size_bytes,
            files: record.files,
            labels: record.labels.clone(),
            live: live
                .map(|(target, weight)| LiveIn {
                    app: target.app.clone(),
                    env: target.env.clone(),
                    weight: *weight,
                })
                .collect(),
            vetoed_in: vetoed.map(|target| target.env.clone()).collect(),
            changes: Vec::new(),
        }
    }
}

/// Oldest first, and each after its parent.
fn parents_first(mut records: Vec<ImageRecord>) -> Vec<ImageRecord> {
    records.sort_by(|a, b| (a.baked_at, &a.digest).cmp(&(b.baked_at, &b.digest)));
    let known: HashSet<_> = records.iter().map(|record| record.digest.clone()).collect();
    let mut placed = HashSet::new();
    let mut ordered = Vec::with_capacity(records.len());
    while !records.is_empty() {
        let before = records.len();
        records.retain(|record| {
            let ready = record
                .parent
                .as_ref()
                .is_none_or(|p| !known.contains(p) || placed.contains(p));
            if ready {
                placed.insert(record.digest.clone());
                ordered.push(record.clone());
            }
            !ready
        });
        if records.len() == before {
            // A digest names its content, its parent included, so there is no circle; but a list
            // that ends is worth more than that argument.
            ordered.append(&mut records);
        }
    }
    ordered
}
