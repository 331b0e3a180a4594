//! A canary that errs a little: too seldom for a health check, often enough for its figures.

use crate::Settings;
use crate::http::Client;
use crate::load::{Load, failures, version};
use crate::stage::Stage;
use anyhow::{Result, ensure};
use std::time::{Duration, Instant};

/// At 5% of the load, a bound of 1% takes some hundred requests to be crossed for sure.
const LIMIT: Duration = Duration::from_secs(180);

/// Every fiftieth answer is a 500, so that no health check ever fails twice in a row.
const FAULTY: &str = r#"
import itertools, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

count = itertools.count(1)

class Shop(BaseHTTPRequestHandler):
    def do_GET(self):
        status = 500 if next(count) % 50 == 0 else 200
        body = b"faulty\n"
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Shop).serve_forever()
"#;

pub(crate) async fn run(settings: Settings<'_>) -> Result<()> {
    let stage = Stage::set(settings).await?;
    stage.serve_version("1").await?;
    let files = [("shop.py", FAULTY)];
    stage.bake_with("faulty", &files, &["python3", "shop.py", "${PORT}"])?;

    let load = Load::start(&stage.site, settings.rate);
    let began = Instant::now();
    let id = stage.start("faulty", "canary").await?;
    let view = stage.wait_for(id, "rolled_back", LIMIT).await?;
    let took = began.elapsed();
    let hits = load.stop().await;

    let why = view["sentence"].as_str().unwrap_or_default();
    println!(
        "turned itself back after {:.1} s under {} requests/s: {why}",
        took.as_secs_f64(),
        settings.rate
    );
    for word in ["error rate", "1.00%", "n = "] {
        ensure!(
            why.contains(word),
            "the sentence does not say {word:?}: {view}"
        );
    }
    let (_, figure) = why.split_once("sent back: ").unwrap_or(("", why));
    let page = stage.page(&format!("/rollouts/{id}")).await?;
    ensure!(
        page.contains(figure),
        "the rollout's page does not say {figure:?}"
    );
    let failed = failures(&hits).len();
    ensure!(
        failed > 0,
        "the faulty image was never met, so nothing was tried"
    );
    println!(
        "{failed} of {} requests met an error of the canary; the rest none",
        hits.len()
    );
    let now = version(&Client::new(), &stage.site, &[]).await;
    ensure!(now == Ok("v1".to_owned()), "the site answers {now:?}");
    stage.doctor()
}
