//! The website: pages rendered here, the bundle the browser hydrates them with, and the headers
//! that say what a page may do.
//!
//! The bundle lives under `/pkg/<digest>/`. Its address names its content, so that it may be kept
//! for ever, and a page never meets the script of another build.

use app::{App, MARK_SVG, Respond, shell};
use axum::Router;
use axum::extract::Request;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use http::{HeaderName, HeaderValue, StatusCode};
use leptos::config::LeptosOptions;
use leptos::context::{provide_context, use_context};
use leptos::nonce::use_nonce;
use leptos_axum::{LeptosRoutes, ResponseOptions, generate_route_list};
use sha2::{Digest, Sha256};
use std::io;
use std::path::{Path, PathBuf};
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::services::ServeDir;
use tower_http::set_header::SetResponseHeaderLayer;

/// The name of the bundle's files, which the build gives them.
const OUTPUT_NAME: &str = "viridian";

/// Where the built bundle is.
#[derive(Clone, Debug, Default)]
pub(crate) struct SiteOptions {
    /// The site folder, holding `pkg/`. Without one, pages are rendered without script and style.
    pub(crate) root: Option<PathBuf>,
}

/// Every page, server function and file of the website. `provide` puts into the context of each
/// rendering what pages and server functions ask for there.
pub(crate) fn router(
    site: SiteOptions,
    provide: impl Fn() + Clone + Send + Sync + 'static,
) -> Router {
    let bundle = Bundle::open(site.root.as_deref());
    let options = bundle.leptos_options();
    let context = move || {
        describe_response();
        provide();
    };
    let render = {
        let options = options.clone();
        move || shell(options.clone())
    };

    // Addresses without a route are the application's to answer: its own page, with 404.
    let not_found = leptos_axum::render_app_async_with_context(context.clone(), render.clone());
    let pages = Router::new()
        .leptos_routes_with_context(&options, generate_route_list(App), context, render)
        .fallback(not_found)
        .layer(CompressionLayer::new().quality(CompressionLevel::Fastest))
        .with_state(options);

    let router = Router::new().route("/favicon.svg", get(mark)).merge(pages);
    let router = match bundle.folder {
        Some((folder, address)) => router.nest_service(&address, files(&folder)),
        None => router,
    };
    secured(router)
}

/// The headers every response carries, unless a handler has set its own.
fn secured(router: Router) -> Router {
    let headers: [(HeaderName, &'static str); 5] = [
        (
            CONTENT_SECURITY_POLICY,
            "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
        ),
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

/// Lets the page being rendered set its status, and allows it the one inline script it carries.
fn describe_response() {
    // Absent while the routes are listed, when nothing is answered.
    let Some(response) = use_context::<ResponseOptions>() else {
        return;
    };
    if let Some(policy) = use_nonce().and_then(|nonce| HeaderValue::try_from(policy(&nonce)).ok()) {
        response.insert_header(CONTENT_SECURITY_POLICY, policy);
        // What a page shows is of this moment, and of this person.
        response.insert_header(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    provide_context(Respond::new(move |status| {
        if let Ok(status) = StatusCode::from_u16(status) {
            response.set_status(status);
        }
    }));
}

/// `wasm-unsafe-eval` allows compiling WebAssembly and nothing else.
fn policy(nonce: &str) -> String {
    format!(
        "default-src 'self'; script-src 'self' 'wasm-unsafe-eval' 'nonce-{nonce}'; \
         style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; \
         object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
}

async fn mark() -> impl IntoResponse {
    (
        [
            (CONTENT_TYPE, "image/svg+xml"),
            (CACHE_CONTROL, "public, max-age=86400"),
        ],
        MARK_SVG,
    )
}

/// The bundle's files, each with its compressed twins beside it.
fn files(folder: &Path) -> Router {
    Router::new()
        .fallback_service(
            ServeDir::new(folder)
                .precompressed_br()
                .precompressed_gzip(),
        )
        .layer(middleware::from_fn(keep_for_ever))
}

/// Only a file that was found may be kept: the address of another build's file can become valid.
async fn keep_for_ever(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let value = match response.status() {
        StatusCode::OK | StatusCode::NOT_MODIFIED | StatusCode::PARTIAL_CONTENT => {
            "public, max-age=31536000, immutable"
        }
        _ => "no-store",
    };
    response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static(value));
    response
}

/// The bundle on disk and the address it is served from.
struct Bundle {
    folder: Option<(PathBuf, String)>,
}

impl Bundle {
    fn open(root: Option<&Path>) -> Self {
        let Some(root) = root else {
            tracing::warn!(
                "there is no built website beside this program: pages are served without script and style; \
                 name the folder it was built into with --site DIR"
            );
            return Self { folder: None };
        };
        let folder = root.join("pkg");
        match digest(&folder) {
            Ok(digest) => Self {
                folder: Some((folder, format!("/pkg/{digest}"))),
            },
            Err(error) => {
                tracing::warn!(
                    folder = %folder.display(), %error,
                    "the website is not there: pages are served without script and style; \
                     build it with `cargo xtask run`, or name the folder it was built into with --site DIR"
                );
                Self { folder: None }
            }
        }
    }

    fn leptos_options(&self) -> LeptosOptions {
        match &self.folder {
            Some((_, address)) => LeptosOptions::builder()
                .output_name(OUTPUT_NAME)
                .site_pkg_dir(address.trim_start_matches('/'))
                .build(),
            None => LeptosOptions::builder().output_name("").build(),
        }
    }
}

/// A digest of the names and contents of a folder's files, short enough for an address.
fn digest(folder: &Path) -> io::Result<String> {
    let mut paths = std::fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<Vec<_>>>()?;
    paths.retain(|path| path.is_file());
    if !paths.iter().any(|path| path.ends_with("viridian_bg.wasm")) {
        return Err(io::Error::new(
            io::ErrorKind::NotFound,
            "viridian_bg.wasm is missing",
        ));
    }
    paths.sort();
    let mut hash = Sha256::new();
    for path in paths {
        hash.update(path.file_name().unwrap_or_default().as_encoded_bytes());
        hash.update(std::fs::read(&path)?);
    }
    Ok(hex::encode(&hash.finalize()[..8]))
}

#[cfg(test)]
mod tests;
