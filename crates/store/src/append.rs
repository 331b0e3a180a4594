//! Appending to a rollout: the one way in which it ever changes.

use crate::Store;
use crate::batch::{Batch, Draft, unsigned};
use crate::entity::rollout;
use crate::error::{AppendError, StoreError};
use crate::leases;
use crate::model::{Append, Appended, EntryEvent};
use crate::projection;
use domain::RolloutId;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};

impl Store {
    /// Writes events if nothing was written since the caller looked and its lease still holds, with
    /// the projections and the chain in one transaction. Answered after it is on disk.
    ///
    /// # Errors
    /// [`AppendError`] says why nothing was written.
    pub async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        self.inner
            .writer
            .write(append, |batch, append| Box::pin(write(batch, append)))
            .await
    }
}

async fn write(batch: &mut Batch, append: &Append) -> Result<Appended, AppendError> {
    let row = leases::row(batch, append.id).await?;
    if append
        .fence
        .is_some_and(|fence| fence.0 != unsigned(row.epoch))
    {
        return Err(AppendError::Fenced);
    }
    let found = unsigned(row.seq);
    if found != append.expected_seq {
        return Err(AppendError::Stale { found });
    }
    if append.after.status.is_active()
        && !row.active
        && let Some(by) = owner(batch, &row).await?
    {
        return Err(AppendError::Occupied { by });
    }

    let mut seq = found;
    let mut journal_seq = row.journal_seq;
    let mut updated_at = row.updated_at;
    for event in &append.events {
        seq += 1;
        updated_at = event.at.0;
        journal_seq = batch.enter(Draft {
            rollout: Some((append.id, seq)),
            target: Some(append.after.plan.target.clone()),
            at: event.at,
            by: event.by.clone(),
            kind: event.what.as_str().to_owned(),
            event: EntryEvent::Rollout(Box::new(event.clone())),
        })?;
        projection::environment(batch, event, &append.after).await?;
    }
    let row = rollout::Model {
        seq: row.seq + i64::try_from(append.events.len()).unwrap_or(i64::MAX),
        journal_seq,
        updated_at,
        due_at: append.due_at.map(|at| at.0),
        ..projection::apply(row, &append.after)?
    };
    rollout::Entity::update_many()
        .filter(rollout::Column::Id.eq(row.id))
        .set(row.into_active_model().reset_all())
        .exec(&batch.tx)
        .await
        .map_err(|e| batch.trouble(e))?;
    Ok(Appended { seq, journal_seq })
}

/// The other rollout that owns the environment. The partial unique index says the same; asking
/// first gives an answer instead of an undone batch.
async fn owner(batch: &Batch, row: &rollout::Model) -> Result<Option<RolloutId>, StoreError> {
    let other = rollout::Entity::find()
        .filter(rollout::Column::App.eq(&row.app))
        .filter(rollout::Column::Env.eq(&row.env))
        .filter(leases::is_active())
        .filter(rollout::Column::Id.ne(row.id))
        .one(&batch.tx)
        .await
        .map_err(|e| batch.trouble(e))?;
    Ok(other.map(|other| RolloutId(other.id)))
}
