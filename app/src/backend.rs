//! The one way into the system: a click, a curl and a command all end here.

use crate::view::*;
use domain::{Actor, AppName, Command, Digest, EnvName, RolloutId};
use std::sync::Arc;

/// Who asks, already authenticated. Whoever got here may read; grants say what may be written.
#[derive(Clone, Debug)]
pub struct Viewer {
    pub actor: Actor,
    pub grants: Vec<Grant>,
}

impl Viewer {
    /// With one role that counts everywhere.
    #[must_use]
    pub fn everywhere(actor: Actor, role: ViewerRole) -> Self {
        let grants = vec![Grant {
            role,
            app: None,
            env: None,
        }];
        Self { actor, grants }
    }
}

/// A role and where it counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    pub role: ViewerRole,
    /// In every application without.
    pub app: Option<AppName>,
    /// In every environment without.
    pub env: Option<EnvName>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ViewerRole {
    Viewer,
    Operator,
    Approver,
    Admin,
}

/// What a user reads when something cannot be done. The log keeps the cause; this does not.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{detail}")]
pub struct Problem {
    pub kind: ProblemKind,
    /// What was wrong and where.
    pub detail: String,
    /// What to do.
    pub remedy: String,
    /// The field that is wrong, as the request names it.
    pub field: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProblemKind {
    Invalid,
    Unauthenticated,
    Forbidden,
    NotFound,
    Conflict,
    TooLarge,
    Unavailable,
    Internal,
}

impl ProblemKind {
    /// The status that says it (RFC 9110), the same for a page and for a program.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::Invalid => 422,
            Self::Unauthenticated => 401,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::Conflict => 409,
            Self::TooLarge => 413,
            Self::Unavailable => 503,
            Self::Internal => 500,
        }
    }
}

pub type Answer<T> = Result<T, Problem>;

/// What pages and handlers can ask for. Every write is authorised on the object that was loaded.
#[async_trait::async_trait]
pub trait Backend: Send + Sync + 'static {
    async fn now(&self, viewer: &Viewer) -> Answer<NowView>;
    async fn applications(&self, viewer: &Viewer) -> Answer<Vec<ApplicationRow>>;
    async fn application(&self, viewer: &Viewer, app: &AppName) -> Answer<ApplicationView>;
    async fn apply(&self, viewer: &Viewer, request: ApplyRequest) -> Answer<ApplyView>;
    async fn images(&self, viewer: &Viewer, app: Option<&AppName>) -> Answer<ImagesView>;
    async fn image(&self, viewer: &Viewer, digest: &Digest) -> Answer<ImageView>;
    async fn bake(&self, viewer: &Viewer, request: BakeRequest) -> Answer<ImageView>;
    async fn plan(&self, viewer: &Viewer, request: StartRequest) -> Answer<PlanView>;
    async fn start(&self, viewer: &Viewer, request: StartRequest) -> Answer<RolloutView>;
    async fn rollouts(&self, viewer: &Viewer, filter: RolloutFilter) -> Answer<Page<RolloutRow>>;
    async fn rollout(&self, viewer: &Viewer, id: RolloutId) -> Answer<RolloutView>;
    /// A rollback of a finished rollout starts a new one, which is what is answered.
    async fn command(
        &self,
        viewer: &Viewer,
        id: RolloutId,
        command: Command,
        request: CommandRequest,
    ) -> Answer<RolloutView>;
    async fn history(&self, viewer: &Viewer, filter: RolloutFilter) -> Answer<HistoryView>;
}

/// How pages get at it on the server.
pub type SharedBackend = Arc<dyn Backend>;
