//! The page *Now*: what needs a person, what moves, what runs where.

use super::environment::{Scene, cell};
use super::error::of_store;
use super::{World, befell};
use app::backend::{Answer, Viewer};
use app::view::*;
use domain::plan::Until;
use domain::rollout::{Pause, sentence};
use domain::{Action, Command, EnvName, Status, Time};
use engine::Snapshot;
use std::collections::BTreeMap;
use store::RolloutQuery;

impl World {
    pub(super) async fn now_view(&self, viewer: &Viewer) -> Answer<NowView> {
        let seq = self.head().await?;
        let unfinished = self.unfinished(None).await?;
        let (_, versions) = self.versions(None).await?;
        let records = self.store.environments().await.map_err(of_store)?;
        let applications = self.store.applications().await.map_err(of_store)?;
        let mut scenes = BTreeMap::new();
        for record in records {
            let key = (record.app.clone(), record.spec.name.clone());
            scenes.insert(key, self.scene(record, &unfinished, &versions).await?);
        }
        let mut environments: Vec<EnvName> = Vec::new();
        for app in &applications {
            merge(
                &mut environments,
                app.environments.iter().map(|env| &env.name),
            );
        }
        let rows = applications
            .iter()
            .map(|app| MatrixRow {
                app: app.name.clone(),
                cells: environments
                    .iter()
                    .map(|env| scenes.get(&(app.name.clone(), env.clone())).map(cell))
                    .collect(),
            })
            .collect();
        let mut moving = Vec::new();
        for record in &unfinished {
            moving.push(self.row(viewer, record).await?);
        }
        let needs = self.needs(viewer, &scenes).await?;
        Ok(NowView {
            as_of: self.time(),
            seq,
            needs,
            moving,
            environments,
            applications: rows,
        })
    }

    async fn needs(
        &self,
        viewer: &Viewer,
        scenes: &BTreeMap<(domain::AppName, EnvName), Scene>,
    ) -> Answer<Vec<Need>> {
        let mut needs = Vec::new();
        for scene in scenes.values() {
            let waiting = scene
                .queue
                .iter()
                .filter(|r| r.status == Status::PendingApproval);
            for record in waiting {
                needs.extend(self.need(viewer, &self.snapshot(record.id).await?).await?);
            }
            if let Some(active) = &scene.active {
                needs.extend(self.need(viewer, active).await?);
            } else {
                needs.extend(self.failed(viewer, scene).await?);
            }
            needs.extend(drift(scene, self.time()));
        }
        Ok(needs)
    }

    /// What a rollout wants of a person, if anything.
    async fn need(&self, viewer: &Viewer, snapshot: &Snapshot) -> Answer<Option<Need>> {
        let rollout = &snapshot.rollout;
        let to = &rollout.plan.to.version;
        let target = &rollout.plan.target;
        let decision = matches!(
            rollout.current().map(|(_, step)| &step.action),
            Some(Action::Pause {
                until: Until::Decision { .. }
            })
        );
        let (kind, title) = match &rollout.status {
            Status::PendingApproval
            | Status::Paused {
                pause: Pause::Approval,
            } => (
                NeedKind::Approval,
                format!("{to} waits for an approval in {target}"),
            ),
            Status::Paused {
                pause: Pause::Inconclusive { .. },
            } => (
                NeedKind::NoVerdict,
                format!("There is no verdict on {to} in {target} yet"),
            ),
            Status::Paused {
                pause: Pause::Person { by },
            } => (NeedKind::Paused, format!("{by} paused {to} in {target}")),
            Status::Paused {
                pause: Pause::Throttled { .. },
            } => (
                NeedKind::Paused,
                format!("The cloud asks for patience with {to} in {target}"),
            ),
            Status::Failed { .. } => (
                NeedKind::Failed,
                format!("The rollout of {to} in {target} needs a person"),
            ),
            Status::InProgress if decision => (
                NeedKind::Decision,
                format!("The experiment with {to} in {target} waits for a decision"),
            ),
            _ => return Ok(None),
        };
        let mut actions = self.offers(snapshot, viewer).await?;
        actions.retain(|offer| match kind {
            NeedKind::Approval if rollout.status == Status::PendingApproval => {
                matches!(offer.name, Command::Promote | Command::Reject)
            }
            NeedKind::Approval | NeedKind::NoVerdict | NeedKind::Decision => {
                matches!(offer.name, Command::Promote | Command::Rollback)
            }
            NeedKind::Paused => matches!(offer.name, Command::Resume | Command::Rollback),
            NeedKind::Failed | NeedKind::Drift => {
                matches!(offer.name, Command::Rollback | Command::Cancel)
            }
        });
        Ok(Some(Need {
            kind,
            app: target.app.clone(),
            env: target.env.clone(),
            rollout: Some(rollout.id),
            title,
            detail: sentence(rollout, snapshot.seen.as_deref(), self.time()),
            actions,
            step: rollout.step,
        }))
    }

    /// The newest rollout of an environment, where it failed.
    async fn failed(&self, viewer: &Viewer, scene: &Scene) -> Answer<Option<Need>> {
        let query = RolloutQuery {
            app: Some(scene.record.app.clone()),
            env: Some(scene.record.spec.name.clone()),
            limit: 1,
            ..RolloutQuery::default()
        };
        let (newest, _) = self.store.rollouts(query).await.map_err(of_store)?;
        match newest.first() {
            Some(record) if matches!(record.status, Status::Failed { .. }) => {
                self.need(viewer, &self.snapshot(record.id).await?).await
            }
            _ => Ok(None),
        }
    }
}

fn drift(scene: &Scene, now: Time) -> Option<Need> {
    let note = befell::drift(scene, now)?;
    Some(Need {
        kind: NeedKind::Drift,
        app: scene.record.app.clone(),
        env: scene.record.spec.name.clone(),
        rollout: None,
        title: note.title,
        detail: note.detail,
        actions: Vec::new(),
        step: 0,
    })
}

/// Takes names into the columns in their own order: a new one comes after the one before it.
fn merge<'a>(columns: &mut Vec<EnvName>, names: impl Iterator<Item = &'a EnvName>) {
    let mut after = 0;
    for name in names {
        match columns.iter().position(|column| column == name) {
            Some(at) => after = at + 1,
            None => {
                columns.insert(after.min(columns.len()), name.clone());
                after += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_keep_the_order_of_every_promotion_path() {
        let names = |text: &str| {
            text.split(' ')
                .map(|n| EnvName::new(n).unwrap())
                .collect::<Vec<_>>()
        };
        let mut columns = Vec::new();
        merge(&mut columns, names("dev prod").iter());
        merge(&mut columns, names("dev staging prod").iter());
        merge(&mut columns, names("qa dev").iter());
        assert_eq!(columns, names("qa dev staging prod"));
    }
}
