//! How fast a step is journalled, with full durability: `cargo run --release -p store --example
//! bench_journal [SECONDS] [FOLDER]`. A step is one append of two events under a fence: the events,
//! the chain, the projection, one commit on disk.
//!
//! The disk's own speed is measured in the same run, since a commit can be no faster than that.

use domain::planner::{Capabilities, Request, plan};
use domain::rollout::{Event, What, evolve};
use domain::{
    Actor, Application, Digest, EnvName, Figures, Histogram, ReleaseNumber, Strategy, Target, Time,
    Version,
};
use std::collections::BTreeMap;
use std::error::Error;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use store::{Append, Fence, Loaded, NewRollout, Store, StoreUrl};

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

const LEASE_MS: u64 = 3_600_000;

#[tokio::main]
async fn main() -> Outcome<()> {
    let mut args = std::env::args().skip(1);
    let seconds: u64 = args.next().map_or(Ok(5), |text| text.parse())?;
    let parent = args.next().map_or_else(std::env::temp_dir, PathBuf::from);
    let folder = tempfile::tempdir_in(parent)?;
    let length = Duration::from_secs(seconds);
    if cfg!(debug_assertions) {
        println!("note: this is a debug build; use --release for figures that mean something");
    }
    let syncs = disk(folder.path(), length.min(Duration::from_secs(2)))?;
    println!("{:<22} {syncs:>7.0}/s", "4 KiB write and sync");
    for tasks in [1_u16, 32, 256] {
        let path = folder.path().join(format!("{tasks}.db"));
        let store = Store::open(&StoreUrl::Sqlite(path)).await?;
        let rollouts = start(&store, tasks).await?;
        let (steps, mut took) = run(&store, rollouts, length).await?;
        took.sort_unstable();
        let at = |share: usize| {
            took.get(took.len() * share / 100)
                .copied()
                .unwrap_or_default()
        };
        println!(
            "{:<22} {:>7.0}/s   p50 {:>6.2} ms   p99 {:>6.2} ms",
            format!("steps, {tasks} at once"),
            steps,
            at(50).as_secs_f64() * 1e3,
            at(99).as_secs_f64() * 1e3,
        );
        store.close().await;
    }
    Ok(())
}

/// How often a small write can be made durable, a second.
fn disk(folder: &Path, length: Duration) -> Outcome<f64> {
    let mut file = std::fs::File::create(folder.join("sync"))?;
    let (begun, mut done) = (Instant::now(), 0_u32);
    while begun.elapsed() < length {
        file.write_all(&[0; 4_096])?;
        file.sync_data()?;
        done += 1;
    }
    Ok(f64::from(done) / begun.elapsed().as_secs_f64())
}

/// An application with one environment a task, and an admitted rollout in each.
async fn start(store: &Store, tasks: u16) -> Outcome<Vec<(Loaded, Fence)>> {
    let mut text = "[application]\nname = \"bench\"\n".to_owned();
    for n in 0..tasks {
        text += &format!(
            "[[environment]]\nname = \"e{n}\"\nlisten = \"127.0.0.1:{}\"\n",
            10_000 + n
        );
    }
    let app = Application::from_toml(&text)?;
    let by = Actor::new("bench")?;
    store.save_application(&app, &by, Time(0)).await?;
    let mut rollouts = Vec::new();
    for n in 0..tasks {
        let target = Target {
            app: app.name.clone(),
            env: EnvName::new(format!("e{n}"))?,
        };
        let env = store
            .environment(&target)
            .await?
            .ok_or("the environment is there")?;
        let plan = plan(&Request {
            app: &target.app,
            env: &env.spec,
            strategy: Strategy::Canary,
            image: Digest::new(format!("sha256:{n:064x}"))?,
            version: Version::new("1.0.0")?,
            release: ReleaseNumber(1),
            next_group: 1,
            from: None,
            capabilities: Capabilities::ALL,
        })?;
        let (by, expect) = (by.clone(), env.reserved);
        let new = NewRollout {
            plan,
            by,
            at: Time(0),
            needs_approval: false,
            expect,
        };
        let mut loaded = store.create_rollout(new).await?;
        let fence = store
            .claim(loaded.rollout.id, "bench", Time(0), LEASE_MS)
            .await?;
        let fence = fence.ok_or("nobody else claims it")?;
        let admitted = Event {
            at: Time(1),
            by: Actor::engine(),
            what: What::Admitted { plan: None },
        };
        step(store, &mut loaded, fence, vec![admitted]).await?;
        rollouts.push((loaded, fence));
    }
    Ok(rollouts)
}

async fn step(store: &Store, loaded: &mut Loaded, fence: Fence, events: Vec<Event>) -> Outcome<()> {
    let after = events.iter().fold(loaded.rollout.clone(), evolve);
    let append = Append {
        id: after.id,
        expected_seq: loaded.seq,
        fence: Some(fence),
        events,
        after: after.clone(),
        due_at: Some(Time(1)),
    };
    loaded.seq = store.append(append).await?.seq;
    // What the steps were is of no interest here, and would only slow the state's copying down.
    loaded.rollout = domain::Rollout {
        done: Vec::new(),
        ..after
    };
    Ok(())
}

/// Every task journals steps of its own rollout until the time is over: steps a second, and how
/// long each took.
async fn run(
    store: &Store,
    rollouts: Vec<(Loaded, Fence)>,
    length: Duration,
) -> Outcome<(f64, Vec<Duration>)> {
    let begun = Instant::now();
    let tasks: Vec<_> = rollouts
        .into_iter()
        .map(|(mut loaded, fence)| {
            let store = store.clone();
            tokio::spawn(async move {
                let mut took = Vec::new();
                while begun.elapsed() < length {
                    let now = Instant::now();
                    let events = events(&loaded, took.len());
                    step(&store, &mut loaded, fence, events).await?;
                    took.push(now.elapsed());
                }
                Outcome::Ok(took)
            })
        })
        .collect();
    let mut took = Vec::new();
    for task in tasks {
        took.extend(task.await??);
    }
    #[expect(clippy::cast_precision_loss, reason = "a count of steps in seconds")]
    let steps = took.len() as f64 / begun.elapsed().as_secs_f64();
    Ok((steps, took))
}

/// What the engine writes when a step ends and the next begins.
fn events(loaded: &Loaded, n: usize) -> Vec<Event> {
    let latency = Histogram((0..12).map(|n| (1_000 << n, 40)).collect());
    let figures = Figures {
        requests: 480,
        errors: 2,
        latency,
    };
    let figures = BTreeMap::from([(loaded.rollout.plan.to.name.clone(), figures)]);
    let (at, by) = (Time(2), Actor::engine());
    let step = n % loaded.rollout.plan.len();
    vec![
        Event {
            at,
            by: by.clone(),
            what: What::StepDone {
                step,
                note: "it was reached".to_owned(),
            },
        },
        Event {
            at,
            by,
            what: What::StepStarted { step, figures },
        },
    ]
}
