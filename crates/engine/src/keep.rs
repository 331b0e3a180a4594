//! Between rollouts: what runs stays what was released. No drift, no leftover, no missing group.

use crate::act::perform;
use crate::drift::{Act, Drift, GRACE_MS, Step};
use crate::engine::{Engine, EngineError};
use cloud::{CloudError, Place};
use domain::{Actor, Effect, Group, Observation, RolloutId, Routes, Status, Target, Time};
use store::{AdminEvent, Entry, EntryEvent, RolloutQuery};

/// How far back an engine looks for what the one before it has told.
const NOTES: u32 = 50;

#[derive(Default)]
pub(crate) struct Keeper {
    /// A rollout that failed needs a person; nothing is touched until another one comes.
    failed: Option<RolloutId>,
    looked_for_failed: bool,
    wrong_since: Option<Time>,
    drift: Drift,
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
            None => {
                self.wrong_since = None;
                self.heal(engine, place, seen).await
            }
        }
    }

    /// Does what is declared about instances that differ from their release, in whichever group can spare
    /// one: also while a rollout waits, since an experiment may run for weeks.
    pub(crate) async fn heal(
        &mut self,
        engine: &Engine,
        place: &Place,
        seen: &Observation,
    ) -> Result<(), EngineError> {
        let policy = place.environment.drift;
        let done = match self.drift.next(policy, seen) {
            Some(step) => self.treat(engine, place, seen.at, &step).await,
            None => Ok(()),
        };
        engine
            .place(&place.target)
            .stands(self.drift.standing(policy, seen));
        done
    }

    async fn treat(
        &mut self,
        engine: &Engine,
        place: &Place,
        at: Time,
        step: &Step,
    ) -> Result<(), EngineError> {
        if let Some(kind) = step.told() {
            let entered = self.enter(engine, place, at, kind, step.detail()).await;
            entered.inspect_err(|_| self.drift.untold(step))?;
        }
        tracing::warn!(target = %place.target, instance = step.instance, "{}", step.detail());
        if !matches!(step.act, Act::Replace | Act::AskAgain) {
            return Ok(());
        }
        let cloud = engine.cloud(&place.environment.cloud)?;
        let asked = cloud.replace_instance(place, &step.group, &step.instance);
        match asked.await {
            Ok(()) => Ok(()),
            // Gone between the look and the word: what was wanted.
            Err(CloudError::NotFound(_)) => Ok(()),
            Err(error) => {
                self.drift.failed(step);
                Err(error.into())
            }
        }
    }

    /// Into the journal, unless an engine before this one has told the same of the same instance.
    async fn enter(
        &self,
        engine: &Engine,
        place: &Place,
        at: Time,
        kind: &str,
        detail: String,
    ) -> Result<(), EngineError> {
        let store = &engine.inner.store;
        let before = store.notes(&place.target, NOTES).await?;
        let same = |entry: &Entry| {
            let told =
                matches!(&entry.event, EntryEvent::Admin(told) if told.as_str() == Some(&detail));
            told && entry.kind == kind
        };
        if before.iter().any(same) {
            return Ok(());
        }
        let event = AdminEvent {
            at,
            by: Actor::engine(),
            kind: kind.to_owned(),
            target: Some(place.target.clone()),
            detail: detail.into(),
        };
        store.record(event).await?;
        Ok(())
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
