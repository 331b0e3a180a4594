//! What the pages, the REST interface and the command line see: one [`Backend`] over the store, the
//! engine and the local cloud. A click, a curl and a command all end here, authorised on the object
//! that was loaded.

mod apply;
mod authority;
mod environment;
mod error;
mod group;
mod history;
mod image;
mod journal;
mod now;
mod rollout;
mod steps;
mod words;

pub(crate) use authority::require;
pub(crate) use error::{of_engine, of_store};
pub(crate) use image::ImportRequest;
pub(crate) use words::what_happened;

use app::backend::{Answer, Backend, Viewer, ViewerRole};
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
        require(viewer, ViewerRole::Viewer, "look at this")?;
        self.now_view(viewer).await
    }

    async fn applications(&self, viewer: &Viewer) -> Answer<Vec<ApplicationRow>> {
        require(viewer, ViewerRole::Viewer, "look at applications")?;
        self.application_rows().await
    }

    async fn application(&self, viewer: &Viewer, app: &AppName) -> Answer<ApplicationView> {
        require(viewer, ViewerRole::Viewer, "look at applications")?;
        self.application_view(viewer, app).await
    }

    async fn apply(&self, viewer: &Viewer, request: ApplyRequest) -> Answer<ApplyView> {
        let needed = if request.plan {
            ViewerRole::Viewer
        } else {
            ViewerRole::Admin
        };
        require(viewer, needed, "declare applications")?;
        self.apply_declaration(viewer, request).await
    }

    async fn images(&self, viewer: &Viewer, app: Option<&AppName>) -> Answer<ImagesView> {
        require(viewer, ViewerRole::Viewer, "look at images")?;
        self.images_view(app).await
    }

    async fn image(&self, viewer: &Viewer, digest: &Digest) -> Answer<ImageView> {
        require(viewer, ViewerRole::Viewer, "look at images")?;
        self.image_view(digest).await
    }

    async fn bake(&self, viewer: &Viewer, request: BakeRequest) -> Answer<ImageView> {
        require(viewer, ViewerRole::Operator, "bake images")?;
        self.bake_image(viewer, request).await
    }

    async fn plan(&self, viewer: &Viewer, request: StartRequest) -> Answer<PlanView> {
        require(viewer, ViewerRole::Viewer, "plan rollouts")?;
        self.plan_view(viewer, request).await
    }

    async fn start(&self, viewer: &Viewer, request: StartRequest) -> Answer<RolloutView> {
        require(viewer, ViewerRole::Operator, "start rollouts")?;
        self.start_rollout(viewer, request).await
    }

    async fn rollouts(&self, viewer: &Viewer, filter: RolloutFilter) -> Answer<Page<RolloutRow>> {
        require(viewer, ViewerRole::Viewer, "look at rollouts")?;
        self.rollout_rows(viewer, filter).await
    }

    async fn rollout(&self, viewer: &Viewer, id: RolloutId) -> Answer<RolloutView> {
        require(viewer, ViewerRole::Viewer, "look at rollouts")?;
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
        require(viewer, ViewerRole::Viewer, "look at the history")?;
        self.history_view(viewer, filter).await
    }
}
