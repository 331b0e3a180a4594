//! `kill -9` of the node under load: its instances are taken back, what befell the others meanwhile is
//! put right and told, and nothing is left of them.
//!
//! The node is the gateway, so while it is down nobody is answered. Before and after that every request is.

use crate::Settings;
use crate::http::Client;
use crate::load::{Hit, Load, version};
use crate::processes;
use crate::stage::{INSTANCES, Stage};
use anyhow::{Context, Result, ensure};
use rustix::process::{Pid, Signal, kill_process, kill_process_group, test_kill_process};
use serde_json::Value;
use std::collections::HashSet;
use std::fs;
use std::process::Child;
use std::time::{Duration, Instant};

/// For anything to come about that is not a wait of the product's own.
const PATIENCE: Duration = Duration::from_secs(30);

/// What is done to one of the instances while the node is down.
#[derive(Clone, Copy)]
enum Harm {
    None,
    /// Its process group is killed: it is lost, and another one started.
    Killed,
    /// Its record goes: nobody knows it any more, and it is ended.
    Forgotten,
}

/// From the kill of the node to the first answer after it.
struct Outage {
    from: Instant,
    until: Instant,
}

pub(crate) async fn run(settings: Settings<'_>, times: u32) -> Result<()> {
    let stage = Stage::set(settings).await?;
    stage.serve_version("1").await?;
    let load = Load::start(&stage.site, settings.rate);
    let (mut outages, mut nodes) = (Vec::new(), Vec::new());
    for n in 0..times {
        let harm = [Harm::None, Harm::Killed, Harm::Forgotten][n as usize % 3];
        let outage = round(&stage, &mut nodes, harm)
            .await
            .with_context(|| format!("round {n}"))?;
        outages.push(outage);
        // Some answers between one outage and the next.
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let hits = load.stop().await;
    let failed: Vec<&Hit> = hits.iter().filter(|hit| hit.answer.is_err()).collect();
    let excused = |hit: &Hit| {
        let during = |outage: &Outage| hit.sent <= outage.until && hit.over >= outage.from;
        outages.iter().any(during)
    };
    let lost: Vec<_> = failed.iter().filter(|hit| !excused(hit)).collect();
    ensure!(
        lost.is_empty(),
        "{} of {} requests failed while the node was there: {:?}",
        lost.len(),
        hits.len(),
        lost.first()
    );
    let down: Duration = outages
        .iter()
        .map(|outage| outage.until - outage.from)
        .sum();
    println!(
        "node killed {times} times, down for {} ms in all: {} requests, {} failed meanwhile, 0 before and after",
        down.as_millis(),
        hits.len(),
        failed.len()
    );
    stage.doctor().context("the doctor is not content")
}

async fn round(stage: &Stage, nodes: &mut Vec<Child>, harm: Harm) -> Result<Outage> {
    healthy(stage).await?;
    let before = only_instances(stage).await?;
    let pid = stage.node_pid()?;
    let from = Instant::now();
    kill_process(pid, Signal::KILL)?;
    // The first node was started by `serve`, later ones by whoever was first.
    soon("the node is dead", async || {
        for node in nodes.iter_mut() {
            node.try_wait()?;
        }
        Ok((test_kill_process(pid).is_err()).then_some(()))
    })
    .await?;
    let victim = do_harm(stage, harm)?;
    nodes.push(stage.start_node()?);
    soon("the site is back", async || {
        let answer = version(&Client::new(), &stage.site, &[]).await;
        Ok((answer == Ok("v1".to_owned())).then_some(()))
    })
    .await?;
    let until = Instant::now();

    let after = only_instances(stage).await?;
    let kept = before.intersection(&after).count();
    println!(
        "back after {} ms, {kept} of {} instances kept",
        (until - from).as_millis(),
        before.len()
    );
    let expected = match harm {
        Harm::None => before.len(),
        Harm::Killed | Harm::Forgotten => before.len() - 1,
    };
    ensure!(
        kept == expected,
        "{expected} should have been kept of {before:?}, after: {after:?}"
    );
    healthy(stage).await?;
    if let Some(victim) = victim {
        soon("nothing is left of the one that was lost", async || {
            Ok(processes::is_gone(victim).then_some(()))
        })
        .await?;
    }
    told(stage, harm).await?;
    Ok(Outage { from, until })
}

fn do_harm(stage: &Stage, harm: Harm) -> Result<Option<Pid>> {
    let folder = stage.node_folder();
    let (record, victim) = match (harm, stage.records()?.into_iter().next()) {
        (Harm::None, _) => return Ok(None),
        (_, first) => first.context("no instance has a record")?,
    };
    ensure!(
        processes::groups_within(&folder)?.contains(&victim),
        "{victim:?} does not run"
    );
    match harm {
        Harm::None => {}
        Harm::Killed => kill_process_group(victim, Signal::KILL)?,
        Harm::Forgotten => fs::remove_file(record)?,
    }
    Ok(Some(victim))
}

/// The application's page says what happened while nobody looked.
async fn told(stage: &Stage, harm: Harm) -> Result<()> {
    let kind = match harm {
        Harm::None => "adopted",
        Harm::Killed => "lost",
        Harm::Forgotten => "orphan",
    };
    soon(&format!("{kind:?} is told"), async || {
        let environment = environment(stage).await?;
        let notes = environment["node"].as_array().cloned().unwrap_or_default();
        Ok(notes.iter().any(|note| note["kind"] == kind).then_some(()))
    })
    .await
}

async fn environment(stage: &Stage) -> Result<Value> {
    let view = stage.api.read("/applications/site").await?;
    Ok(view["environments"][0].clone())
}

/// Waits until all instances are shown to be healthy.
async fn healthy(stage: &Stage) -> Result<()> {
    soon("all instances are healthy", async || {
        let environment = environment(stage).await?;
        let groups = environment["groups"].as_array();
        let instances = groups
            .into_iter()
            .flatten()
            .filter_map(|group| group["instances"].as_array());
        let healthy = instances
            .flatten()
            .filter(|instance| instance["health"] == "healthy")
            .count();
        Ok((healthy == INSTANCES as usize).then_some(()))
    })
    .await
}

/// The process groups that work in the node's folder, once they are those of its instances and no
/// others.
async fn only_instances(stage: &Stage) -> Result<HashSet<Pid>> {
    let folder = stage.node_folder();
    let known = || -> Result<HashSet<Pid>> {
        Ok(stage.records()?.into_iter().map(|(_, pid)| pid).collect())
    };
    let only = soon("only instances work in the node's folder", async || {
        let known = known()?;
        let all = known.len() == INSTANCES as usize;
        Ok((all && processes::groups_within(&folder)? == known).then_some(known))
    });
    only.await.with_context(|| {
        let found = processes::groups_within(&folder);
        format!("working there: {found:?}; recorded: {:?}", known())
    })
}

/// Waits until there is something.
async fn soon<T>(what: &str, mut look: impl AsyncFnMut() -> Result<Option<T>>) -> Result<T> {
    let began = Instant::now();
    loop {
        if let Some(found) = look().await? {
            return Ok(found);
        }
        ensure!(
            began.elapsed() < PATIENCE,
            "not within {PATIENCE:?}: {what}"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
