//! Every deployment, and the delivery figures they add up to.

use super::World;
use super::error::of_store;
use super::rollout::query;
use app::backend::{Answer, Problem, ProblemKind, Viewer};
use app::view::{Dora, HistoryView, RolloutFilter};
use domain::{AppName, EnvName, Status, Time};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use store::{RolloutQuery, RolloutRecord};

const DAYS: u32 = 30;
const DAY_MS: u64 = 86_400_000;
/// Deployments that figures are computed from at most, newest first.
const PAGES: usize = 10;
const PAGE: u32 = 1_000;
/// Rollbacks whose journals are read for the recovery time.
const RECOVERIES: usize = 100;
/// Figures of a month do not change by the second: where computing them takes long, they are spared.
const KEPT_MS: u64 = 10_000;
/// How long a page waits for new figures where it has older ones to show.
const PATIENCE: Duration = Duration::from_millis(10);
/// Older ones are waited for, however long that takes: they are shown as of now.
const SHOWN_MS: u64 = 60_000;

type Key = (Option<AppName>, Option<EnvName>);

/// Figures computed a moment ago.
#[derive(Default)]
pub(super) struct Remembered(Mutex<Figures>);

#[derive(Default)]
struct Figures {
    kept: HashMap<Key, Kept>,
    computing: HashSet<Key>,
}

#[derive(Clone)]
struct Kept {
    at: Time,
    /// The journal's last entry then.
    seq: i64,
    took: Duration,
    dora: Dora,
}

impl Kept {
    fn is_fresh(&self, now: Time, seq: i64) -> bool {
        let age_ms = now.since_ms(self.at);
        let spared = self.took > PATIENCE && age_ms < KEPT_MS;
        (self.seq == seq || spared) && age_ms < DAY_MS / 24
    }

    fn may_be_shown(&self, now: Time) -> bool {
        now.since_ms(self.at) < SHOWN_MS
    }
}

/// A key is being computed as long as this is there: also one whose computing broke is free again.
struct UnderWay {
    of: Arc<Remembered>,
    key: Key,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.of.lock().computing.remove(&self.key);
    }
}

impl Remembered {
    fn lock(&self) -> MutexGuard<'_, Figures> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Figures of a moment ago, or new ones where these do not take long. Over a long history they do:
    /// then those that are known are shown, and the next page shows the new ones.
    async fn of(
        self: &Arc<Self>,
        key: Key,
        now: Time,
        seq: i64,
        compute: impl Future<Output = Answer<Dora>> + Send + 'static,
    ) -> Answer<Dora> {
        let known = {
            let mut all = self.lock();
            let known = all.kept.get(&key).cloned();
            if let Some(known) = known.as_ref().filter(|known| known.is_fresh(now, seq)) {
                return Ok(known.dora.clone());
            }
            let known = known.filter(|known| known.may_be_shown(now));
            let under_way = !all.computing.insert(key.clone());
            match known {
                Some(known) if under_way => return Ok(known.dora),
                known => known,
            }
        };
        let under_way = UnderWay {
            of: Arc::clone(self),
            key,
        };
        let computing = tokio::spawn(async move {
            let begun = tokio::time::Instant::now();
            let computed = compute.await;
            let took = begun.elapsed();
            if let Ok(dora) = &computed {
                let mut all = under_way.of.lock();
                if all.kept.len() > 1_000 {
                    all.kept.clear();
                }
                let kept = Kept {
                    at: now,
                    seq,
                    took,
                    dora: dora.clone(),
                };
                all.kept.insert(under_way.key.clone(), kept);
            }
            drop(under_way);
            computed
        });
        let ended = match known {
            None => computing.await,
            Some(known) => match tokio::time::timeout(PATIENCE, computing).await {
                Ok(ended) => ended,
                Err(_) => return Ok(known.dora),
            },
        };
        ended.unwrap_or_else(|error| {
            tracing::error!(%error, "the delivery figures were not computed to their end");
            Err(Problem {
                kind: ProblemKind::Internal,
                detail: "the delivery figures could not be computed".to_owned(),
                remedy: "try again; look into the server's log".to_owned(),
                field: None,
            })
        })
    }
}

impl World {
    pub(super) async fn history_view(
        &self,
        viewer: &Viewer,
        filter: RolloutFilter,
    ) -> Answer<HistoryView> {
        let seq = self.head().await?;
        let dora = self
            .dora(filter.app.clone(), filter.env.clone(), seq)
            .await?;
        let page = self.rollout_rows(viewer, filter).await?;
        Ok(HistoryView {
            as_of: self.time(),
            seq,
            rows: page.items,
            next: page.next,
            dora,
        })
    }

    /// Computes the figures of everything, once, so that the first to look does not wait for it.
    pub(crate) async fn warm_up(&self) {
        let warmed = match self.head().await {
            Ok(seq) => self.dora(None, None, seq).await.map(drop),
            Err(problem) => Err(problem),
        };
        if let Err(problem) = warmed {
            tracing::debug!(?problem, "the delivery figures were not computed ahead");
        }
    }

    async fn dora(&self, app: Option<AppName>, env: Option<EnvName>, seq: i64) -> Answer<Dora> {
        let (now, key) = (self.time(), (app, env));
        let (world, of) = (self.clone(), key.clone());
        let compute = async move { world.compute(&of, now).await };
        self.figures.of(key, now, seq, compute).await
    }

    async fn compute(&self, key: &Key, now: Time) -> Answer<Dora> {
        let since = Time(now.0.saturating_sub((u64::from(DAYS) * DAY_MS) as i64));
        let mut over: Vec<RolloutRecord> = Vec::new();
        let filter = RolloutFilter {
            app: key.0.clone(),
            env: key.1.clone(),
            state: Some("succeeded,rolled_back,failed".to_owned()),
            limit: Some(200),
            ..RolloutFilter::default()
        };
        let mut query = RolloutQuery {
            limit: PAGE,
            ..query(filter)?
        };
        for _ in 0..PAGES {
            let (records, next) = self.store.rollouts(query.clone()).await.map_err(of_store)?;
            let old = records.last().is_some_and(|last| last.created_at < since);
            over.extend(
                records
                    .into_iter()
                    .filter(|r| r.ended_at.is_some_and(|at| at >= since)),
            );
            match next {
                Some(next) if !old => query.cursor = Some(next),
                _ => break,
            }
        }
        let images = self.store.images(key.0.as_ref()).await.map_err(of_store)?;
        let baked: HashMap<_, _> = images
            .into_iter()
            .map(|image| (image.digest, image.baked_at))
            .collect();
        let mut recoveries = Vec::new();
        for record in over
            .iter()
            .filter(|r| r.status == Status::RolledBack)
            .take(RECOVERIES)
        {
            let loaded = self.store.load(record.id).await.map_err(of_store)?;
            let back = loaded.and_then(|loaded| loaded.rollout.going_back);
            recoveries.extend(back.and_then(|b| b.traffic_back_at.map(|at| at.since_ms(b.since))));
        }
        let leads: Vec<_> = over
            .iter()
            .filter(|r| r.status == Status::Succeeded)
            .filter_map(|r| Some(r.ended_at?.since_ms(*baked.get(&r.to.2)?)))
            .collect();
        Ok(figures(&over, leads, recoveries))
    }
}

fn figures(over: &[RolloutRecord], leads: Vec<u64>, recoveries: Vec<u64>) -> Dora {
    let failed =
        |r: &&RolloutRecord| matches!(r.status, Status::RolledBack | Status::Failed { .. });
    let ended = over.len() as u64;
    let failures = over.iter().filter(failed).count() as u64;
    let deployments = over
        .iter()
        .filter(|r| r.status == Status::Succeeded)
        .count() as u64;
    // Counted by environment: a deployment within a day of one that failed is its repair.
    let reworked = over
        .iter()
        .filter(|r| r.status == Status::Succeeded)
        .filter(|r| {
            over.iter().filter(failed).any(|bad| {
                bad.app == r.app
                    && bad.env == r.env
                    && bad.created_at < r.created_at
                    && bad
                        .ended_at
                        .is_some_and(|at| r.created_at.since_ms(at) <= DAY_MS)
            })
        })
        .count() as u64;
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
    let share = |part: u64, of: u64| (of > 0).then(|| part as f64 / of as f64);
    Dora {
        days: DAYS,
        deployments,
        per_day: share(deployments, u64::from(DAYS)).unwrap_or_default(),
        lead_time_ms: median(leads),
        failure_rate: share(failures, ended),
        recovery_ms: median(recoveries),
        rework_rate: share(reworked, deployments),
    }
}

fn median(mut values: Vec<u64>) -> Option<u64> {
    values.sort_unstable();
    values.get(values.len().checked_sub(1)? / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::{pending, ready};

    fn dora(deployments: u64) -> Dora {
        Dora {
            deployments,
            ..figures(&[], Vec::new(), Vec::new())
        }
    }

    /// Remembers figures as of the moment 0.
    async fn remembered() -> Arc<Remembered> {
        let all = Arc::new(Remembered::default());
        let first = all.of((None, None), Time(0), 1, ready(Ok(dora(1)))).await;
        assert_eq!(first.unwrap().deployments, 1);
        all
    }

    #[tokio::test]
    async fn young_figures_are_shown_while_new_ones_take_long() {
        let all = remembered().await;
        for _ in 0..2 {
            let shown = all.of((None, None), Time(59_999), 2, pending()).await;
            assert_eq!(shown.unwrap().deployments, 1);
            assert_eq!(all.lock().computing.len(), 1);
        }
    }

    #[tokio::test]
    async fn figures_of_more_than_a_minute_are_not_shown_as_of_now() {
        let all = remembered().await;
        let late = || async {
            tokio::time::sleep(PATIENCE * 5).await;
            Ok(dora(2))
        };
        let shown = all.of((None, None), Time(60_000), 2, late()).await;
        assert_eq!(shown.unwrap().deployments, 2);
        // Nor while somebody else's computing does not come to an end.
        let other = all.of((None, None), Time(75_000), 3, pending()).await;
        assert_eq!(other.unwrap().deployments, 2);
        assert_eq!(all.lock().computing.len(), 1);
        let shown = all.of((None, None), Time(120_000), 4, late()).await;
        assert_eq!(shown.unwrap().deployments, 2);
        assert_eq!(all.lock().kept[&(None, None)].seq, 4);
    }

    #[tokio::test]
    async fn figures_whose_computing_broke_are_computed_again() {
        let all = remembered().await;
        let broken = all
            .of((None, None), Time(60_000), 2, async { panic!("broke") })
            .await;
        assert_eq!(broken.unwrap_err().kind, ProblemKind::Internal);
        assert!(all.lock().computing.is_empty());
        let again = all.of((None, None), Time(60_001), 2, ready(Ok(dora(2))));
        assert_eq!(again.await.unwrap().deployments, 2);
    }
}
