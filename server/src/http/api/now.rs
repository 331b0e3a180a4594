//! `/now`

use super::super::Server;
use super::super::extract::Who;
use super::super::problem::Handled;
use super::Otherwise;
use app::view::NowView;
use axum::Json;
use axum::extract::State;

/// What needs a person, what moves, what runs where.
#[utoipa::path(get, path = "/now", tag = "now", responses((status = 200, body = NowView), Otherwise))]
pub(crate) async fn now(State(server): State<Server>, Who(viewer): Who) -> Handled<Json<NowView>> {
    Ok(Json(server.backend.now(&viewer).await?))
}
