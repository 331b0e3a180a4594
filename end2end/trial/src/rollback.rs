//! A rollback in every step of every strategy: how long until the old version alone answers, and
//! whether anything was lost on the way.

use crate::Settings;
use crate::http::Client;
use crate::load::{Hit, Load, failures, version};
use crate::stage::{Stage, is_over};
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::time::{Duration, Instant};

const LIMIT: Duration = Duration::from_secs(120);

pub(crate) async fn run(settings: Settings<'_>, only: &[String]) -> Result<()> {
    let stage = Stage::set(settings).await?;
    let rate = settings.rate;
    stage.serve_version("1").await?;
    println!(
        "{:<12}{:<44}{:>10}{:>8}{:>12}",
        "strategy", "rolled back during", "requests", "failed", "last new ms"
    );
    let mut image = 100;
    let mut worst = 0;
    let all = ["blue-green", "canary", "rolling", "ab"];
    ensure!(
        only.iter().all(|name| all.contains(&name.as_str())),
        "a strategy is one of {all:?}"
    );
    for strategy in all {
        if !only.is_empty() && !only.iter().any(|name| name == strategy) {
            continue;
        }
        let mut step = 0;
        loop {
            image += 1;
            let Some(ms) = one(&stage, rate, strategy, step, &image.to_string()).await? else {
                break;
            };
            worst = worst.max(ms);
            step += 1;
        }
    }
    println!("slowest return: {worst} ms");
    after_the_group_is_gone(&stage, rate, &(image + 1).to_string()).await
}

/// Rolls back as soon as `step` has begun; `None` where the plan has no such step, or the old group
/// is gone by then.
async fn one(
    stage: &Stage,
    rate: u32,
    strategy: &str,
    step: usize,
    image: &str,
) -> Result<Option<u128>> {
    stage.bake(image)?;
    let load = Load::start(&stage.site, rate);
    let id = stage.start(image, strategy).await?;
    let began = Instant::now();
    let view = loop {
        let view = stage.show(id).await?;
        let at = view["step"].as_u64().unwrap_or(0);
        if is_over(&view) || at >= step as u64 && view["admitted_at"].is_number() {
            break view;
        }
        let waits = view["steps"][at as usize]["action"] == "pause" && view["strategy"] == "ab";
        if waits {
            // An experiment runs until somebody decides; this trial wants to see what comes after.
            let _ = stage.say(id, "promote").await;
        }
        ensure!(
            began.elapsed() < LIMIT,
            "step {step} of {strategy} was not reached: {}",
            view["sentence"]
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    if is_over(&view) || view["steps"][step]["phase"] == "Retire the old group" {
        settle(stage, id, view).await?;
        load.stop().await;
        return Ok(None);
    }
    let during = view["steps"][view["step"].as_u64().unwrap_or(0) as usize]["text"].clone();
    let said = Instant::now();
    stage
        .say(id, "rollback")
        .await
        .with_context(|| format!("{strategy}, {during}"))?;
    stage.wait_for(id, "rolled_back", LIMIT).await?;
    let hits = load.stop().await;
    let failed = failures(&hits);
    let ms = last_new(&hits, said, image);
    let during: String = during.as_str().unwrap_or("?").chars().take(42).collect();
    println!(
        "{strategy:<12}{during:<44}{:>10}{:>8}{ms:>12}",
        hits.len(),
        failed.len()
    );
    ensure!(
        failed.is_empty(),
        "lost: {:?}",
        &failed[..failed.len().min(5)]
    );
    ensure!(
        ms <= 250,
        "{strategy}, {during}: the new version answered a request sent {ms} ms after"
    );
    let now = version(&Client::new(), &stage.site, &[]).await;
    ensure!(
        now == Ok("v1".to_owned()),
        "after the rollback the site answers {now:?}"
    );
    Ok(Some(ms))
}

/// Milliseconds after the command at which the last request was sent that the new version answered.
fn last_new(hits: &[Hit], said: Instant, image: &str) -> u128 {
    let new = Ok(format!("v{image}"));
    let late = hits.iter().filter(|hit| hit.answer == new);
    late.map(|hit| hit.sent.saturating_duration_since(said).as_millis())
        .max()
        .unwrap_or(0)
}

/// Ends what this trial cannot use and brings version 1 back.
async fn settle(stage: &Stage, id: i64, mut view: Value) -> Result<()> {
    if !is_over(&view) {
        view = stage.wait(id, LIMIT, is_over).await?;
    }
    if view["state"] == "succeeded" {
        let back = stage.say(id, "rollback").await?;
        let back = back["id"].as_i64().context("no rollout to go back by")?;
        stage.wait_for(back, "succeeded", LIMIT).await?;
    }
    Ok(())
}

/// The old group is retired; the way back starts it again from its image.
async fn after_the_group_is_gone(stage: &Stage, rate: u32, image: &str) -> Result<()> {
    stage.bake(image)?;
    // A rollout is judged by requests, so there have to be some.
    let load = Load::start(&stage.site, rate);
    stage.serve_version(image).await?;
    let newest = stage.api.read("/rollouts?limit=1").await?;
    let id = newest["items"][0]["id"]
        .as_i64()
        .context("no rollout in the list")?;
    let began = Instant::now();
    let back = stage.say(id, "rollback").await?["id"]
        .as_i64()
        .context("no id")?;
    stage.wait_for(back, "soaking", LIMIT).await?;
    let took = began.elapsed();
    let now = version(&Client::new(), &stage.site, &[]).await;
    let hits = load.stop().await;
    let failed = failures(&hits);
    println!(
        "after the old group is gone: brought back in {} ms, {} requests, {} failed",
        took.as_millis(),
        hits.len(),
        failed.len()
    );
    ensure!(
        now == Ok("v1".to_owned()) && failed.is_empty(),
        "{now:?} {:?}",
        failed.first()
    );
    Ok(())
}
