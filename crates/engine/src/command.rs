//! Inputs to rollouts: decided, journalled, then acted upon by the environment's task.

use crate::admit::Ask;
use crate::engine::{Done, Engine, EngineError};
use domain::rollout::{Said, decide, evolve};
use domain::{Actor, Command, Group, Input, Refused, Rollout, RolloutId, Status, Strategy};
use store::{Append, AppendError, Fence, Loaded};

/// How often a command is decided anew when the rollout moved at the same moment.
const TRIES: usize = 16;

impl Engine {
    /// A person's command. When this returns, the decision is in the journal.
    pub async fn command(
        &self,
        id: RolloutId,
        command: Command,
        by: Actor,
        step: Option<usize>,
    ) -> Result<Done, EngineError> {
        self.command_where(id, command, by, step, &|_| Ok(())).await
    }

    /// The same, where `may` agrees on the rollout as it is the moment before it is changed: what a
    /// person was allowed when they looked need not be enough for where it has come to since.
    pub async fn command_where(
        &self,
        id: RolloutId,
        command: Command,
        by: Actor,
        step: Option<usize>,
        may: &(dyn Fn(&Rollout) -> Result<(), Refused> + Send + Sync),
    ) -> Result<Done, EngineError> {
        for _ in 0..TRIES {
            let loaded = self
                .inner
                .store
                .load(id)
                .await?
                .ok_or(EngineError::NoRollout(id))?;
            may(&loaded.rollout).map_err(EngineError::Forbidden)?;
            if command == Command::Rollback
                && loaded.rollout.status == Status::Succeeded
                && loaded.rollout.plan.from.is_some()
            {
                return self.bring_back(&loaded.rollout, by).await;
            }
            let said = Said {
                by: by.clone(),
                at: self.inner.clock.now(),
                step,
            };
            let target = loaded.rollout.plan.target.clone();
            let input = Input::Said { command, said };
            if self.try_input(loaded, &input, None).await?.is_some() {
                self.place(&target).refresh();
                return Ok(Done { rollout: id });
            }
        }
        Err(EngineError::Contended)
    }

    /// The way back from a rollout that is over: the earlier image, in a new group.
    async fn bring_back(&self, over: &Rollout, by: Actor) -> Result<Done, EngineError> {
        let (ask, release) = self.way_back(over, by).await?;
        let rollout = self.begin_undoing(&ask, Some((over.id, release))).await?;
        Ok(Done { rollout })
    }

    /// Whether [`Command::Rollback`] would bring back what a succeeded rollout replaced, decided as
    /// the command decides it.
    ///
    /// # Errors
    /// What the command would answer instead.
    pub async fn can_bring_back(&self, over: &Rollout, by: &Actor) -> Result<(), EngineError> {
        let (ask, release) = self.way_back(over, by.clone()).await?;
        self.propose(&ask, Some((over.id, release))).await?;
        Ok(())
    }

    async fn way_back<'a>(
        &self,
        over: &'a Rollout,
        by: Actor,
    ) -> Result<(Ask, &'a Group), EngineError> {
        let plan = &over.plan;
        let Some(from) = &plan.from else {
            return Err(Refused {
                why: format!(
                    "{} replaced nothing; there is nothing to return to",
                    plan.to.name
                ),
                remedy: "start a rollout of the image you want".into(),
            }
            .into());
        };
        let record = self.environment(&plan.target).await?;
        if record.stable.as_ref().map(|stable| &stable.name) != Some(&plan.to.name) {
            return Err(Refused {
                why: format!(
                    "{} has been replaced since; it is not what serves",
                    plan.to.name
                ),
                remedy: format!("start a rollout of {} to return to it", from.version),
            }
            .into());
        }
        let ask = Ask {
            target: plan.target.clone(),
            image: from.image.clone(),
            version: from.version.clone(),
            strategy: Strategy::BlueGreen,
            by,
        };
        Ok((ask, from))
    }

    /// Decides and journals, deciding anew where somebody else was faster.
    pub(crate) async fn take_input(
        &self,
        mut loaded: Loaded,
        input: &Input,
        fence: Option<Fence>,
    ) -> Result<Loaded, EngineError> {
        for _ in 0..TRIES {
            let id = loaded.rollout.id;
            if let Some(after) = self.try_input(loaded, input, fence).await? {
                return Ok(after);
            }
            loaded = self
                .inner
                .store
                .load(id)
                .await?
                .ok_or(EngineError::NoRollout(id))?;
        }
        Err(EngineError::Contended)
    }

    /// `None` where the rollout has moved on since it was loaded.
    async fn try_input(
        &self,
        loaded: Loaded,
        input: &Input,
        fence: Option<Fence>,
    ) -> Result<Option<Loaded>, EngineError> {
        let events = decide(&loaded.rollout, input)?;
        if events.is_empty() {
            return Ok(Some(loaded));
        }
        let Loaded { rollout, seq, .. } = loaded;
        let target = rollout.plan.target.clone();
        let id = rollout.id;
        let after = events.iter().fold(rollout, evolve);
        for event in &events {
            tracing::info!(rollout.id = id.0, target = %target, event = event.what.as_str(), by = %event.by, state = after.status.as_str(), "journalled");
        }
        let due_at = (!after.status.is_terminal()).then(|| self.inner.clock.now());
        let append = Append {
            id,
            expected_seq: seq,
            fence,
            events,
            after: after.clone(),
            due_at,
        };
        match self.inner.store.append(append).await {
            Ok(appended) => Ok(Some(Loaded {
                rollout: after,
                seq: appended.seq,
                due_at,
            })),
            Err(AppendError::Stale { .. }) => Ok(None),
            Err(AppendError::Fenced) => Ok(None),
            Err(AppendError::Occupied { by }) => Err(EngineError::Occupied { target, by }),
            Err(AppendError::Store(error)) => Err(error.into()),
        }
    }
}
