//! The handlers of `/api/v1`, one file a resource, as the addresses are made up.

mod access;
mod applications;
mod audit;
mod environment;
mod history;
mod images;
mod instances;
mod maintenance;
mod now;
mod rollouts;

use super::Server;
use super::problem::ProblemBody;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// A list that is short enough to come whole.
#[derive(Serialize, ToSchema)]
pub(crate) struct Items<T> {
    pub(crate) items: Vec<T>,
}

/// What was done, where there is nothing else to say.
#[derive(Serialize, ToSchema)]
pub(crate) struct Said {
    /// Whether anything changed.
    pub(crate) changed: bool,
}

/// Every resource; the document of the interface is made from the same list.
pub(super) fn routes() -> OpenApiRouter<Server> {
    OpenApiRouter::new()
        .routes(routes!(now::now))
        .routes(routes!(applications::list, applications::apply))
        .routes(routes!(applications::show))
        .routes(routes!(images::list, images::bake))
        .routes(routes!(images::import))
        .routes(routes!(images::making))
        .routes(routes!(images::show))
        .routes(routes!(instances::log))
        .routes(routes!(rollouts::list, rollouts::start))
        .routes(routes!(rollouts::plan))
        .routes(routes!(rollouts::show))
        .routes(routes!(rollouts::journal))
        .routes(routes!(rollouts::command))
        .routes(routes!(history::history))
        .routes(routes!(history::csv))
        .routes(routes!(audit::audit))
        .routes(routes!(environment::holds))
        .routes(routes!(environment::remove_hold))
        .routes(routes!(environment::vetoes))
        .routes(routes!(environment::remove_veto))
        .routes(routes!(access::tokens, access::create_token))
        .routes(routes!(access::revoke_token))
        .routes(routes!(access::login_link))
        .routes(routes!(maintenance::doctor))
        .routes(routes!(maintenance::backup))
        .routes(routes!(super::events::events))
}

/// For the document: how any of them can end otherwise.
#[derive(utoipa::IntoResponses)]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) enum Otherwise {
    /// Not signed in, or with a token that is not good.
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthenticated(#[to_schema] ProblemBody),
    /// The role or the scope does not reach.
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(#[to_schema] ProblemBody),
    /// Anything else that went wrong: what, where, and what to do.
    #[response(status = "default", content_type = "application/problem+json")]
    Other(#[to_schema] ProblemBody),
}
