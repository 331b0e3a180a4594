//! `/audit`

use super::super::Server;
use super::super::extract::{Filter, Who};
use super::super::problem::Handled;
use super::Otherwise;
use super::rollouts::Stretch;
use crate::world::{of_store, what_happened};
use app::view::Page;
use axum::Json;
use axum::extract::State;
use domain::{AppName, EnvName, RolloutId, Time};
use serde::Serialize;
use utoipa::ToSchema;

/// One entry of the journal.
#[derive(Serialize, ToSchema)]
pub(crate) struct AuditRow {
    seq: i64,
    at: Time,
    by: String,
    what: String,
    text: String,
    rollout: Option<RolloutId>,
    app: Option<AppName>,
    env: Option<EnvName>,
    /// Of this entry and, through the chain, of every one before.
    hash: String,
}

/// The journal of everything, oldest first. `next` goes into `?after=`.
#[utoipa::path(get, path = "/audit", tag = "audit", params(Stretch),
    responses((status = 200, body = Page<AuditRow>), Otherwise))]
pub(crate) async fn audit(
    State(server): State<Server>,
    Who(_): Who,
    Filter(stretch): Filter<Stretch>,
) -> Handled<Json<Page<AuditRow>>> {
    let limit = stretch.limit()?;
    let entries = server
        .world
        .store
        .journal(None, stretch.after, limit)
        .await
        .map_err(of_store)?;
    let more = entries.len() >= limit as usize;
    let next = entries
        .last()
        .filter(|_| more)
        .map(|last| last.seq.to_string());
    let items = entries
        .into_iter()
        .map(|entry| AuditRow {
            text: what_happened(&entry),
            seq: entry.seq,
            at: entry.at,
            by: entry.by.to_string(),
            what: entry.kind,
            rollout: entry.rollout,
            app: entry.target.as_ref().map(|target| target.app.clone()),
            env: entry.target.map(|target| target.env),
            hash: entry.hash,
        })
        .collect();
    Ok(Json(Page { items, next }))
}
