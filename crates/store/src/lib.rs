//! The journal, and everything that is remembered between two starts of the control plane.
//!
//! **The rule of this crate:** it is the only one that names `sea_orm`. Rows go in and domain types
//! come out. A rollout is its events: every decision is one compare-and-set on `(rollout, seq)` under
//! a fence, in one transaction with the hash chain and the projections that lists are made of, so a
//! list never shows what the journal does not hold.
//!
//! **Deliberately absent:** HTTP, clouds, a clock and randomness. Times, tokens and their hashes come
//! in as data; what is secret comes in hashed.
//!
//! One code serves the embedded SQLite file and PostgreSQL. All writes of a process go through one
//! task, which commits whatever queued up in one transaction: waiting for the disk is shared, each
//! caller is answered after the commit, and a refused write does not touch its neighbours.

mod append;
mod applications;
mod backup;
mod batch;
mod chain;
mod connect;
mod create;
#[expect(
    unreachable_pub,
    reason = "what sea_orm derives has to be `pub`; the module is not"
)]
mod entity;
mod environments;
mod error;
mod idempotency;
mod images;
mod journal;
mod leases;
mod model;
mod people;
mod projection;
mod rollouts;
mod seat;
mod url;
mod verify;
mod writer;

pub use error::{AppendError, StoreError};
pub use model::{
    AdminEvent, Append, Appended, BackUp, BadCursor, Begun, Cursor, Entry, EntryEvent,
    EnvironmentRecord, Fence, Grant, Hold, ImageRecord, Loaded, Login, NewRollout, Opening,
    Progress, Reserved, RolloutQuery, RolloutRecord, Session, Taken, TokenRecord, Verification,
    Veto,
};
pub use seat::{Seat, SeatError};
pub use url::{BadStoreUrl, StoreUrl};

use connect::Connections;
use std::sync::Arc;
use tokio::sync::broadcast;

/// Everything that is remembered. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    connections: Connections,
    writer: writer::Writer,
    entries: broadcast::Sender<Arc<Entry>>,
}

/// How many entries a slow subscriber may be behind before it is told that it missed some.
const SUBSCRIBER_BACKLOG: usize = 4_096;

impl Store {
    /// Opens the database, creating it where there is none, and brings its schema up to date.
    ///
    /// # Errors
    /// [`StoreError::InUse`] where another process has the file open, [`StoreError::Corrupt`] where
    /// it is damaged, [`StoreError::Newer`] where a newer version wrote it.
    pub async fn open(url: &StoreUrl) -> Result<Store, StoreError> {
        let connections = Connections::open(url).await?;
        let (entries, _) = broadcast::channel(SUBSCRIBER_BACKLOG);
        let writer = writer::Writer::start(connections.clone(), entries.clone()).await?;
        Ok(Store {
            inner: Arc::new(Inner {
                connections,
                writer,
                entries,
            }),
        })
    }

    /// Finishes what is queued and closes the database. Clones answer [`StoreError::Closed`] after.
    /// Without it the file is freed only when the last clone and the task that writes are gone.
    pub async fn close(self) {
        let connections = self.inner.writer.stop().await;
        connections
            .as_ref()
            .unwrap_or(&self.inner.connections)
            .close()
            .await;
    }

    /// What is written from now on, after its commit and in the journal's order. A receiver that
    /// lags behind is told so by the channel and reads the gap with [`Store::journal`].
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<Entry>> {
        self.inner.entries.subscribe()
    }

    fn reader(&self) -> &sea_orm::DatabaseConnection {
        &self.inner.connections.reader
    }

    /// Types a database error, knowing which file or server it is about.
    fn trouble(&self, error: sea_orm::DbErr) -> StoreError {
        self.inner.connections.place.trouble(error)
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Store")
            .field(&self.inner.connections.place)
            .finish()
    }
}
