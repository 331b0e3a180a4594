//! Memory and pace of one engine with many rollouts, on the in-memory cloud.
//!
//! `cargo run --release -p engine --example bench_engine -- 1000 10000`

use cloud::fake::{Fake, Settings};
use domain::{Application, Digest, Strategy, Target, Version};
use engine::{Ask, Clouds, Engine, Options, SharedClock, SystemClock};
use futures::{StreamExt, TryStreamExt, stream};
use std::fmt::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::{RolloutQuery, Store, StoreUrl};

const BUDGET_MB: f64 = 150.0;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut counts = std::env::args().skip(1).map(|text| text.parse::<usize>());
    let active = counts.next().transpose()?.unwrap_or(1_000);
    let sleeping = counts.next().transpose()?.unwrap_or(10_000);
    let folder = tempfile::tempdir()?;
    let store = Store::open(&StoreUrl::Sqlite(folder.path().join("bench.db"))).await?;
    let clock: SharedClock = Arc::new(SystemClock);
    let time = Arc::clone(&clock);
    let fake = Arc::new(Fake::with(
        Arc::new(move || time.now()),
        Settings::default(),
    ));
    let started = Instant::now();
    println!("empty: {:.1} MB", resident_mb()?);

    let total = active + sleeping;
    for n in 0..total.div_ceil(PLACES) {
        let app = Application::from_toml(&declaration(n, total, active))?;
        let by = domain::Actor::engine();
        store.save_application(&app, &by, clock.now()).await?;
    }
    let clouds: Clouds = [("fake".to_owned(), fake as Arc<dyn cloud::Provider>)].into();
    let engine = Engine::start(store.clone(), clouds, clock, Options::default());
    println!(
        "declared after {:.1} s: {:.1} MB",
        started.elapsed().as_secs_f64(),
        resident_mb()?
    );

    let begin = |n: usize, version: u8, strategy| {
        let engine = engine.clone();
        async move {
            engine
                .begin(&ask(n, version, strategy))
                .await
                .map_err(|e| e.to_string())
        }
    };
    // Some at a time: eleven thousand askers at once would be measured, not the engine.
    let first = (0..active).map(|n| begin(n, 1, Strategy::BlueGreen));
    let () = stream::iter(first)
        .buffer_unordered(64)
        .map(|began| began.map(drop))
        .try_collect()
        .await?;
    until(&store, "succeeded", active).await?;
    println!(
        "{active} first starts succeeded after {:.1} s",
        started.elapsed().as_secs_f64()
    );
    let rollouts = (0..active).map(|n| begin(n, 2, Strategy::Canary));
    let () = stream::iter(rollouts)
        .buffer_unordered(64)
        .map(|began| began.map(drop))
        .try_collect()
        .await?;
    let waiting = (active..total).map(|n| begin(n, 1, Strategy::BlueGreen));
    let () = stream::iter(waiting)
        .buffer_unordered(64)
        .map(|began| began.map(drop))
        .try_collect()
        .await?;
    until(&store, "in_progress", active).await?;
    until(&store, "pending_approval", sleeping).await?;
    println!(
        "all under way after {:.1} s; watched for 20 s",
        started.elapsed().as_secs_f64()
    );
    let mut peak: f64 = 0.0;
    for _ in 0..20 {
        tokio::time::sleep(Duration::from_secs(1)).await;
        peak = peak.max(resident_mb()?);
    }
    println!(
        "{active} active + {sleeping} sleeping rollouts: {peak:.1} MB, {:.2} of the budget of {BUDGET_MB} MB",
        peak / BUDGET_MB
    );
    engine.stop().await;
    Ok(())
}

/// Environments of one application.
const PLACES: usize = 100;

fn declaration(app: usize, total: usize, active: usize) -> String {
    let mut text = format!("[application]\nname = \"app-{app}\"\n");
    for n in app * PLACES..total.min((app + 1) * PLACES) {
        let approval = if n >= active {
            "approval = \"anyone\""
        } else {
            ""
        };
        let port = 1_024 + n;
        let _ = write!(
            text,
            "[[environment]]\nname = \"env-{n}\"\ncloud = \"fake\"\nlisten = \"127.0.0.1:{port}\"\ninstances = 2\n{approval}\n[environment.canary]\npause_ms = 600000\n"
        );
    }
    text
}

fn ask(n: usize, version: u8, strategy: Strategy) -> Ask {
    Ask {
        target: Target {
            app: format!("app-{}", n / PLACES).parse().expect("valid"),
            env: format!("env-{n}").parse().expect("valid"),
        },
        image: Digest::new(format!("sha256:{version:064x}")).expect("valid"),
        version: Version::new(version.to_string()).expect("valid"),
        strategy,
        by: domain::Actor::engine(),
    }
}

/// Waits until so many of the newest rollouts are in a state.
async fn until(
    store: &Store,
    state: &str,
    wanted: usize,
) -> Result<(), Box<dyn std::error::Error>> {
    let began = Instant::now();
    loop {
        let (mut found, mut cursor) = (0, None);
        loop {
            let query = RolloutQuery {
                states: vec![state.to_owned()],
                cursor,
                limit: 1_000,
                ..RolloutQuery::default()
            };
            let (page, next) = store.rollouts(query).await?;
            found += page.iter().filter(|r| r.status.as_str() == state).count();
            cursor = next;
            if cursor.is_none() {
                break;
            }
        }
        if found >= wanted {
            return Ok(());
        }
        if began.elapsed() > Duration::from_secs(300) {
            return Err(format!("only {found} of {wanted} rollouts are {state}").into());
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// Resident memory of this process, from the kernel.
fn resident_mb() -> Result<f64, Box<dyn std::error::Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .ok_or("no VmRSS")?;
    let kb: f64 = line.split_whitespace().nth(1).ok_or("no figure")?.parse()?;
    Ok(kb / 1024.0)
}
