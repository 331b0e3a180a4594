//! Sessions, API tokens and one-time sign-in links. Each is known by the hash of its secret; the
//! secret itself never gets here.

use crate::Store;
use crate::batch::Batch;
use crate::entity::{login, session, token};
use crate::environments::{json, unreadable};
use crate::error::StoreError;
use crate::model::{Grant, Login, Session, Taken, TokenRecord};
use domain::{Actor, Time};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
};

/// How long a sign-in link that is over can still be told from one that never was.
const REMEMBERED_MS: i64 = 7 * 24 * 3_600_000;
/// What the column `role` says of grants that end somewhere, to a version that reads nothing else.
const LEAST: &str = "viewer";

impl Store {
    /// Signs a person in, or prolongs that.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn save_session(&self, hash: &str, session: &Session) -> Result<(), StoreError> {
        let row = session::Model {
            hash: hash.to_owned(),
            actor: session.actor.to_string(),
            role: role(&session.grants),
            expires_at: session.expires_at.0,
            grants: Some(json("a session's grants", &session.grants)?),
            via: session.via.clone(),
        };
        self.inner
            .writer
            .write(row, |batch, row| Box::pin(save_session(batch, row)))
            .await
    }

    /// Lets a session last longer; one that was ended meanwhile stays ended.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn prolong_session(&self, hash: &str, until: Time) -> Result<(), StoreError> {
        let prolonged = (hash.to_owned(), until);
        self.inner
            .writer
            .write(prolonged, |batch, prolonged| {
                Box::pin(prolong_session(batch, prolonged))
            })
            .await
    }

    /// The session of a cookie, until it expires, or the token it comes from does or is removed.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn session(&self, hash: &str, now: Time) -> Result<Option<Session>, StoreError> {
        let found = session::Entity::find_by_id(hash).one(self.reader()).await;
        let found = found
            .map_err(|e| self.trouble(e))?
            .filter(|row| row.expires_at > now.0);
        let Some(row) = found else { return Ok(None) };
        if let Some(via) = &row.via
            && self.token(via, now).await?.is_none()
        {
            return Ok(None);
        }
        Ok(Some(Session {
            actor: Actor::new(&row.actor).map_err(|e| unreadable("a session", e))?,
            grants: grants("a session", &row.role, row.grants.as_deref())?,
            via: row.via,
            expires_at: Time(row.expires_at),
        }))
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
    pub async fn save_token(&self, token: &TokenRecord) -> Result<(), StoreError> {
        let row = token::Model {
            hash: token.hash.clone(),
            name: token.name.clone(),
            role: role(&token.grants),
            scopes: json("a token's scopes", &token.scopes)?,
            expires_at: token.expires_at.map(|at| at.0),
            grants: Some(json("a token's grants", &token.grants)?),
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

    /// The token of a name, expired or not.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn token_named(&self, name: &str) -> Result<Option<TokenRecord>, StoreError> {
        let found = token::Entity::find()
            .filter(token::Column::Name.eq(name))
            .one(self.reader())
            .await;
        found
            .map_err(|e| self.trouble(e))?
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

    /// Takes a token away, and with it the sessions that come from it. `false` where there is none.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn remove_token(&self, hash: &str) -> Result<bool, StoreError> {
        self.inner
            .writer
            .write(hash.to_owned(), |batch, hash| {
                Box::pin(remove_token(batch, hash))
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
        login: &Login,
        expires_at: Time,
    ) -> Result<(), StoreError> {
        let row = login::Model {
            hash: hash.to_owned(),
            actor: login.actor.to_string(),
            role: role(&login.grants),
            expires_at: expires_at.0,
            grants: Some(json("a sign-in link's grants", &login.grants)?),
            via: login.via.clone(),
            used_at: None,
        };
        self.inner
            .writer
            .write(row, |batch, row| Box::pin(save_login(batch, row)))
            .await
    }

    /// Uses a sign-in link up: of any number of callers one is let in.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn take_login(&self, hash: &str, now: Time) -> Result<Taken, StoreError> {
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
    let rest = [C::Actor, C::Role, C::ExpiresAt, C::Grants, C::Via];
    session::Entity::insert(row.clone().into_active_model().reset_all())
        .on_conflict(OnConflict::column(C::Hash).update_columns(rest).to_owned())
        .exec_without_returning(&batch.tx)
        .await
        .map(drop)
        .map_err(|e| batch.trouble(e))
}

async fn prolong_session(
    batch: &mut Batch,
    (hash, until): &(String, Time),
) -> Result<(), StoreError> {
    session::Entity::update_many()
        .col_expr(session::Column::ExpiresAt, until.0.into())
        .filter(session::Column::Hash.eq(hash))
        .exec(&batch.tx)
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
    let rest = [C::Name, C::Role, C::Scopes, C::ExpiresAt, C::Grants];
    token::Entity::insert(row.clone().into_active_model().reset_all())
        .on_conflict(OnConflict::column(C::Hash).update_columns(rest).to_owned())
        .exec_without_returning(&batch.tx)
        .await
        .map(drop)
        .map_err(|e| batch.trouble(e))
}

async fn remove_token(batch: &mut Batch, hash: &str) -> Result<bool, StoreError> {
    session::Entity::delete_many()
        .filter(session::Column::Via.eq(hash))
        .exec(&batch.tx)
        .await
        .map_err(|e| batch.trouble(e))?;
    login::Entity::delete_many()
        .filter(login::Column::Via.eq(hash))
        .exec(&batch.tx)
        .await
        .map_err(|e| batch.trouble(e))?;
    let done = token::Entity::delete_by_id(hash).exec(&batch.tx).await;
    done.map(|done| done.rows_affected > 0)
        .map_err(|e| batch.trouble(e))
}

async fn save_login(batch: &mut Batch, row: &login::Model) -> Result<(), StoreError> {
    // Each new link is the occasion to forget those that ended long before it was made.
    login::Entity::delete_many()
        .filter(login::Column::ExpiresAt.lt(row.expires_at - REMEMBERED_MS))
        .exec(&batch.tx)
        .await
        .map_err(|e| batch.trouble(e))?;
    use login::Column as C;
    let rest = [
        C::Actor,
        C::Role,
        C::ExpiresAt,
        C::Grants,
        C::Via,
        C::UsedAt,
    ];
    login::Entity::insert(row.clone().into_active_model().reset_all())
        .on_conflict(OnConflict::column(C::Hash).update_columns(rest).to_owned())
        .exec_without_returning(&batch.tx)
        .await
        .map(drop)
        .map_err(|e| batch.trouble(e))
}

async fn take_login(batch: &mut Batch, hash: &str, now: Time) -> Result<Taken, StoreError> {
    let found = login::Entity::find_by_id(hash).one(&batch.tx).await;
    let Some(row) = found.map_err(|e| batch.trouble(e))? else {
        return Ok(Taken::Unknown);
    };
    if row.used_at.is_some() {
        return Ok(Taken::Before);
    }
    if row.expires_at <= now.0 {
        return Ok(Taken::Late);
    }
    let taken = Login {
        actor: Actor::new(&row.actor).map_err(|e| unreadable("a sign-in link", e))?,
        grants: grants("a sign-in link", &row.role, row.grants.as_deref())?,
        via: row.via.clone(),
    };
    login::Entity::update_many()
        .filter(login::Column::Hash.eq(&row.hash))
        .set(
            login::Model {
                used_at: Some(now.0),
                ..row
            }
            .into_active_model()
            .reset_all(),
        )
        .exec(&batch.tx)
        .await
        .map_err(|e| batch.trouble(e))?;
    Ok(Taken::Now(taken))
}

fn as_token(row: token::Model) -> Result<TokenRecord, StoreError> {
    Ok(TokenRecord {
        grants: grants("a token", &row.role, row.grants.as_deref())?,
        scopes: serde_json::from_str(&row.scopes).map_err(|e| unreadable("a token", e))?,
        expires_at: row.expires_at.map(Time),
        hash: row.hash,
        name: row.name,
    })
}

/// What a row gives. One from before there were grants has a role that counts everywhere.
fn grants(what: &str, role: &str, stored: Option<&str>) -> Result<Vec<Grant>, StoreError> {
    match stored {
        Some(stored) => serde_json::from_str(stored).map_err(|e| unreadable(what, e)),
        None => Ok(vec![Grant {
            role: role.to_owned(),
            app: None,
            env: None,
        }]),
    }
}

/// What is certainly not more than the grants give, for who reads the role alone.
fn role(grants: &[Grant]) -> String {
    grants
        .iter()
        .find(|grant| grant.app.is_none() && grant.env.is_none())
        .map_or_else(|| LEAST.to_owned(), |grant| grant.role.clone())
}
