//! `/doctor` and `/backups`: what only the process that has the database open can do.

use super::super::Server;
use super::super::extract::{Asked, Who};
use super::super::problem::{Handled, Trouble};
use super::Otherwise;
use crate::checkup::{self, Finding};
use crate::world::{Extent, of_store, require};
use app::backend::ViewerRole;
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use utoipa::ToSchema;

/// What a check-up found.
#[derive(Serialize, ToSchema)]
pub(crate) struct CheckUp {
    /// Nothing is wrong.
    sound: bool,
    findings: Vec<Finding>,
}

/// What `backup` sends: a file to be made on the server's machine.
#[derive(Deserialize, ToSchema)]
pub(crate) struct BackupRequest {
    to: String,
}

/// A back-up that was made and checked.
#[derive(Serialize, ToSchema)]
pub(crate) struct BackupDone {
    to: String,
    bytes: u64,
    /// Journal entries in it.
    rows: u64,
}

/// Checks the journal's hash chain, the node, every byte of the images, and the data folder.
#[utoipa::path(get, path = "/doctor", tag = "maintenance", responses((status = 200, body = CheckUp), Otherwise))]
pub(crate) async fn doctor(
    State(server): State<Server>,
    Who(viewer): Who,
) -> Handled<Json<CheckUp>> {
    require(&viewer, ViewerRole::Admin, Extent::SERVER, "run a check-up")?;
    let world = &server.world;
    let now = world.clock.now();
    let findings = checkup::all(&world.store, &server.data, &world.local, now).await;
    Ok(Json(CheckUp {
        sound: findings.iter().all(|finding| finding.sound),
        findings,
    }))
}

/// Copies the database into a new file while serving goes on.
#[utoipa::path(post, path = "/backups", tag = "maintenance", request_body = BackupRequest,
    responses((status = 201, body = BackupDone), Otherwise))]
pub(crate) async fn backup(
    State(server): State<Server>,
    Who(viewer): Who,
    Asked(request): Asked<BackupRequest>,
) -> Handled<(StatusCode, Json<BackupDone>)> {
    require(&viewer, ViewerRole::Admin, Extent::SERVER, "back up")?;
    let to = PathBuf::from(&request.to);
    let folder = to.parent().unwrap_or(Path::new("/"));
    if !to.is_absolute() || !folder.is_dir() {
        return Err(Trouble::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            format!(
                "{:?} is not a file in a folder that exists, named from / on",
                request.to
            ),
            "name a new file, as the server's machine sees it",
        )
        .at("to"));
    }
    let done = server.world.store.back_up(&to).await.map_err(of_store)?;
    let (bytes, rows) = (done.bytes, done.rows);
    Ok((
        StatusCode::CREATED,
        Json(BackupDone {
            to: request.to,
            bytes,
            rows,
        }),
    ))
}
