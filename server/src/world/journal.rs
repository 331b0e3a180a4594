//! The journal, as pages and the audit show it.

use super::error::of_store;
use super::{World, words};
use app::backend::Answer;
use app::view::JournalRow;
use domain::Rollout;
use store::{Entry, EntryEvent};

/// More events than any rollout has.
const ALL: u32 = 10_000;

/// What happened to a rollout, oldest first.
pub(super) async fn of_rollout(world: &World, rollout: &Rollout) -> Answer<Vec<JournalRow>> {
    let entries = world
        .store
        .journal(Some(rollout.id), 0, ALL)
        .await
        .map_err(of_store)?;
    Ok(entries.iter().map(|entry| row(entry, rollout)).collect())
}

fn row(entry: &Entry, rollout: &Rollout) -> JournalRow {
    let text = match &entry.event {
        EntryEvent::Rollout(event) => words::event(&event.what, Some(&rollout.plan)),
        EntryEvent::Admin(_) => words::what_happened(entry),
    };
    JournalRow {
        seq: entry.seq,
        at: entry.at,
        by: entry.by.to_string(),
        what: entry.kind.clone(),
        text,
    }
}

impl World {
    /// A stretch of one rollout's journal, oldest first.
    pub(crate) async fn journal_rows(
        &self,
        id: domain::RolloutId,
        after: i64,
        limit: u32,
    ) -> Answer<Vec<JournalRow>> {
        let snapshot = self.snapshot(id).await?;
        let entries = self
            .store
            .journal(Some(id), after, limit)
            .await
            .map_err(of_store)?;
        Ok(entries
            .iter()
            .map(|entry| row(entry, &snapshot.rollout))
            .collect())
    }
}
