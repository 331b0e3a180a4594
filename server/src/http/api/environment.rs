//! `/holds` and `/vetoes`

use super::super::Server;
use super::super::extract::{At, Who};
use super::super::problem::Handled;
use super::{Items, Otherwise, Said};
use crate::world::{of_store, offer_of_removal};
use app::view::Offer;
use axum::Json;
use axum::extract::State;
use domain::{AppName, Digest, EnvName, RolloutId, Target, Time};
use serde::Serialize;
use utoipa::ToSchema;

/// An environment that automation keeps off.
#[derive(Serialize, ToSchema)]
pub(crate) struct HoldRow {
    app: AppName,
    env: EnvName,
    why: String,
    by: String,
    at: Time,
    rollout: Option<RolloutId>,
    /// Whether whoever asks may remove it, and why not where not.
    remove: Offer,
}

/// An image that may not be started in an environment.
#[derive(Serialize, ToSchema)]
pub(crate) struct VetoRow {
    app: AppName,
    env: EnvName,
    digest: Digest,
    version: String,
    why: String,
    by: String,
    at: Time,
    rollout: Option<RolloutId>,
    /// Whether whoever asks may remove it, and why not where not.
    remove: Offer,
}

/// Every environment on hold.
#[utoipa::path(get, path = "/holds", tag = "environments", responses((status = 200, body = Items<HoldRow>), Otherwise))]
pub(crate) async fn holds(
    State(server): State<Server>,
    Who(viewer): Who,
) -> Handled<Json<Items<HoldRow>>> {
    let records = server.world.store.environments().await.map_err(of_store)?;
    let items = records
        .into_iter()
        .filter_map(|record| {
            let remove = offer_of_removal(&viewer, &record);
            let hold = record.hold?;
            Some(HoldRow {
                app: record.app,
                env: record.spec.name,
                why: hold.why,
                by: hold.by.to_string(),
                at: hold.at,
                rollout: hold.rollout,
                remove,
            })
        })
        .collect();
    Ok(Json(Items { items }))
}

/// Lets automation act in an environment again.
#[utoipa::path(delete, path = "/holds/{app}/{env}", tag = "environments",
    params(("app" = String, Path), ("env" = String, Path)),
    responses((status = 200, body = Said), Otherwise))]
pub(crate) async fn remove_hold(
    State(server): State<Server>,
    Who(viewer): Who,
    At((app, env)): At<(AppName, EnvName)>,
) -> Handled<Json<Said>> {
    let target = Target { app, env };
    let changed = server.world.remove_hold(&viewer, &target).await?;
    Ok(Json(Said { changed }))
}

/// Every vetoed image, and where.
#[utoipa::path(get, path = "/vetoes", tag = "environments", responses((status = 200, body = Items<VetoRow>), Otherwise))]
pub(crate) async fn vetoes(
    State(server): State<Server>,
    Who(viewer): Who,
) -> Handled<Json<Items<VetoRow>>> {
    let records = server.world.store.environments().await.map_err(of_store)?;
    let items = records
        .into_iter()
        .flat_map(|record| {
            let remove = offer_of_removal(&viewer, &record);
            let (app, env) = (record.app, record.spec.name);
            record.vetoes.into_iter().map(move |veto| VetoRow {
                app: app.clone(),
                env: env.clone(),
                digest: veto.digest,
                version: veto.version.to_string(),
                why: veto.why,
                by: veto.by.to_string(),
                at: veto.at,
                rollout: veto.rollout,
                remove: remove.clone(),
            })
        })
        .collect();
    Ok(Json(Items { items }))
}

/// Allows an image in an environment again. `image` is its version or its digest.
#[utoipa::path(delete, path = "/vetoes/{app}/{env}/{image}", tag = "environments",
    params(("app" = String, Path), ("env" = String, Path), ("image" = String, Path)),
    responses((status = 200, body = Said), Otherwise))]
pub(crate) async fn remove_veto(
    State(server): State<Server>,
    Who(viewer): Who,
    At((app, env, image)): At<(AppName, EnvName, String)>,
) -> Handled<Json<Said>> {
    let target = Target { app, env };
    let changed = server.world.remove_veto(&viewer, &target, &image).await?;
    Ok(Json(Said { changed }))
}
