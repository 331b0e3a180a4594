//! Everything that answers HTTP: the REST interface, the live stream, forms, probes and pages.

pub(crate) mod api;
pub(crate) mod events;
mod extract;
mod forms;
mod home;
mod idempotency;
pub(crate) mod live;
mod metrics;
mod openapi;
pub(crate) mod page;
mod probes;
pub(crate) mod problem;
mod routes;

pub(crate) use probes::Writable;
pub(crate) use routes::router;

use crate::auth::{Hosts, People, PublicUrl};
use crate::data::DataDir;
use crate::world::World;
use app::backend::SharedBackend;
use live::Live;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// What handlers share. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Server(Arc<Shared>);

pub(crate) struct Shared {
    pub(crate) world: World,
    pub(crate) backend: SharedBackend,
    pub(crate) people: People,
    pub(crate) live: Live,
    pub(crate) hosts: Hosts,
    pub(crate) data: DataDir,
    /// Where this server answers, for links.
    pub(crate) url: String,
    /// The address in front of this server, where it was told one.
    pub(crate) public: Option<PublicUrl>,
    pub(crate) writable: Writable,
    pub(crate) stopping: CancellationToken,
}

impl Server {
    pub(crate) fn new(shared: Shared) -> Self {
        Self(Arc::new(shared))
    }
}

impl std::ops::Deref for Server {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}
