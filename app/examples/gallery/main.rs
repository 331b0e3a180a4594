//! Every page over invented data, to look at while changing `style/` or `app/`:
//! `cargo run -p app --example gallery --features ssr -- 4000 [ordinary|crowd|empty] [SITE_FOLDER]`.
//!
//! Without a built site the pages are styled from `style/` as it is, and stay still. Rollouts of every
//! kind: /rollouts/412 waits for an approval, 410 goes back, 420 failed, 421 waits in line, 422 is
//! quarantined, 423 succeeded, 424 has names as long as names may be.

mod backend;
mod sample;

use app::backend::{SharedBackend, Viewer, ViewerRole};
use app::{App, shell};
use axum::Router;
use axum::routing::get;
use backend::Scene;
use leptos::config::LeptosOptions;
use leptos::prelude::*;
use leptos_axum::{LeptosRoutes, generate_route_list};
use leptos_meta::MetaTags;
use std::sync::Arc;
use tower_http::services::ServeDir;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let port: u16 = arguments
        .next()
        .unwrap_or_else(|| "4000".to_owned())
        .parse()?;
    let scene = match arguments.next().as_deref() {
        None | Some("ordinary") => Scene::Ordinary,
        Some("crowd") => Scene::Crowd,
        Some("empty") => Scene::Empty,
        Some(other) => {
            return Err(format!("{other:?} is no scene: ordinary, crowd or empty").into());
        }
    };
    let site = arguments.next();
    let backend: SharedBackend = Arc::new(backend::Sample::new(scene));
    let viewer = Viewer::everywhere(domain::Actor::new("ada")?, ViewerRole::Admin);
    let output = if site.is_some() { "viridian" } else { "" };
    let options = LeptosOptions::builder()
        .output_name(output)
        .site_pkg_dir("pkg")
        .build();
    let context = {
        let (backend, viewer) = (backend.clone(), viewer.clone());
        move || {
            provide_context(backend.clone());
            provide_context(viewer.clone());
        }
    };
    let style = concat!(env!("CARGO_MANIFEST_DIR"), "/../style");
    let render = {
        let (options, hydrated) = (options.clone(), site.is_some());
        move || {
            if hydrated {
                shell(options.clone()).into_any()
            } else {
                still().into_any()
            }
        }
    };
    let not_found = leptos_axum::render_app_async_with_context(context.clone(), render.clone());
    let router = Router::new()
        .leptos_routes_with_context(&options, generate_route_list(App), context, render)
        .fallback(not_found)
        .with_state(options)
        .merge(backend::rest(backend, viewer))
        .route(
            "/favicon.svg",
            get(|| async { ([("content-type", "image/svg+xml")], app::MARK_SVG) }),
        )
        .nest_service("/style", ServeDir::new(style))
        .nest_service(
            "/pkg",
            ServeDir::new(format!("{}/pkg", site.unwrap_or_default())),
        );
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    println!("http://{}", listener.local_addr()?);
    Ok(axum::serve(listener, router).await?)
}

fn still() -> impl IntoView {
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <link rel="stylesheet" href="/style/main.css" />
                <MetaTags />
            </head>
            <body>
                <App />
            </body>
        </html>
    }
}
