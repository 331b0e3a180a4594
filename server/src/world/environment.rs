//! Environments: the cell of the matrix, and the column of an application's page.

use super::error::{not_found, of_store};
use super::{Extent, World, befell, group, hold, refusal};
use app::backend::{Answer, Viewer, ViewerRole};
use app::view::*;
use cloud_local::wire::NodeEvent;
use domain::observation::Health;
use domain::{AppName, GroupName, Observation, Target};
use engine::{Mending, Snapshot};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use store::{EnvironmentRecord, ImageRecord, RolloutQuery, RolloutRecord};

/// Images offered for a start.
const CANDIDATES: usize = 20;
/// Finished rollouts shown beside an environment.
const RECENT: u32 = 8;

/// An environment with everything that is shown of it.
pub(super) struct Scene {
    pub(super) record: EnvironmentRecord,
    pub(super) seen: Option<Arc<Observation>>,
    /// The rollout that owns it.
    pub(super) active: Option<Snapshot>,
    /// Those that wait, in the order in which they will start.
    pub(super) queue: Vec<RolloutRecord>,
    pub(super) groups: Vec<GroupView>,
    /// What is done about instances that differ from their release.
    pub(super) mending: BTreeMap<GroupName, Mending>,
}

impl World {
    pub(super) async fn scene(
        &self,
        record: EnvironmentRecord,
        unfinished: &[RolloutRecord],
        versions: &group::Versions,
    ) -> Answer<Scene> {
        let target = Target {
            app: record.app.clone(),
            env: record.spec.name.clone(),
        };
        let mine = |r: &&RolloutRecord| r.app == target.app && r.env == target.env;
        let mut queue: Vec<_> = unfinished
            .iter()
            .filter(mine)
            .filter(|r| !r.active)
            .cloned()
            .collect();
        queue.sort_by_key(|r| r.id);
        let active = unfinished.iter().find(|r| mine(r) && r.active);
        let active = match active {
            Some(active) => Some(self.snapshot(active.id).await?),
            None => None,
        };
        let seen = self.engine.seen(&target);
        let groups = match (&active, &seen) {
            (Some(active), _) => group::of_rollout(&active.rollout, seen.as_deref()),
            (None, Some(seen)) => group::at_rest(record.stable.as_ref(), seen, versions),
            (None, None) => Vec::new(),
        };
        Ok(Scene {
            record,
            seen,
            active,
            queue,
            groups,
            mending: self.engine.mending(&target),
        })
    }

    /// Every rollout that is not over.
    pub(super) async fn unfinished(&self, app: Option<&AppName>) -> Answer<Vec<RolloutRecord>> {
        let query = RolloutQuery {
            app: app.cloned(),
            unfinished_only: true,
            limit: 1_000,
            ..RolloutQuery::default()
        };
        Ok(self.store.rollouts(query).await.map_err(of_store)?.0)
    }

    pub(super) async fn versions(
        &self,
        app: Option<&AppName>,
    ) -> Answer<(Vec<ImageRecord>, group::Versions)> {
        let images = self.store.images(app).await.map_err(of_store)?;
        let versions = images
            .iter()
            .map(|i| (i.digest.clone(), i.version.clone()))
            .collect();
        Ok((images, versions))
    }

    pub(super) async fn application_rows(&self) -> Answer<Vec<ApplicationRow>> {
        let applications = self.store.applications().await.map_err(of_store)?;
        Ok(applications
            .into_iter()
            .map(|app| ApplicationRow {
                name: app.name,
                environments: app.environments.into_iter().map(|env| env.name).collect(),
            })
            .collect())
    }

    pub(super) async fn application_view(
        &self,
        viewer: &Viewer,
        app: &AppName,
    ) -> Answer<ApplicationView> {
        let seq = self.head().await?;
        let declared = self.store.application(app).await.map_err(of_store)?;
        let declared = declared.ok_or_else(|| {
            not_found(
                format!("application {app}"),
                "declare it with `viridian apply -f FILE`",
            )
        })?;
        let unfinished = self.unfinished(Some(app)).await?;
        let (images, versions) = self.versions(Some(app)).await?;
        let events = self.node_events(app).await;
        let mut environments = Vec::new();
        for environment in declared.environments {
            let target = Target {
                app: app.clone(),
                env: environment.name,
            };
            let record = self.store.environment(&target).await.map_err(of_store)?;
            let Some(record) = record else { continue };
            let scene = self.scene(record, &unfinished, &versions).await?;
            environments.push(
                self.environment_view(viewer, scene, &images, &events)
                    .await?,
            );
        }
        Ok(ApplicationView {
            name: app.clone(),
            as_of: self.time(),
            seq,
            environments,
        })
    }

    async fn environment_view(
        &self,
        viewer: &Viewer,
        scene: Scene,
        images: &[ImageRecord],
        events: &[NodeEvent],
    ) -> Answer<EnvironmentView> {
        let record = &scene.record;
        let query = RolloutQuery {
            app: Some(record.app.clone()),
            env: Some(record.spec.name.clone()),
            states: [
                "succeeded",
                "rejected",
                "cancelled",
                "rolled_back",
                "failed",
            ]
            .map(str::to_owned)
            .into(),
            limit: RECENT,
            ..RolloutQuery::default()
        };
        let (over, _) = self.store.rollouts(query).await.map_err(of_store)?;
        let mut recent = Vec::new();
        for record in &over {
            recent.push(self.row(viewer, record).await?);
        }
        let mut queue = Vec::new();
        for waiting in &scene.queue {
            queue.push(self.row(viewer, waiting).await?);
        }
        let active = match &scene.active {
            Some(active) => {
                let query = self.unfinished(Some(&record.app)).await?;
                match query.iter().find(|r| r.id == active.rollout.id) {
                    Some(found) => Some(self.row(viewer, found).await?),
                    None => None,
                }
            }
            None => None,
        };
        let target = Target {
            app: record.app.clone(),
            env: record.spec.name.clone(),
        };
        Ok(EnvironmentView {
            cloud: record.spec.cloud.clone(),
            active,
            queue,
            recent,
            notes: self.notes(&target).await?,
            node: befell::told(events.iter().filter(|event| {
                let about = event.about.as_ref();
                about.is_some_and(|about| about.target == target)
            })),
            drift: befell::drift(&scene, self.time()),
            hold: hold::hold(record, viewer),
            vetoes: hold::vetoes(record, viewer),
            candidates: candidates(&scene, images, viewer),
            cell: cell(&scene),
            groups: scene.groups,
        })
    }
}

fn candidates(scene: &Scene, images: &[ImageRecord], viewer: &Viewer) -> Vec<Candidate> {
    let record = &scene.record;
    let at = Extent {
        app: Some(&record.app),
        env: Some(&record.spec.name),
    };
    let forbidden = refusal(viewer, ViewerRole::Operator, at);
    let coming = scene
        .active
        .as_ref()
        .map(|active| &active.rollout.plan.to.image);
    images
        .iter()
        .take(CANDIDATES)
        .map(|image| {
            let why = if let Some(veto) = record.vetoes.iter().find(|v| v.digest == image.digest) {
                format!("vetoed here by {}: {}", veto.by, veto.why)
            } else if coming == Some(&image.digest) {
                "it is on its way in already".to_owned()
            } else if record.stable.as_ref().is_some_and(|stable| {
                stable.image == image.digest && stable.behind(&record.spec).is_empty()
            }) {
                "it is what runs here already".to_owned()
            } else {
                forbidden.clone().unwrap_or_default()
            };
            Candidate {
                version: image.version.clone(),
                digest: image.digest.clone(),
                baked_at: image.baked_at,
                allowed: why.is_empty(),
                why,
            }
        })
        .collect()
}

/// Where what serves is reached, which is not where it is declared to be until a rollout brought that.
fn listens(record: &EnvironmentRecord) -> SocketAddr {
    let stable = record.stable.as_ref();
    let released = stable.and_then(|stable| stable.template.listen);
    released.unwrap_or(record.spec.listen)
}

/// One application in one environment, as observed.
pub(super) fn cell(scene: &Scene) -> Cell {
    let Scene {
        record,
        seen,
        active,
        queue,
        groups,
        mending: _,
    } = scene;
    let serving = || groups.iter().filter(|group| group.weight_observed > 0);
    let health = match seen {
        None => Health::Unknown,
        Some(_) if serving().any(|g| g.health == Health::Degraded) => Health::Degraded,
        Some(_) if serving().any(|g| g.health != Health::Healthy) => Health::Progressing,
        // Asked to serve, but nothing does.
        Some(_) if serving().next().is_none() && record.stable.is_some() => Health::Degraded,
        Some(_) if serving().next().is_none() => Health::Unknown,
        Some(_) => Health::Healthy,
    };
    let drifted = groups
        .iter()
        .flat_map(|group| &group.instances)
        .filter(|i| !i.drift.is_empty())
        .count();
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Cell {
        env: record.spec.name.clone(),
        url: format!("http://{}/", listens(record)),
        shares: group::shares(groups),
        health,
        healthy: serving().map(|group| group.healthy).sum(),
        size: serving().map(|group| group.size).sum(),
        since: record.stable_since,
        rollout: active.as_ref().map(|active| active.rollout.id),
        queued: count(queue.len()),
        hold: record
            .hold
            .as_ref()
            .map(|hold| format!("{} ({})", hold.why, hold.by)),
        drifted: count(drifted),
        observed_at: seen.as_ref().map(|seen| seen.at),
    }
}
