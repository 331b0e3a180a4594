//! The local cloud as a [`cloud::Provider`]: speaks to the node of this machine.
//!
//! **The rule of this crate:** it only carries questions and answers over the node's Unix socket;
//! what is true is what the node says.
//!
//! **Deliberately absent:** processes of applications, images on disk, traffic (all of that is the
//! node's), retries (the engine owns the patience), and any state apart from the socket's path.

mod client;
mod images;
mod provider;
mod start;
pub mod wire;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use cloud::CloudError;
use domain::AppName;
use http::Method;

pub use start::{StartError, find_or_start};

use client::Client;
use start::Starter;

/// The name of this cloud in a declaration.
pub const NAME: &str = "local";

/// The node's socket inside its folder.
#[must_use]
pub fn socket_of(node_dir: &Path) -> PathBuf {
    node_dir.join("node.sock")
}

/// A handle to the node of one folder. Cheap to clone.
#[derive(Clone)]
pub struct LocalCloud {
    client: Client,
    starter: Option<Arc<Starter>>,
}

impl LocalCloud {
    /// Speaks to the node of this folder, which somebody else starts and keeps running.
    #[must_use]
    pub fn at(node_dir: &Path) -> Self {
        Self {
            client: Client::new(socket_of(node_dir)),
            starter: None,
        }
    }

    /// What the node keeps and what befell it.
    ///
    /// # Errors
    /// [`CloudError::Transient`] when no node answers.
    pub async fn status(&self) -> Result<wire::Status, CloudError> {
        self.call(Method::GET, "/v1/status", &()).await
    }

    /// What befell the instances of an application, oldest first; only the last of it. Unlike the others
    /// this never starts a node that is gone.
    ///
    /// # Errors
    /// [`CloudError::Transient`] when no node answers.
    pub async fn events(&self, app: &AppName) -> Result<Vec<wire::NodeEvent>, CloudError> {
        let path = format!("/v1/events?app={app}");
        let told: wire::Events = self
            .client
            .call(Method::GET, &path, &(), VERB_TIMEOUT)
            .await?;
        Ok(told.events)
    }

    /// All figures in Prometheus' text exposition format.
    ///
    /// # Errors
    /// [`CloudError::Transient`] when no node answers.
    pub async fn metrics(&self) -> Result<String, CloudError> {
        self.text("/v1/metrics").await
    }

    /// The last `bytes` of what an instance wrote, also of one that ended.
    ///
    /// # Errors
    /// [`CloudError::NotFound`] for an instance that never was, or whose log was cleared away.
    pub async fn logs(&self, instance: &str, bytes: u64) -> Result<String, CloudError> {
        self.text(&format!(
            "/v1/instances/{}/log?bytes={bytes}",
            path_segment(instance)?
        ))
        .await
    }

    /// Ends the node.
    ///
    /// # Errors
    /// [`CloudError::Transient`] when no node answers.
    pub async fn shutdown(&self, instances: wire::Instances) -> Result<(), CloudError> {
        // Not through `call`: ending a node must never start one.
        let asked = wire::Shutdown { instances };
        self.client
            .call(Method::POST, "/v1/shutdown", &asked, VERB_TIMEOUT)
            .await
            .map_err(Into::into)
    }

    async fn call<B: serde::Serialize + Sync, A: serde::de::DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: &B,
    ) -> Result<A, CloudError> {
        let first = self
            .client
            .call(method.clone(), path, body, VERB_TIMEOUT)
            .await;
        match (first, &self.starter) {
            (Err(client::Failure::Absent(why)), Some(starter)) => {
                tracing::warn!(%why, "The node is gone; starting it again.");
                let started = starter.ensure(&self.client).await;
                started.map_err(|error| CloudError::Transient(error.to_string()))?;
                self.client
                    .call(method, path, body, VERB_TIMEOUT)
                    .await
                    .map_err(Into::into)
            }
            (other, _) => other.map_err(Into::into),
        }
    }

    async fn text(&self, path: &str) -> Result<String, CloudError> {
        let answer: wire::Text = self.call(Method::GET, path, &()).await?;
        Ok(answer.text)
    }
}

/// Every verb only writes a wish down, so a node that takes longer is not well.
const VERB_TIMEOUT: Duration = Duration::from_secs(20);

/// Ids are made by the node of letters, digits and hyphens; anything else is none of its.
fn path_segment(id: &str) -> Result<&str, CloudError> {
    let known = !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if known {
        Ok(id)
    } else {
        Err(CloudError::NotFound(format!("an instance {id:?}")))
    }
}
