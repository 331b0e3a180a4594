//! What to do to the cloud now: derived from state and observation, never queued.
//!
//! The invariants that protect traffic are asserted here, before the effect:
//! a group's share rises only if it is freshly observed healthy at its required size, and nothing is
//! shrunk or retired that carries traffic or is the last to serve.

use super::state::{Rollout, Status};
use super::watch::is_drained;
use crate::plan::{Action, Group, Routes, Step};
use crate::{GroupName, Observation, ObservedGroup};
use std::collections::BTreeMap;

/// One idempotent wish to a cloud.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    EnsureGroup { group: Group, size: u32 },
    EnsureSize { group: GroupName, size: u32 },
    EnsureTraffic { routes: Routes },
    EnsureRetired { group: GroupName },
}

/// The next thing to do, or `None` where there is only waiting.
#[must_use]
pub fn next_effect(rollout: &Rollout, seen: &Observation) -> Option<Effect> {
    match &rollout.status {
        Status::InProgress | Status::Promoting | Status::Soaking => {
            hold_traffic(rollout, seen).or_else(|| forward(rollout, seen))
        }
        // Standing still means that what was decided stays in force.
        Status::Paused { .. } => hold_traffic(rollout, seen),
        Status::RollingBack => backward(rollout, seen),
        Status::PendingApproval
        | Status::Pending { .. }
        | Status::Succeeded
        | Status::Rejected { .. }
        | Status::Cancelled
        | Status::RolledBack
        | Status::Failed { .. } => None,
    }
}

/// Puts the routing right that the plan has reached: a write that was thought lost can land long
/// after younger ones, and no later step would notice.
fn hold_traffic(rollout: &Rollout, seen: &Observation) -> Option<Effect> {
    let routes = |(_, step): (_, &Step)| match &step.action {
        Action::SetTraffic { routes } => Some(routes.clone()),
        _ => None,
    };
    let (phase, step) = rollout.current()?;
    if let Some(next) = routes((phase, step))
        && (next == seen.routes || !matches!(rollout.status, Status::Paused { .. }))
    {
        return None;
    }
    let reached = rollout
        .plan
        .steps()
        .take(rollout.step)
        .filter_map(routes)
        .last()?;
    // A group that the plan has retired since is no longer part of it.
    let there = |routes: &Routes| {
        let weights = routes
            .weights
            .iter()
            .filter(|(name, _)| seen.group(name).is_some());
        weights
            .map(|(name, weight)| (name.clone(), *weight))
            .collect::<BTreeMap<_, _>>()
    };
    let differs = there(&reached) != there(&seen.routes)
        || reached.sticky != seen.routes.sticky
        || reached.preview != seen.routes.preview;
    (differs && may_shift(&reached, seen)).then_some(Effect::EnsureTraffic { routes: reached })
}

fn forward(rollout: &Rollout, seen: &Observation) -> Option<Effect> {
    let (_, step) = rollout.current()?;
    match &step.action {
        Action::Provision { group, size } | Action::AwaitHealthy { group, size } => {
            let exists = seen.group(group).is_some_and(|g| g.size >= *size);
            let group = rollout.plan.group(group)?.clone();
            (!exists).then_some(Effect::EnsureGroup { group, size: *size })
        }
        Action::SetTraffic { routes } => {
            (&seen.routes != routes && may_shift(routes, seen)).then(|| Effect::EnsureTraffic {
                routes: routes.clone(),
            })
        }
        Action::Resize { group, size } => {
            let found = seen.group(group)?;
            let wanted = found.size != *size;
            (wanted && (found.size < *size || may_shrink(found, *size))).then(|| {
                Effect::EnsureSize {
                    group: group.clone(),
                    size: *size,
                }
            })
        }
        Action::Retire { group } => {
            let found = seen.group(group)?;
            may_retire(found, seen).then(|| Effect::EnsureRetired {
                group: group.clone(),
            })
        }
        Action::Pause { .. }
        | Action::Analyze { .. }
        | Action::Drain { .. }
        | Action::Retain { .. } => None,
    }
}

/// Traffic first: what is proven serves again before anything else is tidied up, also where it has been
/// shrunk (ADR 5); it grows back right after.
fn backward(rollout: &Rollout, seen: &Observation) -> Option<Effect> {
    let plan = &rollout.plan;
    let home = match &plan.from {
        Some(from) => {
            let group = from.clone();
            let Some(found) = seen.group(&from.name) else {
                return Some(Effect::EnsureGroup {
                    size: group.size,
                    group,
                });
            };
            let home = Routes::all_on(&from.name);
            if seen.routes != home && found.healthy() > 0 {
                return Some(Effect::EnsureTraffic { routes: home });
            }
            if found.size != from.size {
                return Some(Effect::EnsureSize {
                    group: group.name,
                    size: group.size,
                });
            }
            if seen.routes != home || found.healthy() < from.size {
                return None;
            }
            home
        }
        None => Routes::default(),
    };
    if seen.routes != home {
        return Some(Effect::EnsureTraffic { routes: home });
    }
    let leftovers = [plan.baseline.as_ref(), Some(&plan.to)];
    let mut there = leftovers
        .into_iter()
        .flatten()
        .filter_map(|group| seen.group(&group.name));
    there
        .find(|group| group.weight == 0 && is_drained(rollout, group, seen))
        .map(|group| Effect::EnsureRetired {
            group: group.name.clone(),
        })
}

/// Every group whose share rises is healthy at its required size, and the whole is 100.
fn may_shift(routes: &Routes, seen: &Observation) -> bool {
    routes.is_whole()
        && routes.weights.iter().all(|(name, &weight)| {
            weight <= seen.routes.weight(name)
                || seen
                    .group(name)
                    .is_some_and(|g| g.size > 0 && g.healthy() >= g.size)
        })
}

/// Those that stay are healthy: a rolling update shrinks the old group while it still serves, and
/// where it cannot surge also before the new one does.
fn may_shrink(group: &ObservedGroup, size: u32) -> bool {
    size > 0 && group.healthy() >= size
}

/// Observed without traffic, drained, and another group with traffic is healthy.
fn may_retire(group: &ObservedGroup, seen: &Observation) -> bool {
    group.weight == 0 && seen.routes.weight(&group.name) == 0 && others_serve(&group.name, seen)
}

fn others_serve(group: &GroupName, seen: &Observation) -> bool {
    seen.groups
        .iter()
        .any(|g| &g.name != group && g.weight > 0 && g.healthy() > 0)
}
