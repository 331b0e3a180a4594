//! Holds and vetoes: what a person may take away again, and that it was.

use super::error::{of_engine, of_store};
use super::{World, authority, require};
use app::backend::{Answer, Viewer, ViewerRole};
use app::view::{Hold, JournalRow, Offer, Veto};
use domain::{Digest, Target};
use engine::EngineError;
use store::{Entry, EntryEvent, EnvironmentRecord};

/// Notes shown beside an environment.
const NOTES: u32 = 4;

impl World {
    /// Lets automation act in an environment again; `false` where it did.
    pub(crate) async fn remove_hold(&self, viewer: &Viewer, target: &Target) -> Answer<bool> {
        self.is_there(target).await?;
        require(viewer, ViewerRole::Approver, target, "remove a hold")?;
        self.store
            .remove_hold(target, &viewer.actor, self.time())
            .await
            .map_err(of_store)
    }

    /// Allows an image in an environment again; `false` where it was. `image` is its version or its
    /// digest.
    pub(crate) async fn remove_veto(
        &self,
        viewer: &Viewer,
        target: &Target,
        image: &str,
    ) -> Answer<bool> {
        self.is_there(target).await?;
        require(viewer, ViewerRole::Approver, target, "remove a veto")?;
        let image: Digest = self.image_named(&target.app, image).await?;
        self.store
            .remove_veto(target, &image, &viewer.actor, self.time())
            .await
            .map_err(of_store)
    }

    async fn is_there(&self, target: &Target) -> Answer<()> {
        match self.store.environment(target).await.map_err(of_store)? {
            Some(_) => Ok(()),
            None => Err(of_engine(EngineError::NoEnvironment(target.clone()))),
        }
    }

    /// What happened in an environment outside its rollouts, newest first.
    pub(super) async fn notes(&self, target: &Target) -> Answer<Vec<JournalRow>> {
        let entries = self.store.notes(target, NOTES).await.map_err(of_store)?;
        Ok(entries.iter().map(note).collect())
    }
}

pub(super) fn hold(record: &EnvironmentRecord, viewer: &Viewer) -> Option<Hold> {
    let hold = record.hold.as_ref()?;
    Some(Hold {
        why: hold.why.clone(),
        by: hold.by.to_string(),
        at: hold.at,
        rollout: hold.rollout,
        remove: offer(viewer, record),
    })
}

pub(super) fn vetoes(record: &EnvironmentRecord, viewer: &Viewer) -> Vec<Veto> {
    record
        .vetoes
        .iter()
        .map(|veto| Veto {
            digest: veto.digest.clone(),
            version: veto.version.clone(),
            why: veto.why.clone(),
            by: veto.by.to_string(),
            at: veto.at,
            rollout: veto.rollout,
            remove: offer(viewer, record),
        })
        .collect()
}

/// Whether somebody may remove what an environment's automation or images are kept off by.
pub(crate) fn offer(viewer: &Viewer, record: &EnvironmentRecord) -> Offer {
    let at = authority::Extent {
        app: Some(&record.app),
        env: Some(&record.spec.name),
    };
    let why = authority::refusal(viewer, ViewerRole::Approver, at);
    Offer {
        allowed: why.is_none(),
        why: why.unwrap_or_default(),
    }
}

fn note(entry: &Entry) -> JournalRow {
    let text = match &entry.event {
        EntryEvent::Rollout(_) => String::new(),
        EntryEvent::Admin(detail) => {
            let told = |name: &str| detail.get(name).and_then(|value| value.as_str());
            match entry.kind.as_str() {
                "hold_removed" => "Hold removed".to_owned(),
                "veto_removed" => {
                    format!("Veto of {} removed", told("version").unwrap_or("an image"))
                }
                _ => detail
                    .as_str()
                    .map_or_else(|| entry.kind.replace('_', " "), str::to_owned),
            }
        }
    };
    JournalRow {
        seq: entry.seq,
        at: entry.at,
        by: entry.by.to_string(),
        what: entry.kind.clone(),
        text,
    }
}
