//! Canary: a small group takes a rising share, judged at each weight beside a baseline of the same
//! size that runs the old image.

use super::{Draft, drain, resize, retire, set_traffic};
use crate::GroupName;
use crate::plan::{Group, PhaseKind, Plan, Role, Routes};

pub(super) fn compile(mut draft: Draft<'_>, stable: &Group) -> Plan {
    let settings = &draft.env().canary;
    let canary = draft.to();
    let full = draft.plan.to.size;
    let weights = &settings.weights;
    let first = weights.first().copied().unwrap_or(100);
    let small = share_of(full, first);
    // With the whole traffic as first weight there is nothing left to compare with.
    let baseline = (settings.baseline && first < 100).then(|| Group {
        name: GroupName::numbered(
            draft.request.app,
            &draft.env().name,
            draft.request.next_group + 1,
        ),
        role: Role::Baseline,
        size: small,
        ..stable.clone()
    });

    let mut prepare = draft.start(&canary, small);
    if let Some(baseline) = &baseline {
        prepare.extend(draft.start(&baseline.name, small));
    }
    draft.plan.baseline.clone_from(&baseline);
    draft.phase(PhaseKind::Prepare, "Start the canary", prepare);

    let mut routes = Routes::all_on(&stable.name);
    let mut size = small;
    for &weight in weights {
        let last = weight == 100;
        let mut steps = Vec::new();
        if last {
            steps.extend(draft.approval(settings.approval));
        }
        let wanted = share_of(full, weight);
        if wanted > size {
            steps.push(resize(&canary, wanted, size));
            steps.push(draft.await_healthy(&canary, wanted));
            size = wanted;
        }
        let next = shares(
            &canary,
            weight,
            baseline.as_ref().map(|b| (&b.name, first)),
            &stable.name,
        );
        steps.push(set_traffic(next.clone(), routes));
        steps.extend(draft.judge(settings.pause_ms));
        routes = next;
        let kind = if last {
            PhaseKind::Promote
        } else {
            PhaseKind::Shift
        };
        draft.phase(kind, format!("{weight}%"), steps);
    }

    let mut promote = Vec::new();
    // The declared weights may end before the whole: then the approval stands before the rest.
    if routes.weight(&canary) < 100 {
        promote.extend(draft.approval(settings.approval));
    }
    if size < full {
        promote.push(resize(&canary, full, size));
        promote.push(draft.await_healthy(&canary, full));
    }
    let whole = Routes::of([(&canary, 100), (&stable.name, 0)]);
    if routes != whole {
        promote.push(set_traffic(whole, routes));
    }
    if let Some(baseline) = &baseline {
        promote.push(drain(&baseline.name));
        promote.push(retire(&baseline.name));
    }
    draft.phase(PhaseKind::Promote, "Promote", promote);
    draft.retain_and_retire(stable, settings.retain_ms);
    draft.finish()
}

/// Instances of `full` that a share of the traffic needs, at least one.
fn share_of(full: u32, percent: u32) -> u32 {
    (full * percent).div_ceil(100).clamp(1, full)
}

/// The canary at its weight, the baseline at the first weight as long as there is room for it, the
/// stable group with the rest.
fn shares(
    canary: &GroupName,
    weight: u32,
    baseline: Option<(&GroupName, u32)>,
    stable: &GroupName,
) -> Routes {
    let left = 100 - weight;
    let beside = baseline.map(|(name, first)| (name, first.min(left)));
    let rest = left - beside.map_or(0, |(_, weight)| weight);
    Routes::of([(canary, weight), (stable, rest)].into_iter().chain(beside))
}
