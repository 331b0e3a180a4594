//! Server groups as they are observed, beside what was asked of them.

use app::view::{GroupView, InstanceView, Point, Series, Share};
use domain::observation::Health;
use domain::{
    Action, Digest, Figures, Group, GroupName, Observation, ObservedGroup, Role, Rollout, Routes,
    Status, Version,
};
use engine::Sample;
use std::collections::HashMap;

/// Versions by digest, for groups that no plan at hand names.
pub(super) type Versions = HashMap<Digest, Version>;

/// The routing that the rollout wants to be in force now; `None` before it asked for any.
fn asked(rollout: &Rollout) -> Option<Routes> {
    let plan = &rollout.plan;
    let home = || {
        plan.from
            .as_ref()
            .map_or_else(Routes::default, |from| Routes::all_on(&from.name))
    };
    if rollout.going_back.is_some() {
        return Some(home());
    }
    if rollout.admitted_at.is_none() {
        return Some(home());
    }
    let steps = plan.steps().take(rollout.step.saturating_add(1));
    let last = steps.filter_map(|(_, step)| match &step.action {
        Action::SetTraffic { routes } => Some(routes.clone()),
        _ => None,
    });
    Some(last.last().unwrap_or_else(home))
}

/// What a group is at this moment of the rollout, which is not always what it was planned as.
pub(super) fn role(rollout: &Rollout, group: &Group) -> Role {
    let plan = &rollout.plan;
    let promoted = matches!(rollout.status, Status::Soaking | Status::Succeeded);
    if group.name == plan.to.name {
        return match rollout.status {
            Status::RolledBack | Status::Cancelled => Role::Retired,
            _ if promoted || plan.from.is_none() => Role::Stable,
            _ => group.role,
        };
    }
    if plan
        .from
        .as_ref()
        .is_some_and(|from| from.name == group.name)
    {
        return match rollout.status {
            Status::Succeeded => Role::Retired,
            _ if promoted => Role::Retained,
            _ => Role::Stable,
        };
    }
    group.role
}

/// The groups of a rollout: those that are there, and those that are still to come.
pub(super) fn of_rollout(rollout: &Rollout, seen: Option<&Observation>) -> Vec<GroupView> {
    let asked = asked(rollout);
    let mut views = Vec::new();
    for group in rollout.plan.groups() {
        let found = seen.and_then(|seen| seen.group(&group.name));
        let coming = group.name == rollout.plan.to.name && !rollout.status.is_terminal();
        if found.is_none() && !coming {
            continue;
        }
        let observed = seen.map_or(0, |seen| seen.routes.weight(&group.name));
        let wanted = if rollout.status.is_terminal() {
            observed
        } else {
            asked
                .as_ref()
                .map_or(observed, |routes| routes.weight(&group.name))
        };
        let figures = found.map(|found| rollout.since_first(&group.name, &found.figures));
        views.push(view(&Shown {
            name: &group.name,
            role: role(rollout, group),
            version: &group.version,
            digest: &group.image,
            found,
            asked: wanted,
            observed,
            figures,
            incoming: group.name == rollout.plan.to.name && !rollout.status.is_terminal(),
        }));
    }
    views
}

/// The groups of an environment in which nothing is under way.
pub(super) fn at_rest(
    stable: Option<&Group>,
    seen: &Observation,
    versions: &Versions,
) -> Vec<GroupView> {
    let unknown = Version::new("unknown").ok();
    seen.groups
        .iter()
        .filter_map(|found| {
            let is_stable = stable.is_some_and(|stable| stable.name == found.name);
            let version = stable
                .filter(|_| is_stable)
                .map(|stable| &stable.version)
                .or_else(|| versions.get(&found.image))
                .or(unknown.as_ref())?;
            let observed = seen.routes.weight(&found.name);
            Some(view(&Shown {
                name: &found.name,
                role: if is_stable || observed > 0 {
                    Role::Stable
                } else {
                    Role::Retained
                },
                version,
                digest: &found.image,
                found: Some(found),
                asked: observed,
                observed,
                figures: Some(found.figures.clone()),
                incoming: false,
            }))
        })
        .collect()
}

struct Shown<'a> {
    name: &'a GroupName,
    role: Role,
    version: &'a Version,
    digest: &'a Digest,
    found: Option<&'a ObservedGroup>,
    asked: u32,
    observed: u32,
    figures: Option<Figures>,
    incoming: bool,
}

fn view(shown: &Shown<'_>) -> GroupView {
    let found = shown.found;
    let figures = shown.figures.clone().unwrap_or_default();
    GroupView {
        name: shown.name.clone(),
        role: shown.role,
        image: shown.version.clone(),
        digest: shown.digest.clone(),
        size: found.map_or(0, |g| g.size),
        healthy: found.map_or(0, ObservedGroup::healthy),
        health: found.map_or(Health::Unknown, ObservedGroup::health),
        weight_asked: shown.asked,
        weight_observed: shown.observed,
        share: found.and_then(|g| g.share),
        incoming: shown.incoming,
        requests: figures.requests,
        errors: figures.errors,
        p50_ms: figures.latency.quantile_ms(0.5),
        p95_ms: figures.latency.quantile_ms(0.95),
        p99_ms: figures.latency.quantile_ms(0.99),
        in_flight: found.map_or(0, |g| g.in_flight),
        restarts: found.map_or(0, |g| g.restarts),
        broken: found.and_then(|g| g.broken.clone()),
        instances: found.map(instances).unwrap_or_default(),
    }
}

fn instances(group: &ObservedGroup) -> Vec<InstanceView> {
    group
        .instances
        .iter()
        .map(|instance| {
            let mut drift = instance.drift.clone();
            if instance.image != group.image {
                drift.insert(
                    0,
                    format!(
                        "runs {} instead of {}",
                        instance.image.short(),
                        group.image.short()
                    ),
                );
            }
            InstanceView {
                id: instance.id.clone(),
                health: instance.health,
                address: instance.address.clone(),
                since: instance.since,
                drift,
            }
        })
        .collect()
}

/// Who gets the traffic, the stable group first.
pub(super) fn shares(groups: &[GroupView]) -> Vec<Share> {
    let mut shares: Vec<_> = groups
        .iter()
        .filter(|group| group.weight_observed > 0 || group.incoming)
        .map(|group| Share {
            group: group.name.clone(),
            version: group.image.clone(),
            role: group.role,
            weight: group.weight_observed,
            incoming: group.incoming,
        })
        .collect();
    shares.sort_by_key(|share| share.incoming);
    shares
}

/// The last minutes of each group, for the charts: of those that are there, and of those that are
/// gone and whose figures are why.
pub(super) fn series(rollout: &Rollout, groups: &[GroupView], samples: &[Sample]) -> Vec<Series> {
    let line = |group: &Group| Series {
        group: group.name.clone(),
        version: group.version.clone(),
        role: role(rollout, group),
        incoming: group.name == rollout.plan.to.name,
        points: samples
            .iter()
            .filter_map(|sample| point(sample, &group.name))
            .collect(),
    };
    let is_there = |name: &GroupName| groups.iter().any(|group| &group.name == name);
    rollout
        .plan
        .groups()
        .map(line)
        .filter(|line| is_there(&line.group) || !line.points.is_empty())
        .collect()
}

fn point(sample: &Sample, group: &GroupName) -> Option<Point> {
    let (_, reading) = sample.groups.iter().find(|(name, _)| name == group)?;
    #[expect(
        clippy::cast_precision_loss,
        reason = "counts of a second stay far below 2^53"
    )]
    let requests_per_s = reading.requests as f64 * 1_000.0 / sample.over_ms.max(1) as f64;
    Some(Point {
        at: sample.at,
        requests_per_s,
        error_rate: reading.error_rate(),
        p95_ms: reading.p95_ms,
    })
}
