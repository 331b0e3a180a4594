//! A cloud that is ahead of the journal: the database was restored from a back-up that is older than
//! what runs. Numbers of server groups are given in the journal before a group is made, so a group of a
//! number that was never given proves it.

use crate::admit::Ask;
use crate::engine::{Engine, EngineError};
use domain::plan::Template;
use domain::{
    Actor, Group, GroupName, Observation, ObservedGroup, ReleaseNumber, Role, Rollout, Status,
    Target, Version,
};
use std::sync::Arc;
use std::time::Duration;
use store::EnvironmentRecord;

/// A group that the journal has never heard of.
pub(crate) fn of_journal(seen: &Observation, next_group: u32) -> Option<&GroupName> {
    let names = seen.groups.iter().map(|group| &group.name);
    let newest = names.max_by_key(|name| name.number())?;
    (newest.number()? >= next_group).then_some(newest)
}

/// What is known of a group that was only found.
fn adopted(found: &ObservedGroup, ask: &Ask, record: &EnvironmentRecord) -> Group {
    let before = record.stable.as_ref();
    let version = match before.filter(|stable| stable.image == found.image) {
        Some(stable) => stable.version.clone(),
        None if found.image == ask.image => ask.version.clone(),
        None => Version::new(found.image.short()).unwrap_or_else(|_| ask.version.clone()),
    };
    Group {
        name: found.name.clone(),
        role: Role::Stable,
        image: found.image.clone(),
        version,
        release: ReleaseNumber::FOUND,
        size: found.size,
        template: Arc::new(Template::of(&record.spec)),
    }
}

/// On its way back because a person said so, who may well have read what the trouble is.
pub(crate) fn is_asked_back(rollout: &Rollout) -> bool {
    let back = rollout.going_back.as_ref();
    rollout.status == Status::RollingBack && back.is_some_and(|back| back.by != Actor::engine())
}

/// How long a plan waits for the first look at its environment.
const FIRST_LOOK: Duration = Duration::from_secs(2);

impl Engine {
    /// Waits until the environment was looked at since the engine started, so that a plan is made for
    /// what runs. A cloud that does not answer is not waited for: the rollout will wait for it.
    pub(crate) async fn first_look(&self, target: &Target) {
        let looked = async {
            while self.seen(target).is_none() && self.trouble(target).is_none() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let _ = tokio::time::timeout(FIRST_LOOK, looked).await;
    }

    /// Where the cloud is ahead, a start is the way out: from what really serves, and numbered above
    /// all that is there. What is under way has to be ended first, since it would go on with a plan for
    /// a world that is gone.
    pub(crate) fn caught_up(
        &self,
        ask: &Ask,
        record: &EnvironmentRecord,
    ) -> Result<EnvironmentRecord, EngineError> {
        let mut record = record.clone();
        let Some(seen) = self.seen(&ask.target) else {
            return Ok(record);
        };
        let Some(newest) = of_journal(&seen, record.reserved.next_group) else {
            return Ok(record);
        };
        if let Some(id) = record.active {
            return Err(EngineError::AheadOfJournal {
                target: ask.target.clone(),
                group: newest.clone(),
                rollout: Some(id),
            });
        }
        record.reserved.next_group = newest.number().unwrap_or_default() + 1;
        let serving = seen.groups.iter().filter(|group| group.weight > 0);
        if let Some(found) = serving.max_by_key(|group| group.weight) {
            record.stable = Some(adopted(found, ask, &record));
        }
        Ok(record)
    }
}
