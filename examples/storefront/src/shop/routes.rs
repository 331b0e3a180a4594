use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    Form, Json, Router,
    body::Body,
    extract::{Path, Query, Request, State, WebSocketUpgrade},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::{Html, IntoResponse, Redirect, Response},
    routing::{get, post},
};
use serde::{Deserialize, Serialize};

use super::{Shop, cart::Cart, live};

type Served = State<Arc<Shop>>;

pub(crate) fn router(shop: Arc<Shop>) -> Router {
    // Only what visitors look at can fail on purpose: a version that fails its health checks would never get traffic,
    // and the demonstration is about the ones that look healthy.
    let pages = Router::new()
        .route("/", get(catalogue))
        .route("/product/{id}", get(product))
        .route("/cart", get(cart).post(change_cart))
        .route("/checkout", post(checkout))
        .layer(middleware::from_fn_with_state(shop.clone(), inject_fault));
    Router::new()
        .merge(pages)
        .route("/healthz", get(healthz))
        .route("/version", get(version))
        .route("/live", get(live))
        .route("/stream", get(stream))
        .route("/theme.css", get(stylesheet))
        .route("/live.js", get(script))
        .fallback(not_found)
        .layer(middleware::from_fn_with_state(shop.clone(), label))
        .with_state(shop)
}

/// Names the version and the look on each answer, the failed ones too.
async fn label(State(shop): Served, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let version = HeaderValue::from_str(&shop.config.version)
        .expect("a version is letters, digits and dots, checked when it was loaded");
    headers.insert("x-shop-version", version);
    headers.insert(
        "x-shop-layout",
        HeaderValue::from_static(shop.config.theme.layout.as_str()),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'; \
             base-uri 'none'; frame-ancestors 'none'",
        ),
    );
    response
}

async fn inject_fault(State(shop): Served, request: Request, next: Next) -> Response {
    let uptime = shop.uptime();
    if !shop.faults.strikes(uptime) {
        return next.run(request).await;
    }
    let line = serde_json::json!({
        "level": "error",
        "message": "the price service did not answer",
        "version": shop.config.version,
        "method": request.method().as_str(),
        "path": request.uri().path(),
        "status": 500,
        "uptime_ms": uptime.as_millis() as u64,
    });
    eprintln!("{line}");
    let page = shop.pages.message(
        "Something broke on our side",
        "We could not look up the price. Your basket is safe; please try again.",
        &Cart::from_headers(request.headers(), &shop.catalogue),
    );
    (StatusCode::INTERNAL_SERVER_ERROR, Html(page)).into_response()
}

async fn catalogue(State(shop): Served, headers: HeaderMap) -> Html<String> {
    shop.latency.look_up().await;
    let cart = Cart::from_headers(&headers, &shop.catalogue);
    Html(shop.pages.catalogue(&shop.catalogue, &cart))
}

async fn product(State(shop): Served, Path(id): Path<String>, headers: HeaderMap) -> Response {
    shop.latency.look_up().await;
    let cart = Cart::from_headers(&headers, &shop.catalogue);
    match shop.catalogue.get(&id) {
        Some(product) => Html(shop.pages.product(product, &cart)).into_response(),
        None => missing(&shop, &cart),
    }
}

async fn cart(State(shop): Served, headers: HeaderMap) -> Html<String> {
    let cart = Cart::from_headers(&headers, &shop.catalogue);
    Html(shop.pages.cart(&shop.catalogue, &cart))
}

#[derive(Deserialize)]
struct CartForm {
    product: String,
    /// How many to add; 0 takes the product out of the basket.
    #[serde(default = "one")]
    quantity: u32,
}

fn one() -> u32 {
    1
}

async fn change_cart(
    State(shop): Served,
    headers: HeaderMap,
    Form(form): Form<CartForm>,
) -> Response {
    let mut cart = Cart::from_headers(&headers, &shop.catalogue);
    let Some(product) = shop.catalogue.get(&form.product) else {
        return missing(&shop, &cart);
    };
    match form.quantity {
        0 => cart.remove(product),
        n => cart.add(product, n.min(9)),
    }
    (
        [(header::SET_COOKIE, cart.to_cookie())],
        Redirect::to("/cart"),
    )
        .into_response()
}

async fn checkout(State(shop): Served, headers: HeaderMap) -> Response {
    let cart = Cart::from_headers(&headers, &shop.catalogue);
    if cart.is_empty() {
        return Redirect::to("/cart").into_response();
    }
    let page = shop.pages.thanks(&shop.catalogue, &cart);
    let emptied = Cart::default().to_cookie();
    ([(header::SET_COOKIE, emptied)], Html(page)).into_response()
}

async fn not_found(State(shop): Served, headers: HeaderMap) -> Response {
    missing(&shop, &Cart::from_headers(&headers, &shop.catalogue))
}

fn missing(shop: &Shop, cart: &Cart) -> Response {
    let words = "We do not have that here. The colours we do have are one link away.";
    let page = shop.pages.message("Nothing on this shelf", words, cart);
    (StatusCode::NOT_FOUND, Html(page)).into_response()
}

async fn healthz(State(shop): Served) -> (StatusCode, &'static str) {
    if shop.stopping.is_cancelled() {
        (StatusCode::SERVICE_UNAVAILABLE, "stopping\n")
    } else {
        (StatusCode::OK, "ok\n")
    }
}

#[derive(Serialize)]
struct Version {
    version: String,
    layout: &'static str,
    pid: u32,
    uptime_ms: u64,
    image: Option<String>,
    instance: Option<String>,
}

async fn version(State(shop): Served) -> Json<Version> {
    Json(Version {
        version: shop.config.version.clone(),
        layout: shop.config.theme.layout.as_str(),
        pid: std::process::id(),
        uptime_ms: shop.uptime().as_millis() as u64,
        image: shop.image.clone(),
        instance: shop.instance.clone(),
    })
}

#[derive(Deserialize)]
struct Pace {
    every_ms: Option<u64>,
    lines: Option<u32>,
}

async fn live(
    State(shop): Served,
    Query(pace): Query<Pace>,
    upgrade: WebSocketUpgrade,
) -> Response {
    let period = Duration::from_millis(pace.every_ms.unwrap_or(1000).clamp(20, 10_000));
    upgrade.on_upgrade(move |socket| {
        let sockets = shop.sockets.clone();
        sockets.track_future(live::send_ticks(shop, socket, period))
    })
}

/// A long answer in small chunks, of a length known to who asked: whoever reads it to the last line knows that no
/// switch of traffic has cut it.
async fn stream(State(shop): Served, Query(pace): Query<Pace>) -> Response {
    let lines = pace.lines.unwrap_or(20).clamp(1, 600);
    let period = Duration::from_millis(pace.every_ms.unwrap_or(100).clamp(1, 5000));
    let version = shop.config.version.clone();
    let chunks = futures::stream::unfold(1, move |line| {
        let version = version.clone();
        async move {
            if line > lines {
                return None;
            }
            if line > 1 {
                tokio::time::sleep(period).await;
            }
            let text = format!("{line}/{lines} {version}\n");
            Some((Ok::<_, Infallible>(text), line + 1))
        }
    });
    let plain = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
    (plain, Body::from_stream(chunks)).into_response()
}

async fn stylesheet(State(shop): Served) -> impl IntoResponse {
    let css = [(header::CONTENT_TYPE, "text/css; charset=utf-8")];
    (css, shop.pages.stylesheet.clone())
}

async fn script(State(shop): Served) -> impl IntoResponse {
    let js = [(header::CONTENT_TYPE, "text/javascript; charset=utf-8")];
    (js, shop.pages.script.clone())
}
