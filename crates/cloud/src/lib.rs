//! The provider contract: what Viridian asks of any cloud.
//!
//! **The rule of this crate:** every verb is idempotent and takes deterministic names, so that
//! repeating it after a crash is safe; `observe` tells what the cloud says, never what was asked.
//!
//! **Deliberately absent:** any particular cloud, the rollout machine, retries (the engine owns the
//! patience), and HTTP.

use async_trait::async_trait;
use domain::planner::Capabilities;
use domain::{Digest, Environment, GroupName, Observation, Routes, Target};
use std::sync::Arc;
use std::time::Duration;

pub mod conformance;
pub mod fake;

/// A cloud, as the engine sees it.
#[async_trait]
pub trait Provider: Send + Sync + 'static {
    /// As `cloud = "…"` names it in a declaration.
    fn name(&self) -> &str;

    /// What it can do; the planner refuses plans that need more.
    fn capabilities(&self) -> Capabilities;

    /// What is there now. Reads the cloud, not a cache.
    async fn observe(&self, place: &Place) -> Result<Observation, CloudError>;

    /// The group exists with `size` instances of its image. Never changes the image of a group that
    /// exists: that is a [`CloudError::Conflict`].
    async fn ensure_group(
        &self,
        place: &Place,
        group: &domain::Group,
        size: u32,
    ) -> Result<(), CloudError>;

    /// The group has `size` instances; those that leave are taken out of the traffic and drained
    /// before they are stopped. [`CloudError::NotFound`] for a group that does not exist.
    async fn ensure_size(
        &self,
        place: &Place,
        group: &GroupName,
        size: u32,
    ) -> Result<(), CloudError>;

    /// The routing in force is `routes`. Where the cloud has conditional writes, they are used.
    async fn ensure_traffic(&self, place: &Place, routes: &Routes) -> Result<(), CloudError>;

    /// The group is gone. Succeeds where it never was. Reads the traffic back first and is a
    /// [`CloudError::Conflict`] while the group's weight is above 0.
    async fn ensure_retired(&self, place: &Place, group: &GroupName) -> Result<(), CloudError>;

    /// One instance is stopped and another started from the same image in its place: the answer to
    /// drift. Drained before it is stopped.
    async fn replace_instance(
        &self,
        place: &Place,
        group: &GroupName,
        instance: &str,
    ) -> Result<(), CloudError>;

    /// The cloud can run this image.
    async fn has_image(&self, digest: &Digest) -> Result<bool, CloudError>;
}

/// An environment as a cloud needs to know it.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    pub target: Target,
    pub environment: Arc<Environment>,
}

/// What a cloud can answer instead of doing it. The engine branches on the kind, people read the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CloudError {
    #[error("the cloud asks for patience: {message}")]
    Throttled {
        retry_after: Option<Duration>,
        message: String,
    },
    /// Worth trying again: a lost reply, a restart, a time-out.
    #[error("the cloud did not answer: {0}")]
    Transient(String),
    #[error("the cloud denies it: {0}")]
    Denied(String),
    #[error("the cloud does not know {0}")]
    NotFound(String),
    /// Something else changed it in between, or it is in use.
    #[error("in conflict with what is there: {0}")]
    Conflict(String),
    #[error("the cloud calls it invalid: {0}")]
    Invalid(String),
    #[error("the cloud cannot do it: {0}")]
    Unsupported(String),
}

impl CloudError {
    /// Trying the same again may help.
    #[must_use]
    pub fn is_worth_retrying(&self) -> bool {
        match self {
            Self::Throttled { .. } | Self::Transient(_) | Self::Conflict(_) | Self::NotFound(_) => {
                true
            }
            Self::Denied(_) | Self::Invalid(_) | Self::Unsupported(_) => false,
        }
    }
}
