//! One projection of what changes, made once for everybody who listens.

use crate::world::World;
use app::view::Change;
use domain::Target;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use store::Entry;
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

/// Listeners at the same time.
pub(super) const LISTENERS: usize = 2_000;
/// How far a listener may be behind before it is told to look again.
const BACKLOG: usize = 1_024;

/// What listeners hear.
#[derive(Clone, Debug)]
pub(crate) enum News {
    /// A change, and its JSON.
    Change(Arc<Change>, Arc<str>),
    /// Some were missed: look again.
    Gap,
}

/// Cheap to clone.
#[derive(Clone)]
pub(crate) struct Live {
    news: broadcast::Sender<News>,
    seats: Arc<Semaphore>,
    /// The last journal entry that was told.
    head: Arc<AtomicI64>,
}

impl Live {
    /// Listens to journal and engine until `stopping`.
    pub(crate) fn start(world: &World, head: i64, stopping: CancellationToken) -> Self {
        let live = Self {
            news: broadcast::channel(BACKLOG).0,
            seats: Arc::new(Semaphore::new(LISTENERS)),
            head: Arc::new(AtomicI64::new(head)),
        };
        let mut entries = world.store.subscribe();
        let mut observed = world.engine.changes();
        let teller = live.clone();
        tokio::spawn(async move {
            loop {
                let news = tokio::select! {
                    () = stopping.cancelled() => return,
                    entry = entries.recv() => match entry {
                        Ok(entry) => {
                            teller.head.store(entry.seq, Ordering::Relaxed);
                            News::of(of_entry(&entry))
                        }
                        Err(RecvError::Lagged(_)) => News::Gap,
                        Err(RecvError::Closed) => return,
                    },
                    target = observed.recv() => match target {
                        Ok(target) => News::of(of_look(target, teller.head.load(Ordering::Relaxed))),
                        // Figures come anew within a second.
                        Err(RecvError::Lagged(_)) => continue,
                        Err(RecvError::Closed) => return,
                    },
                };
                // Nobody listening is no error.
                let _ = teller.news.send(news);
            }
        });
        live
    }

    /// A listener's seat; `None` when all are taken.
    pub(crate) fn listen(&self) -> Option<(broadcast::Receiver<News>, OwnedSemaphorePermit)> {
        let seat = Arc::clone(&self.seats).try_acquire_owned().ok()?;
        Some((self.news.subscribe(), seat))
    }

    pub(crate) fn listeners(&self) -> usize {
        LISTENERS - self.seats.available_permits()
    }
}

impl News {
    fn of(change: Change) -> Self {
        let json = serde_json::to_string(&change).unwrap_or_default();
        Self::Change(Arc::new(change), json.into())
    }
}

pub(crate) fn of_entry(entry: &Entry) -> Change {
    let target = entry.target.as_ref();
    Change {
        seq: entry.seq,
        rollout: entry.rollout,
        app: target.map(|target| target.app.clone()),
        env: target.map(|target| target.env.clone()),
        what: entry.kind.clone(),
    }
}

fn of_look(target: Target, head: i64) -> Change {
    Change {
        seq: head,
        rollout: None,
        app: Some(target.app),
        env: Some(target.env),
        what: "observed".to_owned(),
    }
}
