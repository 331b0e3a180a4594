//! Applications as they were last applied.

use crate::Store;
use crate::batch::Batch;
use crate::entity::{application, environment};
use crate::environments::{json, unreadable};
use crate::error::StoreError;
use crate::journal;
use crate::model::AdminEvent;
use domain::{Actor, AppName, Application, EnvName, Environment, Time};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect,
};
use std::collections::BTreeMap;

struct Save {
    app: Application,
    by: Actor,
    at: Time,
}

impl Store {
    /// Makes an application what its declaration says, and enters `applied` in the journal. An
    /// environment that is no longer declared is marked as gone and keeps its history. `false`
    /// where nothing differed.
    ///
    /// # Errors
    /// [`StoreError::PortTaken`] where two environments would listen at the same place.
    pub async fn save_application(
        &self,
        app: &Application,
        by: &Actor,
        at: Time,
    ) -> Result<bool, StoreError> {
        let save = Save {
            app: app.clone(),
            by: by.clone(),
            at,
        };
        self.inner
            .writer
            .write(save, |batch, save| Box::pin(write(batch, save)))
            .await
    }

    /// Every application, by name.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn applications(&self) -> Result<Vec<Application>, StoreError> {
        let names = application::Entity::find().order_by_asc(application::Column::Name);
        let names = names
            .all(self.reader())
            .await
            .map_err(|e| self.trouble(e))?;
        let rows = environment::Entity::find()
            .filter(environment::Column::Gone.eq(false))
            .order_by_asc(environment::Column::Position)
            .all(self.reader())
            .await
            .map_err(|e| self.trouble(e))?;
        let mut environments: BTreeMap<String, Vec<Environment>> = BTreeMap::new();
        for row in rows {
            let spec = spec(&row)?;
            environments.entry(row.app).or_default().push(spec);
        }
        names
            .into_iter()
            .map(|row| {
                let name = AppName::new(&row.name).map_err(|e| unreadable("an application", e))?;
                let environments = environments.remove(&row.name).unwrap_or_default();
                Ok(Application { name, environments })
            })
            .collect()
    }

    /// One application.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn application(&self, name: &AppName) -> Result<Option<Application>, StoreError> {
        let found = application::Entity::find_by_id(name.to_string())
            .one(self.reader())
            .await;
        if found.map_err(|e| self.trouble(e))?.is_none() {
            return Ok(None);
        }
        let rows = environment::Entity::find()
            .filter(environment::Column::App.eq(name.as_str()))
            .filter(environment::Column::Gone.eq(false))
            .order_by_asc(environment::Column::Position)
            .all(self.reader())
            .await
            .map_err(|e| self.trouble(e))?;
        let environments = rows.iter().map(spec).collect::<Result<_, _>>()?;
        Ok(Some(Application {
            name: name.clone(),
            environments,
        }))
    }
}

async fn write(batch: &mut Batch, save: &Save) -> Result<bool, StoreError> {
    let app = &save.app;
    ports(batch, app).await?;
    let before = environment::Entity::find()
        .filter(environment::Column::App.eq(app.name.as_str()))
        .all(&batch.tx)
        .await
        .map_err(|e| batch.trouble(e))?;
    let known = application::Entity::find_by_id(app.name.to_string())
        .one(&batch.tx)
        .await;
    let known = known.map_err(|e| batch.trouble(e))?.is_some();
    let mut before: BTreeMap<_, _> = before
        .into_iter()
        .map(|row| (row.env.clone(), row))
        .collect();
    let mut rows = Vec::new();
    for (position, env) in (0..).zip(&app.environments) {
        let fresh = |found: Option<&environment::Model>| -> Result<_, StoreError> {
            Ok(environment::Model {
                app: app.name.to_string(),
                env: env.name.to_string(),
                position,
                listen: env.listen.to_string(),
                spec: json("an environment", env)?,
                gone: false,
                stable: found.and_then(|row| row.stable.clone()),
                stable_since: found.and_then(|row| row.stable_since),
                next_group: found.map_or(1, |row| row.next_group),
                next_release: found.map_or(1, |row| row.next_release),
                hold: found.and_then(|row| row.hold.clone()),
            })
        };
        let found = before.remove(env.name.as_str());
        let row = fresh(found.as_ref())?;
        if found.as_ref() != Some(&row) {
            rows.push(row);
        }
    }
    let gone = before.into_values().filter(|row| !row.gone);
    rows.extend(gone.map(|row| environment::Model { gone: true, ..row }));
    if known && rows.is_empty() {
        return Ok(false);
    }
    store(batch, save, rows).await?;
    let detail = serde_json::to_value(app).map_err(|e| unreadable("an application", e))?;
    let (at, by, kind) = (save.at, save.by.clone(), "applied".to_owned());
    journal::enter(
        batch,
        AdminEvent {
            at,
            by,
            kind,
            target: None,
            detail,
        },
    )?;
    Ok(true)
}

async fn store(
    batch: &Batch,
    save: &Save,
    rows: Vec<environment::Model>,
) -> Result<(), StoreError> {
    let row = application::Model {
        name: save.app.name.to_string(),
        applied_at: save.at.0,
        applied_by: save.by.to_string(),
    };
    let rest = [
        application::Column::AppliedAt,
        application::Column::AppliedBy,
    ];
    application::Entity::insert(row.into_active_model().reset_all())
        .on_conflict(
            OnConflict::column(application::Column::Name)
                .update_columns(rest)
                .to_owned(),
        )
        .exec_without_returning(&batch.tx)
        .await
        .map_err(|e| batch.trouble(e))?;
    use environment::Column as C;
    let rest = [C::Position, C::Listen, C::Spec, C::Gone];
    for row in rows {
        environment::Entity::insert(row.into_active_model().reset_all())
            .on_conflict(
                OnConflict::columns([C::App, C::Env])
                    .update_columns(rest)
                    .to_owned(),
            )
            .exec_without_returning(&batch.tx)
            .await
            .map_err(|e| batch.trouble(e))?;
    }
    Ok(())
}

/// No two environments listen at the same place, over all applications.
async fn ports(batch: &Batch, app: &Application) -> Result<(), StoreError> {
    let wanted = app.environments.iter().map(|env| env.listen.to_string());
    let others: Vec<(String, String, String)> = environment::Entity::find()
        .select_only()
        .columns([
            environment::Column::App,
            environment::Column::Env,
            environment::Column::Listen,
        ])
        .filter(environment::Column::Gone.eq(false))
        .filter(environment::Column::App.ne(app.name.as_str()))
        .filter(environment::Column::Listen.is_in(wanted))
        .into_tuple()
        .all(&batch.tx)
        .await
        .map_err(|e| batch.trouble(e))?;
    let mut taken = BTreeMap::new();
    for (name, env, listen) in others {
        let bad = |e| unreadable("an environment", e);
        let listen = listen
            .parse()
            .map_err(|e| unreadable("where an environment listens", e))?;
        let owner = (
            AppName::new(&name).map_err(bad)?,
            EnvName::new(&env).map_err(bad)?,
        );
        taken.insert(listen, owner);
    }
    for env in &app.environments {
        let mine = (app.name.clone(), env.name.clone());
        if let Some((app, other)) = taken.insert(env.listen, mine) {
            return Err(StoreError::PortTaken {
                listen: env.listen,
                app,
                env: other,
            });
        }
    }
    Ok(())
}

fn spec(row: &environment::Model) -> Result<Environment, StoreError> {
    let what = || format!("the environment {}/{}", row.app, row.env);
    serde_json::from_str(&row.spec).map_err(|e| unreadable(&what(), e))
}
