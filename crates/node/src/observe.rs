//! What is there, as the contract and the status tell it.

use std::net::SocketAddr;

use cloud_local::wire::{EnvironmentStatus, GroupStatus, InstanceStatus, Status};
use domain::{
    Figures, GroupName, Health, Histogram, Observation, ObservedGroup, ObservedInstance, Routes,
    Target,
};
use gateway::GroupFigures;

use crate::environment::{Inner, Instance, Running};
use crate::node::{Node, now};
use crate::state::WantedGroup;

pub(crate) fn observe(node: &Node, target: &Target) -> Observation {
    let at = now();
    let Some(environment) = node.environment(target) else {
        return Observation {
            at,
            ..Observation::default()
        };
    };
    environment.with(|inner| {
        // Routes that no listener carries out are not in force.
        let routes = if inner.is_open() {
            inner.wanted.routes.clone()
        } else {
            Routes::default()
        };
        let figures = inner
            .gateway
            .as_ref()
            .map(gateway::Gateway::figures)
            .unwrap_or_default();
        let groups = groups(inner).map(|(name, wanted, running)| {
            let seen = figures.groups.get(name.as_str());
            group(name, wanted, running, routes.weight(name), seen)
        });
        Observation {
            at,
            groups: groups.collect(),
            routes: routes.clone(),
        }
    })
}

fn groups(inner: &Inner) -> impl Iterator<Item = (&GroupName, &WantedGroup, &Running)> {
    inner
        .wanted
        .groups
        .iter()
        .filter_map(|(name, wanted)| Some((name, wanted, inner.groups.get(name)?)))
}

fn group(
    name: &GroupName,
    wanted: &WantedGroup,
    running: &Running,
    weight: u32,
    seen: Option<&GroupFigures>,
) -> ObservedGroup {
    ObservedGroup {
        name: name.clone(),
        image: wanted.group.image.clone(),
        size: if wanted.retiring { 0 } else { wanted.size },
        instances: running.instances.values().map(instance).collect(),
        weight,
        share: seen.and_then(|seen| seen.recent_share),
        in_flight: seen.map_or(0, |seen| seen.in_flight),
        figures: seen.map(figures).unwrap_or_default(),
        restarts: running.restarts,
        broken: running.broken.clone(),
    }
}

fn instance(one: &Instance) -> ObservedInstance {
    ObservedInstance {
        id: one.record.id.clone(),
        health: health(one),
        image: one.record.image.clone(),
        address: one.record.address().to_string(),
        since: one.record.since,
        reason: one.reason.clone(),
        drift: one.drift.clone(),
    }
}

/// One that leaves gets no traffic any more, so its health is nobody's capacity.
fn health(one: &Instance) -> Health {
    if one.record.leaving {
        Health::Unknown
    } else {
        one.health
    }
}

fn figures(seen: &GroupFigures) -> Figures {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "bounds are whole microseconds, positive and below 2^53"
    )]
    let bound_us = |high_ms: f64| (high_ms * 1_000.0).round() as u64;
    let buckets = seen
        .latency
        .buckets_ms()
        .map(|(_, high, count)| (bound_us(high), count));
    Figures {
        requests: seen.requests,
        errors: seen.errors,
        latency: Histogram(buckets.collect()),
    }
}

pub(crate) fn status(node: &Node) -> Status {
    let environments = node.environments().into_iter().map(|environment| {
        environment.with(|inner| EnvironmentStatus {
            target: environment.target.clone(),
            listen: inner.wanted.listen,
            listening: listening(inner).next(),
            also_listening: listening(inner).skip(1).collect(),
            trouble: inner.trouble.clone(),
            routes: inner.wanted.routes.clone(),
            groups: groups(inner)
                .map(|(name, wanted, running)| GroupStatus {
                    name: name.clone(),
                    image: wanted.group.image.clone(),
                    size: wanted.size,
                    retiring: wanted.retiring,
                    restarts: running.restarts,
                    broken: running.broken.clone(),
                    trouble: running.trouble.clone(),
                    instances: running.instances.values().map(instance_status).collect(),
                })
                .collect(),
        })
    });
    Status {
        node: node.id.clone(),
        pid: std::process::id(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        started: node.started,
        at: now(),
        environments: environments.collect(),
        events: node.events.all(),
    }
}

/// The addresses that are open, the declared one first.
fn listening(inner: &Inner) -> impl Iterator<Item = SocketAddr> {
    let declared = inner.wanted.listen;
    let first = inner.doors.get(&declared);
    let others = inner
        .doors
        .iter()
        .filter(move |(listen, _)| **listen != declared);
    first
        .into_iter()
        .chain(others.map(|(_, local)| local))
        .copied()
}

fn instance_status(one: &Instance) -> InstanceStatus {
    InstanceStatus {
        id: one.record.id.clone(),
        pid: one.record.pid,
        address: one.record.address(),
        health: health(one),
        since: one.record.since,
        leaving: one.record.leaving,
        adopted: one.adopted,
        reason: one.reason.clone(),
        drift: one.drift.clone(),
    }
}

pub(crate) fn prometheus(node: &Node) -> String {
    let mut text = String::new();
    for environment in node.environments() {
        let figures =
            environment.with(|inner| inner.gateway.as_ref().map(gateway::Gateway::figures));
        if let Some(figures) = figures {
            figures.prometheus(&environment.target.to_string(), &mut text);
        }
    }
    text
}
