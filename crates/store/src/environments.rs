//! Environments: what was applied, what serves, what keeps automation off.

use crate::Store;
use crate::batch::Batch;
use crate::entity::{environment, rollout, veto};
use crate::error::StoreError;
use crate::journal;
use crate::leases;
use crate::model::{AdminEvent, EnvironmentRecord, Veto};
use crate::projection;
use domain::{Actor, AppName, Digest, RolloutId, Target, Time, Version};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, ModelTrait, QueryFilter,
    QueryOrder,
};
use serde::Serialize;
use std::collections::BTreeMap;

struct Removal {
    target: Target,
    /// The image whose veto goes; the hold goes where it is `None`.
    digest: Option<Digest>,
    by: Actor,
    at: Time,
}

impl Store {
    /// One environment; also one that was removed from its application, marked as gone.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn environment(
        &self,
        target: &Target,
    ) -> Result<Option<EnvironmentRecord>, StoreError> {
        let key = (target.app.to_string(), target.env.to_string());
        let found = environment::Entity::find_by_id(key)
            .one(self.reader())
            .await;
        let Some(row) = found.map_err(|e| self.trouble(e))? else {
            return Ok(None);
        };
        Ok(self.records(vec![row], Some(target)).await?.pop())
    }

    /// Every environment that belongs to an application, by application and promotion order.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn environments(&self) -> Result<Vec<EnvironmentRecord>, StoreError> {
        let rows = environment::Entity::find()
            .filter(environment::Column::Gone.eq(false))
            .order_by_asc(environment::Column::App)
            .order_by_asc(environment::Column::Position)
            .all(self.reader())
            .await
            .map_err(|e| self.trouble(e))?;
        self.records(rows, None).await
    }

    /// Lets automation near an environment again. `false` where nothing held it.
    ///
    /// # Errors
    /// [`StoreError::Unknown`] where there is no such environment.
    pub async fn remove_hold(
        &self,
        target: &Target,
        by: &Actor,
        at: Time,
    ) -> Result<bool, StoreError> {
        let removal = Removal {
            target: target.clone(),
            digest: None,
            by: by.clone(),
            at,
        };
        self.inner
            .writer
            .write(removal, |batch, removal| Box::pin(remove(batch, removal)))
            .await
    }

    /// Allows an image in an environment again. `false` where it was allowed.
    ///
    /// # Errors
    /// [`StoreError::Unknown`] where there is no such environment.
    pub async fn remove_veto(
        &self,
        target: &Target,
        digest: &Digest,
        by: &Actor,
        at: Time,
    ) -> Result<bool, StoreError> {
        let digest = Some(digest.clone());
        let removal = Removal {
            target: target.clone(),
            digest,
            by: by.clone(),
            at,
        };
        self.inner
            .writer
            .write(removal, |batch, removal| Box::pin(remove(batch, removal)))
            .await
    }

    async fn records(
        &self,
        rows: Vec<environment::Model>,
        only: Option<&Target>,
    ) -> Result<Vec<EnvironmentRecord>, StoreError> {
        let mut vetoes = veto::Entity::find();
        let mut active = rollout::Entity::find().filter(leases::is_active());
        if let Some(target) = only {
            let (app, env) = (target.app.as_str(), target.env.as_str());
            vetoes = vetoes
                .filter(veto::Column::App.eq(app))
                .filter(veto::Column::Env.eq(env));
            active = active
                .filter(rollout::Column::App.eq(app))
                .filter(rollout::Column::Env.eq(env));
        }
        let vetoes = vetoes
            .order_by_desc(veto::Column::At)
            .all(self.reader())
            .await;
        let active = active
            .all(self.reader())
            .await
            .map_err(|e| self.trouble(e))?;
        let active: BTreeMap<_, _> = active
            .into_iter()
            .map(|row| ((row.app, row.env), RolloutId(row.id)))
            .collect();
        let mut by_place: BTreeMap<_, Vec<Veto>> = BTreeMap::new();
        for row in vetoes.map_err(|e| self.trouble(e))? {
            by_place
                .entry((row.app.clone(), row.env.clone()))
                .or_default()
                .push(as_veto(row)?);
        }
        rows.into_iter()
            .map(|row| {
                let place = (row.app.clone(), row.env.clone());
                let vetoes = by_place.remove(&place).unwrap_or_default();
                record(row, active.get(&place).copied(), vetoes)
            })
            .collect()
    }
}

async fn remove(batch: &mut Batch, removal: &Removal) -> Result<bool, StoreError> {
    let row = row(batch, &removal.target).await?;
    let (kind, detail) = if let Some(digest) = &removal.digest {
        let key = (row.app.clone(), row.env.clone(), digest.to_string());
        let found = veto::Entity::find_by_id(key).one(&batch.tx).await;
        let Some(veto) = found.map_err(|e| batch.trouble(e))? else {
            return Ok(false);
        };
        let detail = serde_json::json!({
            "digest": veto.digest, "version": veto.version, "why": veto.why, "rollout": veto.rollout,
        });
        veto.delete(&batch.tx).await.map_err(|e| batch.trouble(e))?;
        ("veto_removed", detail)
    } else {
        let Some(hold) = &row.hold else {
            return Ok(false);
        };
        let detail = serde_json::from_str(hold).map_err(|e| unreadable("a hold", e))?;
        save(batch, environment::Model { hold: None, ..row }).await?;
        ("hold_removed", detail)
    };
    let target = Some(removal.target.clone());
    let (at, by, kind) = (removal.at, removal.by.clone(), kind.to_owned());
    journal::enter(
        batch,
        AdminEvent {
            at,
            by,
            kind,
            target,
            detail,
        },
    )?;
    Ok(true)
}

/// An environment's row, within a batch.
pub(crate) async fn row(batch: &Batch, target: &Target) -> Result<environment::Model, StoreError> {
    let key = (target.app.to_string(), target.env.to_string());
    let found = environment::Entity::find_by_id(key).one(&batch.tx).await;
    let unknown = || StoreError::Unknown {
        what: format!("the environment {target}"),
    };
    found.map_err(|e| batch.trouble(e))?.ok_or_else(unknown)
}

pub(crate) async fn save(batch: &Batch, row: environment::Model) -> Result<(), StoreError> {
    environment::Entity::update_many()
        .filter(environment::Column::App.eq(&row.app))
        .filter(environment::Column::Env.eq(&row.env))
        .set(row.into_active_model().reset_all())
        .exec(&batch.tx)
        .await
        .map_err(|e| batch.trouble(e))?;
    Ok(())
}

fn record(
    row: environment::Model,
    active: Option<RolloutId>,
    vetoes: Vec<Veto>,
) -> Result<EnvironmentRecord, StoreError> {
    let what = format!("the environment {}/{}", row.app, row.env);
    let reserved = projection::reserved(&row)?;
    let bad = |e: serde_json::Error| unreadable(&what, e);
    Ok(EnvironmentRecord {
        app: AppName::new(&row.app).map_err(|e| unreadable(&what, e))?,
        spec: serde_json::from_str(&row.spec).map_err(bad)?,
        gone: row.gone,
        stable: row
            .stable
            .as_deref()
            .map(serde_json::from_str)
            .transpose()
            .map_err(bad)?,
        stable_since: row.stable_since.map(Time),
        active,
        reserved,
        hold: row
            .hold
            .as_deref()
            .map(serde_json::from_str)
            .transpose()
            .map_err(bad)?,
        vetoes,
    })
}

fn as_veto(row: veto::Model) -> Result<Veto, StoreError> {
    let bad = |e| unreadable("a veto", e);
    Ok(Veto {
        digest: Digest::new(&row.digest).map_err(bad)?,
        version: Version::new(&row.version).map_err(bad)?,
        why: row.why,
        by: Actor::new(&row.actor).map_err(bad)?,
        at: Time(row.at),
        rollout: row.rollout.map(RolloutId),
    })
}

pub(crate) fn json(what: &str, value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|e| unreadable(what, e))
}

pub(crate) fn unreadable(what: &str, detail: impl std::fmt::Display) -> StoreError {
    StoreError::Unreadable {
        what: what.to_owned(),
        detail: detail.to_string(),
    }
}
