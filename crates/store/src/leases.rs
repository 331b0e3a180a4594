//! Leases on rollouts, and when each wants to be looked at again. A lease is a row's owner, expiry
//! and epoch; its fence is the epoch.

use crate::Store;
use crate::batch::{Batch, unsigned};
use crate::entity::rollout;
use crate::environments::unreadable;
use crate::error::StoreError;
use crate::model::{Fence, Unfinished};
use domain::{AppName, EnvName, RolloutId, Time};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};

struct Claim {
    id: RolloutId,
    owner: String,
    now: Time,
    ttl_ms: u64,
}

impl Store {
    /// Takes or keeps the lease on a rollout; `None` while somebody else has it. `owner` names
    /// one process at a time: an owner that comes back keeps its epoch. A lease with more than half
    /// its time left is not written again.
    ///
    /// # Errors
    /// [`StoreError::Unknown`] where there is no such rollout.
    pub async fn claim(
        &self,
        id: RolloutId,
        owner: &str,
        now: Time,
        ttl_ms: u64,
    ) -> Result<Option<Fence>, StoreError> {
        let found = rollout::Entity::find_by_id(id.0).one(self.reader()).await;
        let row = found
            .map_err(|e| self.trouble(e))?
            .ok_or_else(|| unknown(id))?;
        if row.lease_until > now.0 {
            if row.lease_owner.as_deref() != Some(owner) {
                return Ok(None);
            }
            if row.lease_until > now.plus_ms(ttl_ms / 2).0 {
                return Ok(Some(Fence(unsigned(row.epoch))));
            }
        }
        let claim = Claim {
            id,
            owner: owner.to_owned(),
            now,
            ttl_ms,
        };
        self.inner
            .writer
            .write(claim, |batch, claim| Box::pin(take(batch, claim)))
            .await
    }

    /// Gives a lease back; nothing happens where it is somebody else's by now.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn release(&self, id: RolloutId, fence: Fence) -> Result<(), StoreError> {
        self.inner
            .writer
            .write((id, fence), |batch, (id, fence)| {
                Box::pin(async move {
                    let row = row(batch, *id).await?;
                    if unsigned(row.epoch) == fence.0 {
                        lease(
                            batch,
                            &rollout::Model {
                                lease_owner: None,
                                lease_until: 0,
                                ..row
                            },
                        )
                        .await?;
                    }
                    Ok(())
                })
            })
            .await
    }

    /// Every rollout that is not over, in the order of their start.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn unfinished(&self) -> Result<Vec<Unfinished>, StoreError> {
        let rows = unfinished()
            .all(self.reader())
            .await
            .map_err(|e| self.trouble(e))?;
        rows.into_iter()
            .map(|row| {
                let what = format!("rollout {}", row.id);
                Ok(Unfinished {
                    id: RolloutId(row.id),
                    app: AppName::new(&row.app).map_err(|e| unreadable(&what, e))?,
                    env: EnvName::new(&row.env).map_err(|e| unreadable(&what, e))?,
                    active: row.active,
                    due_at: row.due_at.map(Time),
                })
            })
            .collect()
    }

    /// Unfinished rollouts whose time has come, the longest waiting first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn due(&self, now: Time, limit: u32) -> Result<Vec<RolloutId>, StoreError> {
        let ids: Vec<i64> = due(now, limit)
            .into_tuple()
            .all(self.reader())
            .await
            .map_err(|e| self.trouble(e))?;
        Ok(ids.into_iter().map(RolloutId).collect())
    }

    /// Says when a rollout wants to be looked at again.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn set_due(&self, id: RolloutId, due_at: Option<Time>) -> Result<(), StoreError> {
        self.inner
            .writer
            .write((id, due_at), |batch, (id, due_at)| {
                Box::pin(async move {
                    rollout::Entity::update_many()
                        .col_expr(rollout::Column::DueAt, Expr::value(due_at.map(|at| at.0)))
                        .filter(rollout::Column::Id.eq(id.0))
                        .exec(&batch.tx)
                        .await
                        .map_err(|e| batch.trouble(e))?;
                    Ok::<(), StoreError>(())
                })
            })
            .await
    }
}

fn unfinished() -> Select<rollout::Entity> {
    rollout::Entity::find()
        .filter(is_unfinished())
        .order_by_asc(rollout::Column::Id)
}

fn due(now: Time, limit: u32) -> Select<rollout::Entity> {
    rollout::Entity::find()
        .select_only()
        .column(rollout::Column::Id)
        .filter(is_unfinished())
        .filter(rollout::Column::DueAt.lte(now.0))
        .order_by_asc(rollout::Column::DueAt)
        .order_by_asc(rollout::Column::Id)
        .limit(u64::from(limit))
}

async fn take(batch: &mut Batch, claim: &Claim) -> Result<Option<Fence>, StoreError> {
    let row = row(batch, claim.id).await?;
    let mine = row.lease_owner.as_deref() == Some(claim.owner.as_str());
    if !mine && row.lease_until > claim.now.0 {
        return Ok(None);
    }
    let row = rollout::Model {
        epoch: row.epoch + i64::from(!mine),
        lease_owner: Some(claim.owner.clone()),
        lease_until: claim.now.plus_ms(claim.ttl_ms).0,
        ..row
    };
    lease(batch, &row).await?;
    Ok(Some(Fence(unsigned(row.epoch))))
}

async fn lease(batch: &Batch, row: &rollout::Model) -> Result<(), StoreError> {
    rollout::Entity::update_many()
        .col_expr(
            rollout::Column::LeaseOwner,
            Expr::value(row.lease_owner.clone()),
        )
        .col_expr(rollout::Column::LeaseUntil, Expr::value(row.lease_until))
        .col_expr(rollout::Column::Epoch, Expr::value(row.epoch))
        .filter(rollout::Column::Id.eq(row.id))
        .exec(&batch.tx)
        .await
        .map_err(|e| batch.trouble(e))?;
    Ok(())
}

/// What the partial indexes are about, spelt as they spell it: with a bound value neither database
/// could tell that an index answers the question.
pub(crate) fn is_unfinished() -> Expr {
    Expr::col((rollout::Entity, rollout::Column::Finished)).not()
}

/// The same for rollouts that own their environment.
pub(crate) fn is_active() -> Expr {
    Expr::col((rollout::Entity, rollout::Column::Active))
}

/// A rollout's row, within a batch.
pub(crate) async fn row(batch: &Batch, id: RolloutId) -> Result<rollout::Model, StoreError> {
    let found = rollout::Entity::find_by_id(id.0).one(&batch.tx).await;
    found
        .map_err(|e| batch.trouble(e))?
        .ok_or_else(|| unknown(id))
}

fn unknown(id: RolloutId) -> StoreError {
    StoreError::Unknown {
        what: format!("rollout {id}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::StoreUrl;
    use sea_orm::{ConnectionTrait, DbBackend, QueryTrait, Statement};

    #[tokio::test]
    async fn what_is_finished_costs_nothing_to_skip() {
        let folder = tempfile::tempdir().unwrap();
        let url = StoreUrl::Sqlite(folder.path().join("viridian.db"));
        let store = Store::open(&url).await.unwrap();
        let active = rollout::Entity::find().filter(is_active());
        let cases = [
            (unfinished(), "rollout_unfinished"),
            (due(Time(5), 10), "rollout_due"),
            (active, "rollout_owns_environment"),
        ];
        for (query, index) in cases {
            let Statement { sql, values, .. } = query.build(DbBackend::Sqlite);
            let explain = format!("EXPLAIN QUERY PLAN {sql}");
            let explain = Statement {
                sql: explain,
                values,
                db_backend: DbBackend::Sqlite,
            };
            let rows = store.reader().query_all_raw(explain).await.unwrap();
            let plan: Vec<String> = rows
                .iter()
                .map(|row| row.try_get("", "detail").unwrap())
                .collect();
            assert!(
                plan.iter().any(|line| line.contains(index)),
                "{sql}: {plan:?}"
            );
        }
        store.close().await;
    }
}
