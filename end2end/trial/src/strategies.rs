//! Every strategy from start to end under a constant load: nothing is lost, and in an experiment
//! nobody changes arm.

use crate::Settings;
use crate::http::Client;
use crate::load::{Hit, Load, failures, version};
use crate::stage::Stage;
use anyhow::{Result, ensure};
use std::collections::BTreeMap;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(120);

pub(crate) async fn run(settings: Settings<'_>) -> Result<()> {
    let stage = Stage::set(settings).await?;
    let rate = settings.rate;
    stage.serve_version("1").await?;
    let mut next = 2;
    println!(
        "{:<12}{:>10}{:>8}{:>10}",
        "strategy", "requests", "failed", "seconds"
    );
    for strategy in ["blue-green", "canary", "rolling"] {
        let image = next.to_string();
        if next > 2 {
            stage.bake(&image)?;
        }
        next += 1;
        let load = Load::start(&stage.site, rate);
        let began = std::time::Instant::now();
        let id = stage.start(&image, strategy).await?;
        stage.wait_for(id, "succeeded", LIMIT).await?;
        tell(strategy, &load.stop().await, began.elapsed())?;
        let now = version(&Client::new(), &stage.site, &[]).await;
        ensure!(
            now == Ok(format!("v{image}")),
            "{strategy}: the site answers {now:?}"
        );
    }
    experiment(&stage, rate, &next.to_string()).await
}

/// A hundred visitors with a cookie each, before, during and after the promotion of the winner.
async fn experiment(stage: &Stage, rate: u32, image: &str) -> Result<()> {
    stage.bake(image)?;
    let load = Load::start(&stage.site, rate);
    let began = std::time::Instant::now();
    let id = stage.start(image, "ab").await?;
    stage
        .wait(id, LIMIT, |view| {
            view["steps"].as_array().is_some_and(|steps| {
                steps
                    .iter()
                    .any(|step| step["action"] == "pause" && step["state"] == "now")
            })
        })
        .await?;
    let client = Client::new();
    let mut visitors = BTreeMap::new();
    for n in 0..100 {
        let answer = client.get(&stage.site, &[]).await?;
        let arm = String::from_utf8_lossy(&answer.body).trim().to_owned();
        let cookie = answer
            .headers
            .get("set-cookie")
            .and_then(|c| c.to_str().ok())
            .unwrap_or("");
        let cookie = cookie.split(';').next().unwrap_or("").to_owned();
        ensure!(!cookie.is_empty(), "visitor {n} was given no cookie");
        visitors.insert(n, (cookie, arm));
    }
    let mut changed = revisit(stage, &visitors, 5).await?;
    stage.say(id, "promote").await?;
    stage.wait_for(id, "soaking", LIMIT).await?;
    changed += revisit(stage, &visitors, 5).await?;
    let newcomer = version(&client, &stage.site, &[]).await;
    ensure!(
        newcomer == Ok(format!("v{image}")),
        "after promotion a newcomer meets {newcomer:?}"
    );
    stage.wait_for(id, "succeeded", LIMIT).await?;
    tell("ab", &load.stop().await, began.elapsed())?;
    let mut arms = BTreeMap::<&str, u32>::new();
    for (_, arm) in visitors.values() {
        *arms.entry(arm).or_default() += 1;
    }
    println!("100 visitors met {arms:?}; changed arm during and after promotion: {changed}");
    ensure!(arms.len() == 2, "both arms should have had visitors");
    ensure!(changed == 0, "{changed} visitors changed arm");
    Ok(())
}

async fn revisit(
    stage: &Stage,
    visitors: &BTreeMap<i32, (String, String)>,
    rounds: u32,
) -> Result<u32> {
    let client = Client::new();
    let mut changed = 0;
    for _ in 0..rounds {
        for (cookie, arm) in visitors.values() {
            let met = version(&client, &stage.site, &[("cookie", cookie)]).await;
            changed += u32::from(met.as_ref() != Ok(arm));
        }
    }
    Ok(changed)
}

pub(crate) fn tell(what: &str, hits: &[Hit], took: Duration) -> Result<()> {
    let failed = failures(hits);
    println!(
        "{what:<12}{:>10}{:>8}{:>10.1}",
        hits.len(),
        failed.len(),
        took.as_secs_f64()
    );
    ensure!(
        failed.is_empty(),
        "{what} lost requests: {:?}",
        &failed[..failed.len().min(5)]
    );
    ensure!(!hits.is_empty(), "{what}: the load sent nothing");
    Ok(())
}
