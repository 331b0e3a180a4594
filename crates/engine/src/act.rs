//! Effects: asked of the cloud, once per need, under a lease.

use crate::engine::{Engine, EngineError};
use cloud::{CloudError, Place};
use domain::{Effect, Observation, RolloutId, Time};
use std::time::{Duration, Instant};
use store::Fence;

/// How long an effect is given to show before it is asked for again.
const PATIENCE_MS: u64 = 1_000;
/// How long an observation stamped before the last write is left aside.
const STALE: Duration = Duration::from_secs(5);

/// What the environment's task is in the middle of.
#[derive(Default)]
pub(crate) struct Doing {
    lease: Option<(RolloutId, Fence, Time)>,
    asked: Option<(Effect, Time)>,
    /// The last write, by the clock that stamps observations and by one that cannot jump.
    wrote: Option<(Time, Instant)>,
}

impl Doing {
    /// The right to act for a rollout; `None` while another replica has it.
    pub(crate) async fn lease(
        &mut self,
        engine: &Engine,
        id: RolloutId,
    ) -> Result<Option<Fence>, EngineError> {
        let now = engine.inner.clock.now();
        let ttl_ms = engine.inner.options.lease_ms;
        if let Some((holder, fence, since)) = self.lease
            && holder == id
            && now >= since
            && now.since_ms(since) < ttl_ms / 2
        {
            return Ok(Some(fence));
        }
        let fence = engine
            .inner
            .store
            .claim(id, &engine.inner.options.owner, now, ttl_ms)
            .await?;
        self.lease = fence.map(|fence| (id, fence, now));
        // Who takes a rollout over does not know when the last one wrote: up to now, for all it knows.
        self.wrote.get_or_insert_with(|| (now, Instant::now()));
        Ok(fence)
    }

    /// Asks the cloud for an effect. `false` where it was asked a moment ago and only has to show.
    pub(crate) async fn act(
        &mut self,
        engine: &Engine,
        place: &Place,
        effect: &Effect,
    ) -> Result<bool, EngineError> {
        let now = engine.inner.clock.now();
        if let Some((asked, at)) = &self.asked
            && asked == effect
            && now >= *at
            && now.since_ms(*at) < PATIENCE_MS
        {
            return Ok(false);
        }
        self.asked = None;
        // Also where the reply is lost: the write may have happened.
        self.wrote = Some((now, Instant::now()));
        perform(engine, place, effect).await?;
        self.asked = Some((effect.clone(), now));
        if engine.inner.clock.now() <= now {
            // The next look is to be stamped later than the write, not with it.
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Ok(true)
    }

    /// Whether an observation may be from before the last write: a cloud that answers out of a cache must
    /// not lead to a decision about a world that is gone. After a while it is believed all the same,
    /// since a clock that was set back would otherwise stop everything.
    pub(crate) fn is_stale(&self, seen: &Observation) -> bool {
        self.wrote
            .is_some_and(|(at, since)| seen.at <= at && since.elapsed() < STALE)
    }

    /// The rollout is over: neither lease nor wish outlives it.
    pub(crate) fn forget(&mut self) {
        (self.lease, self.asked) = (None, None);
    }
}

/// Carries an effect out. Idempotent, like the verbs it calls.
pub(crate) async fn perform(
    engine: &Engine,
    place: &Place,
    effect: &Effect,
) -> Result<(), EngineError> {
    let inner = &engine.inner;
    let cloud = engine.cloud(&place.environment.cloud)?;
    let _permit = inner.permits.acquire().await;
    let call = async {
        match effect {
            Effect::EnsureGroup { group, size } => cloud.ensure_group(place, group, *size).await,
            Effect::EnsureSize { group, size } => cloud.ensure_size(place, group, *size).await,
            Effect::EnsureTraffic { routes } => cloud.ensure_traffic(place, routes).await,
            Effect::EnsureRetired { group } => cloud.ensure_retired(place, group).await,
        }
    };
    match tokio::time::timeout(inner.options.call_timeout, call).await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(CloudError::Transient("the call took too long".to_owned()).into()),
    }
}
