//! Walking the whole journal: is every entry as it was written, and do the lists show what it says?

mod expected;

use crate::Store;
use crate::batch::{HEAD, unsigned};
use crate::chain::{GENESIS, hash};
use crate::entity::{chain, environment, journal, rollout, veto};
use crate::error::StoreError;
use crate::journal::event;
use crate::model::{Progress, Verification};
use crate::projection;
use domain::RolloutId;
use domain::rollout::replay;
use expected::Expected;
use sea_orm::{
    AccessMode, ColumnTrait, ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, EntityTrait,
    IsolationLevel, QueryFilter, QueryOrder, QuerySelect, TransactionTrait,
};
use std::collections::HashMap;

const AT_ONCE: u64 = 1_000;
/// Rollouts are compared in fewer at once: each brings all its events.
const ROLLOUTS_AT_ONCE: u64 = 50;

impl Store {
    /// Recomputes every hash, looks for gaps, replays every rollout against its row in the lists, and
    /// compares stable groups, holds and vetoes. `progress` hears of each stretch; serving goes on
    /// meanwhile.
    ///
    /// # Errors
    /// When the database cannot be read. What is wrong with the journal is not an error but the
    /// answer.
    pub async fn verify(
        &self,
        mut progress: impl FnMut(Progress) + Send,
    ) -> Result<Verification, StoreError> {
        let trouble = |e| self.trouble(e);
        let mut walk = Walk::default();
        if let Some(broken) = walk
            .on(self.reader(), &mut progress)
            .await
            .map_err(trouble)?
        {
            return Ok(broken);
        }
        if let Some(broken) = self.compare().await? {
            return Ok(broken);
        }
        // What was written meanwhile is heard, and the lists are read, as of one moment.
        let tx = self.moment().await.map_err(trouble)?;
        let said = walk.end(&tx, &mut progress).await;
        tx.commit().await.map_err(trouble)?;
        said.map_err(trouble)
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

    /// The rollouts' list against the journal; the first that differs.
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

/// How far the journal was read, and what it said so far.
struct Walk {
    at: i64,
    /// The hash of that entry.
    hash: String,
    /// The end of the chain, as it was recorded before the last stretch was read.
    head: i64,
    /// The last event of each rollout.
    events_of: HashMap<i64, i64>,
    expected: Expected,
}

impl Default for Walk {
    fn default() -> Self {
        Self {
            at: 0,
            hash: GENESIS.to_owned(),
            head: 0,
            events_of: HashMap::new(),
            expected: Expected::default(),
        }
    }
}

impl Walk {
    /// Goes on to the end; the first entry that is not as it was written.
    async fn on(
        &mut self,
        connection: &impl ConnectionTrait,
        progress: &mut (impl FnMut(Progress) + Send),
    ) -> Result<Option<Verification>, DbErr> {
        let broken = |seq, why: String| Ok(Some(Verification::Broken { seq, why }));
        let head = chain::Entity::find_by_id(HEAD).one(connection).await?;
        let Some(head) = head else {
            return broken(0, "the end of the chain is missing".to_owned());
        };
        loop {
            let rows = journal::Entity::find()
                .filter(journal::Column::Seq.gt(self.at))
                .order_by_asc(journal::Column::Seq)
                .limit(AT_ONCE)
                .all(connection)
                .await?;
            if rows.is_empty() {
                break;
            }
            for row in &rows {
                if let Err((seq, why)) = self.entry(row) {
                    return broken(seq, why);
                }
                if row.seq == head.seq && row.hash != head.hash {
                    let why = "the chain's end was recorded with another hash";
                    return broken(row.seq, why.to_owned());
                }
            }
            progress(Progress {
                rows: self.at,
                of: head.seq.max(self.at),
            });
        }
        if self.at < head.seq {
            let why = format!("it is missing; the journal went on to {}", head.seq);
            return broken(self.at + 1, why);
        }
        self.head = head.seq;
        Ok(None)
    }

    fn entry(&mut self, row: &journal::Model) -> Result<(), (i64, String)> {
        let expected = self.at + 1;
        if row.seq != expected {
            return Err((expected, format!("it is missing; the next is {}", row.seq)));
        }
        if row.hash != hash(&self.hash, row) {
            let why = "its content, or its place, is not what its hash was made of";
            return Err((row.seq, why.to_owned()));
        }
        if let (Some(id), Some(seq)) = (row.rollout, row.rollout_seq) {
            let last = self.events_of.entry(id).or_default();
            if seq != *last + 1 {
                let why = format!("rollout {id} goes from event {last} to event {seq}");
                return Err((row.seq, why));
            }
            *last = seq;
        }
        self.expected
            .hear(row)
            .map_err(|why| (row.seq, format!("it cannot be understood: {why}")))?;
        self.at = row.seq;
        self.hash.clone_from(&row.hash);
        Ok(())
    }

    /// The rest of the journal, its end, and the lists, all of one moment.
    async fn end(
        mut self,
        tx: &DatabaseTransaction,
        progress: &mut (impl FnMut(Progress) + Send),
    ) -> Result<Verification, DbErr> {
        if let Some(broken) = self.on(tx, progress).await? {
            return Ok(broken);
        }
        if self.at > self.head {
            let why = format!("the chain's end was recorded as {}", self.head);
            let seq = self.head + 1;
            return Ok(Verification::Broken { seq, why });
        }
        let listed: Vec<i64> = rollout::Entity::find()
            .select_only()
            .column(rollout::Column::Id)
            .into_tuple()
            .all(tx)
            .await?;
        for id in listed {
            self.events_of.remove(&id);
        }
        if let Some(lost) = self.events_of.keys().min() {
            let why = format!("rollout {lost} is not listed");
            return Ok(Verification::Differs { why });
        }
        let environments = environment::Entity::find().all(tx).await?;
        let vetoes = veto::Entity::find().all(tx).await?;
        Ok(match self.expected.difference(environments, vetoes) {
            Some(why) => Verification::Differs { why },
            None => Verification::Sound {
                rows: self.at,
                head_hash: self.hash,
            },
        })
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
            let why = format!(
                "rollout {} as listed is not what its events make: {why}",
                row.id
            );
            return Ok(Compared::Differs(Verification::Differs { why }));
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
