#![expect(
    clippy::unwrap_used,
    reason = "a failed assumption of a test should panic, in its helpers too"
)]

mod shop;

use std::{process::Output, time::Duration};

use http::Method;
use http_body_util::BodyExt;
use shop::{PROGRAM, Shop, images};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

fn edit_shop_toml(folder: &std::path::Path, from: &str, to: &str) {
    let path = folder.join("shop.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{text}");
    std::fs::write(path, text.replace(from, to)).unwrap();
}

async fn visit(arguments: &[&str]) -> Output {
    tokio::process::Command::new(PROGRAM)
        .arg("visit")
        .args(arguments)
        .output()
        .await
        .unwrap()
}

#[tokio::test]
async fn every_version_serves_its_pages() {
    for (version, layout) in [
        ("1.0", "list"),
        ("1.1", "list"),
        ("1.2", "list"),
        ("1.3", "cards"),
    ] {
        let shop = Shop::start(version);
        let (status, headers, html) = shop.send(Method::GET, "/", "", "").await;
        assert_eq!(
            (status, &headers["x-shop-version"]),
            (200, &version.parse().unwrap())
        );
        assert_eq!(headers["x-shop-layout"], layout);
        assert!(
            html.contains(&format!("data-layout=\"{layout}\"")),
            "{html}"
        );
        assert!(!html.contains("{{"), "{html}");
        assert!(
            shop.get("/product/viridian")
                .await
                .1
                .contains("<h1>Viridian</h1>")
        );
        assert!(
            shop.get("/theme.css")
                .await
                .1
                .starts_with(":root { --accent: #")
        );
        assert!(shop.get("/live.js").await.1.contains("WebSocket"));
        assert_eq!(shop.get("/healthz").await, (200, "ok\n".into()));
        let (status, headers, _) = shop.send(Method::GET, "/product/none", "", "").await;
        assert_eq!(
            (status, &headers["x-shop-version"]),
            (404, &version.parse().unwrap())
        );
        let about: serde_json::Value = serde_json::from_str(&shop.get("/version").await.1).unwrap();
        assert_eq!(about["version"], version);
        assert_eq!(
            (&about["image"], &about["instance"]),
            (&"sha256:abc".into(), &"i-1".into())
        );
    }
}

#[tokio::test]
async fn basket_travels_in_the_cookie_to_the_checkout() {
    let shop = Shop::start("1.1");
    let (status, headers, _) = shop
        .send(
            Method::POST,
            "/cart",
            "cart=viridian.1",
            "product=red-oxide&quantity=2",
        )
        .await;
    assert_eq!(
        (status, &headers["location"]),
        (303, &"/cart".parse().unwrap())
    );
    let cookie = headers["set-cookie"].to_str().unwrap();
    assert!(
        cookie.starts_with("cart=viridian.1~red-oxide.2; Path=/"),
        "{cookie}"
    );
    let cart = "other=1; cart=viridian.1~red-oxide.2~unknown.4~viridian.x";
    let (_, _, html) = shop.send(Method::GET, "/cart", cart, "").await;
    assert!(
        html.contains("€ 30.90") && html.contains("Basket (3)"),
        "{html}"
    );
    let (status, headers, html) = shop.send(Method::POST, "/checkout", cart, "").await;
    assert_eq!(status, 200);
    assert!(
        headers["set-cookie"]
            .to_str()
            .unwrap()
            .contains("Max-Age=0")
    );
    assert!(html.contains("3 jars for € 30.90"), "{html}");
    assert_eq!(shop.send(Method::POST, "/checkout", "", "").await.0, 303);
}

#[tokio::test]
async fn faults_begin_after_the_set_time_at_the_set_rate_and_spare_health() {
    let shop = Shop::start_with("1.2", |folder| {
        edit_shop_toml(folder, "after_ms = 12000", "after_ms = 1500");
        edit_shop_toml(folder, "median = 9, p99 = 28", "median = 0, p99 = 0");
    });
    let uptime_ms = async || {
        let about: serde_json::Value = serde_json::from_str(&shop.get("/version").await.1).unwrap();
        about["uptime_ms"].as_u64().unwrap()
    };
    let mut early = 0;
    loop {
        let status = shop.get("/").await.0;
        // Read afterwards: if the time has not come yet, it had not come for the request either.
        if uptime_ms().await >= 1500 {
            break;
        }
        assert_eq!(status, 200);
        early += 1;
    }
    assert!(early > 0, "nothing was asked before the faults began");
    let mut failed = 0;
    for _ in 0..400 {
        let (status, headers, _) = shop.send(Method::GET, "/", "", "").await;
        assert_eq!(headers["x-shop-version"], "1.2");
        failed += u32::from(status == 500);
        assert_eq!(shop.get("/healthz").await.0, 200);
    }
    assert_eq!(failed, 50);
}

#[tokio::test]
async fn termination_finishes_what_is_in_flight() {
    let mut shop = Shop::start("1.0");
    let mut body = shop
        .open(Method::GET, "/stream?lines=20&every_ms=50", "", "")
        .await
        .into_body();
    let first = body.frame().await.unwrap().unwrap().into_data().unwrap();
    assert_eq!(first, "1/20 1.0\n");
    shop.terminate();
    let rest = body.collect().await.unwrap().to_bytes();
    assert!(rest.ends_with(b"20/20 1.0\n"), "{rest:?}");
    assert_eq!(shop.exit().await.code(), Some(0));
    assert!(TcpStream::connect(&shop.address).await.is_err());
}

/// One unmasked frame: its opcode and payload.
async fn frame(stream: &mut TcpStream) -> (u8, Vec<u8>) {
    let mut head = [0; 2];
    stream.read_exact(&mut head).await.unwrap();
    assert!(head[1] < 126, "short and unmasked");
    let mut payload = vec![0; head[1].into()];
    stream.read_exact(&mut payload).await.unwrap();
    (head[0] & 0x0f, payload)
}

#[tokio::test]
async fn live_ticks_until_the_instance_says_goodbye() {
    let mut shop = Shop::start("1.0");
    let mut stream = TcpStream::connect(&shop.address).await.unwrap();
    let ask = "GET /live?every_ms=20 HTTP/1.1\r\nHost: shop\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
               Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    stream.write_all(ask.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    assert!(head.starts_with(b"HTTP/1.1 101"), "{head:?}");
    for n in 1..=3 {
        let (opcode, text) = frame(&mut stream).await;
        let tick: serde_json::Value = serde_json::from_slice(&text).unwrap();
        assert_eq!(
            (opcode, &tick["tick"], &tick["version"]),
            (1, &n.into(), &"1.0".into())
        );
    }
    shop.terminate();
    let close = loop {
        let (opcode, payload) = frame(&mut stream).await;
        if opcode == 8 {
            break payload;
        }
    };
    assert_eq!(u16::from_be_bytes([close[0], close[1]]), 1001);
    assert_eq!(shop.exit().await.code(), Some(0));
}

#[tokio::test]
async fn visit_ends_by_itself_and_its_summary_adds_up() {
    let shop = Shop::start_with("1.3", |folder| {
        edit_shop_toml(folder, "error_rate = 0.0", "error_rate = 0.02");
    });
    let url = format!("http://{}", shop.address);
    let output = tokio::time::timeout(
        Duration::from_secs(30),
        visit(&[
            "--url",
            &url,
            "--visitors",
            "30",
            "--requests-per-second",
            "200",
            "--for",
            "3",
            "--report",
            "json",
        ]),
    )
    .await
    .unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let number = |pointer: &str| summary.pointer(pointer).unwrap().as_u64().unwrap();
    let requests = number("/requests");
    assert!((60..=601).contains(&requests), "{summary}");
    let by_status: u64 = summary["by_status"]
        .as_object()
        .unwrap()
        .values()
        .map(|n| n.as_u64().unwrap())
        .sum();
    assert_eq!(requests, number("/failed") + by_status);
    assert_eq!(by_status, number("/by_version/1.3/requests"));
    assert_eq!(number("/errors"), number("/by_status/500"));
    assert_eq!(number("/errors"), number("/by_version/1.3/errors"));
    assert!(
        number("/errors") > 0,
        "the injected faults did not fire: {summary}"
    );
    assert_eq!(
        number("/conversions"),
        number("/by_version/1.3/conversions")
    );
    assert!(number("/conversions") > 0, "{summary}");
    assert!(number("/visitors") >= 30);
    assert_eq!(number("/visitors_who_changed_version"), 0);
}

#[tokio::test]
async fn visit_refuses_other_machines_and_reports_a_closed_shop() {
    let output = visit(&["--url", "http://192.0.2.1:80", "--for", "1"]).await;
    assert_eq!(output.status.code(), Some(2));
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("not this machine"),
        "{output:?}"
    );

    let closed = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let url = format!("http://{closed}");
    let mut arguments = vec!["--url", &url, "--for", "0.3", "--report", "json"];
    let output = visit(&arguments).await;
    assert_eq!(output.status.code(), Some(0));
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(
        summary["failed"].as_u64() > Some(0) && summary["failed"] == summary["requests"],
        "{summary}"
    );
    arguments.push("--fail-on-error");
    assert_eq!(visit(&arguments).await.status.code(), Some(1));
}

#[test]
fn environments_are_declared_in_promotion_order() {
    let text = std::fs::read_to_string(images().join("../viridian.toml")).unwrap();
    let declared: toml::Table = text.parse().unwrap();
    let names: Vec<_> = declared["environment"]
        .as_array()
        .unwrap()
        .iter()
        .map(|environment| environment["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["dev", "staging", "prod"]);
}
