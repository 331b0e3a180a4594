//! Invented data with something of everything in it.

mod application;
mod crowd;
mod history;
mod images;
mod now;
mod rollout;
mod states;

pub(crate) use application::{application, plan};
pub(crate) use crowd::{crowded_application, crowded_now};
pub(crate) use history::history;
pub(crate) use images::images;
pub(crate) use now::now;
pub(crate) use states::rollout;

use app::view::*;
use domain::rollout::ActionOffer;
use domain::{
    AppName, Command, Digest, EnvName, GroupName, Health, Role, RolloutId, Strategy, Time, Version,
};

pub(crate) const BEGIN: Time = Time(1_795_269_802_000);

fn ago(s: i64) -> Time {
    Time(BEGIN.0 - s * 1_000)
}
fn app(name: &str) -> AppName {
    AppName::new(name).expect("a name")
}
fn env(name: &str) -> EnvName {
    EnvName::new(name).expect("a name")
}
fn version(name: &str) -> Version {
    Version::new(name).expect("a version")
}
fn digest(n: u64) -> Digest {
    let mixed = n.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(17);
    Digest::new(format!(
        "sha256:{mixed:016x}{:016x}{:016x}{n:016x}",
        !mixed,
        mixed ^ 0x55aa
    ))
    .expect("a digest")
}
fn group(app_name: &str, env_name: &str, n: u32) -> GroupName {
    GroupName::numbered(&app(app_name), &env(env_name), n)
}
fn share(group: GroupName, v: &str, weight: u32, incoming: bool) -> Share {
    let role = if incoming { Role::Canary } else { Role::Stable };
    Share {
        group,
        version: version(v),
        role,
        weight,
        incoming,
    }
}
fn span(name: &str, kind: SpanKind, s: u64) -> Span {
    Span {
        name: name.into(),
        kind,
        ms: s * 1_000,
    }
}
fn offer(name: Command, why: &str) -> ActionOffer {
    ActionOffer {
        name,
        allowed: why.is_empty(),
        why: why.into(),
    }
}

fn offers() -> Vec<ActionOffer> {
    vec![
        offer(Command::Promote, ""),
        offer(Command::Pause, "it is paused already; resume or promote it"),
        offer(
            Command::Resume,
            "it waits for an approval, not for you; promote it",
        ),
        offer(Command::Rollback, ""),
        offer(Command::Cancel, "traffic has moved; roll back instead"),
        offer(Command::Reject, "it has begun; roll back instead"),
    ]
}

fn square(env_name: &str, shares: Vec<Share>, since: i64) -> Cell {
    Cell {
        env: env(env_name),
        url: format!("http://127.0.0.1:81{:02}", env_name.len()),
        health: if shares.is_empty() {
            Health::Unknown
        } else {
            Health::Healthy
        },
        healthy: if shares.is_empty() { 0 } else { 6 },
        size: if shares.is_empty() { 0 } else { 6 },
        since: (!shares.is_empty()).then(|| ago(since)),
        shares,
        rollout: None,
        queued: 0,
        hold: None,
        drifted: 0,
        observed_at: Some(BEGIN),
    }
}

fn alone(app_name: &str, env_name: &str, v: &str, since: i64) -> Cell {
    square(
        env_name,
        vec![share(group(app_name, env_name, 41), v, 100, false)],
        since,
    )
}

fn timeline() -> Vec<Span> {
    vec![
        span("start", SpanKind::Done, 38),
        span("healthy", SpanKind::Done, 21),
        span("5%", SpanKind::Done, 120),
        span("10%", SpanKind::Done, 300),
        span("25% · waits for approval", SpanKind::Now, 265),
        span("50%", SpanKind::Next, 180),
        span("100%", SpanKind::Next, 120),
        span("keep the old for 5 min", SpanKind::Next, 300),
    ]
}

fn row(id: i64, app_name: &str, env_name: &str, state: (&str, &str), headline: &str) -> RolloutRow {
    RolloutRow {
        id: RolloutId(id),
        app: app(app_name),
        env: env(env_name),
        strategy: Strategy::Canary,
        state: state.0.into(),
        state_text: state.1.into(),
        reason: None,
        headline: headline.into(),
        from: Some(version("1.1.0")),
        to: version("1.2.0"),
        started_by: "ada".into(),
        created_at: ago(744),
        ended_at: None,
        step: 7,
        steps_total: 14,
        step_text: "Wait for an approval".into(),
        shares: vec![
            share(group(app_name, env_name, 41), "1.1.0", 75, false),
            share(group(app_name, env_name, 42), "1.2.0", 25, true),
        ],
        timeline: timeline(),
        actions: offers(),
    }
}
