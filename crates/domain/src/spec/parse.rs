//! From TOML text to a valid [`Application`], or an error with line, column and remedy.

use super::{Application, Environment};
use crate::AppName;
use serde::Deserialize;
use std::collections::HashMap;
use toml::Spanned;

/// What is wrong in a declaration, where, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub struct SpecError {
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    pub message: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    application: Header,
    #[serde(default)]
    environment: Vec<Spanned<Environment>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    name: AppName,
}

impl Application {
    /// Parses a declaration.
    ///
    /// # Errors
    /// Names the line, the column, what is wrong and what to write instead.
    pub fn from_toml(text: &str) -> Result<Application, SpecError> {
        let document: Document = toml::from_str(text).map_err(|e| {
            at(
                text,
                e.span().map_or(0, |span| span.start),
                e.message().to_owned(),
            )
        })?;
        if document.environment.is_empty() {
            return Err(at(
                text,
                0,
                "no [[environment]]: declare at least one place where the application runs".into(),
            ));
        }
        let mut names = HashMap::new();
        let mut ports = HashMap::new();
        let mut environments = Vec::with_capacity(document.environment.len());
        for spanned in document.environment {
            let start = spanned.span().start;
            let env = spanned.into_inner();
            let fail = |message| at(text, start, message);
            check(&env).map_err(fail)?;
            if names.insert(env.name.clone(), ()).is_some() {
                return Err(fail(format!(
                    "environment {:?} is declared twice",
                    env.name
                )));
            }
            if env.listen.port() != 0
                && let Some(other) = ports.insert(env.listen, env.name.clone())
            {
                return Err(fail(format!(
                    "environments {other:?} and {:?} both listen on {}: give each its own port",
                    env.name, env.listen
                )));
            }
            environments.push(env);
        }
        Ok(Application {
            name: document.application.name,
            environments,
        })
    }
}

/// Turns a byte offset into line and column.
fn at(text: &str, offset: usize, message: String) -> SpecError {
    let before = &text[..offset.min(text.len())];
    let line_start = before.rfind('\n').map_or(0, |i| i + 1);
    SpecError {
        line: before.matches('\n').count() + 1,
        column: before[line_start..].chars().count() + 1,
        message,
    }
}

/// What the types alone cannot say.
fn check(env: &Environment) -> Result<(), String> {
    let name = env.name.as_str();
    let within = |what: &str, value: u64, low: u64, high: u64| {
        if (low..=high).contains(&value) {
            Ok(())
        } else {
            Err(format!(
                "environment {name:?}: {what} is {value}, it must be {low} to {high}"
            ))
        }
    };
    const DAY_MS: u64 = 86_400_000;
    within("instances", env.instances.into(), 1, 1_000)?;
    within("health.interval_ms", env.health.interval_ms, 10, 600_000)?;
    within("health.timeout_ms", env.health.timeout_ms, 10, 600_000)?;
    within(
        "health.healthy_after",
        env.health.healthy_after.into(),
        1,
        100,
    )?;
    within(
        "health.unhealthy_after",
        env.health.unhealthy_after.into(),
        1,
        100,
    )?;
    within(
        "health.start_timeout_ms",
        env.health.start_timeout_ms,
        100,
        DAY_MS,
    )?;
    if !env.health.path.starts_with('/') || env.health.path.contains(char::is_whitespace) {
        return Err(format!(
            "environment {name:?}: health.path is {:?}, it must begin with / and hold no space",
            env.health.path
        ));
    }
    if !env.listen.ip().is_loopback() && env.cloud == "local" {
        return Err(format!(
            "environment {name:?}: listen is {}, the local cloud listens on loopback only: use 127.0.0.1:PORT and put your own edge in front",
            env.listen
        ));
    }
    within("canary.pause_ms", env.canary.pause_ms, 0, 30 * DAY_MS)?;
    within("canary.retain_ms", env.canary.retain_ms, 0, 30 * DAY_MS)?;
    check_weights(name, &env.canary.weights)?;
    within(
        "blue_green.preview_ms",
        env.blue_green.preview_ms,
        0,
        30 * DAY_MS,
    )?;
    within(
        "blue_green.retain_ms",
        env.blue_green.retain_ms,
        0,
        30 * DAY_MS,
    )?;
    within("rolling.pause_ms", env.rolling.pause_ms, 0, 30 * DAY_MS)?;
    within("rolling.retain_ms", env.rolling.retain_ms, 0, 30 * DAY_MS)?;
    if env.rolling.max_surge == 0 && env.rolling.max_unavailable == 0 {
        return Err(format!(
            "environment {name:?}: rolling.max_surge and rolling.max_unavailable are both 0, so no instance could ever be replaced: set one of them"
        ));
    }
    within("ab.weight", env.ab.weight.into(), 1, 99)?;
    within("ab.retain_ms", env.ab.retain_ms, 0, 30 * DAY_MS)?;
    for (what, rate) in [
        ("canary", env.canary.max_error_rate),
        ("blue_green", env.blue_green.max_error_rate),
        ("rolling", env.rolling.max_error_rate),
        ("ab", env.ab.max_error_rate),
    ] {
        if let Some(rate) = rate
            && !(0.0..=1.0).contains(&rate)
        {
            return Err(format!(
                "environment {name:?}: {what}.max_error_rate is {rate}, it must be a share between 0 and 1 (1% is 0.01)"
            ));
        }
    }
    Ok(())
}

fn check_weights(name: &str, weights: &[u32]) -> Result<(), String> {
    let told = format!("environment {name:?}: canary.weights is {weights:?}");
    if weights.is_empty() {
        return Err(format!(
            "{told}: name at least one weight, such as [5, 25, 50, 100]"
        ));
    }
    if let Some(bad) = weights.iter().find(|w| !(1..=100).contains(*w)) {
        return Err(format!("{told}: {bad} is not a percentage from 1 to 100"));
    }
    if let Some(pair) = weights.windows(2).find(|pair| pair[0] >= pair[1]) {
        return Err(format!(
            "{told}: weights must rise, but {} follows {}",
            pair[1], pair[0]
        ));
    }
    Ok(())
}
