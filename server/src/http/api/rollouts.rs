//! `/rollouts`

use super::super::Server;
use super::super::extract::{Asked, At, Filter, Who};
use super::super::problem::{Handled, Trouble};
use super::Otherwise;
use app::backend::{Problem, ProblemKind, Viewer};
use app::view::{
    CommandRequest, JournalRow, Page, PlanView, RolloutFilter, RolloutRow, RolloutView,
    StartRequest,
};
use axum::Json;
use axum::extract::State;
use domain::{Command, RolloutId};
use http::StatusCode;
use http::header::LOCATION;
use serde::Deserialize;

/// Rollouts, newest first. `state` takes several, separated by commas.
#[utoipa::path(get, path = "/rollouts", tag = "rollouts", operation_id = "list_rollouts", params(RolloutFilter),
    responses((status = 200, body = Page<RolloutRow>), Otherwise))]
pub(crate) async fn list(
    State(server): State<Server>,
    Who(viewer): Who,
    Filter(filter): Filter<RolloutFilter>,
) -> Handled<Json<Page<RolloutRow>>> {
    Ok(Json(server.backend.rollouts(&viewer, filter).await?))
}

/// Starts a rollout. It is in the journal with its whole plan when this answers.
#[utoipa::path(post, path = "/rollouts", tag = "rollouts", operation_id = "start_rollout", request_body = StartRequest,
    params(("Idempotency-Key" = Option<String>, Header, description = "Repeats are answered again, not done again")),
    responses((status = 201, body = RolloutView), Otherwise))]
pub(crate) async fn start(
    State(server): State<Server>,
    Who(viewer): Who,
    Asked(request): Asked<StartRequest>,
) -> Handled<(
    StatusCode,
    [(http::HeaderName, String); 1],
    Json<RolloutView>,
)> {
    let view = server.backend.start(&viewer, request).await?;
    let location = format!("/api/v1/rollouts/{}", view.id);
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(view)))
}

/// What a rollout would do. Changes nothing.
#[utoipa::path(post, path = "/rollouts/plan", tag = "rollouts", operation_id = "plan_rollout", request_body = StartRequest,
    responses((status = 200, body = PlanView), Otherwise))]
pub(crate) async fn plan(
    State(server): State<Server>,
    Who(viewer): Who,
    Asked(request): Asked<StartRequest>,
) -> Handled<Json<PlanView>> {
    Ok(Json(server.backend.plan(&viewer, request).await?))
}

/// The whole of a rollout.
#[utoipa::path(get, path = "/rollouts/{id}", tag = "rollouts", operation_id = "show_rollout",
    params(("id" = i64, Path)),
    responses((status = 200, body = RolloutView), Otherwise))]
pub(crate) async fn show(
    State(server): State<Server>,
    Who(viewer): Who,
    At(id): At<RolloutId>,
) -> Handled<Json<RolloutView>> {
    Ok(Json(server.backend.rollout(&viewer, id).await?))
}

/// Which stretch of a journal.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Stretch {
    /// After this entry.
    pub(super) after: i64,
    /// At most so many; 200 without, never more than 1,000.
    limit: Option<u32>,
}

impl Stretch {
    pub(super) fn limit(&self) -> Handled<u32> {
        let limit = self.limit.unwrap_or(200);
        if (1..=1_000).contains(&limit) {
            return Ok(limit);
        }
        Err(Trouble::new(
            StatusCode::BAD_REQUEST,
            format!("limit is {limit}"),
            "use 1 to 1000",
        )
        .at("limit"))
    }
}

/// What happened to a rollout, oldest first. `next` goes into `?after=`.
#[utoipa::path(get, path = "/rollouts/{id}/journal", tag = "rollouts", operation_id = "rollout_journal",
    params(("id" = i64, Path), Stretch),
    responses((status = 200, body = Page<JournalRow>), Otherwise))]
pub(crate) async fn journal(
    State(server): State<Server>,
    Who(_): Who,
    At(id): At<RolloutId>,
    Filter(stretch): Filter<Stretch>,
) -> Handled<Json<Page<JournalRow>>> {
    let limit = stretch.limit()?;
    let items = server.world.journal_rows(id, stretch.after, limit).await?;
    let more = items.len() >= limit as usize;
    let next = items
        .last()
        .filter(|_| more)
        .map(|last| last.seq.to_string());
    Ok(Json(Page { items, next }))
}

/// Says a verb to a rollout: `promote`, `pause`, `resume`, `rollback`, `cancel` or `reject`. A
/// rollback of a finished rollout starts a new one, which is what is answered.
#[utoipa::path(post, path = "/rollouts/{id}/{verb}", tag = "rollouts", operation_id = "command_rollout", request_body = CommandRequest,
    params(("id" = i64, Path), ("verb" = Command, Path),
        ("Idempotency-Key" = Option<String>, Header, description = "Repeats are answered again, not done again")),
    responses(
        (status = 200, body = RolloutView),
        (status = 409, description = "Not now: why, and what is allowed", body = super::ProblemBody, content_type = "application/problem+json"),
        Otherwise,
    ))]
pub(crate) async fn command(
    State(server): State<Server>,
    Who(viewer): Who,
    At((id, verb)): At<(RolloutId, String)>,
    Asked(request): Asked<CommandRequest>,
) -> Handled<Json<RolloutView>> {
    let Some(command) = Command::ALL
        .into_iter()
        .find(|command| command.as_str() == verb)
    else {
        let verbs: Vec<_> = Command::ALL
            .iter()
            .map(|command| command.as_str())
            .collect();
        return Err(Trouble::new(
            StatusCode::NOT_FOUND,
            format!("{verb:?} cannot be said to a rollout"),
            format!("use one of {}", verbs.join(", ")),
        )
        .at("verb"));
    };
    match server.backend.command(&viewer, id, command, request).await {
        Ok(view) => Ok(Json(view)),
        Err(problem) => Err(refused(&server, &viewer, id, problem).await),
    }
}

/// A refusal says what is allowed instead.
async fn refused(server: &Server, viewer: &Viewer, id: RolloutId, problem: Problem) -> Trouble {
    let conflict = problem.kind == ProblemKind::Conflict;
    let trouble = Trouble::from(problem);
    if !conflict {
        return trouble;
    }
    match server.backend.rollout(viewer, id).await {
        Ok(view) => trouble.with_actions(view.actions),
        Err(_) => trouble,
    }
}
