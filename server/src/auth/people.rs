//! Sessions, tokens and one-time links: made here, kept hashed in the store.

use super::secret::{Secret, hash};
use super::{GrantSpec, Role, Scope, Seal};
use crate::world::of_store;
use app::backend::{Answer, Problem, ProblemKind, Viewer};
use domain::{Actor, Time};
use engine::SharedClock;
use store::{AdminEvent, Login, Opening, Store, Taken, TokenRecord};

const HOUR_MS: u64 = 3_600_000;
/// How long a session lasts after its last use.
pub(super) const SESSION_MS: u64 = 12 * HOUR_MS;
/// How often a session in use is prolonged: not with every request.
const PROLONG_MS: u64 = HOUR_MS / 2;
const LINK_MS: u64 = HOUR_MS;
/// How long the token in the data folder lasts; every start renews it long before.
const LOCAL_TOKEN_MS: u64 = 365 * 24 * HOUR_MS;
pub(crate) const TOKEN_DAYS_MAX: u32 = 3_650;
/// The name of the token in the data folder, of which there is one.
const LOCAL_TOKEN: &str = "local";

/// Who may come in.
#[derive(Clone)]
pub(crate) struct People {
    store: Store,
    clock: SharedClock,
    /// What the local token's user is called in the journal.
    owner: Actor,
}

/// Somebody who proved who they are.
#[derive(Clone)]
pub(super) struct Known {
    pub(super) viewer: Viewer,
    pub(super) credential: Credential,
    pub(super) seal: Seal,
    pub(super) proof: Proof,
}

/// What is looked up again to know whether somebody may still listen: the hash of a secret.
#[derive(Clone, Debug)]
pub(crate) enum Proof {
    Token(String),
    Session(String),
}

/// What somebody proved it with.
#[derive(Clone, Debug)]
pub(crate) struct Credential {
    /// Empty allows all that the roles allow.
    pub(crate) scopes: Vec<String>,
    /// The hash of the token it is or comes from.
    pub(crate) via: Option<String>,
}

/// Why a sign-in link lets nobody in.
pub(super) enum NoWayIn {
    UsedBefore,
    TooLate,
    Unknown,
}

impl People {
    pub(crate) fn new(store: Store, clock: SharedClock) -> Self {
        Self {
            store,
            clock,
            owner: owner(),
        }
    }

    fn in_ms(&self, ms: u64) -> Time {
        self.clock.now().plus_ms(ms)
    }

    /// Who a bearer token stands for.
    pub(super) async fn of_token(&self, token: &str) -> Answer<Option<Known>> {
        let found = self
            .store
            .token(&hash(token), self.clock.now())
            .await
            .map_err(of_store)?;
        Ok(found.map(|record| {
            let local = record.name == LOCAL_TOKEN;
            let actor = if local {
                self.owner.clone()
            } else {
                actor(&record.name)
            };
            Known {
                viewer: viewer(actor, &record.grants),
                proof: Proof::Token(record.hash.clone()),
                credential: Credential {
                    scopes: record.scopes,
                    via: Some(record.hash),
                },
                seal: Seal::of(token),
            }
        }))
    }

    /// Who a session cookie stands for; sliding.
    pub(super) async fn of_session(&self, secret: &str) -> Answer<Option<Known>> {
        let now = self.clock.now();
        let key = hash(secret);
        let Some(session) = self.store.session(&key, now).await.map_err(of_store)? else {
            return Ok(None);
        };
        if session.expires_at.since_ms(now) < SESSION_MS - PROLONG_MS {
            let until = self.in_ms(SESSION_MS);
            if let Err(error) = self.store.prolong_session(&key, until).await {
                tracing::warn!(%error, "a session could not be prolonged");
            }
        }
        Ok(Some(Known {
            viewer: viewer(session.actor, &session.grants),
            credential: Credential {
                scopes: Vec::new(),
                via: session.via,
            },
            seal: Seal::of(secret),
            proof: Proof::Session(key),
        }))
    }

    /// Whether what somebody once proved themselves with is still good. What cannot be looked up is not.
    pub(crate) async fn is_good(&self, proof: &Proof) -> bool {
        let now = self.clock.now();
        let found = match proof {
            Proof::Token(hash) => self
                .store
                .token(hash, now)
                .await
                .map(|found| found.is_some()),
            Proof::Session(hash) => self
                .store
                .session(hash, now)
                .await
                .map(|found| found.is_some()),
        };
        found.unwrap_or_else(|error| {
            tracing::warn!(%error, "a listener cannot be looked up, and is let go");
            false
        })
    }

    /// Whom a one-time link would sign in, and as what; it stays good.
    pub(super) async fn whose(&self, link: &str) -> Answer<Result<Viewer, NoWayIn>> {
        let found = self.store.login(&hash(link), self.clock.now()).await;
        Ok(way_in(found.map_err(of_store)?).map(|login| viewer(login.actor, &login.grants)))
    }

    /// Uses a one-time link up; the secret of the session it opens.
    pub(super) async fn open_session(
        &self,
        link: &str,
    ) -> Answer<Result<(String, Actor), NoWayIn>> {
        let secret = Secret::new("").map_err(no_randomness)?;
        let opening = Opening {
            link: hash(link),
            now: self.clock.now(),
            session: secret.hash(),
            expires_at: self.in_ms(SESSION_MS),
        };
        let taken = self.store.open_session(opening).await.map_err(of_store)?;
        Ok(way_in(taken).map(|login| (secret.reveal(), login.actor)))
    }

    pub(super) async fn close_session(&self, secret: &str) -> Answer<()> {
        let closed = self
            .store
            .close_session(&hash(secret), self.clock.now())
            .await;
        closed.map(drop).map_err(of_store)
    }

    /// The path of a one-time link for whoever runs this process.
    pub(crate) async fn owners_link(&self) -> Answer<String> {
        let grants = [GrantSpec::everywhere(Role::Admin)];
        self.link(self.owner.clone(), &grants, None, None).await
    }

    /// A one-time link's path. `event` enters the journal with it.
    pub(crate) async fn link(
        &self,
        actor: Actor,
        grants: &[GrantSpec],
        via: Option<String>,
        event: Option<AdminEvent>,
    ) -> Answer<String> {
        let secret = Secret::new("").map_err(no_randomness)?;
        let login = Login {
            actor,
            grants: stored(grants),
            via,
        };
        let until = self.in_ms(LINK_MS);
        let saved = self
            .store
            .save_login(&secret.hash(), &login, until, event)
            .await;
        saved.map_err(of_store)?;
        Ok(format!("/sign-in/{}", secret.reveal()))
    }

    /// A new API token; the only time it is told. `event` enters the journal with it.
    pub(crate) async fn issue(
        &self,
        name: &str,
        grants: &[GrantSpec],
        scopes: &[Scope],
        days: u32,
        event: AdminEvent,
    ) -> Answer<(String, Time)> {
        let secret = Secret::new("vir_").map_err(no_randomness)?;
        let until = self.in_ms(u64::from(days) * 24 * HOUR_MS);
        let token = TokenRecord {
            hash: secret.hash(),
            name: name.to_owned(),
            grants: stored(grants),
            scopes: scopes.iter().map(|s| s.as_str().to_owned()).collect(),
            expires_at: Some(until),
        };
        let saved = self.store.save_token(&token, Some(event)).await;
        saved.map_err(of_store)?;
        Ok((secret.reveal(), until))
    }

    /// The token of the data folder: the one that is there when it is good, a new one otherwise.
    pub(crate) async fn local_token(&self, there: Option<String>) -> Answer<String> {
        if let Some(token) = there
            && self
                .of_token(&token)
                .await?
                .is_some_and(|known| known.viewer.actor == self.owner)
        {
            return Ok(token);
        }
        let old = self.store.token_named(LOCAL_TOKEN).await;
        if let Some(old) = old.map_err(of_store)? {
            let removed = self.store.remove_token(&old.hash, None).await;
            removed.map_err(of_store)?;
        }
        let secret = Secret::new("vir_").map_err(no_randomness)?;
        let token = TokenRecord {
            hash: secret.hash(),
            name: LOCAL_TOKEN.to_owned(),
            grants: stored(&[GrantSpec::everywhere(Role::Admin)]),
            scopes: Vec::new(),
            expires_at: Some(self.in_ms(LOCAL_TOKEN_MS)),
        };
        let saved = self.store.save_token(&token, None).await;
        saved.map_err(of_store)?;
        Ok(secret.reveal())
    }
}

fn way_in(taken: Taken) -> Result<Login, NoWayIn> {
    match taken {
        Taken::Now(login) => Ok(login),
        Taken::Before => Err(NoWayIn::UsedBefore),
        Taken::Late => Err(NoWayIn::TooLate),
        Taken::Unknown => Err(NoWayIn::Unknown),
    }
}

fn viewer(actor: Actor, grants: &[store::Grant]) -> Viewer {
    let grants = grants.iter().map(|g| GrantSpec::stored(g).of_viewer());
    Viewer {
        actor,
        grants: grants.collect(),
    }
}

fn stored(grants: &[GrantSpec]) -> Vec<store::Grant> {
    grants.iter().map(GrantSpec::store).collect()
}

fn no_randomness(error: rand::rand_core::OsError) -> Problem {
    tracing::error!(%error, "the machine gives no randomness");
    Problem {
        kind: ProblemKind::Unavailable,
        detail: "the machine gives no randomness to make a secret of".to_owned(),
        remedy: "try again; look into the server's log".to_owned(),
        field: None,
    }
}

fn actor(name: &str) -> Actor {
    Actor::new(name).unwrap_or_else(|_| Actor::engine())
}

/// The user who runs this process.
fn owner() -> Actor {
    let name = ["VIRIDIAN_USER", "USER", "LOGNAME"]
        .iter()
        .find_map(|name| std::env::var(name).ok());
    name.and_then(|name| Actor::new(name).ok())
        .filter(|actor| *actor != Actor::engine())
        .or_else(|| Actor::new("owner").ok())
        .unwrap_or_else(Actor::engine)
}
