//! What one release of an environment has that another has not, setting by setting.

use super::{Group, Plan, Template};
use crate::Environment;
use std::fmt;

/// One setting that differs, under its name in the declaration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub what: &'static str,
    pub from: String,
    pub to: String,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} → {}", self.what, self.from, self.to)
    }
}

impl Template {
    /// The part of a declaration that a server group is made by.
    #[must_use]
    pub fn of(env: &Environment) -> Self {
        Self {
            health: env.health.clone(),
            limits: env.limits.clone(),
            listen: Some(env.listen),
        }
    }
}

impl Group {
    /// What of the configuration, apart from the image, the declaration has otherwise: it is in force
    /// once a rollout has replaced this group.
    #[must_use]
    pub fn behind(&self, env: &Environment) -> Vec<Change> {
        changes(
            (self.size, &self.template),
            (env.instances, &Template::of(env)),
        )
    }
}

impl Environment {
    /// The same environment with the configuration that a group was released with: what a return to
    /// that release declares.
    #[must_use]
    pub fn as_released(self, group: &Group) -> Self {
        Self {
            instances: group.size,
            health: group.template.health.clone(),
            limits: group.template.limits.clone(),
            listen: group.template.listen.unwrap_or(self.listen),
            ..self
        }
    }
}

impl Plan {
    /// Whether another plan brings the same release: image and configuration.
    #[must_use]
    pub fn brings_the_same(&self, other: &Plan) -> bool {
        let (a, b) = (&self.to, &other.to);
        a.image == b.image && a.size == b.size && a.template == b.template
    }

    /// What of the configuration, apart from the image, this plan changes.
    #[must_use]
    pub fn configuration(&self) -> Vec<Change> {
        let to = (self.to.size, &*self.to.template);
        let from = self.from.as_ref();
        from.map(|from| changes((from.size, &from.template), to))
            .unwrap_or_default()
    }
}

fn changes(before: (u32, &Template), after: (u32, &Template)) -> Vec<Change> {
    let ((size, from), (new_size, to)) = (before, after);
    let health = (&from.health, &to.health);
    let any = |limit: Option<u64>| limit.map_or_else(|| "any".to_owned(), |n| n.to_string());
    // Where an older release does not say where it listened, nothing is known to differ.
    let listen = from.listen.zip(to.listen);
    let listen = listen.map(|(from, to)| ("listen", from.to_string(), to.to_string()));
    let number = |what, from: u64, to: u64| (what, from.to_string(), to.to_string());
    let rest = [
        number("instances", size.into(), new_size.into()),
        ("health.path", health.0.path.clone(), health.1.path.clone()),
        number(
            "health.interval_ms",
            health.0.interval_ms,
            health.1.interval_ms,
        ),
        number(
            "health.healthy_after",
            health.0.healthy_after.into(),
            health.1.healthy_after.into(),
        ),
        number(
            "health.unhealthy_after",
            health.0.unhealthy_after.into(),
            health.1.unhealthy_after.into(),
        ),
        number(
            "health.timeout_ms",
            health.0.timeout_ms,
            health.1.timeout_ms,
        ),
        number(
            "health.start_timeout_ms",
            health.0.start_timeout_ms,
            health.1.start_timeout_ms,
        ),
        (
            "limits.memory_mb",
            any(from.limits.memory_mb),
            any(to.limits.memory_mb),
        ),
        (
            "limits.open_files",
            any(from.limits.open_files),
            any(to.limits.open_files),
        ),
    ];
    let all = listen.into_iter().chain(rest);
    all.filter(|(_, from, to)| from != to)
        .map(|(what, from, to)| Change { what, from, to })
        .collect()
}
