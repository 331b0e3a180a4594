//! What the types of a declaration alone cannot say.

use super::Environment;
use std::ops::RangeInclusive;

/// What is wrong in an environment, and at which of its keys.
pub(super) struct Fault {
    /// Dotted, as in TOML: `canary.weights`.
    pub(super) key: &'static str,
    pub(super) message: String,
}

impl Fault {
    pub(super) fn new(key: &'static str, message: String) -> Self {
        Self { key, message }
    }
}

const DAY_MS: u64 = 86_400_000;
const WAIT_MS: RangeInclusive<u64> = 0..=30 * DAY_MS;

pub(super) fn environment(env: &Environment) -> Result<(), Fault> {
    let told = |key: &'static str, what: String| {
        Err(Fault::new(
            key,
            format!("environment {:?}: {what}", env.name.as_str()),
        ))
    };
    for (key, value, range) in numbers(env) {
        if !range.contains(&value) {
            let (low, high) = range.into_inner();
            return told(key, format!("{key} is {value}, it must be {low} to {high}"));
        }
    }
    let path = &env.health.path;
    if !path.starts_with('/') || path.contains(|c: char| c.is_whitespace() || c.is_control()) {
        let what = format!("health.path is {path:?}, it must begin with / and hold no space");
        return told("health.path", what);
    }
    let listen = env.listen;
    if listen.port() == 0 {
        let what = format!(
            "listen is {listen}, and port 0 would be another one at every start: name a port that is free, such as {}:8103",
            listen.ip()
        );
        return told("listen", what);
    }
    if !listen.ip().is_loopback() && env.cloud == "local" {
        let what = format!(
            "listen is {listen}, the local cloud listens on loopback only: use 127.0.0.1:PORT and put your own edge in front"
        );
        return told("listen", what);
    }
    if let Some(wrong) = wrong_weights(&env.canary.weights) {
        let what = format!("canary.weights is {:?}: {wrong}", env.canary.weights);
        return told("canary.weights", what);
    }
    if env.rolling.max_surge == 0 && env.rolling.max_unavailable == 0 {
        let what = "rolling.max_surge and rolling.max_unavailable are both 0, so no instance could ever be replaced: set one of them";
        return told("rolling.max_surge", what.to_owned());
    }
    for (key, rate) in rates(env) {
        if let Some(rate) = rate
            && !(0.0..=1.0).contains(&rate)
        {
            let what = format!("{key} is {rate}, it must be a share between 0 and 1 (1% is 0.01)");
            return told(key, what);
        }
    }
    for (key, latency_ms) in latencies(env) {
        if let Some(latency_ms) = latency_ms
            && !(latency_ms > 0.0 && latency_ms.is_finite())
        {
            let what = format!("{key} is {latency_ms}, it must be milliseconds above 0");
            return told(key, what);
        }
    }
    Ok(())
}

/// Every number with the range that makes sense.
fn numbers(env: &Environment) -> Vec<(&'static str, u64, RangeInclusive<u64>)> {
    let health = &env.health;
    let mut all = vec![
        ("instances", env.instances.into(), 1..=1_000),
        ("health.interval_ms", health.interval_ms, 10..=600_000),
        ("health.timeout_ms", health.timeout_ms, 10..=600_000),
        ("health.healthy_after", health.healthy_after.into(), 1..=100),
        (
            "health.unhealthy_after",
            health.unhealthy_after.into(),
            1..=100,
        ),
        (
            "health.start_timeout_ms",
            health.start_timeout_ms,
            100..=DAY_MS,
        ),
        ("canary.pause_ms", env.canary.pause_ms, WAIT_MS),
        ("canary.retain_ms", env.canary.retain_ms, WAIT_MS),
        ("blue_green.preview_ms", env.blue_green.preview_ms, WAIT_MS),
        ("blue_green.retain_ms", env.blue_green.retain_ms, WAIT_MS),
        ("rolling.pause_ms", env.rolling.pause_ms, WAIT_MS),
        ("rolling.retain_ms", env.rolling.retain_ms, WAIT_MS),
        ("ab.weight", env.ab.weight.into(), 1..=99),
        ("ab.retain_ms", env.ab.retain_ms, WAIT_MS),
    ];
    all.extend(env.ab.run_ms.map(|ms| ("ab.run_ms", ms, 1..=365 * DAY_MS)));
    let memory = env.limits.memory_mb;
    all.extend(memory.map(|mb| ("limits.memory_mb", mb, 1..=1 << 24)));
    let files = env.limits.open_files;
    all.extend(files.map(|n| ("limits.open_files", n, 1..=1 << 30)));
    all
}

fn rates(env: &Environment) -> [(&'static str, Option<f64>); 4] {
    [
        ("canary.max_error_rate", env.canary.max_error_rate),
        ("blue_green.max_error_rate", env.blue_green.max_error_rate),
        ("rolling.max_error_rate", env.rolling.max_error_rate),
        ("ab.max_error_rate", env.ab.max_error_rate),
    ]
}

fn latencies(env: &Environment) -> [(&'static str, Option<f64>); 12] {
    [
        ("canary.max_p50_ms", env.canary.max_p50_ms),
        ("canary.max_p95_ms", env.canary.max_p95_ms),
        ("canary.max_p99_ms", env.canary.max_p99_ms),
        ("blue_green.max_p50_ms", env.blue_green.max_p50_ms),
        ("blue_green.max_p95_ms", env.blue_green.max_p95_ms),
        ("blue_green.max_p99_ms", env.blue_green.max_p99_ms),
        ("rolling.max_p50_ms", env.rolling.max_p50_ms),
        ("rolling.max_p95_ms", env.rolling.max_p95_ms),
        ("rolling.max_p99_ms", env.rolling.max_p99_ms),
        ("ab.max_p50_ms", env.ab.max_p50_ms),
        ("ab.max_p95_ms", env.ab.max_p95_ms),
        ("ab.max_p99_ms", env.ab.max_p99_ms),
    ]
}

fn wrong_weights(weights: &[u32]) -> Option<String> {
    if weights.is_empty() {
        return Some("name at least one weight, such as [5, 25, 50, 100]".to_owned());
    }
    if let Some(bad) = weights.iter().find(|w| !(1..=100).contains(*w)) {
        return Some(format!("{bad} is not a percentage from 1 to 100"));
    }
    let pair = weights.windows(2).find(|pair| pair[0] >= pair[1])?;
    Some(format!(
        "weights must rise, but {} follows {}",
        pair[1], pair[0]
    ))
}
