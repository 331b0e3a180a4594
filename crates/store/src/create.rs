//! Beginning a rollout.

use crate::Store;
use crate::batch::{Batch, Draft};
use crate::entity::{environment, rollout};
use crate::error::StoreError;
use crate::model::{EntryEvent, Loaded, NewRollout};
use crate::{environments, projection};
use domain::Event;
use domain::rollout::{What, create};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};

/// Group numbers that a plan may use.
const GROUPS_OF_A_PLAN: i64 = 2;

impl Store {
    /// Writes a rollout's first event with its whole plan, and takes the numbers that the plan
    /// uses. It is due at once.
    ///
    /// # Errors
    /// [`StoreError::Moved`] where the environment's counters are not those of `expect` any more,
    /// [`StoreError::Unknown`] where there is no such environment (any more).
    pub async fn create_rollout(&self, new: NewRollout) -> Result<Loaded, StoreError> {
        self.inner
            .writer
            .write(new, |batch, new| Box::pin(begin(batch, new)))
            .await
    }
}

async fn begin(batch: &mut Batch, new: &NewRollout) -> Result<Loaded, StoreError> {
    let target = &new.plan.target;
    let row = environments::row(batch, target).await?;
    if row.gone {
        return Err(StoreError::Unknown {
            what: format!("the environment {target}"),
        });
    }
    let found = projection::reserved(&row)?;
    if found != new.expect {
        return Err(StoreError::Moved {
            target: target.clone(),
            found,
        });
    }

    let id = batch.next_rollout();
    let what = What::Created {
        plan: Box::new(new.plan.clone()),
        needs_approval: new.needs_approval,
    };
    let event = Event {
        at: new.at,
        by: new.by.clone(),
        what,
    };
    let Some(rollout) = create(id, &event) else {
        return Err(environments::unreadable(
            "a rollout's first event",
            "it creates nothing",
        ));
    };
    let due_at = Some(new.at);
    let journal_seq = batch.enter(Draft {
        rollout: Some((id, 1)),
        target: Some(target.clone()),
        at: new.at,
        by: new.by.clone(),
        kind: event.what.as_str().to_owned(),
        event: EntryEvent::Rollout(Box::new(event)),
    })?;
    let first = projection::first(&rollout, due_at)?;
    let first = rollout::Model {
        seq: 1,
        journal_seq,
        ..first
    };
    rollout::Entity::insert(first.into_active_model().reset_all())
        .exec_without_returning(&batch.tx)
        .await
        .map_err(|e| batch.trouble(e))?;
    projection::release(batch, id, &new.plan, new.at).await?;
    // What runs may be numbered higher than this journal knows, after a restored back-up.
    let first = new.plan.to.name.number().map_or(0, i64::from);
    let row = environment::Model {
        next_group: row.next_group.max(first) + GROUPS_OF_A_PLAN,
        next_release: row.next_release + 1,
        ..row
    };
    environments::save(batch, row).await?;
    Ok(Loaded {
        rollout,
        seq: 1,
        due_at,
    })
}
