//! Walking the whole journal: is every entry as it was written, and do the lists show what it says?

use crate::Store;
use crate::batch::{HEAD, unsigned};
use crate::chain::{GENESIS, hash};
use crate::entity::{chain, journal, rollout};
use crate::error::StoreError;
use crate::journal::event;
use crate::model::{Progress, Verification};
use crate::projection;
use domain::RolloutId;
use domain::rollout::replay;
use sea_orm::{
    AccessMode, ColumnTrait, DatabaseTransaction, DbBackend, DbErr, EntityTrait, IsolationLevel,
    QueryFilter, QueryOrder, QuerySelect, TransactionTrait,
};
use std::collections::HashMap;

const AT_ONCE: u64 = 1_000;
/// Rollouts are compared in fewer at once: each brings all its events.
const ROLLOUTS_AT_ONCE: u64 = 50;

impl Store {
    /// Recomputes every hash, looks for gaps, and replays every rollout against its row in the
    /// lists. `progress` hears of each stretch; serving goes on meanwhile.
    ///
    /// # Errors
    /// When the database cannot be read. What is wrong with the journal is not an error but the
    /// answer.
    pub async fn verify(
        &self,
        mut progress: impl FnMut(Progress) + Send,
    ) -> Result<Verification, StoreError> {
        let (rows, head_hash) = match self.walk(&mut progress).await? {
            Ok(sound) => sound,
            Err(broken) => return Ok(broken),
        };
        match self.compare().await? {
            Some(broken) => Ok(broken),
            None => Ok(Verification::Sound { rows, head_hash }),
        }
    }

    /// A transaction that sees one moment.
    pub(crate) async fn moment(&self) -> Result<DatabaseTransaction, DbErr> {
        match self.reader().get_database_backend() {
            DbBackend::Sqlite => self.reader().begin().await,
            _ => {
                let (level, access) = (IsolationLevel::RepeatableRead, AccessMode::ReadOnly);
                self.reader()
                    .begin_with_config(Some(level), Some(access))
                    .await
            }
        }
    }

    async fn walk(
        &self,
        progress: &mut (impl FnMut(Progress) + Send),
    ) -> Result<Result<(i64, String), Verification>, StoreError> {
        let broken = |seq, why: String| Ok(Err(Verification::Broken { seq, why }));
        let head = chain::Entity::find_by_id(HEAD).one(self.reader()).await;
        let Some(head) = head.map_err(|e| self.trouble(e))? else {
            return broken(0, "the end of the chain is missing".to_owned());
        };
        let (mut at, mut before) = (0, GENESIS.to_owned());
        let mut events_of: HashMap<i64, i64> = HashMap::new();
        loop {
            let rows = journal::Entity::find()
                .filter(journal::Column::Seq.gt(at))
                .order_by_asc(journal::Column::Seq)
                .limit(AT_ONCE)
                .all(self.reader())
                .await
                .map_err(|e| self.trouble(e))?;
            if rows.is_empty() {
                break;
            }
            for row in rows {
                if row.seq != at + 1 {
                    return broken(at + 1, format!("it is missing; the next is {}", row.seq));
                }
                if row.hash != hash(&before, &row) {
                    let why = "its content, or its place, is not what its hash was made of";
                    return broken(row.seq, why.to_owned());
                }
                if let (Some(id), Some(seq)) = (row.rollout, row.rollout_seq) {
                    let last = events_of.entry(id).or_default();
                    if seq != *last + 1 {
                        let why = format!("rollout {id} goes from event {last} to event {seq}");
                        return broken(row.seq, why);
                    }
                    *last = seq;
                }
                if row.seq == head.seq && row.hash != head.hash {
                    return broken(
                        row.seq,
                        "the chain's end was recorded with another hash".to_owned(),
                    );
                }
                (at, before) = (row.seq, row.hash);
            }
            progress(Progress {
                rows: at,
                of: head.seq.max(at),
            });
        }
        if at < head.seq {
            return broken(
                at + 1,
                format!("it is missing; the journal went on to {}", head.seq),
            );
        }
        Ok(Ok((at, before)))
    }

    /// The lists against the journal; the first rollout that differs.
    async fn compare(&self) -> Result<Option<Verification>, StoreError> {
        let mut after = 0;
        loop {
            let tx = self.moment().await.map_err(|e| self.trouble(e))?;
            let found = compare_some(&tx, after).await;
            tx.commit().await.map_err(|e| self.trouble(e))?;
            match found.map_err(|e| self.trouble(e))? {
                Compared::Differs(broken) => return Ok(Some(broken)),
                Compared::Same { last: Some(last) } => after = last,
                Compared::Same { last: None } => return Ok(None),
            }
        }
    }
}

enum Compared {
    Same { last: Option<i64> },
    Differs(Verification),
}

async fn compare_some(tx: &DatabaseTransaction, after: i64) -> Result<Compared, DbErr> {
    let rows = rollout::Entity::find()
        .filter(rollout::Column::Id.gt(after))
        .order_by_asc(rollout::Column::Id)
        .limit(ROLLOUTS_AT_ONCE)
        .all(tx)
        .await?;
    let last = rows.last().map(|row| row.id);
    let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    let entries = journal::Entity::find()
        .filter(journal::Column::Rollout.is_in(ids))
        .order_by_asc(journal::Column::Seq)
        .all(tx)
        .await?;
    let mut events_of: HashMap<i64, Vec<journal::Model>> = HashMap::new();
    for entry in entries {
        events_of
            .entry(entry.rollout.unwrap_or_default())
            .or_default()
            .push(entry);
    }
    for row in rows {
        let entries = events_of.remove(&row.id).unwrap_or_default();
        if let Some(why) = difference(&row, &entries) {
            let seq = entries.last().map_or(row.journal_seq, |entry| entry.seq);
            let why = format!(
                "rollout {} as listed is not what its events make: {why}",
                row.id
            );
            return Ok(Compared::Differs(Verification::Broken { seq, why }));
        }
    }
    Ok(Compared::Same { last })
}

fn difference(row: &rollout::Model, entries: &[journal::Model]) -> Option<String> {
    let events = match entries.iter().map(event).collect::<Result<Vec<_>, _>>() {
        Ok(events) => events,
        Err(error) => return Some(error.to_string()),
    };
    if unsigned(row.seq) != events.len() as u64 {
        return Some(format!(
            "it counts {} events, the journal {}",
            row.seq,
            events.len()
        ));
    }
    let Some(replayed) = replay(RolloutId(row.id), &events) else {
        return Some("its first event does not create it".to_owned());
    };
    let expected = match projection::apply(row.clone(), &replayed) {
        Ok(expected) => expected,
        Err(error) => return Some(error.to_string()),
    };
    let last = entries.last()?;
    if row.journal_seq != last.seq || row.updated_at != last.at {
        return Some("its last entry is another one".to_owned());
    }
    if expected != *row {
        return Some(format!(
            "listed as {:?}, replayed as {:?}",
            row.status, expected.status
        ));
    }
    None
}
