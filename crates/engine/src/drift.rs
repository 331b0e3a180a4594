//! What becomes of instances that differ from their release: which one is replaced next, and when
//! replacing is of no use. Pure: observations come in, and what to do comes out.

use domain::spec::DriftPolicy;
use domain::{GroupName, Health, Observation, ObservedGroup, ObservedInstance, Time};
use std::collections::{BTreeMap, BTreeSet};

/// How long a difference must last before it is put right; twice as long from round to round.
pub(crate) const GRACE_MS: u64 = 2_000;
/// How often the instances of a group are replaced in a row before a person has to look.
pub(crate) const ROUNDS_MAX: u32 = 3;
/// How long a replacement may take until the cloud is asked for it once more: the first word may have
/// been lost.
const AGAIN_MS: u64 = 30_000;
/// A group without any difference for this long begins anew.
const CALM_MS: u64 = 600_000;
/// Differences told of one instance.
const TOLD: usize = 3;

/// What is done about a group's instances that differ from their release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mending {
    /// Declared `drift = "report"`: shown, and left as they are.
    Reported,
    /// To be replaced as soon as the difference has lasted and the group can spare one.
    Due,
    /// The cloud was asked to replace this one, which is still there.
    Asked { instance: String, since: Time },
    /// Those that took their place differed again, so often in a row: a person has to look.
    GivenUp { rounds: u32 },
}

/// What to do about one instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) group: GroupName,
    pub(crate) instance: String,
    /// How it differs, in words.
    pub(crate) what: String,
    pub(crate) act: Act,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    Replace,
    /// It is in the journal already; the cloud may not have heard.
    AskAgain,
    Report,
    GiveUp,
}

impl Step {
    /// Under which word it is journalled, if it is.
    pub(crate) fn told(&self) -> Option<&'static str> {
        match self.act {
            Act::Replace => Some("drift_replaced"),
            Act::AskAgain => None,
            Act::Report => Some("drift_reported"),
            Act::GiveUp => Some("drift_given_up"),
        }
    }

    /// What is said of it, in the journal and the log.
    pub(crate) fn detail(&self) -> String {
        let Self {
            group,
            instance,
            what,
            act,
        } = self;
        let differs = format!("{instance} of {group} differs from its image: {what}");
        match act {
            Act::Replace => format!("{differs}. Another one takes its place"),
            Act::AskAgain => {
                format!("{differs}. It is still there; its replacement is asked for again")
            }
            Act::Report => format!("{differs}. It is left as it is, by drift = \"report\""),
            Act::GiveUp => format!(
                "{differs}, as did those before it. Replacing it {ROUNDS_MAX} times did not end that, so it is left to a person"
            ),
        }
    }
}

/// What is remembered between looks of the groups in which something differed; empty where nothing did.
#[derive(Debug, Default)]
pub(crate) struct Drift {
    groups: BTreeMap<GroupName, Episode>,
    /// The group of the last step, as it was before it.
    before: Option<(GroupName, Episode)>,
}

#[derive(Clone, Debug, Default)]
struct Episode {
    /// Since when something differs about which nothing was done.
    since: Option<Time>,
    calm_since: Option<Time>,
    asked: Option<Asked>,
    /// Rounds begun: in each every instance is replaced once at most.
    rounds: u32,
    /// The instances that were there when the round began, those replaced since left out. Another one
    /// that differs shows that the round was of no use.
    earlier: BTreeSet<String>,
    given_up: bool,
    reported: BTreeSet<String>,
}

#[derive(Clone, Debug)]
struct Asked {
    instance: String,
    since: Time,
    last: Time,
}

impl Drift {
    /// What to do next, one thing for each look.
    pub(crate) fn next(&mut self, policy: DriftPolicy, seen: &Observation) -> Option<Step> {
        self.groups.retain(|name, _| seen.group(name).is_some());
        for group in &seen.groups {
            if group.has_drifted() && !self.groups.contains_key(&group.name) {
                self.groups.insert(group.name.clone(), Episode::default());
            }
        }
        self.groups.retain(|_, episode| !episode.is_over(seen.at));
        seen.groups.iter().find_map(|group| {
            let episode = self.groups.get_mut(&group.name)?;
            let before = episode.clone();
            let (instance, act) = episode.next(policy, group, seen.at)?;
            self.before = Some((group.name.clone(), before));
            Some(Step {
                group: group.name.clone(),
                instance: instance.id.clone(),
                what: differences(group, instance),
                act,
            })
        })
    }

    /// The step that [`Drift::next`] gave last did not come into the journal: it is as if it had not been
    /// given, and comes again at the next look.
    pub(crate) fn untold(&mut self, step: &Step) {
        let before = self.before.take();
        self.groups
            .extend(before.filter(|(group, _)| *group == step.group));
    }

    /// Where each group stands in which something differs now.
    pub(crate) fn standing(
        &self,
        policy: DriftPolicy,
        seen: &Observation,
    ) -> BTreeMap<GroupName, Mending> {
        let differing = seen.groups.iter().filter(|group| group.has_drifted());
        differing
            .filter_map(|group| {
                let episode = self.groups.get(&group.name)?;
                Some((group.name.clone(), episode.standing(policy)))
            })
            .collect()
    }

    /// The cloud was not asked after all.
    pub(crate) fn failed(&mut self, step: &Step) {
        let asked = self
            .groups
            .get_mut(&step.group)
            .and_then(|episode| episode.asked.as_mut());
        if let Some(asked) = asked {
            // At the next look, since the engine waits longer from failure to failure.
            asked.last = Time(asked.last.0.saturating_sub_unsigned(AGAIN_MS));
        }
    }
}

impl Episode {
    fn is_over(&self, now: Time) -> bool {
        self.calm_since
            .is_some_and(|since| now.since_ms(since) >= CALM_MS)
    }

    fn next<'a>(
        &mut self,
        policy: DriftPolicy,
        group: &'a ObservedGroup,
        now: Time,
    ) -> Option<(&'a ObservedInstance, Act)> {
        if let Some(asked) = &mut self.asked {
            let still_there = group.instances.iter().find(|i| i.id == asked.instance);
            match still_there {
                Some(instance) if policy == DriftPolicy::Replace => {
                    if now.since_ms(asked.last) < AGAIN_MS {
                        return None;
                    }
                    asked.last = now;
                    return Some((instance, Act::AskAgain));
                }
                Some(_) | None => (self.asked, self.since) = (None, None),
            }
        }
        let differing: Vec<_> = differing(group).collect();
        if differing.is_empty() {
            self.since = None;
            self.calm_since.get_or_insert(now);
            return None;
        }
        self.calm_since = None;
        match policy {
            DriftPolicy::Report => {
                // Should it be declared otherwise, it begins anew.
                (self.rounds, self.given_up) = (0, false);
                let new = differing
                    .into_iter()
                    .find(|i| !self.reported.contains(&i.id))?;
                self.reported.insert(new.id.clone());
                Some((new, Act::Report))
            }
            DriftPolicy::Replace => {
                self.reported.clear();
                self.replace(&differing, group, now)
            }
        }
    }

    fn replace<'a>(
        &mut self,
        differing: &[&'a ObservedInstance],
        group: &ObservedGroup,
        now: Time,
    ) -> Option<(&'a ObservedInstance, Act)> {
        if self.given_up {
            return None;
        }
        let of_round = differing
            .iter()
            .find(|i| self.rounds > 0 && self.earlier.contains(&i.id));
        let &instance = of_round.or(differing.first())?;
        let next_round = of_round.is_none();
        let since = *self.since.get_or_insert(now);
        let exhausted = next_round && self.rounds >= ROUNDS_MAX;
        let patience_ms = match (next_round, exhausted) {
            (true, false) => GRACE_MS << self.rounds,
            _ => GRACE_MS,
        };
        if now.since_ms(since) < patience_ms {
            return None;
        }
        if exhausted {
            self.given_up = true;
            return Some((instance, Act::GiveUp));
        }
        // Only where all others are healthy can one be spared.
        if group.healthy() < group.size {
            return None;
        }
        if next_round {
            self.rounds += 1;
            self.earlier = group.instances.iter().map(|i| i.id.clone()).collect();
        }
        self.earlier.remove(&instance.id);
        self.asked = Some(Asked {
            instance: instance.id.clone(),
            since: now,
            last: now,
        });
        Some((instance, Act::Replace))
    }

    fn standing(&self, policy: DriftPolicy) -> Mending {
        match (policy, &self.asked) {
            (DriftPolicy::Report, _) => Mending::Reported,
            (DriftPolicy::Replace, Some(asked)) => Mending::Asked {
                instance: asked.instance.clone(),
                since: asked.since,
            },
            (DriftPolicy::Replace, None) if self.given_up => Mending::GivenUp {
                rounds: self.rounds,
            },
            (DriftPolicy::Replace, None) => Mending::Due,
        }
    }
}

/// Instances that are not what was released; one of unknown health is on its way out.
fn differing(group: &ObservedGroup) -> impl Iterator<Item = &ObservedInstance> {
    let differs = |i: &&ObservedInstance| !i.drift.is_empty() || i.image != group.image;
    let staying = group
        .instances
        .iter()
        .filter(|i| i.health != Health::Unknown);
    staying.filter(differs)
}

fn differences(group: &ObservedGroup, instance: &ObservedInstance) -> String {
    let image = (instance.image != group.image).then(|| {
        format!(
            "it runs {} instead of {}",
            instance.image.short(),
            group.image.short()
        )
    });
    let files = instance.drift.iter().take(TOLD).cloned();
    let more = instance.drift.len().saturating_sub(TOLD);
    let more = (more > 0).then(|| format!("{more} more"));
    let told: Vec<_> = image.into_iter().chain(files).chain(more).collect();
    told.join(", ")
}

#[cfg(test)]
mod tests;
