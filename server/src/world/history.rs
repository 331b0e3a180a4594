//! Every deployment, and the delivery figures they add up to.

use super::World;
use super::error::of_store;
use super::rollout::query;
use app::backend::{Answer, Viewer};
use app::view::{Dora, HistoryView, RolloutFilter};
use domain::{AppName, EnvName, Status, Time};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use store::{RolloutQuery, RolloutRecord};

const DAYS: u32 = 30;
const DAY_MS: u64 = 86_400_000;
/// Deployments that figures are computed from at most, newest first.
const PAGES: usize = 10;
const PAGE: u32 = 1_000;
/// Rollbacks whose journals are read for the recovery time.
const RECOVERIES: usize = 100;
/// Figures of a month do not change by the second.
const KEPT_MS: u64 = 10_000;

type Key = (Option<AppName>, Option<EnvName>);

/// Figures computed a moment ago.
#[derive(Default)]
pub(super) struct Remembered(Mutex<HashMap<Key, (Time, i64, Dora)>>);

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

    async fn dora(&self, app: Option<AppName>, env: Option<EnvName>, seq: i64) -> Answer<Dora> {
        let now = self.time();
        let key = (app, env);
        {
            let kept = self
                .figures
                .0
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            if let Some((at, of, dora)) = kept.get(&key)
                && (*of == seq || now.since_ms(*at) < KEPT_MS)
                && now.since_ms(*at) < DAY_MS / 24
            {
                return Ok(dora.clone());
            }
        }
        let dora = self.compute(&key, now).await?;
        let mut kept = self
            .figures
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if kept.len() > 1_000 {
            kept.clear();
        }
        kept.insert(key, (now, seq, dora.clone()));
        Ok(dora)
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
