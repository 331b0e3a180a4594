//! Sessions, API tokens and one-time sign-in links. Each is known by the hash of its secret; the
//! secret itself never gets here.

use crate::Store;
use crate::batch::Batch;
use crate::entity::{login, session, token};
use crate::environments::{json, unreadable};
use crate::error::StoreError;
use crate::journal;
use crate::model::{AdminEvent, Grant, Login, Opening, Session, Taken, TokenRecord};
use domain::{Actor, Time};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel,
    QueryFilter, QueryOrder,
};

/// How long a sign-in link that is over can still be told from one that never was.
const REMEMBERED_MS: i64 = 7 * 24 * 3_600_000;
/// What the column `role` says of grants that end somewhere, to a version that reads nothing else.
const LEAST: &str = "viewer";

impl Store {
    /// What a sign-in link is good for now; it stays good.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn login(&self, link: &str, now: Time) -> Result<Taken, StoreError> {
        let found = find_login(self.reader(), link, now).await;
        match found.map_err(|e| self.trouble(e))? {
            Ok(row) => Ok(Taken::Now(as_login(&row)?)),
            Err(over) => Ok(over),
        }
    }

    /// Uses a sign-in link up, opens the session that it is for, and enters `signed_in` in the
    /// journal: all of it or nothing. Of any number of callers one is let in.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn open_session(&self, opening: Opening) -> Result<Taken, StoreError> {
        self.inner
            .writer
            .write(opening, |batch, opening| {
                Box::pin(open_session(batch, opening))
            })
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

    /// Signs out, and enters `signed_out` in the journal. `false` where there is no such session.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn close_session(&self, hash: &str, at: Time) -> Result<bool, StoreError> {
        self.inner
            .writer
            .write((hash.to_owned(), at), |batch, (hash, at)| {
                Box::pin(close_session(batch, hash, *at))
            })
            .await
    }

    /// Remembers an API token, and enters `event` in the journal with it.
    ///
    /// # Errors
    /// [`StoreError::TokenTaken`] where another has this name.
    pub async fn save_token(
        &self,
        token: &TokenRecord,
        event: Option<AdminEvent>,
    ) -> Result<(), StoreError> {
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
            .write((row, event), |batch, (row, event)| {
                Box::pin(save_token(batch, row, event.as_ref()))
            })
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
            .filter(|row| is_good(row, now))
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

    /// Takes a token away, and with it the sessions and links that come from it, and enters `event`
    /// in the journal. `false` where there is none; then nothing is entered.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn remove_token(
        &self,
        hash: &str,
        event: Option<AdminEvent>,
    ) -> Result<bool, StoreError> {
        self.inner
            .writer
            .write((hash.to_owned(), event), |batch, (hash, event)| {
                Box::pin(remove_token(batch, hash, event.as_ref()))
            })
            .await
    }

    /// Makes a one-time sign-in link good until it expires, and enters `event` in the journal with it.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn save_login(
        &self,
        hash: &str,
        login: &Login,
        expires_at: Time,
        event: Option<AdminEvent>,
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
            .write((row, event), |batch, (row, event)| {
                Box::pin(save_login(batch, row, event.as_ref()))
            })
            .await
    }
}

/// A link that can be used now; otherwise why it cannot.
async fn find_login(
    connection: &impl ConnectionTrait,
    link: &str,
    now: Time,
) -> Result<Result<login::Model, Taken>, DbErr> {
    let found = login::Entity::find_by_id(link).one(connection).await?;
    let Some(row) = found else {
        return Ok(Err(Taken::Unknown));
    };
    if row.used_at.is_some() {
        return Ok(Err(Taken::Before));
    }
    let mut good = row.expires_at > now.0;
    if let Some(via) = &row.via {
        let token = token::Entity::find_by_id(via).one(connection).await?;
        good &= token.is_some_and(|token| is_good(&token, now));
    }
    Ok(if good { Ok(row) } else { Err(Taken::Late) })
}

async fn open_session(batch: &mut Batch, opening: &Opening) -> Result<Taken, StoreError> {
    let now = opening.now;
    let found = find_login(&batch.tx, &opening.link, now).await;
    let row = match found.map_err(|e| batch.trouble(e))? {
        Ok(row) => row,
        Err(over) => return Ok(over),
    };
    let taken = as_login(&row)?;
    // Whoever changes the row from unused to used is the one who is let in, whatever was read before.
    let used = login::Entity::update_many()
        .col_expr(login::Column::UsedAt, Expr::value(now.0))
        .filter(login::Column::Hash.eq(&row.hash))
        .filter(login::Column::UsedAt.is_null())
        .exec(&batch.tx)
        .await
        .map_err(|e| batch.trouble(e))?;
    if used.rows_affected != 1 {
        return Ok(Taken::Before);
    }
    let session = session::Model {
        hash: opening.session.clone(),
        actor: row.actor,
        role: row.role,
        expires_at: opening.expires_at.0,
        grants: Some(json("a session's grants", &taken.grants)?),
        via: row.via,
    };
    session::Entity::insert(session.into_active_model().reset_all())
        .exec_without_returning(&batch.tx)
        .await
        .map_err(|e| batch.trouble(e))?;
    enter(batch, "signed_in", &taken.actor, now)?;
    Ok(Taken::Now(taken))
}

async fn close_session(batch: &mut Batch, hash: &str, at: Time) -> Result<bool, StoreError> {
    let found = session::Entity::find_by_id(hash).one(&batch.tx).await;
    let Some(row) = found.map_err(|e| batch.trouble(e))? else {
        return Ok(false);
    };
    let actor = Actor::new(&row.actor).map_err(|e| unreadable("a session", e))?;
    session::Entity::delete_by_id(hash)
        .exec(&batch.tx)
        .await
        .map_err(|e| batch.trouble(e))?;
    enter(batch, "signed_out", &actor, at)?;
    Ok(true)
}

fn enter(batch: &mut Batch, kind: &str, by: &Actor, at: Time) -> Result<(), StoreError> {
    let event = AdminEvent {
        at,
        by: by.clone(),
        kind: kind.to_owned(),
        target: None,
        detail: serde_json::json!({}),
    };
    journal::enter(batch, event).map(drop)
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

async fn save_token(
    batch: &mut Batch,
    row: &token::Model,
    event: Option<&AdminEvent>,
) -> Result<(), StoreError> {
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
        .map_err(|e| batch.trouble(e))?;
    told(batch, event)
}

async fn remove_token(
    batch: &mut Batch,
    hash: &str,
    event: Option<&AdminEvent>,
) -> Result<bool, StoreError> {
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
    let gone = done.map_err(|e| batch.trouble(e))?.rows_affected > 0;
    told(batch, event.filter(|_| gone))?;
    Ok(gone)
}

/// Enters what a caller says of its own write, in the same transaction.
fn told(batch: &mut Batch, event: Option<&AdminEvent>) -> Result<(), StoreError> {
    match event {
        Some(event) => journal::enter(batch, event.clone()).map(drop),
        None => Ok(()),
    }
}

async fn save_login(
    batch: &mut Batch,
    row: &login::Model,
    event: Option<&AdminEvent>,
) -> Result<(), StoreError> {
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
        .map_err(|e| batch.trouble(e))?;
    told(batch, event)
}

fn as_login(row: &login::Model) -> Result<Login, StoreError> {
    Ok(Login {
        actor: Actor::new(&row.actor).map_err(|e| unreadable("a sign-in link", e))?,
        grants: grants("a sign-in link", &row.role, row.grants.as_deref())?,
        via: row.via.clone(),
    })
}

fn is_good(token: &token::Model, now: Time) -> bool {
    token.expires_at.is_none_or(|at| at > now.0)
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
