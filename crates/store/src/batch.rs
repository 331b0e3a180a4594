//! One transaction of the writer: several writes, one wait for the disk.

use crate::chain;
use crate::connect::Connections;
use crate::entity::{chain as head, journal};
use crate::error::{Place, StoreError};
use crate::model::{Entry, EntryEvent};
use domain::{Actor, RolloutId, Target, Time};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, IntoActiveModel,
    QueryFilter, QuerySelect, SqliteTransactionMode, TransactionOptions, TransactionTrait,
};
use std::sync::Arc;

/// Rows of one INSERT: far below the limits on bound values of both databases.
const ROWS_AT_ONCE: usize = 500;
/// The chain's only row.
pub(crate) const HEAD: i64 = 1;

pub(crate) struct Batch {
    pub(crate) tx: DatabaseTransaction,
    place: Place,
    head: head::Model,
    /// Chained and not yet inserted: they go in together, before the commit.
    rows: Vec<journal::Model>,
    entries: Vec<Arc<Entry>>,
    moved: bool,
}

/// An entry before it has a place in the journal.
pub(crate) struct Draft {
    pub(crate) rollout: Option<(RolloutId, u64)>,
    pub(crate) target: Option<Target>,
    pub(crate) at: Time,
    pub(crate) by: Actor,
    pub(crate) kind: String,
    pub(crate) event: EntryEvent,
}

impl Batch {
    /// Begins, and takes the end of the chain: on a server that shuts other replicas out until the
    /// commit, on a file there is no other writer.
    pub(crate) async fn begin(connections: &Connections) -> Result<Self, StoreError> {
        let place = connections.place.clone();
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let trouble = |e| place.trouble(e);
        let tx = connections
            .writer
            .begin_with_options(options)
            .await
            .map_err(trouble)?;
        let found = head::Entity::find_by_id(HEAD)
            .lock_exclusive()
            .one(&tx)
            .await;
        let head = found.map_err(trouble)?.ok_or_else(|| StoreError::Corrupt {
            place: place.0.clone(),
            detail: "the end of the journal's chain is missing".to_owned(),
            remedy: crate::error::RESTORE,
        })?;
        Ok(Self {
            tx,
            place,
            head,
            rows: Vec::new(),
            entries: Vec::new(),
            moved: false,
        })
    }

    /// Types a database error.
    pub(crate) fn trouble(&self, error: DbErr) -> StoreError {
        self.place.trouble(error)
    }

    pub(crate) fn next_rollout(&mut self) -> RolloutId {
        let id = RolloutId(self.head.next_rollout);
        self.head.next_rollout += 1;
        self.moved = true;
        id
    }

    /// Gives an entry its place in the journal and answers its number.
    pub(crate) fn enter(&mut self, draft: Draft) -> Result<i64, StoreError> {
        let detail = match &draft.event {
            EntryEvent::Rollout(event) => serde_json::to_string(&event.what),
            EntryEvent::Admin(detail) => serde_json::to_string(detail),
        }
        .map_err(|e| StoreError::Unreadable {
            what: draft.kind.clone(),
            detail: e.to_string(),
        })?;
        let mut row = journal::Model {
            seq: self.head.seq + 1,
            rollout: draft.rollout.map(|(id, _)| id.0),
            rollout_seq: draft.rollout.map(|(_, seq)| signed(seq)),
            app: draft.target.as_ref().map(|target| target.app.to_string()),
            env: draft.target.as_ref().map(|target| target.env.to_string()),
            at: draft.at.0,
            actor: draft.by.to_string(),
            kind: draft.kind,
            detail,
            hash: String::new(),
        };
        row.hash = chain::hash(&self.head.hash, &row);
        self.head.seq = row.seq;
        self.head.hash.clone_from(&row.hash);
        self.moved = true;
        self.entries.push(Arc::new(Entry {
            seq: row.seq,
            rollout: draft.rollout.map(|(id, _)| id),
            rollout_seq: draft.rollout.map_or(0, |(_, seq)| seq),
            target: draft.target,
            at: draft.at,
            by: draft.by,
            kind: row.kind.clone(),
            event: draft.event,
            hash: row.hash.clone(),
        }));
        let seq = row.seq;
        self.rows.push(row);
        Ok(seq)
    }

    /// Writes the entries and the chain's new end, commits, and answers what became part of the
    /// journal. After an error nothing of the batch is there.
    pub(crate) async fn commit(self) -> Result<Vec<Arc<Entry>>, StoreError> {
        let Self {
            tx,
            place,
            head,
            rows,
            entries,
            moved,
        } = self;
        let trouble = |e| place.trouble(e);
        let mut rows = rows
            .into_iter()
            .map(IntoActiveModel::into_active_model)
            .peekable();
        while rows.peek().is_some() {
            let some: Vec<_> = rows
                .by_ref()
                .take(ROWS_AT_ONCE)
                .map(|r| r.reset_all())
                .collect();
            journal::Entity::insert_many(some)
                .exec_without_returning(&tx)
                .await
                .map_err(trouble)?;
        }
        if moved {
            head::Entity::update_many()
                .col_expr(head::Column::Seq, Expr::value(head.seq))
                .col_expr(head::Column::Hash, Expr::value(head.hash))
                .col_expr(head::Column::NextRollout, Expr::value(head.next_rollout))
                .filter(head::Column::Id.eq(HEAD))
                .exec(&tx)
                .await
                .map_err(trouble)?;
        }
        tx.commit().await.map_err(trouble)?;
        Ok(entries)
    }

    pub(crate) async fn undo(self) {
        if let Err(error) = self.tx.rollback().await {
            // The caller closes the connection after any trouble.
            tracing::debug!(%error, "a transaction was not rolled back; its connection is closed");
        }
    }
}

/// Counters are stored signed, as SQL has them; none comes near the difference.
pub(crate) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(crate) fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
