//! `/tokens` and `/login-links`

use super::super::Server;
use super::super::extract::{Asked, At, Who};
use super::super::problem::{Handled, Trouble};
use super::{Items, Otherwise, Said};
use crate::auth::{Role, Scope, TOKEN_DAYS_MAX};
use crate::world::{of_store, require};
use app::backend::{Viewer, ViewerRole};
use axum::Json;
use axum::extract::State;
use domain::{Actor, Time};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A token, without its secret.
#[derive(Serialize, ToSchema)]
pub(crate) struct TokenRow {
    name: String,
    role: String,
    /// Empty for all that the role may.
    scopes: Vec<String>,
    expires_at: Option<Time>,
}

/// What `token create` sends.
#[derive(Deserialize, ToSchema)]
pub(crate) struct TokenRequest {
    name: String,
    role: Role,
    /// Valid for so many days.
    days: u32,
    #[serde(default)]
    scopes: Vec<Scope>,
}

/// A new token. The secret is told this once.
#[derive(Serialize, ToSchema)]
pub(crate) struct NewToken {
    name: String,
    token: String,
    expires_at: Time,
}

/// What `login-link` sends.
#[derive(Deserialize, ToSchema)]
pub(crate) struct LinkRequest {
    /// Who signs in; whoever asks without.
    name: Option<String>,
    role: Role,
}

/// A link that signs in one browser, once.
#[derive(Serialize, ToSchema)]
pub(crate) struct Link {
    url: String,
}

/// Every token by name.
#[utoipa::path(get, path = "/tokens", tag = "access", responses((status = 200, body = Items<TokenRow>), Otherwise))]
pub(crate) async fn tokens(
    State(server): State<Server>,
    Who(viewer): Who,
) -> Handled<Json<Items<TokenRow>>> {
    require(&viewer, ViewerRole::Admin, "look at tokens")?;
    let tokens = server.world.store.tokens().await.map_err(of_store)?;
    let items = tokens
        .into_iter()
        .map(|token| TokenRow {
            name: token.name,
            role: token.role,
            scopes: token.scopes,
            expires_at: token.expires_at,
        })
        .collect();
    Ok(Json(Items { items }))
}

/// Makes a token. Its secret is in the answer and nowhere else.
#[utoipa::path(post, path = "/tokens", tag = "access", request_body = TokenRequest,
    responses((status = 201, body = NewToken), Otherwise))]
pub(crate) async fn create_token(
    State(server): State<Server>,
    Who(viewer): Who,
    Asked(request): Asked<TokenRequest>,
) -> Handled<(StatusCode, Json<NewToken>)> {
    require(&viewer, ViewerRole::Admin, "make tokens")?;
    let name = person(&request.name)?.to_string();
    if !(1..=TOKEN_DAYS_MAX).contains(&request.days) {
        return Err(Trouble::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            format!("days is {}", request.days),
            format!("use 1 to {TOKEN_DAYS_MAX}"),
        )
        .at("days"));
    }
    let (token, expires_at) = server
        .people
        .issue(&name, request.role, &request.scopes, request.days)
        .await?;
    record(
        &server,
        &viewer,
        "token_created",
        &name,
        request.role.as_str(),
    )
    .await?;
    Ok((
        StatusCode::CREATED,
        Json(NewToken {
            name,
            token,
            expires_at,
        }),
    ))
}

/// Makes a token worthless at once.
#[utoipa::path(delete, path = "/tokens/{name}", tag = "access", params(("name" = String, Path)),
    responses((status = 200, body = Said), Otherwise))]
pub(crate) async fn revoke_token(
    State(server): State<Server>,
    Who(viewer): Who,
    At(name): At<String>,
) -> Handled<Json<Said>> {
    require(&viewer, ViewerRole::Admin, "revoke tokens")?;
    if !server
        .world
        .store
        .remove_token(&name)
        .await
        .map_err(of_store)?
    {
        return Err(Trouble::new(
            StatusCode::NOT_FOUND,
            format!("there is no token {name:?}"),
            "`viridian token list` shows the tokens there are",
        )
        .at("name"));
    }
    record(&server, &viewer, "token_revoked", &name, "").await?;
    Ok(Json(Said { changed: true }))
}

/// Makes a link that signs in one browser, once, within an hour.
#[utoipa::path(post, path = "/login-links", tag = "access", request_body = LinkRequest,
    responses((status = 201, body = Link), Otherwise))]
pub(crate) async fn login_link(
    State(server): State<Server>,
    Who(viewer): Who,
    Asked(request): Asked<LinkRequest>,
) -> Handled<(StatusCode, Json<Link>)> {
    require(&viewer, ViewerRole::Admin, "make sign-in links")?;
    let name = match &request.name {
        Some(name) => person(name)?,
        None => viewer.actor.clone(),
    };
    let path = server.people.link(Some(name.clone()), request.role).await?;
    record(
        &server,
        &viewer,
        "link_created",
        name.as_str(),
        request.role.as_str(),
    )
    .await?;
    Ok((
        StatusCode::CREATED,
        Json(Link {
            url: format!("{}{path}", server.url),
        }),
    ))
}

/// A name that is free to be given: not the engine's own.
fn person(name: &str) -> Handled<Actor> {
    let refused = |why: String| {
        Trouble::new(StatusCode::UNPROCESSABLE_ENTITY, why, "choose another name").at("name")
    };
    let actor = Actor::new(name.trim()).map_err(|error| refused(error.to_string()))?;
    if actor == Actor::engine() || actor.as_str() == "local" {
        return Err(refused(format!("{name:?} is the server's own name")));
    }
    Ok(actor)
}

async fn record(
    server: &Server,
    viewer: &Viewer,
    kind: &str,
    name: &str,
    role: &str,
) -> Handled<()> {
    let event = store::AdminEvent {
        at: server.world.clock.now(),
        by: viewer.actor.clone(),
        kind: kind.to_owned(),
        target: None,
        detail: if role.is_empty() {
            serde_json::json!({ "name": name })
        } else {
            serde_json::json!({ "name": name, "role": role })
        },
    };
    server.world.store.record(event).await.map_err(of_store)?;
    Ok(())
}
