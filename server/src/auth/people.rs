//! Sessions, tokens and one-time links: made here, kept hashed in the store.

use super::secret::{Secret, hash};
use super::{GrantSpec, Role, Scope};
use crate::world::of_store;
use app::backend::{Answer, Problem, ProblemKind, Viewer};
use domain::{Actor, Time};
use engine::SharedClock;
use store::{Login, Session, Store, Taken, TokenRecord};

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
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) viewer: Viewer,
    pub(super) credential: Credential,
}

/// What somebody proved it with.
#[derive(Clone, Debug)]
pub(crate) struct Credential {
    /// Empty allows all that the roles allow.
    pub(crate) scopes: Vec<String>,
    /// The hash of the token it is or comes from.
    pub(crate) via: Option<String>,
}

/// What came of opening a sign-in link.
pub(super) enum Opened {
    Session(String, Actor),
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
                credential: Credential {
                    scopes: record.scopes,
                    via: Some(record.hash),
                },
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
        }))
    }

    /// Uses a one-time link up.
    pub(super) async fn open_session(&self, link: &str) -> Answer<Opened> {
        let now = self.clock.now();
        let taken = self.store.take_login(&hash(link), now).await;
        let login = match taken.map_err(of_store)? {
            Taken::Now(login) => login,
            Taken::Before => return Ok(Opened::UsedBefore),
            Taken::Late => return Ok(Opened::TooLate),
            Taken::Unknown => return Ok(Opened::Unknown),
        };
        if let Some(via) = &login.via
            && self
                .store
                .token(via, now)
                .await
                .map_err(of_store)?
                .is_none()
        {
            return Ok(Opened::TooLate);
        }
        let secret = Secret::new("").map_err(no_randomness)?;
        let session = Session {
            actor: login.actor,
            grants: login.grants,
            via: login.via,
            expires_at: self.in_ms(SESSION_MS),
        };
        let saved = self.store.save_session(&secret.hash(), &session).await;
        saved.map_err(of_store)?;
        self.record("signed_in", &session.actor).await?;
        Ok(Opened::Session(secret.reveal(), session.actor))
    }

    pub(super) async fn close_session(&self, secret: &str) -> Answer<()> {
        self.store
            .remove_session(&hash(secret))
            .await
            .map_err(of_store)
    }

    /// The path of a one-time link for whoever runs this process.
    pub(crate) async fn owners_link(&self) -> Answer<String> {
        let grants = [GrantSpec::everywhere(Role::Admin)];
        self.link(self.owner.clone(), &grants, None).await
    }

    /// A one-time link's path.
    pub(crate) async fn link(
        &self,
        actor: Actor,
        grants: &[GrantSpec],
        via: Option<String>,
    ) -> Answer<String> {
        let secret = Secret::new("").map_err(no_randomness)?;
        let login = Login {
            actor,
            grants: stored(grants),
            via,
        };
        let until = self.in_ms(LINK_MS);
        let saved = self.store.save_login(&secret.hash(), &login, until).await;
        saved.map_err(of_store)?;
        Ok(format!("/sign-in/{}", secret.reveal()))
    }

    /// A new API token; the only time it is told.
    pub(crate) async fn issue(
        &self,
        name: &str,
        grants: &[GrantSpec],
        scopes: &[Scope],
        days: u32,
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
        self.store.save_token(&token).await.map_err(of_store)?;
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
            self.store.remove_token(&old.hash).await.map_err(of_store)?;
        }
        let secret = Secret::new("vir_").map_err(no_randomness)?;
        let token = TokenRecord {
            hash: secret.hash(),
            name: LOCAL_TOKEN.to_owned(),
            grants: stored(&[GrantSpec::everywhere(Role::Admin)]),
            scopes: Vec::new(),
            expires_at: Some(self.in_ms(LOCAL_TOKEN_MS)),
        };
        self.store.save_token(&token).await.map_err(of_store)?;
        Ok(secret.reveal())
    }

    async fn record(&self, kind: &str, by: &Actor) -> Answer<()> {
        let event = store::AdminEvent {
            at: self.clock.now(),
            by: by.clone(),
            kind: kind.to_owned(),
            target: None,
            detail: serde_json::json!({}),
        };
        self.store.record(event).await.map(drop).map_err(of_store)
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
