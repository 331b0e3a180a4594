//! The document of the interface, made from the handlers, and its viewer.

use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Viridian",
        description = "Replaces servers, never changes them. Errors are `application/problem+json` and name the field and the remedy. Times are milliseconds since 1970-01-01 UTC.",
    ),
    security(("token" = [])),
    modifiers(&Token),
    tags(
        (name = "now", description = "What needs a person, what moves, what runs where"),
        (name = "applications", description = "What teams release, and where"),
        (name = "images", description = "Immutable artifacts and their lineage"),
        (name = "rollouts", description = "Replacing server groups, step by step, and taking it back"),
        (name = "environments", description = "Holds, vetoes, and what instances wrote"),
        (name = "history", description = "Every deployment, and delivery figures"),
        (name = "audit", description = "The journal of everything"),
        (name = "live", description = "Changes as they happen"),
        (name = "access", description = "Tokens and sign-in links"),
        (name = "maintenance", description = "Check-ups and back-ups"),
    ),
)]
pub(super) struct Document;

struct Token;

impl Modify for Token {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
        document
            .components
            .get_or_insert_default()
            .add_security_scheme("token", SecurityScheme::Http(scheme));
    }
}
