//! Requests that may come twice: a key that the caller chose makes the second one an echo.

use crate::Store;
use crate::batch::Batch;
use crate::entity::request;
use crate::environments::unreadable;
use crate::error::StoreError;
use crate::model::Begun;
use domain::{Actor, Time};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};

/// How long an answer is kept for a second asking.
const KEPT_MS: i64 = 24 * 60 * 60 * 1_000;
/// A request that is not answered after this time died with its process, and may be tried again.
const DEAD_AFTER_MS: i64 = 5 * 60 * 1_000;

impl Store {
    /// Says what is known of a request, and remembers it as being carried out where nothing is.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn begin_idempotent(
        &self,
        key: &str,
        route: &str,
        actor: &Actor,
        request_hash: &str,
        at: Time,
    ) -> Result<Begun, StoreError> {
        let row = request::Model {
            id: key.to_owned(),
            route: route.to_owned(),
            actor: actor.to_string(),
            hash: request_hash.to_owned(),
            at: at.0,
            status: None,
            body: None,
        };
        self.inner
            .writer
            .write(row, |batch, row| Box::pin(begin(batch, row)))
            .await
    }

    /// Forgets a request that came to nothing, so that it can be carried out again.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn forget_idempotent(
        &self,
        key: &str,
        route: &str,
        actor: &Actor,
    ) -> Result<(), StoreError> {
        let key = (key.to_owned(), route.to_owned(), actor.to_string());
        self.inner
            .writer
            .write(key, |batch, key| {
                Box::pin(async move {
                    let done = request::Entity::delete_by_id(key.clone())
                        .exec(&batch.tx)
                        .await;
                    done.map(drop).map_err(|e| batch.trouble(e))
                })
            })
            .await
    }

    /// Remembers how a request was answered.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn finish_idempotent(
        &self,
        key: &str,
        route: &str,
        actor: &Actor,
        status: u16,
        body: &str,
    ) -> Result<(), StoreError> {
        let row = request::Model {
            id: key.to_owned(),
            route: route.to_owned(),
            actor: actor.to_string(),
            hash: String::new(),
            at: 0,
            status: Some(i64::from(status)),
            body: Some(body.to_owned()),
        };
        self.inner
            .writer
            .write(row, |batch, row| Box::pin(finish(batch, row)))
            .await
    }
}

/// The one row that only proves that rows can be written; no person is called so, and no route.
const PROOF: (&str, &str, &str) = ("proof", "a write", "");

impl Store {
    /// Writes and commits something small, so that who asks knows whether writing works now.
    ///
    /// # Errors
    /// Why it does not.
    pub async fn prove_writable(&self, at: Time) -> Result<(), StoreError> {
        let (id, route, actor) = PROOF;
        let row = request::Model {
            id: id.to_owned(),
            route: route.to_owned(),
            actor: actor.to_owned(),
            hash: String::new(),
            at: at.0,
            status: None,
            body: None,
        };
        self.inner
            .writer
            .write(row, |batch, row| Box::pin(prove(batch, row)))
            .await
    }
}

async fn prove(batch: &mut Batch, row: &request::Model) -> Result<(), StoreError> {
    let key = (row.id.clone(), row.route.clone(), row.actor.clone());
    request::Entity::delete_by_id(key)
        .exec(&batch.tx)
        .await
        .map_err(|e| batch.trouble(e))?;
    request::Entity::insert(row.clone().into_active_model().reset_all())
        .exec_without_returning(&batch.tx)
        .await
        .map(drop)
        .map_err(|e| batch.trouble(e))
}

async fn begin(batch: &mut Batch, row: &request::Model) -> Result<Begun, StoreError> {
    let key = (row.id.clone(), row.route.clone(), row.actor.clone());
    let found = request::Entity::find_by_id(key.clone())
        .one(&batch.tx)
        .await;
    if let Some(known) = found.map_err(|e| batch.trouble(e))? {
        let age_ms = row.at.saturating_sub(known.at);
        let forgotten = age_ms > KEPT_MS || (known.status.is_none() && age_ms > DEAD_AFTER_MS);
        if !forgotten {
            if known.hash != row.hash {
                return Ok(Begun::Mismatch);
            }
            let Some(status) = known.status else {
                return Ok(Begun::InProgress);
            };
            let status = u16::try_from(status).map_err(|e| unreadable("a kept answer", e))?;
            return Ok(Begun::Replay {
                status,
                body: known.body.unwrap_or_default(),
            });
        }
    }
    let old = row.at.saturating_sub(KEPT_MS);
    request::Entity::delete_many()
        .filter(request::Column::At.lt(old))
        .exec(&batch.tx)
        .await
        .map_err(|e| batch.trouble(e))?;
    request::Entity::delete_by_id(key)
        .exec(&batch.tx)
        .await
        .map_err(|e| batch.trouble(e))?;
    request::Entity::insert(row.clone().into_active_model().reset_all())
        .exec_without_returning(&batch.tx)
        .await
        .map_err(|e| batch.trouble(e))?;
    Ok(Begun::New)
}

async fn finish(batch: &mut Batch, row: &request::Model) -> Result<(), StoreError> {
    request::Entity::update_many()
        .col_expr(request::Column::Status, Expr::value(row.status))
        .col_expr(request::Column::Body, Expr::value(row.body.clone()))
        .filter(request::Column::Id.eq(&row.id))
        .filter(request::Column::Route.eq(&row.route))
        .filter(request::Column::Actor.eq(&row.actor))
        .exec(&batch.tx)
        .await
        .map(drop)
        .map_err(|e| batch.trouble(e))
}
