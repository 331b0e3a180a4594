//! `kill -9` of the control plane in the middle of canaries.

use crate::Settings;
use crate::http::Client;
use crate::load::{Load, failures, version};
use crate::stage::{Stage, is_over};
use anyhow::{Context, Result, ensure};
use rand::Rng;
use std::time::{Duration, Instant};

const LIMIT: Duration = Duration::from_secs(120);

/// Kills `serve` at random moments of canaries; each canary ends as planned and nothing is lost.
pub(crate) async fn serve(settings: Settings<'_>, times: u32) -> Result<()> {
    let mut stage = Stage::set(settings).await?;
    let rate = settings.rate;
    stage.serve_version("1").await?;
    let load = Load::start(&stage.site, rate);
    let (mut kills, mut rollouts, mut slowest) = (0, 0, Duration::ZERO);
    let mut image = 1;
    while kills < times {
        image += 1;
        if image > 2 {
            stage.bake(&image.to_string())?;
        }
        let id = stage.start(&image.to_string(), "canary").await?;
        loop {
            if kills < times {
                let wait_ms = rand::rng().random_range(50..1_500);
                tokio::time::sleep(Duration::from_millis(wait_ms)).await;
                stage.kill_serve()?;
                let began = Instant::now();
                stage.start_serve().await?;
                slowest = slowest.max(began.elapsed());
                kills += 1;
            }
            let view = stage.show(id).await?;
            if is_over(&view) {
                ensure!(
                    view["state"] == "succeeded",
                    "rollout {id}: {}",
                    view["sentence"]
                );
                break;
            }
            if kills >= times {
                stage.wait_for(id, "succeeded", LIMIT).await?;
                break;
            }
        }
        rollouts += 1;
        let now = version(&Client::new(), &stage.site, &[]).await;
        ensure!(now == Ok(format!("v{image}")), "the site answers {now:?}");
    }
    let hits = load.stop().await;
    let failed = failures(&hits);
    println!(
        "serve killed {kills} times over {rollouts} canaries: {} requests, {} failed, slowest return {} ms",
        hits.len(),
        failed.len(),
        slowest.as_millis()
    );
    ensure!(
        failed.is_empty(),
        "lost: {:?}",
        &failed[..failed.len().min(5)]
    );
    stage.doctor().context("the doctor is not content")?;
    println!("doctor is content");
    Ok(())
}
