//! Rolling: batches by max surge and max unavailable, capacity and traffic in proportion.

use super::{Draft, resize, set_traffic};
use crate::GroupName;
use crate::plan::{Group, PhaseKind, Plan, Routes};

pub(super) fn compile(mut draft: Draft<'_>, old: &Group) -> Plan {
    let settings = &draft.env().rolling;
    let new = draft.to();
    let full = draft.plan.to.size;
    let surge = settings.max_surge;
    let floor = full.saturating_sub(settings.max_unavailable).max(1);
    let approval = draft.approval(settings.approval);

    let mut routes = Routes::all_on(&old.name);
    let (mut new_size, mut old_size) = (0, old.size);
    let mut batch = 0;
    while new_size < full {
        batch += 1;
        let mut steps = Vec::new();
        // Make room first where surging is not enough; the last old instance stays until the end.
        let room = (full + surge).saturating_sub(old_size + new_size);
        if room == 0 {
            let lower = floor.saturating_sub(new_size).max(1).min(old_size);
            if lower < old_size {
                steps.push(resize(&old.name, lower, old_size));
                old_size = lower;
            }
        }
        let room = (full + surge).saturating_sub(old_size + new_size).max(1);
        let grown = (new_size + room).min(full);
        if new_size == 0 {
            steps.extend(draft.start(&new, grown));
        } else {
            steps.push(resize(&new, grown, new_size));
            steps.push(draft.await_healthy(&new, grown));
        }
        new_size = grown;
        let last = new_size == full;
        if last {
            steps.extend(approval.clone());
        }
        let next = in_proportion(&new, new_size, full, &old.name);
        steps.push(set_traffic(next.clone(), routes));
        routes = next;
        let left = (full.saturating_sub(new_size)).max(1);
        if left < old_size {
            steps.push(resize(&old.name, left, old_size));
            old_size = left;
        }
        steps.extend(
            draft
                .judge(settings.pause_ms)
                .filter(|_| settings.pause_ms > 0),
        );
        let kind = if last {
            PhaseKind::Promote
        } else {
            PhaseKind::Shift
        };
        draft.phase(kind, format!("Batch {batch}: {new_size} of {full}"), steps);
    }
    draft.retain_and_retire(old, settings.retain_ms);
    draft.finish()
}

/// Traffic in proportion to capacity, in whole percents; all of it once the new group is full.
fn in_proportion(new: &GroupName, size: u32, full: u32, old: &GroupName) -> Routes {
    let weight = (size * 100 / full).min(100);
    Routes::of([(new, weight), (old, 100 - weight)])
}
