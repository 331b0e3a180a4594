//! `/tokens` and `/login-links`

use super::super::Server;
use super::super::extract::{Asked, At, Who};
use super::super::problem::{Handled, Trouble};
use super::{Items, Otherwise, Said};
use crate::auth::{Credential, GrantSpec, Role, Scope, TOKEN_DAYS_MAX, in_words};
use crate::world::{of_store, require, require_within};
use app::backend::{Viewer, ViewerRole};
use axum::extract::State;
use axum::{Extension, Json};
use domain::{Actor, AppName, EnvName, Time};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A token, without its secret.
#[derive(Serialize, ToSchema)]
pub(crate) struct TokenRow {
    name: String,
    grants: Vec<GrantSpec>,
    /// Empty for all that the roles may.
    scopes: Vec<String>,
    expires_at: Option<Time>,
}

/// What `token create` sends: `role`, `app` and `env` are one grant, `grants` are more.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TokenRequest {
    name: String,
    role: Option<Role>,
    #[schema(value_type = Option<String>)]
    app: Option<AppName>,
    #[schema(value_type = Option<String>)]
    env: Option<EnvName>,
    #[serde(default)]
    grants: Vec<GrantSpec>,
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

/// What `login-link` sends: `role`, `app` and `env` are one grant, `grants` are more. With none of
/// them the session may what whoever asks may.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LinkRequest {
    /// Who signs in; whoever asks without.
    name: Option<String>,
    role: Option<Role>,
    #[schema(value_type = Option<String>)]
    app: Option<AppName>,
    #[schema(value_type = Option<String>)]
    env: Option<EnvName>,
    #[serde(default)]
    grants: Vec<GrantSpec>,
}

/// A link that signs in one browser, once.
#[derive(Serialize, ToSchema)]
pub(crate) struct Link {
    url: String,
}

/// Tokens by name: those that whoever asks may revoke.
#[utoipa::path(get, path = "/tokens", tag = "access", responses((status = 200, body = Items<TokenRow>), Otherwise))]
pub(crate) async fn tokens(
    State(server): State<Server>,
    Who(viewer): Who,
) -> Handled<Json<Items<TokenRow>>> {
    require_within(&viewer, ViewerRole::Admin, None, "look at tokens")?;
    let tokens = server.world.store.tokens().await.map_err(of_store)?;
    let items = tokens
        .into_iter()
        .map(|token| TokenRow {
            grants: token.grants.iter().map(GrantSpec::stored).collect(),
            name: token.name,
            scopes: token.scopes,
            expires_at: token.expires_at,
        })
        .filter(|token| may_give(&viewer, &token.grants, "").is_ok())
        .collect();
    Ok(Json(Items { items }))
}

/// Makes a token. Its secret is in the answer and nowhere else. Takes an admin of wherever the token
/// counts; nobody gives more than they have.
#[utoipa::path(post, path = "/tokens", tag = "access", request_body = TokenRequest,
    responses((status = 201, body = NewToken), Otherwise))]
pub(crate) async fn create_token(
    State(server): State<Server>,
    Who(viewer): Who,
    Extension(own): Extension<Credential>,
    Asked(request): Asked<TokenRequest>,
) -> Handled<(StatusCode, Json<NewToken>)> {
    require_within(&viewer, ViewerRole::Admin, None, "make tokens")?;
    let name = person(&request.name)?.to_string();
    if !(1..=TOKEN_DAYS_MAX).contains(&request.days) {
        return Err(Trouble::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            format!("days is {}", request.days),
            format!("use 1 to {TOKEN_DAYS_MAX}"),
        )
        .at("days"));
    }
    let grants = collected(request.role, request.app, request.env, request.grants)?;
    if grants.is_empty() {
        return Err(Trouble::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "the token is given nothing",
            "say a role, and an application and an environment where it shall count only there",
        )
        .at("role"));
    }
    may_give(&viewer, &grants, "make this token")?;
    only_own_scopes(&own, &request.scopes)?;
    are_known(&server, &grants).await?;
    let event = told(&server, &viewer, "token_created", &name, &grants);
    let (token, expires_at) = server
        .people
        .issue(&name, &grants, &request.scopes, request.days, event)
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

/// Makes a token worthless at once, and the sessions that come from it. Takes an admin of wherever
/// the token counts.
#[utoipa::path(delete, path = "/tokens/{name}", tag = "access", params(("name" = String, Path)),
    responses((status = 200, body = Said), Otherwise))]
pub(crate) async fn revoke_token(
    State(server): State<Server>,
    Who(viewer): Who,
    At(name): At<String>,
) -> Handled<Json<Said>> {
    require_within(&viewer, ViewerRole::Admin, None, "revoke tokens")?;
    let store = &server.world.store;
    let missing = || {
        Trouble::new(
            StatusCode::NOT_FOUND,
            format!("there is no token {name:?}"),
            "`viridian token list` shows the tokens there are",
        )
        .at("name")
    };
    let token = store.token_named(&name).await.map_err(of_store)?;
    let token = token.ok_or_else(missing)?;
    let grants: Vec<_> = token.grants.iter().map(GrantSpec::stored).collect();
    may_give(&viewer, &grants, "revoke this token")?;
    let event = told(&server, &viewer, "token_revoked", &name, &[]);
    let removed = store.remove_token(&token.hash, Some(event)).await;
    if !removed.map_err(of_store)? {
        return Err(missing());
    }
    Ok(Json(Said { changed: true }))
}

/// Makes a link that signs in one browser, once, within an hour. For oneself anybody may, with at
/// most one's own rights; for others it takes an admin of wherever these count.
#[utoipa::path(post, path = "/login-links", tag = "access", request_body = LinkRequest,
    responses((status = 201, body = Link), Otherwise))]
pub(crate) async fn login_link(
    State(server): State<Server>,
    Who(viewer): Who,
    Extension(own): Extension<Credential>,
    Asked(request): Asked<LinkRequest>,
) -> Handled<(StatusCode, Json<Link>)> {
    let name = match &request.name {
        Some(name) => person(name)?,
        None => viewer.actor.clone(),
    };
    let asked = collected(request.role, request.app, request.env, request.grants)?;
    let grants = if asked.is_empty() {
        viewer.grants.iter().map(GrantSpec::from_viewer).collect()
    } else {
        asked
    };
    if name == viewer.actor {
        no_more_than_own(&viewer, &grants)?;
    } else {
        may_give(&viewer, &grants, "make a sign-in link for somebody else")?;
    }
    // A session knows no scopes: it would do more than the token it comes from.
    if !own.scopes.is_empty() {
        return Err(Trouble::new(
            StatusCode::FORBIDDEN,
            format!(
                "this token is for {} only, a browser would not be",
                own.scopes.join(", ")
            ),
            "use a token without scopes",
        )
        .at("scopes"));
    }
    are_known(&server, &grants).await?;
    let event = told(&server, &viewer, "link_created", name.as_str(), &grants);
    let path = server
        .people
        .link(name, &grants, own.via, Some(event))
        .await?;
    Ok((
        StatusCode::CREATED,
        Json(Link {
            url: format!("{}{path}", server.url),
        }),
    ))
}

/// What a request gives, in either spelling.
fn collected(
    role: Option<Role>,
    app: Option<AppName>,
    env: Option<EnvName>,
    mut grants: Vec<GrantSpec>,
) -> Handled<Vec<GrantSpec>> {
    match role {
        Some(role) => grants.insert(0, GrantSpec { role, app, env }),
        None if app.is_some() || env.is_some() => {
            return Err(Trouble::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "an application or an environment is named, but no role in it",
                "say the role: viewer, operator, approver or admin",
            )
            .at("role"));
        }
        None => {}
    }
    Ok(grants)
}

/// Access is an admin's to give and to take, and theirs only where they are one.
fn may_give(viewer: &Viewer, grants: &[GrantSpec], what: &str) -> Handled<()> {
    for grant in grants {
        let grant = grant.of_viewer();
        require(viewer, ViewerRole::Admin, &grant, what)?;
    }
    Ok(())
}

fn no_more_than_own(viewer: &Viewer, grants: &[GrantSpec]) -> Handled<()> {
    for grant in grants {
        let grant = grant.of_viewer();
        require(viewer, grant.role, &grant, "sign in as that")?;
    }
    Ok(())
}

/// A token that is for some things only makes none that is for others.
fn only_own_scopes(own: &Credential, asked: &[Scope]) -> Handled<()> {
    let has = |scope: &Scope| own.scopes.iter().any(|own| own == scope.as_str());
    if own.scopes.is_empty() || (!asked.is_empty() && asked.iter().all(has)) {
        return Ok(());
    }
    Err(Trouble::new(
        StatusCode::FORBIDDEN,
        format!(
            "this token is for {} only, and so are those it makes",
            own.scopes.join(", ")
        ),
        "give the new token no other scopes, and at least one",
    )
    .at("scopes"))
}

/// A misspelt environment would give nothing, and be noticed when it is too late. Applications may
/// be given before they are declared: that is how a team gets to declare its own.
async fn are_known(server: &Server, grants: &[GrantSpec]) -> Handled<()> {
    for grant in grants {
        let (Some(app), Some(env)) = (&grant.app, &grant.env) else {
            continue;
        };
        let known = server.world.store.application(app).await;
        let Some(known) = known.map_err(of_store)? else {
            continue;
        };
        if !known.environments.iter().any(|known| &known.name == env) {
            let names: Vec<_> = known.environments.iter().map(|e| e.name.as_str()).collect();
            return Err(Trouble::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                format!("{app} has no environment {env}"),
                format!("it has {}", names.join(", ")),
            )
            .at("env"));
        }
    }
    Ok(())
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

/// What the journal says of access that is given or taken; it is entered with the deed itself.
fn told(
    server: &Server,
    viewer: &Viewer,
    kind: &str,
    name: &str,
    grants: &[GrantSpec],
) -> store::AdminEvent {
    store::AdminEvent {
        at: server.world.clock.now(),
        by: viewer.actor.clone(),
        kind: kind.to_owned(),
        target: None,
        detail: if grants.is_empty() {
            serde_json::json!({ "name": name })
        } else {
            serde_json::json!({ "name": name, "grants": in_words(grants) })
        },
    }
}
