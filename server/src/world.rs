//! What the pages, the REST interface and the command line see: one [`Backend`] over the store, the
//! engine and the local cloud. A click, a curl and a command all end here, authorised on the object
//! that was loaded.

mod apply;
mod authority;
mod befell;
mod deed;
mod environment;
mod error;
mod group;
mod history;
mod hold;
mod image;
mod journal;
mod making;
mod now;
mod rollout;
mod steps;
mod words;

pub(crate) use authority::{Extent, refusal, require, require_within};
pub(crate) use befell::{is_trouble, told as node_notes};
#[cfg(test)]
pub(crate) use deed::done;
pub(crate) use deed::watched;
pub(crate) use error::{of_engine, of_store};
pub(crate) use hold::offer as offer_of_removal;
pub(crate) use image::ImportRequest;
pub(crate) use making::InMaking;
pub(crate) use words::what_happened;

use app::backend::{Answer, Backend, Viewer};
use app::view::*;
use cloud_local::LocalCloud;
use domain::{AppName, Command, Digest, RolloutId, Time};
use engine::{Engine, SharedClock};
use std::sync::Arc;
use store::Store;

/// The world as this process sees it. Cheap to clone.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) engine: Engine,
    pub(crate) local: Arc<LocalCloud>,
    pub(crate) clock: SharedClock,
    figures: Arc<history::Remembered>,
    making: Arc<making::Making>,
    /// One declaration at a time: what it was allowed to change is what it changes.
    applying: Arc<tokio::sync::Mutex<()>>,
}

impl World {
    pub(crate) fn new(
        store: Store,
        engine: Engine,
        local: Arc<LocalCloud>,
        clock: SharedClock,
    ) -> Self {
        Self {
            store,
            engine,
            local,
            clock,
            figures: Arc::default(),
            making: Arc::default(),
            applying: Arc::default(),
        }
    }

    fn time(&self) -> Time {
        self.clock.now()
    }

    /// Position in the journal up to which an answer is true. Read before anything else, so that a
    /// page which resumes from it misses nothing.
    async fn head(&self) -> Answer<i64> {
        self.store.head().await.map_err(of_store)
    }
}

#[async_trait::async_trait]
impl Backend for World {
    async fn now(&self, viewer: &Viewer) -> Answer<NowView> {
        self.now_view(viewer).await
    }

    async fn applications(&self, _: &Viewer) -> Answer<Vec<ApplicationRow>> {
        self.application_rows().await
    }

    async fn application(&self, viewer: &Viewer, app: &AppName) -> Answer<ApplicationView> {
        self.application_view(viewer, app).await
    }

    async fn apply(&self, viewer: &Viewer, request: ApplyRequest) -> Answer<ApplyView> {
        self.apply_declaration(viewer, request).await
    }

    async fn images(&self, _: &Viewer, app: Option<&AppName>) -> Answer<ImagesView> {
        self.images_view(app).await
    }

    async fn image(&self, _: &Viewer, digest: &Digest) -> Answer<ImageView> {
        self.image_view(digest).await
    }

    async fn bake(&self, viewer: &Viewer, request: BakeRequest) -> Answer<ImageView> {
        self.may_make(viewer, &request.app, "bake images").await?;
        self.bake_image(viewer, request).await
    }

    async fn plan(&self, viewer: &Viewer, request: StartRequest) -> Answer<PlanView> {
        self.plan_view(viewer, request).await
    }

    async fn start(&self, viewer: &Viewer, request: StartRequest) -> Answer<RolloutView> {
        self.start_rollout(viewer, request).await
    }

    async fn rollouts(&self, viewer: &Viewer, filter: RolloutFilter) -> Answer<Page<RolloutRow>> {
        self.rollout_rows(viewer, filter).await
    }

    async fn rollout(&self, viewer: &Viewer, id: RolloutId) -> Answer<RolloutView> {
        self.rollout_view(viewer, id).await
    }

    async fn command(
        &self,
        viewer: &Viewer,
        id: RolloutId,
        command: Command,
        request: CommandRequest,
    ) -> Answer<RolloutView> {
        self.command_rollout(viewer, id, command, request).await
    }

    async fn history(&self, viewer: &Viewer, filter: RolloutFilter) -> Answer<HistoryView> {
        self.history_view(viewer, filter).await
    }
}
