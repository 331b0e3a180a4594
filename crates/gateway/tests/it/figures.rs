//! The figures against what is known to have happened.

use std::time::Duration;

use gateway::{Figures, Table};
use http::{Request, Response};

use crate::support::{Client, Server, full, gateway, route, table};

async fn sleeper() -> Server {
    Server::with(
        "sleeper",
        |request: Request<hyper::body::Incoming>| async move {
            let header = |name| {
                request
                    .headers()
                    .get(name)
                    .and_then(|value| value.to_str().ok()?.parse().ok())
            };
            if let Some(ms) = header("x-sleep-ms") {
                tokio::time::sleep(Duration::from_millis(ms)).await;
            }
            let status = header("x-status").unwrap_or(200);
            Response::builder()
                .status(status as u16)
                .body(full("slept"))
                .unwrap()
        },
    )
    .await
}

#[tokio::test]
async fn quantiles_match_known_latencies() {
    let server = sleeper().await;
    let gateway = gateway(table(vec![route("v1", 100, &[&server])])).await;
    let mut client = Client::to(&gateway).await;
    for at in 0..20 {
        client
            .get(&[("x-sleep-ms", if at < 18 { "20" } else { "200" })])
            .await;
    }
    let latency = gateway.figures().groups["v1"].latency.clone();
    assert_eq!(latency.count(), 20);
    let (p50, p99) = (
        latency.quantile(0.5).unwrap(),
        latency.quantile(0.99).unwrap(),
    );
    assert!((19.5..60.0).contains(&p50), "{p50}");
    assert!((196.0..400.0).contains(&p99), "{p99}");
}

#[tokio::test]
async fn two_snapshots_make_a_window() {
    let server = sleeper().await;
    let gateway = gateway(table(vec![route("v1", 100, &[&server])])).await;
    let mut client = Client::to(&gateway).await;
    for _ in 0..7 {
        client.get(&[]).await;
    }
    let earlier = gateway.figures();
    for status in ["200", "200", "404", "500", "503"] {
        client.get(&[("x-status", status)]).await;
    }
    let now = gateway.figures();
    let window = now.since(&earlier).groups["v1"].clone();
    assert_eq!(
        (window.requests, window.errors, window.latency.count()),
        (5, 2, 5)
    );
    assert_eq!(window.codes, [0, 2, 0, 1, 2]);
    assert_eq!(window.error_rate(), Some(0.4));
    assert_eq!(
        (
            window.per_instance["sleeper"].requests,
            window.per_instance["sleeper"].errors
        ),
        (5, 2)
    );
    assert_eq!(now.groups["v1"].requests, 12);
    assert_eq!(now.since(&Figures::default()).groups, now.groups);
}

#[tokio::test]
async fn figures_and_tables_survive_json() {
    let server = sleeper().await;
    let all = Table {
        version: 7,
        ..table(vec![route("v1", 100, &[&server])])
    };
    let gateway = gateway(all.clone()).await;
    Client::to(&gateway).await.get(&[]).await;
    let figures = gateway.figures();
    let json = serde_json::to_string(&figures).unwrap();
    assert_eq!(serde_json::from_str::<Figures>(&json).unwrap(), figures);
    assert_eq!(figures.table_version, 7);
    let json = serde_json::to_string(&all).unwrap();
    assert_eq!(
        serde_json::from_str::<Table>(&json).unwrap(),
        *gateway.table()
    );
}

#[tokio::test]
async fn the_share_is_none_before_and_after_traffic() {
    let server = sleeper().await;
    let gateway = gateway(table(vec![
        route("v1", 100, &[&server]),
        route("v2", 0, &[&server]),
    ]))
    .await;
    assert_eq!(gateway.figures().groups["v1"].recent_share, None);
    Client::to(&gateway).await.get(&[]).await;
    let figures = gateway.figures();
    assert_eq!(figures.groups["v1"].recent_share, Some(1.0));
    assert_eq!(figures.groups["v2"].recent_share, Some(0.0));
    tokio::time::sleep(Duration::from_millis(1200)).await;
    assert_eq!(gateway.figures().groups["v1"].recent_share, None);
}

#[tokio::test]
async fn the_exposition_names_environment_group_and_class() {
    let server = sleeper().await;
    let gateway = gateway(table(vec![route("v1", 100, &[&server])])).await;
    let mut client = Client::to(&gateway).await;
    client.get(&[]).await;
    client.get(&[("x-status", "500")]).await;
    let mut out = String::new();
    gateway.figures().prometheus("prod\"eu", &mut out);
    let has = |line: &str| assert!(out.lines().any(|one| one == line), "no {line} in\n{out}");
    has("# TYPE viridian_requests_total counter");
    has("viridian_requests_total{env=\"prod\\\"eu\",group=\"v1\",code_class=\"2xx\"} 1");
    has("viridian_requests_total{env=\"prod\\\"eu\",group=\"v1\",code_class=\"5xx\"} 1");
    has("viridian_request_duration_seconds_bucket{env=\"prod\\\"eu\",group=\"v1\",le=\"+Inf\"} 2");
    has("viridian_requests_in_flight{env=\"prod\\\"eu\",group=\"v1\"} 0");
}
