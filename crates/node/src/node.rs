//! The node as a whole: its environments and what they share.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cloud_local::wire::Instances;
use domain::{Target, Time};
use image::ImageStore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::environment::Environment;
use crate::events::Events;
use crate::folder::Folder;
use crate::orphans::{self, Living};
use crate::ports::Ports;
use crate::state::{Records, StateFile, Wanted};
use crate::trees::Trees;
use crate::{NodeError, reconcile};

/// How long requests may take to finish when instances or listeners go.
pub(crate) const DRAIN_TIMEOUT: Duration = Duration::from_secs(30);
/// How long listeners may take to finish their requests when the instances stay.
const LEAVE_TIMEOUT: Duration = Duration::from_secs(5);

pub(crate) struct Node {
    pub(crate) id: String,
    pub(crate) started: Time,
    pub(crate) images: Arc<ImageStore>,
    pub(crate) trees: Trees,
    /// Where unpacked images stand.
    pub(crate) folders: [PathBuf; 2],
    pub(crate) state: StateFile,
    pub(crate) records: Records,
    pub(crate) events: Events,
    pub(crate) ports: Ports,
    pub(crate) living: Living,
    pub(crate) tasks: TaskTracker,
    /// Ends every task, whatever it is at. Instances are not touched by it.
    pub(crate) ending: CancellationToken,
    environments: Mutex<BTreeMap<Target, Arc<Environment>>>,
}

impl Node {
    pub(crate) fn open(folder: &Folder) -> Result<Arc<Self>, NodeError> {
        let dir = folder.path.clone();
        let images = Arc::new(ImageStore::open(dir.join("images"))?);
        let (state, id, wanted) = StateFile::open(&dir)?;
        let environments = wanted
            .into_iter()
            .map(|wanted| (wanted.target.clone(), Arc::new(Environment::new(wanted))));
        Ok(Arc::new(Self {
            id,
            started: now(),
            trees: Trees::new(&dir, Arc::clone(&images)),
            folders: [dir.join("images"), dir.join("trees")],
            images,
            state,
            records: Records(dir.join("instances")),
            events: Events::default(),
            ports: Ports::default(),
            living: Living::default(),
            tasks: TaskTracker::new(),
            ending: CancellationToken::new(),
            environments: Mutex::new(environments.collect()),
        }))
    }

    pub(crate) fn environments(&self) -> Vec<Arc<Environment>> {
        self.known().values().cloned().collect()
    }

    pub(crate) fn environment(&self, target: &Target) -> Option<Arc<Environment>> {
        self.known().get(target).cloned()
    }

    /// The environment, begun where there was none. Nothing of it is on disk yet.
    pub(crate) fn begin(self: &Arc<Self>, target: &Target, listen: SocketAddr) -> Arc<Environment> {
        let mut known = self.known();
        if let Some(found) = known.get(target) {
            return Arc::clone(found);
        }
        let fresh = Arc::new(Environment::new(Wanted::new(target.clone(), listen)));
        known.insert(target.clone(), Arc::clone(&fresh));
        self.tend(&fresh);
        fresh
    }

    /// Starts the environment's reconcile loop.
    pub(crate) fn tend(self: &Arc<Self>, environment: &Arc<Environment>) {
        self.tasks
            .spawn(reconcile::run(Arc::clone(self), Arc::clone(environment)));
    }

    /// Ends listeners first, then instances, so that what is under way is answered.
    pub(crate) async fn shut_down(self: &Arc<Self>, instances: Instances) {
        let grace = match instances {
            Instances::Stop => DRAIN_TIMEOUT,
            Instances::Leave => LEAVE_TIMEOUT,
        };
        let environments = self.environments();
        let gateways = environments
            .iter()
            .filter_map(|environment| environment.close());
        futures::future::join_all(gateways.map(|gateway| gateway.shutdown(grace))).await;
        if instances == Instances::Stop {
            for environment in &environments {
                environment.leave_all(self);
            }
            for environment in &environments {
                environment.emptied().await;
            }
            orphans::end(self).await;
        }
        self.ending.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }

    fn known(&self) -> std::sync::MutexGuard<'_, BTreeMap<Target, Arc<Environment>>> {
        self.environments
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// The node is the edge where time comes from.
pub(crate) fn now() -> Time {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Time(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// Runs something that blocks; `None` only when it panicked.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    tokio::task::spawn_blocking(work).await.ok()
}
