//! Between rollouts: what runs stays what was released. No drift, no leftover, no missing group.

use crate::act::perform;
use crate::engine::{Engine, EngineError};
use cloud::Place;
use domain::{
    Actor, Effect, Group, Observation, ObservedGroup, RolloutId, Routes, Status, Target, Time,
};
use store::{AdminEvent, RolloutQuery};

/// How long a difference must last before it is put right.
const GRACE_MS: u64 = 2_000;

#[derive(Default)]
pub(crate) struct Keeper {
    /// A rollout that failed needs a person; nothing is touched until another one comes.
    failed: Option<RolloutId>,
    looked_for_failed: bool,
    wrong_since: Option<Time>,
}

impl Keeper {
    pub(crate) fn hands_off(&mut self, failed: RolloutId) {
        self.failed = Some(failed);
    }

    /// Puts right what differs from the release that should run, one thing at a time.
    pub(crate) async fn keep(
        &mut self,
        engine: &Engine,
        place: &Place,
        stable: Option<&Group>,
        seen: &Observation,
    ) -> Result<(), EngineError> {
        if self.needs_person(engine, &place.target).await? {
            return Ok(());
        }
        let Some(stable) = stable else {
            return Ok(());
        };
        match mend(stable, seen) {
            Some(effect) if self.has_lasted(seen) => {
                tracing::warn!(target = %place.target, ?effect, "what runs differs from what was released; it is put right");
                perform(engine, place, &effect).await
            }
            Some(_) => Ok(()),
            None => self.heal(engine, place, seen).await,
        }
    }

    /// Replaces a drifted instance, of whichever group can spare it: also while a rollout waits, since
    /// an experiment may run for weeks.
    pub(crate) async fn heal(
        &mut self,
        engine: &Engine,
        place: &Place,
        seen: &Observation,
    ) -> Result<(), EngineError> {
        let Some((group, instance, files)) = seen.groups.iter().find_map(drifted_instance) else {
            self.wrong_since = None;
            return Ok(());
        };
        if !self.has_lasted(seen) {
            return Ok(());
        }
        let detail = format!(
            "{instance} of {} differs from its image in {files}; it is replaced",
            group.name
        );
        tracing::warn!(target = %place.target, instance, files, "drift");
        let event = AdminEvent {
            at: seen.at,
            by: Actor::engine(),
            kind: "drift_replaced".to_owned(),
            target: Some(place.target.clone()),
            detail: detail.into(),
        };
        engine.inner.store.record(event).await?;
        let cloud = engine.cloud(&place.environment.cloud)?;
        Ok(cloud
            .replace_instance(place, &group.name, &instance)
            .await?)
    }

    /// Whether something has been wrong for long enough to act; counts anew once it has said so.
    fn has_lasted(&mut self, seen: &Observation) -> bool {
        let since = *self.wrong_since.get_or_insert(seen.at);
        let lasted = seen.at.since_ms(since) >= GRACE_MS;
        if lasted {
            self.wrong_since = None;
        }
        lasted
    }

    /// Whether the newest rollout of the environment ended in `failed`.
    async fn needs_person(
        &mut self,
        engine: &Engine,
        target: &Target,
    ) -> Result<bool, EngineError> {
        if !self.looked_for_failed || self.failed.is_some() {
            let query = RolloutQuery {
                app: Some(target.app.clone()),
                env: Some(target.env.clone()),
                limit: 1,
                ..RolloutQuery::default()
            };
            let (newest, _) = engine.inner.store.rollouts(query).await?;
            let failed = newest
                .first()
                .filter(|r| matches!(r.status, Status::Failed { .. }));
            self.failed = failed.map(|r| r.id);
            self.looked_for_failed = true;
        }
        Ok(self.failed.is_some())
    }
}

/// The next thing that brings the cloud back to the released group alone.
fn mend(stable: &Group, seen: &Observation) -> Option<Effect> {
    let Some(found) = seen.group(&stable.name) else {
        return Some(Effect::EnsureGroup {
            group: stable.clone(),
            size: stable.size,
        });
    };
    if found.size != stable.size {
        return Some(Effect::EnsureSize {
            group: stable.name.clone(),
            size: stable.size,
        });
    }
    let home = Routes::all_on(&stable.name);
    if seen.routes != home {
        return (found.healthy() > 0).then_some(Effect::EnsureTraffic { routes: home });
    }
    let left = seen
        .groups
        .iter()
        .find(|g| g.name != stable.name && g.weight == 0 && g.in_flight == 0)?;
    Some(Effect::EnsureRetired {
        group: left.name.clone(),
    })
}

/// One drifted instance of a group that can spare it: all others are healthy.
fn drifted_instance(group: &ObservedGroup) -> Option<(&ObservedGroup, String, String)> {
    let whole = group.healthy() >= group.size;
    let bad = group
        .instances
        .iter()
        .find(|i| !i.drift.is_empty() || i.image != group.image)?;
    let mut files = bad
        .drift
        .iter()
        .take(3)
        .cloned()
        .collect::<Vec<_>>()
        .join(", ");
    if files.is_empty() {
        "the image itself".clone_into(&mut files);
    }
    whole.then(|| (group, bad.id.clone(), files))
}
