//! How often instances of the new group end by themselves, and when that is too often.

use super::answer::by_engine;
use super::state::Rollout;
use super::{Event, What};
use crate::plan::duration;
use crate::{Observation, ObservedGroup, Time};

/// Ends are held against a group this long: a few in a year of an experiment are no crash loop.
const WINDOW_MS: u64 = 600_000;
/// While nothing is decided from them, ends are journalled this often at most: a group may wait for an
/// approval for days.
const IDLE_MS: u64 = 60_000;
/// What even the smallest group may have within that, without being sent back for it.
const FEW: u32 = 3;
/// Of a large group, one in this many instances.
const ONE_IN: u32 = 10;

/// Ends that were seen in one look; none where they only tell how many there had been by then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ends {
    pub at: Time,
    pub count: u32,
}

/// So many ends within [`WINDOW_MS`] are too many for a group of this size.
fn too_many(size: u32) -> u32 {
    size.div_ceil(ONE_IN).max(FEW)
}

/// Instances of the new group ended since the last look that was journalled. `decides` where that may
/// send it back.
pub(super) fn news(rollout: &Rollout, seen: &Observation, decides: bool) -> Option<Event> {
    let group = seen.group(&rollout.plan.to.name)?;
    let told_lately = rollout
        .ends
        .last()
        .is_some_and(|last| seen.at.since_ms(last.at) < IDLE_MS);
    let is_due = decides || !told_lately;
    (group.restarts != rollout.ends_total && is_due).then(|| {
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
    // Several at once may be of any time since the last news: of a night in which nobody looked, or of a
    // group that is older than the count. They are only held against it if it has hardly begun or news
    // came lately; else they are where the count begins.
    let is_young = rollout
        .admitted_at
        .is_some_and(|since| at.since_ms(since) < WINDOW_MS);
    let are_recent = count <= 1 || is_young || !rollout.ends.is_empty();
    let count = if are_recent { count } else { 0 };
    rollout.ends.push(Ends { at, count });
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
