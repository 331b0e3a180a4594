//! Sessions, API tokens and one-time sign-in links. Each is known by the hash of its secret; the
//! secret itself never gets here.

use crate::Store;
use crate::batch::Batch;
use crate::entity::{login, session, token};
use crate::environments::{json, unreadable};
use crate::error::StoreError;
use crate::model::{Login, Session, TokenRecord};
use domain::{Actor, Time};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, ModelTrait, QueryFilter,
    QueryOrder,
};

impl Store {
    /// Signs a person in.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn save_session(
        &self,
        hash: &str,
        actor: &Actor,
        role: &str,
        expires_at: Time,
    ) -> Result<(), StoreError> {
        let row = session::Model {
            hash: hash.to_owned(),
            actor: actor.to_string(),
            role: role.to_owned(),
            expires_at: expires_at.0,
        };
        self.inner
            .writer
            .write(row, |batch, row| Box::pin(save_session(batch, row)))
            .await
    }

    /// The session of a cookie, until it expires.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn session(&self, hash: &str, now: Time) -> Result<Option<Session>, StoreError> {
        let found = session::Entity::find_by_id(hash).one(self.reader()).await;
        let found = found
            .map_err(|e| self.trouble(e))?
            .filter(|row| row.expires_at > now.0);
        found
            .map(|row| {
                let actor = Actor::new(&row.actor).map_err(|e| unreadable("a session", e))?;
                Ok(Session {
                    actor,
                    role: row.role,
                    expires_at: Time(row.expires_at),
                })
            })
            .transpose()
    }

    /// Signs out.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn remove_session(&self, hash: &str) -> Result<(), StoreError> {
        self.inner
            .writer
            .write(hash.to_owned(), |batch, hash| {
                Box::pin(async move {
                    let done = session::Entity::delete_by_id(hash).exec(&batch.tx).await;
                    done.map(drop).map_err(|e| batch.trouble(e))
                })
            })
            .await
    }

    /// Remembers an API token.
    ///
    /// # Errors
    /// [`StoreError::TokenTaken`] where another has this name.
    pub async fn save_token(
        &self,
        name: &str,
        hash: &str,
        role: &str,
        scopes: &[String],
        expires_at: Option<Time>,
    ) -> Result<(), StoreError> {
        let row = token::Model {
            hash: hash.to_owned(),
            name: name.to_owned(),
            role: role.to_owned(),
            scopes: json("a token's scopes", &scopes)?,
            expires_at: expires_at.map(|at| at.0),
        };
        self.inner
            .writer
            .write(row, |batch, row| Box::pin(save_token(batch, row)))
            .await
    }

    /// What a token may do, until it expires.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn token(&self, hash: &str, now: Time) -> Result<Option<TokenRecord>, StoreError> {
        let found = token::Entity::find_by_id(hash).one(self.reader()).await;
        let found = found.map_err(|e| self.trouble(e))?;
        found
            .filter(|row| row.expires_at.is_none_or(|at| at > now.0))
            .map(as_token)
            .transpose()
    }

    /// Every token by name, expired ones too.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn tokens(&self) -> Result<Vec<TokenRecord>, StoreError> {
        let rows = token::Entity::find()
            .order_by_asc(token::Column::Name)
            .all(self.reader())
            .await;
        rows.map_err(|e| self.trouble(e))?
            .into_iter()
            .map(as_token)
            .collect()
    }

    /// Takes a token away. `false` where there was none of this name.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn remove_token(&self, name: &str) -> Result<bool, StoreError> {
        self.inner
            .writer
            .write(name.to_owned(), |batch, name| {
                Box::pin(async move {
                    let done = token::Entity::delete_many()
                        .filter(token::Column::Name.eq(name))
                        .exec(&batch.tx)
                        .await;
                    done.map(|done| done.rows_affected > 0)
                        .map_err(|e| batch.trouble(e))
                })
            })
            .await
    }

    /// Makes a one-time sign-in link good until it expires.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn save_login(
        &self,
        hash: &str,
        actor: &Actor,
        role: &str,
        expires_at: Time,
    ) -> Result<(), StoreError> {
        let row = login::Model {
            hash: hash.to_owned(),
            actor: actor.to_string(),
            role: role.to_owned(),
            expires_at: expires_at.0,
        };
        self.inner
            .writer
            .write(row, |batch, row| Box::pin(save_login(batch, row)))
            .await
    }

    /// Uses a sign-in link up: of any number of callers one gets an answer, the others `None`.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn take_login(&self, hash: &str, now: Time) -> Result<Option<Login>, StoreError> {
        let key = (hash.to_owned(), now);
        self.inner
            .writer
            .write(key, |batch, (hash, now)| {
                Box::pin(take_login(batch, hash, *now))
            })
            .await
    }
}

async fn save_session(batch: &mut Batch, row: &session::Model) -> Result<(), StoreError> {
    use session::Column as C;
    let rest = [C::Actor, C::Role, C::ExpiresAt];
    session::Entity::insert(row.clone().into_active_model().reset_all())
        .on_conflict(OnConflict::column(C::Hash).update_columns(rest).to_owned())
        .exec_without_returning(&batch.tx)
        .await
        .map(drop)
        .map_err(|e| batch.trouble(e))
}

async fn save_token(batch: &mut Batch, row: &token::Model) -> Result<(), StoreError> {
    let same = token::Entity::find()
        .filter(token::Column::Name.eq(&row.name))
        .one(&batch.tx)
        .await;
    if let Some(same) = same.map_err(|e| batch.trouble(e))?
        && same != *row
    {
        return Err(StoreError::TokenTaken {
            name: row.name.clone(),
        });
    }
    use token::Column as C;
    let rest = [C::Name, C::Role, C::Scopes, C::ExpiresAt];
    token::Entity::insert(row.clone().into_active_model().reset_all())
        .on_conflict(OnConflict::column(C::Hash).update_columns(rest).to_owned())
        .exec_without_returning(&batch.tx)
        .await
        .map(drop)
        .map_err(|e| batch.trouble(e))
}

async fn save_login(batch: &mut Batch, row: &login::Model) -> Result<(), StoreError> {
    use login::Column as C;
    let rest = [C::Actor, C::Role, C::ExpiresAt];
    login::Entity::insert(row.clone().into_active_model().reset_all())
        .on_conflict(OnConflict::column(C::Hash).update_columns(rest).to_owned())
        .exec_without_returning(&batch.tx)
        .await
        .map(drop)
        .map_err(|e| batch.trouble(e))
}

async fn take_login(batch: &mut Batch, hash: &str, now: Time) -> Result<Option<Login>, StoreError> {
    let found = login::Entity::find_by_id(hash).one(&batch.tx).await;
    let Some(row) = found.map_err(|e| batch.trouble(e))? else {
        return Ok(None);
    };
    let actor = Actor::new(&row.actor).map_err(|e| unreadable("a sign-in link", e))?;
    let login = (row.expires_at > now.0).then(|| Login {
        actor,
        role: row.role.clone(),
    });
    row.delete(&batch.tx).await.map_err(|e| batch.trouble(e))?;
    Ok(login)
}

fn as_token(row: token::Model) -> Result<TokenRecord, StoreError> {
    let scopes = serde_json::from_str(&row.scopes).map_err(|e| unreadable("a token", e))?;
    let expires_at = row.expires_at.map(Time);
    Ok(TokenRecord {
        name: row.name,
        role: row.role,
        scopes,
        expires_at,
    })
}
