//! Leases on rollouts. A lease is a row's owner, expiry and epoch; its fence is the epoch.

use crate::Store;
use crate::batch::{Batch, unsigned};
use crate::entity::rollout;
use crate::error::StoreError;
use crate::model::Fence;
use domain::{RolloutId, Time};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

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
    async fn the_owner_of_an_environment_is_found_by_its_index() {
        let folder = tempfile::tempdir().unwrap();
        let url = StoreUrl::Sqlite(folder.path().join("viridian.db"));
        let store = Store::open(&url).await.unwrap();
        let active = rollout::Entity::find().filter(is_active());
        let Statement { sql, values, .. } = active.build(DbBackend::Sqlite);
        let explain = Statement {
            sql: format!("EXPLAIN QUERY PLAN {sql}"),
            values,
            db_backend: DbBackend::Sqlite,
        };
        let rows = store.reader().query_all_raw(explain).await.unwrap();
        let plan: Vec<String> = rows
            .iter()
            .map(|row| row.try_get("", "detail").unwrap())
            .collect();
        let by_index = |line: &String| line.contains("rollout_owns_environment");
        assert!(plan.iter().any(by_index), "{sql}: {plan:?}");
        store.close().await;
    }
}
