//! `kill -9`: of the control plane in the middle of canaries, and of the node itself.

use crate::Settings;
use crate::http::Client;
use crate::load::{Load, failures, version};
use crate::stage::{Stage, is_over};
use anyhow::{Context, Result, ensure};
use rand::Rng;
use rustix::process::{Signal, kill_process, test_kill_process};
use std::collections::BTreeSet;
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

/// Kills the node; started again it takes its instances back, the very same ones.
pub(crate) async fn node(settings: Settings<'_>, times: u32) -> Result<()> {
    let stage = Stage::set(settings).await?;
    let rate = settings.rate;
    stage.serve_version("1").await?;
    let mut children = Vec::new();
    for n in 0..times {
        let before = instances(&stage).await?;
        let pid = stage.node_pid()?;
        kill_process(pid, Signal::KILL)?;
        // The first node was started by `serve`, later ones by us.
        for child in &mut children {
            let child: &mut std::process::Child = child;
            child.try_wait()?;
        }
        let began = Instant::now();
        while test_kill_process(pid).is_ok() && began.elapsed() < Duration::from_secs(5) {
            tokio::time::sleep(Duration::from_millis(5)).await;
            for child in &mut children {
                child.try_wait()?;
            }
        }
        children.push(stage.start_node()?);
        let answers = || async { version(&Client::new(), &stage.site, &[]).await };
        while answers().await != Ok("v1".to_owned()) {
            ensure!(
                began.elapsed() < Duration::from_secs(20),
                "round {n}: the site is not back"
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let back = began.elapsed();
        let after = instances(&stage).await?;
        let kept = before.intersection(&after).count();
        println!(
            "round {n}: back after {} ms, {kept} of {} instances kept",
            back.as_millis(),
            before.len()
        );
        ensure!(
            before == after,
            "instances before {before:?}, after {after:?}"
        );
    }
    let load = Load::start(&stage.site, rate);
    tokio::time::sleep(Duration::from_secs(2)).await;
    let hits = load.stop().await;
    ensure!(
        failures(&hits).is_empty(),
        "after the last return: {:?}",
        failures(&hits).first()
    );
    println!(
        "node killed {times} times: instances back each time, {} requests after, 0 failed",
        hits.len()
    );
    Ok(())
}

/// Ids of the healthy instances, once all of them are there again.
async fn instances(stage: &Stage) -> Result<BTreeSet<String>> {
    let began = Instant::now();
    loop {
        let view = stage.api.read("/applications/site").await?;
        let groups = view["environments"][0]["groups"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let instances = groups
            .iter()
            .flat_map(|g| g["instances"].as_array().cloned().unwrap_or_default());
        let healthy: BTreeSet<_> = instances
            .filter(|i| i["health"] == "healthy")
            .filter_map(|i| i["id"].as_str().map(str::to_owned))
            .collect();
        if healthy.len() >= crate::stage::INSTANCES as usize {
            return Ok(healthy);
        }
        ensure!(
            began.elapsed() < Duration::from_secs(30),
            "only {healthy:?} became healthy"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
