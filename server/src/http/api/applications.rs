//! `/applications`

use super::super::Server;
use super::super::extract::{Asked, At, Who};
use super::super::problem::Handled;
use super::Otherwise;
use app::view::{ApplicationRow, ApplicationView, ApplyRequest, ApplyView};
use axum::Json;
use axum::extract::State;
use domain::AppName;

/// Every application, by name.
#[utoipa::path(get, path = "/applications", tag = "applications", operation_id = "list_applications",
    responses((status = 200, body = Vec<ApplicationRow>), Otherwise))]
pub(crate) async fn list(
    State(server): State<Server>,
    Who(viewer): Who,
) -> Handled<Json<Vec<ApplicationRow>>> {
    Ok(Json(server.backend.applications(&viewer).await?))
}

/// Declares an application from TOML, or says what would change.
#[utoipa::path(post, path = "/applications", tag = "applications", request_body = ApplyRequest,
    params(("Idempotency-Key" = Option<String>, Header, description = "Repeats are answered again, not done again")),
    responses((status = 200, body = ApplyView), Otherwise))]
pub(crate) async fn apply(
    State(server): State<Server>,
    Who(viewer): Who,
    Asked(request): Asked<ApplyRequest>,
) -> Handled<Json<ApplyView>> {
    Ok(Json(server.backend.apply(&viewer, request).await?))
}

/// One application: its promotion path with what is observed in each environment.
#[utoipa::path(get, path = "/applications/{app}", tag = "applications", operation_id = "show_application",
    params(("app" = String, Path)),
    responses((status = 200, body = ApplicationView), Otherwise))]
pub(crate) async fn show(
    State(server): State<Server>,
    Who(viewer): Who,
    At(app): At<AppName>,
) -> Handled<Json<ApplicationView>> {
    Ok(Json(server.backend.application(&viewer, &app).await?))
}
