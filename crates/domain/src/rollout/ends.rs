//! How often instances of the new group end by themselves, and when that is too often.

use super::answer::by_engine;
use super::state::Rollout;
use super::{Event, What};
use crate::plan::duration;
use crate::{Observation, ObservedGroup, Time};

/// Ends are held against a group this long: a few in a year of an experiment are no crash loop.
const WINDOW_MS: u64 = 600_000;
/// What even the smallest group may have within that, without being sent back for it.
const FEW: u32 = 3;
/// Of a large group, one in this many instances.
const ONE_IN: u32 = 10;

/// Ends that were seen in one look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ends {
    pub at: Time,
    pub count: u32,
}

/// So many ends within [`WINDOW_MS`] are too many for a group of this size.
fn too_many(size: u32) -> u32 {
    size.div_ceil(ONE_IN).max(FEW)
}

/// Instances of the new group ended since the last look that was journalled.
pub(super) fn news(rollout: &Rollout, seen: &Observation) -> Option<Event> {
    let group = seen.group(&rollout.plan.to.name)?;
    (group.restarts != rollout.ends_total).then(|| {
        let what = What::InstancesEnded {
            group: group.name.clone(),
            total: group.restarts,
        };
        by_engine(seen.at, what)
    })
}

/// What an [`What::InstancesEnded`] adds to what is remembered.
pub(super) fn remember(rollout: &mut Rollout, at: Time, total: u32) {
    // A cloud that lost its count begins at 0 again.
    let count = total.checked_sub(rollout.ends_total).unwrap_or(total);
    rollout.ends_total = total;
    rollout.ends.retain(|ends| is_recent(ends, at));
    if count > 0 {
        rollout.ends.push(Ends { at, count });
    }
}

fn is_recent(ends: &Ends, at: Time) -> bool {
    at.since_ms(ends.at) < WINDOW_MS
}

/// Why the group is sent back, where its instances end too often. `rollout` knows of all ends seen.
pub(super) fn verdict(rollout: &Rollout, group: &ObservedGroup, at: Time) -> Option<String> {
    let recent = rollout.ends.iter().filter(|ends| is_recent(ends, at));
    let n: u32 = recent.map(|ends| ends.count).sum();
    (n >= too_many(group.size)).then(|| {
        let within = duration(WINDOW_MS);
        format!(
            "instances of {} ended by themselves {n} times within {within}",
            group.name
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_group_may_lose_more_than_a_small_one() {
        let bounds = [1, 3, 30, 31, 1_000].map(too_many);
        assert_eq!(bounds, [3, 3, 3, 4, 100]);
    }
}
