//! All routes, and what surrounds each.

use super::extract::MAX_BODY;
use super::openapi::Document;
use super::problem::{panicked, unknown_method, unknown_route};
use super::{Server, api, forms, home, idempotency, metrics, page, probes};
use crate::auth::{ask, gate, sign_in, sign_out};
use crate::site::{self, SiteOptions};
use app::backend::Viewer;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use axum::routing::{any, get, post};
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use http::{HeaderName, HeaderValue};
use leptos::context::{provide_context, use_context};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate};
use tower_http::set_header::SetResponseHeaderLayer;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_swagger_ui::SwaggerUi;

/// The viewer's own files need inline styles; nothing else is relaxed.
const VIEWER_POLICY: &str = "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
const CLOSED_POLICY: &str =
    "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

fn rest() -> (Router<Server>, utoipa::openapi::OpenApi) {
    OpenApiRouter::with_openapi(Document::openapi())
        .nest("/api/v1", api::routes())
        .split_for_parts()
}

pub(crate) fn router(server: Server, site: SiteOptions) -> Router {
    let (rest, document) = rest();
    let rest = rest
        .route("/api/{*rest}", any(unknown_route))
        .method_not_allowed_fallback(unknown_method)
        .layer(middleware::from_fn_with_state(
            server.clone(),
            idempotency::once,
        ))
        .layer(SetResponseHeaderLayer::if_not_present(
            CACHE_CONTROL,
            HeaderValue::from_static("no-store"),
        ))
        .layer(CompressionLayer::new().compress_when(
            DefaultPredicate::new().and(NotForContentType::const_new("text/event-stream")),
        ));
    let others = Router::new()
        .route("/healthz", get(probes::healthz))
        .route("/readyz", get(probes::readyz))
        .route("/metrics", get(metrics::metrics))
        .route("/sign-in/style.css", get(page::style))
        .route("/sign-in/{link}", get(ask).post(sign_in))
        .route("/do/sign-out", post(sign_out))
        .route("/do/rollouts", post(forms::start))
        .route("/do/rollouts/{id}/{verb}", post(forms::command))
        .route("/do/holds/{app}/{env}/remove", post(forms::remove_hold))
        .route(
            "/do/vetoes/{app}/{env}/{image}/remove",
            post(forms::remove_veto),
        )
        .method_not_allowed_fallback(unknown_method)
        .layer(DefaultBodyLimit::max(MAX_BODY));
    let viewer = Router::new()
        .merge(SwaggerUi::new("/api/docs").url("/api/v1/openapi.json", document))
        .layer(policy(VIEWER_POLICY));
    let backend = server.backend.clone();
    let pages = site::router(site, move || {
        provide_context(backend.clone());
        // The gate has put there who asks.
        if let Some(parts) = use_context::<http::request::Parts>()
            && let Some(viewer) = parts.extensions.get::<Viewer>()
        {
            provide_context(viewer.clone());
            if let Some(told) = home::told(&parts) {
                provide_context(told);
            }
        }
    });
    let router = rest
        .merge(others)
        .with_state(server.clone())
        .merge(viewer)
        .layer(policy(CLOSED_POLICY))
        .merge(pages)
        .layer(middleware::from_fn_with_state(server, gate))
        .layer(middleware::from_fn(forms::as_page))
        .layer(CatchPanicLayer::custom(panicked));
    let headers: [(HeaderName, &'static str); 4] = [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "same-origin"),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
    ];
    headers.into_iter().fold(router, |router, (name, value)| {
        router.layer(SetResponseHeaderLayer::if_not_present(
            name,
            HeaderValue::from_static(value),
        ))
    })
}

fn policy(value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::if_not_present(CONTENT_SECURITY_POLICY, HeaderValue::from_static(value))
}
