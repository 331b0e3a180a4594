//! `/images`

use super::super::Server;
use super::super::extract::{Asked, At, Filter, Who};
use super::super::problem::Handled;
use super::{Items, Otherwise};
use crate::world::{ImportRequest, InMaking};
use app::view::{BakeRequest, ImageView, ImagesView};
use axum::Json;
use axum::extract::State;
use domain::{AppName, Digest};
use http::StatusCode;
use serde::Deserialize;

#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Of {
    #[param(value_type = Option<String>)]
    app: Option<AppName>,
}

/// Images, parents before children.
#[utoipa::path(get, path = "/images", tag = "images", operation_id = "list_images", params(Of),
    responses((status = 200, body = ImagesView), Otherwise))]
pub(crate) async fn list(
    State(server): State<Server>,
    Who(viewer): Who,
    Filter(of): Filter<Of>,
) -> Handled<Json<ImagesView>> {
    Ok(Json(server.backend.images(&viewer, of.app.as_ref()).await?))
}

/// Turns a folder of the server's machine into an image. Answers when it is done, which may take a
/// while; a client that goes away does not stop it. `/images/making` tells how far it is. A version
/// that has exactly this image already is answered with it, with 200.
#[utoipa::path(post, path = "/images", tag = "images", request_body = BakeRequest,
    params(("Idempotency-Key" = Option<String>, Header, description = "Repeats are answered again, not done again")),
    responses((status = 201, body = ImageView), (status = 200, description = "It was there", body = ImageView), Otherwise))]
pub(crate) async fn bake(
    State(server): State<Server>,
    Who(viewer): Who,
    Asked(request): Asked<BakeRequest>,
) -> Handled<(StatusCode, Json<ImageView>)> {
    let there = server.world.is_made(&request.app, &request.version).await?;
    let view = server.backend.bake(&viewer, request).await?;
    Ok((made(there), Json(view)))
}

/// Takes over an image from an OCI image layout on the server's machine.
#[utoipa::path(post, path = "/images/import", tag = "images", operation_id = "import_image", request_body = ImportRequest,
    params(("Idempotency-Key" = Option<String>, Header, description = "Repeats are answered again, not done again")),
    responses((status = 201, body = ImageView), (status = 200, description = "It was there", body = ImageView), Otherwise))]
pub(crate) async fn import(
    State(server): State<Server>,
    Who(viewer): Who,
    Asked(request): Asked<ImportRequest>,
) -> Handled<(StatusCode, Json<ImageView>)> {
    let there = server.world.is_made(&request.app, &request.version).await?;
    let view = server.world.import_image(&viewer, request).await?;
    Ok((made(there), Json(view)))
}

fn made(there: bool) -> StatusCode {
    if there {
        StatusCode::OK
    } else {
        StatusCode::CREATED
    }
}

/// Images that are being baked or imported now, oldest first, and how far each is.
#[utoipa::path(get, path = "/images/making", tag = "images", operation_id = "images_in_making",
    responses((status = 200, body = Items<InMaking>), Otherwise))]
pub(crate) async fn making(State(server): State<Server>, Who(_): Who) -> Json<Items<InMaking>> {
    let items = server.world.in_making();
    Json(Items { items })
}

/// One image, where it serves, and what differs from its parent.
#[utoipa::path(get, path = "/images/{digest}", tag = "images", operation_id = "show_image",
    params(("digest" = String, Path)),
    responses((status = 200, body = ImageView), Otherwise))]
pub(crate) async fn show(
    State(server): State<Server>,
    Who(viewer): Who,
    At(digest): At<Digest>,
) -> Handled<Json<ImageView>> {
    Ok(Json(server.backend.image(&viewer, &digest).await?))
}
