//! The local cloud's process: owns real application processes and the gateway of one machine.
//!
//! **The rule of this crate:** what is wanted is on disk before it is acted upon, and one
//! level-triggered loop an environment makes it so; so a kill at any moment loses nothing, neither
//! a wish nor an instance nor a request.
//!
//! **Deliberately absent:** rollouts, strategies, versions' history and anything else of the control
//! plane, which may die without the node noticing; a shell; a network listener other than those of
//! the environments.

mod adopt;
mod api;
mod drift;
mod environment;
mod error;
mod events;
mod folder;
mod health;
mod instance;
mod listener;
mod logs;
mod node;
mod observe;
mod orphans;
mod ports;
mod process;
mod reconcile;
mod start;
mod state;
mod trees;
mod verbs;

use std::path::PathBuf;
use std::time::Duration;

use cloud_local::wire::Instances;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

pub use error::NodeError;

/// How a node runs.
#[derive(Debug)]
pub struct NodeOptions {
    /// The node's own folder; one node a folder.
    pub dir: PathBuf,
    /// Told once the socket answers.
    pub ready: Option<oneshot::Sender<Ready>>,
}

/// A node that answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ready {
    pub socket: PathBuf,
    pub node: String,
}

/// Runs the node of a folder until SIGTERM, SIGINT or a shutdown request. Takes over the instances of
/// an earlier node process first. A signal drains and stops all instances; what is wanted stays
/// on disk, so that the next start brings them back.
///
/// # Errors
/// [`NodeError`] when the folder cannot be used, above all when another node runs there.
pub async fn run(options: NodeOptions) -> Result<(), NodeError> {
    let NodeOptions { dir, ready } = options;
    let folder = folder::Folder::take(&dir)?;
    let node = node::Node::open(&folder)?;
    adopt::adopt(&node).await?;
    let (listener, socket) = api::bind(&folder)?;
    let mut terminated =
        signal(SignalKind::terminate()).map_err(NodeError::io("watch signals for", &dir))?;
    let mut interrupted =
        signal(SignalKind::interrupt()).map_err(NodeError::io("watch signals for", &dir))?;
    node.tasks.spawn(drift::watch(node.clone()));
    node.tasks.spawn(orphans::watch(node.clone()));
    node.tasks.spawn(logs::keep_bounded(node.clone()));
    let (asked, mut shutdown) = tokio::sync::mpsc::channel(1);
    let serving = tokio::spawn(api::serve(listener, node.clone(), asked));
    tracing::info!(node.id = %node.id, socket = %socket.display(), "The node is ready.");
    if let Some(ready) = ready {
        // Whoever wanted to know may be gone.
        let _ = ready.send(Ready {
            socket: socket.clone(),
            node: node.id.clone(),
        });
    }
    let instances = tokio::select! {
        _ = terminated.recv() => Instances::Stop,
        _ = interrupted.recv() => Instances::Stop,
        Some(asked) = shutdown.recv() => asked,
    };
    tracing::info!(?instances, "The node ends.");
    node.shut_down(instances).await;
    // The last answer may still be on its way.
    tokio::time::sleep(Duration::from_millis(20)).await;
    serving.abort();
    let _ = std::fs::remove_file(&socket);
    drop(folder);
    Ok(())
}
