//! Reading rollouts: one from its events, many from their projection.

use crate::Store;
use crate::batch::unsigned;
use crate::entity::rollout;
use crate::environments::unreadable;
use crate::error::StoreError;
use crate::journal;
use crate::leases;
use crate::model::{Cursor, Loaded, RolloutQuery, RolloutRecord};
use domain::rollout::replay;
use domain::{
    Actor, AppName, Digest, EnvName, GroupName, ReleaseNumber, RolloutId, Strategy, Time, Version,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use std::collections::BTreeMap;

const PAGE: u32 = 50;
const PAGE_MOST: u32 = 1_000;

impl Store {
    /// A rollout as its events make it; `None` where there is none of this number.
    ///
    /// # Errors
    /// When the database cannot be read, or an event not be understood.
    pub async fn load(&self, id: RolloutId) -> Result<Option<Loaded>, StoreError> {
        // One moment for the row and the events.
        let trouble = |e| self.trouble(e);
        let tx = self.moment().await.map_err(trouble)?;
        let row = rollout::Entity::find_by_id(id.0)
            .one(&tx)
            .await
            .map_err(trouble)?;
        let events = journal::events(&tx, id).await.map_err(trouble)?;
        tx.commit().await.map_err(trouble)?;
        let Some(row) = row else { return Ok(None) };
        let events = events?;
        let seq = events.len() as u64;
        match replay(id, &events) {
            Some(rollout) => Ok(Some(Loaded {
                rollout,
                seq,
                due_at: row.due_at.map(Time),
            })),
            None => Err(unreadable(
                &format!("rollout {id}"),
                "its first event does not create it",
            )),
        }
    }

    /// One page of rollouts, newest first, and where the next one begins. Pages hold nothing twice
    /// and leave nothing out, whatever is started meanwhile.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn rollouts(
        &self,
        query: RolloutQuery,
    ) -> Result<(Vec<RolloutRecord>, Option<Cursor>), StoreError> {
        let limit = if query.limit == 0 {
            PAGE
        } else {
            query.limit.min(PAGE_MOST)
        } as usize;
        let mut rows = rollout::Entity::find();
        if let Some(app) = &query.app {
            rows = rows.filter(rollout::Column::App.eq(app.as_str()));
        }
        if let Some(env) = &query.env {
            rows = rows.filter(rollout::Column::Env.eq(env.as_str()));
        }
        if let Some(strategy) = query.strategy {
            rows = rows.filter(rollout::Column::Strategy.eq(strategy.as_str()));
        }
        if query.unfinished_only {
            rows = rows.filter(leases::is_unfinished());
        }
        if let Some(Cursor(before)) = query.cursor {
            rows = rows.filter(rollout::Column::Id.lt(before));
        }
        let rows = rows
            .order_by_desc(rollout::Column::Id)
            .limit(limit as u64 + 1);
        let mut states = query.states;
        states.sort_unstable();
        states.dedup();
        let mut found = Vec::new();
        if states.is_empty() {
            let all = rows.all(self.reader()).await;
            found = all.map_err(|e| self.trouble(e))?;
        } else {
            // State by state, each from its own index in the order of the list: asked for several at
            // once, a database reads and sorts every rollout there ever was. All as of one moment, so
            // that one which moves on meanwhile is in exactly one of them.
            let tx = self.moment().await.map_err(|e| self.trouble(e))?;
            for state in states {
                let some = rows.clone().filter(rollout::Column::State.eq(state));
                let some = some.all(&tx).await;
                found.extend(some.map_err(|e| self.trouble(e))?);
            }
            tx.commit().await.map_err(|e| self.trouble(e))?;
            found.sort_unstable_by_key(|row| std::cmp::Reverse(row.id));
        }
        let more = found.len() > limit;
        let page: Vec<_> = found
            .into_iter()
            .take(limit)
            .map(record)
            .collect::<Result<_, _>>()?;
        let next = page.last().filter(|_| more).map(|last| Cursor(last.id.0));
        Ok((page, next))
    }

    /// How many rollouts that are not over are in each state, as [`domain::rollout::Status::as_str`] spells it.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn unfinished_by_state(&self) -> Result<BTreeMap<String, u64>, StoreError> {
        let counted: Vec<(String, i64)> = rollout::Entity::find()
            .select_only()
            .column(rollout::Column::State)
            .column_as(rollout::Column::Id.count(), "rollouts")
            .filter(leases::is_unfinished())
            .group_by(rollout::Column::State)
            .into_tuple()
            .all(self.reader())
            .await
            .map_err(|e| self.trouble(e))?;
        let counted = counted
            .into_iter()
            .map(|(state, rollouts)| (state, unsigned(rollouts)));
        Ok(counted.collect())
    }
}

fn record(row: rollout::Model) -> Result<RolloutRecord, StoreError> {
    let what = format!("rollout {}", row.id);
    let bad = |e: domain::ids::BadName| unreadable(&what, e);
    let from = match (&row.from_group, &row.from_version, &row.from_digest) {
        (Some(group), Some(version), Some(digest)) => Some((
            GroupName::new(group).map_err(bad)?,
            Version::new(version).map_err(bad)?,
            Digest::new(digest).map_err(bad)?,
        )),
        _ => None,
    };
    let to = (
        GroupName::new(&row.to_group).map_err(bad)?,
        Version::new(&row.to_version).map_err(bad)?,
        Digest::new(&row.to_digest).map_err(bad)?,
    );
    let strategy = Strategy::ALL
        .into_iter()
        .find(|s| s.as_str() == row.strategy);
    Ok(RolloutRecord {
        id: RolloutId(row.id),
        app: AppName::new(&row.app).map_err(bad)?,
        env: EnvName::new(&row.env).map_err(bad)?,
        strategy: strategy.ok_or_else(|| unreadable(&what, "its strategy is unknown"))?,
        status: serde_json::from_str(&row.status).map_err(|e| unreadable(&what, e))?,
        active: row.active,
        step: usize::try_from(row.step).map_err(|e| unreadable(&what, e))?,
        steps_total: usize::try_from(row.steps_total).map_err(|e| unreadable(&what, e))?,
        from,
        to,
        release: ReleaseNumber(u32::try_from(row.release).map_err(|e| unreadable(&what, e))?),
        created_by: Actor::new(&row.created_by).map_err(bad)?,
        created_at: Time(row.created_at),
        admitted_at: row.admitted_at.map(Time),
        ended_at: row.ended_at.map(Time),
        updated_at: Time(row.updated_at),
        due_at: row.due_at.map(Time),
        seq: unsigned(row.seq),
        journal_seq: row.journal_seq,
    })
}
