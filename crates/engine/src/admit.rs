//! From a wish to a rollout, and from a rollout's turn to its admission.

use crate::engine::{Engine, EngineError, target_of};
use domain::planner::{self, Request};
use domain::rollout::{Pause, Waiting};
use domain::spec::ApprovalRule;
use domain::{
    Actor, Digest, Group, Input, Plan, ReleaseNumber, RolloutId, Status, Strategy, Target, Version,
};
use store::{EnvironmentRecord, Loaded, NewRollout, RolloutQuery, RolloutRecord, StoreError};

/// What somebody wants to run where.
#[derive(Clone, Debug, PartialEq)]
pub struct Ask {
    pub target: Target,
    pub image: Digest,
    pub version: Version,
    pub strategy: Strategy,
    pub by: Actor,
}

/// How often a start is tried when others start at the same moment.
const TRIES: usize = 8;
/// Rollouts that are read at a time.
const PAGE: u32 = 200;

impl Engine {
    pub(crate) async fn environment(
        &self,
        target: &Target,
    ) -> Result<EnvironmentRecord, EngineError> {
        let record = self.inner.store.environment(target).await?;
        record.ok_or_else(|| EngineError::NoEnvironment(target.clone()))
    }

    pub(crate) fn cloud(&self, name: &str) -> Result<&dyn cloud::Provider, EngineError> {
        let cloud = self.inner.clouds.get(name);
        cloud
            .map(AsRef::as_ref)
            .ok_or_else(|| EngineError::NoCloud(name.to_owned()))
    }

    /// Plans against what runs now.
    pub(crate) async fn plan_for(
        &self,
        ask: &Ask,
        record: &EnvironmentRecord,
    ) -> Result<Plan, EngineError> {
        self.first_look(&ask.target).await;
        let record = &self.caught_up(ask, record)?;
        let (group, release) = (record.reserved.next_group, record.reserved.next_release);
        let cloud = self.cloud(&record.spec.cloud)?;
        if let Some(veto) = record.vetoes.iter().find(|veto| veto.digest == ask.image) {
            return Err(EngineError::Vetoed {
                target: ask.target.clone(),
                version: ask.version.clone(),
                by: veto.by.clone(),
                why: veto.why.clone(),
                rollout: veto.rollout,
            });
        }
        let plan = make_plan(
            ask,
            record,
            cloud.capabilities(),
            group,
            ReleaseNumber(release),
        )?;
        if !cloud.has_image(&ask.image).await? {
            let (cloud, version) = (record.spec.cloud.clone(), ask.version.clone());
            return Err(EngineError::ImageMissing { cloud, version });
        }
        Ok(plan)
    }

    /// Starts a rollout: it is in the journal with its whole plan when this returns, and begins as
    /// soon as its environment is free.
    pub async fn begin(&self, ask: &Ask) -> Result<RolloutId, EngineError> {
        self.begin_undoing(ask, None).await
    }

    /// The same; `undone` is the finished rollout that is taken back by it, with the release before:
    /// its configuration returns with its image, whatever is declared by now.
    pub(crate) async fn begin_undoing(
        &self,
        ask: &Ask,
        undone: Option<(RolloutId, &Group)>,
    ) -> Result<RolloutId, EngineError> {
        for _ in 0..TRIES {
            let (plan, record) = self.propose(ask, undone).await?;
            let new = NewRollout {
                plan,
                by: ask.by.clone(),
                at: self.inner.clock.now(),
                needs_approval: record.spec.approval != ApprovalRule::None,
                expect: record.reserved,
            };
            match self.inner.store.create_rollout(new).await {
                Ok(loaded) => {
                    self.place(&ask.target).refresh();
                    return Ok(loaded.rollout.id);
                }
                Err(StoreError::Moved { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(EngineError::Contended)
    }

    /// What would be begun now, with the record it is made against; every refusal there is comes
    /// from here, so that who only asks hears what who begins would.
    pub(crate) async fn propose(
        &self,
        ask: &Ask,
        undone: Option<(RolloutId, &Group)>,
    ) -> Result<(Plan, EnvironmentRecord), EngineError> {
        let mut record = self.environment(&ask.target).await?;
        if let Some((_, release)) = undone {
            record.spec = record.spec.as_released(release);
        }
        let plan = Plan {
            undoes: undone.map(|(id, _)| id),
            ..self.plan_for(ask, &record).await?
        };
        self.not_twice(ask, &plan).await?;
        Ok((plan, record))
    }

    /// A second wish for the same thing is a double click.
    async fn not_twice(&self, ask: &Ask, plan: &Plan) -> Result<(), EngineError> {
        for record in self.unfinished_records(&ask.target).await? {
            if !may_bring_the_same(&record, plan) {
                continue;
            }
            let id = record.id;
            let Some(other) = self.inner.store.load(id).await? else {
                continue;
            };
            if other.rollout.plan.brings_the_same(plan)
                && other.rollout.status != Status::RollingBack
            {
                let (target, version) = (ask.target.clone(), ask.version.clone());
                return Err(EngineError::AlreadyAsked {
                    target,
                    version,
                    rollout: id,
                });
            }
        }
        Ok(())
    }

    /// Rollouts of an environment that are not over, oldest first.
    pub(crate) async fn unfinished(&self, target: &Target) -> Result<Vec<RolloutId>, EngineError> {
        let records = self.unfinished_records(target).await?;
        Ok(records.into_iter().map(|record| record.id).collect())
    }

    async fn unfinished_records(&self, target: &Target) -> Result<Vec<RolloutRecord>, EngineError> {
        let mut query = RolloutQuery {
            app: Some(target.app.clone()),
            env: Some(target.env.clone()),
            unfinished_only: true,
            limit: PAGE,
            ..RolloutQuery::default()
        };
        let mut found = Vec::new();
        // All of them: the one whose turn it is stands on the last page.
        loop {
            let (records, next) = self.inner.store.rollouts(query.clone()).await?;
            found.extend(records);
            match next {
                Some(_) => query.cursor = next,
                None => break,
            }
        }
        found.sort_unstable_by_key(|record| record.id);
        Ok(found)
    }

    /// The next in the queue, admitted; the others are told behind whom they wait.
    pub(crate) async fn admit_next(
        &self,
        record: &EnvironmentRecord,
    ) -> Result<Option<Loaded>, EngineError> {
        let mut admitted: Option<Loaded> = None;
        for id in self.unfinished(&target_of(record)).await? {
            let Some(loaded) = self.inner.store.load(id).await? else {
                continue;
            };
            if loaded.rollout.status.is_active() {
                return Ok(Some(loaded));
            }
            if !matches!(loaded.rollout.status, Status::Pending { .. }) {
                continue;
            }
            let at = self.inner.clock.now();
            let ahead = admitted.as_ref().map(|first| first.rollout.id);
            let input = match ahead {
                Some(behind) => Input::Wait {
                    at,
                    waiting: Waiting::Queue { behind },
                },
                None => match self.fresh_plan(&loaded, record) {
                    Ok(plan) => Input::Admit {
                        at,
                        plan: plan.map(Box::new),
                    },
                    Err(why) => Input::Wait {
                        at,
                        waiting: Waiting::Unplannable {
                            why: why.to_string(),
                        },
                    },
                },
            };
            let admits = matches!(input, Input::Admit { .. });
            let after = self.take_input(loaded, &input, None).await?;
            if admits && after.rollout.status.is_active() {
                admitted = Some(after);
            }
        }
        Ok(admitted)
    }

    /// The plan anew, where what runs is no longer what it was made against; its reserved names stay.
    fn fresh_plan(
        &self,
        loaded: &Loaded,
        record: &EnvironmentRecord,
    ) -> Result<Option<Plan>, EngineError> {
        let plan = &loaded.rollout.plan;
        let same = match (&plan.from, &record.stable) {
            // What was found running is not what the journal has.
            (Some(then), _) if then.release == ReleaseNumber::FOUND => true,
            (Some(then), Some(now)) => then.name == now.name && then.size == now.size,
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        if same {
            return Ok(None);
        }
        let ask = Ask {
            target: plan.target.clone(),
            image: plan.to.image.clone(),
            version: plan.to.version.clone(),
            strategy: plan.strategy,
            by: loaded.rollout.started_by.clone(),
        };
        let capabilities = self.cloud(&record.spec.cloud)?.capabilities();
        let number = plan.to.name.number().unwrap_or(record.reserved.next_group);
        let mut record = record.clone();
        if plan.undoes.is_some() {
            record.spec = record.spec.as_released(&plan.to);
        }
        let fresh = make_plan(&ask, &record, capabilities, number, plan.to.release)?;
        Ok(Some(Plan {
            undoes: plan.undoes,
            ..fresh
        }))
    }

    /// Tells those that wait behind an active rollout whom they wait for.
    pub(crate) async fn tell_queue(
        &self,
        target: &Target,
        behind: RolloutId,
    ) -> Result<(), EngineError> {
        for id in self
            .unfinished(target)
            .await?
            .into_iter()
            .filter(|id| *id != behind)
        {
            let Some(loaded) = self.inner.store.load(id).await? else {
                continue;
            };
            let waiting = Waiting::Queue { behind };
            let input = Input::Wait {
                at: self.inner.clock.now(),
                waiting,
            };
            if matches!(loaded.rollout.status, Status::Pending { .. }) {
                self.take_input(loaded, &input, None).await?;
            }
        }
        Ok(())
    }
}

/// What the lists say of a rollout, before its journal is read for the rest.
fn may_bring_the_same(record: &RolloutRecord, plan: &Plan) -> bool {
    let (_, _, image) = &record.to;
    *image == plan.to.image && record.status != Status::RollingBack
}

fn make_plan(
    ask: &Ask,
    record: &EnvironmentRecord,
    capabilities: planner::Capabilities,
    next_group: u32,
    release: ReleaseNumber,
) -> Result<Plan, EngineError> {
    let request = Request {
        app: &ask.target.app,
        env: &record.spec,
        strategy: ask.strategy,
        image: ask.image.clone(),
        version: ask.version.clone(),
        release,
        next_group,
        from: record.stable.clone(),
        capabilities,
    };
    Ok(planner::plan(&request)?)
}

/// Rollouts that wait for a person need no close watch.
pub(crate) fn is_waiting_for_person(status: &Status) -> bool {
    matches!(
        status,
        Status::Paused {
            pause: Pause::Approval | Pause::Person { .. }
        }
    )
}
