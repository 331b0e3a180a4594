//! Reading the journal, and writing what belongs to no rollout.

use crate::Store;
use crate::batch::{Batch, Draft, HEAD, unsigned};
use crate::connect::Connections;
use crate::entity::{chain, journal};
use crate::error::StoreError;
use crate::model::{AdminEvent, Entry, EntryEvent};
use domain::{Actor, AppName, EnvName, Event, RolloutId, Target, Time};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

const MOST: u32 = 10_000;

impl Store {
    /// Entries after `after`, oldest first, of one rollout or of all; at most 10,000.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn journal(
        &self,
        rollout: Option<RolloutId>,
        after: i64,
        limit: u32,
    ) -> Result<Vec<Entry>, StoreError> {
        self::after(&self.inner.connections, rollout, after, limit).await
    }

    /// The newest entries of an environment that belong to no rollout (a hold removed, an instance
    /// replaced), newest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn notes(&self, target: &Target, limit: u32) -> Result<Vec<Entry>, StoreError> {
        let connections = &self.inner.connections;
        let rows = journal::Entity::find()
            .filter(journal::Column::Rollout.is_null())
            .filter(journal::Column::App.eq(target.app.as_str()))
            .filter(journal::Column::Env.eq(target.env.as_str()))
            .order_by_desc(journal::Column::Seq)
            .limit(u64::from(limit.min(MOST)))
            .all(&connections.reader)
            .await
            .map_err(|e| connections.place.trouble(e))?;
        rows.into_iter().map(entry).collect()
    }

    /// The number of the last entry; 0 for an empty journal.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn head(&self) -> Result<i64, StoreError> {
        head(&self.inner.connections).await
    }

    /// When its last entry was made, by the clock of who made it; nothing of an empty journal.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn last_moment(&self) -> Result<Option<Time>, StoreError> {
        let last = self.journal(None, self.head().await? - 1, 1).await?;
        Ok(last.last().map(|entry| entry.at))
    }

    /// Enters what happened outside a rollout. What this crate changes itself (an application, an
    /// image, a hold, a veto) it enters by itself, in the same transaction.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn record(&self, event: AdminEvent) -> Result<i64, StoreError> {
        self.inner
            .writer
            .write(event, |batch, event| {
                Box::pin(async move { enter(batch, event.clone()) })
            })
            .await
    }
}

/// Adds an administrative entry to a batch.
pub(crate) fn enter(batch: &mut Batch, event: AdminEvent) -> Result<i64, StoreError> {
    batch.enter(Draft {
        rollout: None,
        target: event.target,
        at: event.at,
        by: event.by,
        kind: event.kind,
        event: EntryEvent::Admin(event.detail),
    })
}

pub(crate) async fn head(connections: &Connections) -> Result<i64, StoreError> {
    let found = chain::Entity::find_by_id(HEAD)
        .one(&connections.reader)
        .await;
    let found = found.map_err(|e| connections.place.trouble(e))?;
    Ok(found.map_or(0, |head| head.seq))
}

pub(crate) async fn after(
    connections: &Connections,
    rollout: Option<RolloutId>,
    after: i64,
    limit: u32,
) -> Result<Vec<Entry>, StoreError> {
    let mut query = journal::Entity::find().filter(journal::Column::Seq.gt(after));
    if let Some(id) = rollout {
        query = query.filter(journal::Column::Rollout.eq(id.0));
    }
    let query = query
        .order_by_asc(journal::Column::Seq)
        .limit(u64::from(limit.min(MOST)));
    let rows = query
        .all(&connections.reader)
        .await
        .map_err(|e| connections.place.trouble(e))?;
    rows.into_iter().map(entry).collect()
}

/// A rollout's events, oldest first.
pub(crate) async fn events(
    connection: &impl ConnectionTrait,
    id: RolloutId,
) -> Result<Result<Vec<Event>, StoreError>, sea_orm::DbErr> {
    let rows = journal::Entity::find()
        .filter(journal::Column::Rollout.eq(id.0))
        .order_by_asc(journal::Column::RolloutSeq)
        .all(connection)
        .await?;
    Ok(rows.iter().map(event).collect())
}

fn unreadable(row: &journal::Model, detail: impl std::fmt::Display) -> StoreError {
    StoreError::Unreadable {
        what: format!("journal entry {}", row.seq),
        detail: detail.to_string(),
    }
}

/// The rollout's event that a row holds.
pub(crate) fn event(row: &journal::Model) -> Result<Event, StoreError> {
    let what = serde_json::from_str(&row.detail).map_err(|e| unreadable(row, e))?;
    let by = Actor::new(&row.actor).map_err(|e| unreadable(row, e))?;
    Ok(Event {
        at: Time(row.at),
        by,
        what,
    })
}

fn entry(row: journal::Model) -> Result<Entry, StoreError> {
    let target = match (&row.app, &row.env) {
        (Some(app), Some(env)) => Some(Target {
            app: AppName::new(app).map_err(|e| unreadable(&row, e))?,
            env: EnvName::new(env).map_err(|e| unreadable(&row, e))?,
        }),
        _ => None,
    };
    let content = if row.rollout.is_some() {
        EntryEvent::Rollout(Box::new(event(&row)?))
    } else {
        EntryEvent::Admin(serde_json::from_str(&row.detail).map_err(|e| unreadable(&row, e))?)
    };
    Ok(Entry {
        seq: row.seq,
        rollout: row.rollout.map(RolloutId),
        rollout_seq: row.rollout_seq.map_or(0, unsigned),
        target,
        at: Time(row.at),
        by: Actor::new(&row.actor).map_err(|e| unreadable(&row, e))?,
        event: content,
        kind: row.kind,
        hash: row.hash,
    })
}
