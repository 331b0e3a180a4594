//! What goes in and comes out.

use domain::rollout::{Event, Rollout, Status};
use domain::{
    Actor, AppName, Digest, EnvName, Environment, Group, GroupName, Plan, ReleaseNumber, RolloutId,
    Strategy, Target, Time, Version,
};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// A rollout to begin, planned for the counters in `expect`.
#[derive(Clone, Debug)]
pub struct NewRollout {
    pub plan: Plan,
    pub by: Actor,
    pub at: Time,
    pub needs_approval: bool,
    pub expect: Reserved,
}

/// The next free numbers of an environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reserved {
    pub next_group: u32,
    pub next_release: u32,
}

/// A rollout as its events make it.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    pub rollout: Rollout,
    /// How many events it has.
    pub seq: u64,
    /// When it wants to be looked at again.
    pub due_at: Option<Time>,
}

/// Events of one rollout to write after its first `expected_seq`.
#[derive(Clone, Debug)]
pub struct Append {
    pub id: RolloutId,
    pub expected_seq: u64,
    /// The lease under which it was decided; `None` for what needs no lease, like a person's word.
    pub fence: Option<Fence>,
    pub events: Vec<Event>,
    /// The state after the events.
    pub after: Rollout,
    pub due_at: Option<Time>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appended {
    /// How many events the rollout has now.
    pub seq: u64,
    /// The journal's number of the last of them.
    pub journal_seq: i64,
}

/// The epoch of a lease. It rises with every change of owner, so that what an earlier owner decided
/// late is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fence(pub u64);

/// Which rollouts to list; empty fields ask for all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RolloutQuery {
    pub app: Option<AppName>,
    pub env: Option<EnvName>,
    /// As [`Status::as_str`] spells them; any of these.
    pub states: Vec<String>,
    pub strategy: Option<Strategy>,
    pub unfinished_only: bool,
    pub cursor: Option<Cursor>,
    /// 50 for 0; at most 1,000.
    pub limit: u32,
}

/// Where the next page of a list begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor(pub(crate) i64);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this is not a cursor: pass `next` of the page before, unchanged, or leave it out")]
pub struct BadCursor;

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "before-{}", self.0)
    }
}

impl FromStr for Cursor {
    type Err = BadCursor;
    fn from_str(text: &str) -> Result<Self, BadCursor> {
        let id = text.strip_prefix("before-").and_then(|id| id.parse().ok());
        id.map(Self).ok_or(BadCursor)
    }
}

/// One line of a list of rollouts.
#[derive(Clone, Debug, PartialEq)]
pub struct RolloutRecord {
    pub id: RolloutId,
    pub app: AppName,
    pub env: EnvName,
    pub strategy: Strategy,
    pub status: Status,
    pub active: bool,
    /// Flat position of the step under way.
    pub step: usize,
    pub steps_total: usize,
    /// The group, version and image that were replaced; `None` for a first start.
    pub from: Option<(GroupName, Version, Digest)>,
    pub to: (GroupName, Version, Digest),
    pub release: ReleaseNumber,
    pub created_by: Actor,
    pub created_at: Time,
    pub admitted_at: Option<Time>,
    pub ended_at: Option<Time>,
    pub updated_at: Time,
    pub due_at: Option<Time>,
    /// How many events it has.
    pub seq: u64,
    /// The journal's number of the last of them.
    pub journal_seq: i64,
}

/// One entry of the journal.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Counts from 1 without gaps.
    pub seq: i64,
    pub rollout: Option<RolloutId>,
    /// Counts a rollout's events from 1; 0 for what belongs to no rollout.
    pub rollout_seq: u64,
    pub target: Option<Target>,
    pub at: Time,
    pub by: Actor,
    /// One word: `step_started`, `applied`, `signed_in`…
    pub kind: String,
    pub event: EntryEvent,
    /// Of this entry and, through the chain, of every one before; 64 hexadecimal digits.
    pub hash: String,
}

#[derive(Clone, Debug, PartialEq)]
pub enum EntryEvent {
    Rollout(Box<Event>),
    Admin(serde_json::Value),
}

/// Something that a person or a job did outside a rollout.
#[derive(Clone, Debug, PartialEq)]
pub struct AdminEvent {
    pub at: Time,
    pub by: Actor,
    pub kind: String,
    pub target: Option<Target>,
    pub detail: serde_json::Value,
}

/// How far [`crate::Store::verify`] has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    pub rows: i64,
    pub of: i64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verification {
    Sound {
        rows: i64,
        head_hash: String,
    },
    /// The first entry that is not as it was written.
    Broken {
        seq: i64,
        why: String,
    },
    /// Every entry is as it was written, and the lists show something else; the first difference.
    Differs {
        why: String,
    },
}

/// An environment as it was last applied, and what is remembered of it.
#[derive(Clone, Debug, PartialEq)]
pub struct EnvironmentRecord {
    pub app: AppName,
    pub spec: Environment,
    /// It is no longer part of its application: what runs is finished, nothing new begins.
    pub gone: bool,
    /// The group that serves, as the last finished rollout left it.
    pub stable: Option<Group>,
    pub stable_since: Option<Time>,
    /// The rollout that owns the environment.
    pub active: Option<RolloutId>,
    pub reserved: Reserved,
    pub hold: Option<Hold>,
    /// Newest first.
    pub vetoes: Vec<Veto>,
}

/// Why automation keeps off an environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    pub why: String,
    pub by: Actor,
    pub at: Time,
    pub rollout: Option<RolloutId>,
}

/// An image that may not be started in an environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Veto {
    pub digest: Digest,
    pub version: Version,
    pub why: String,
    pub by: Actor,
    pub at: Time,
    pub rollout: Option<RolloutId>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageRecord {
    pub digest: Digest,
    pub app: AppName,
    pub version: Version,
    pub parent: Option<Digest>,
    pub command: Vec<String>,
    pub baked_at: Time,
    pub baked_by: Actor,
    pub size_bytes: u64,
    pub files: u64,
    pub labels: Vec<(String, String)>,
}

/// A role, as its owner spells it, and where it counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    pub role: String,
    /// In every application without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app: Option<AppName>,
    /// In every environment without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub env: Option<EnvName>,
}

/// A signed-in person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pub actor: Actor,
    pub grants: Vec<Grant>,
    /// The hash of the token it comes from, if it comes from one.
    pub via: Option<String>,
    pub expires_at: Time,
}

/// An API token, without what it was hashed from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRecord {
    pub hash: String,
    pub name: String,
    pub grants: Vec<Grant>,
    /// What it may be used for; empty for all that its roles may.
    pub scopes: Vec<String>,
    pub expires_at: Option<Time>,
}

/// What a one-time sign-in link stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    pub actor: Actor,
    pub grants: Vec<Grant>,
    /// As of [`Session::via`].
    pub via: Option<String>,
}

/// A browser that comes with a sign-in link.
#[derive(Clone, Debug)]
pub struct Opening {
    /// The hash of the link.
    pub link: String,
    pub now: Time,
    /// The hash of the secret that the browser is given.
    pub session: String,
    pub expires_at: Time,
}

/// What came of using a sign-in link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taken {
    Now(Login),
    /// Somebody used it before.
    Before,
    /// Nobody used it in time.
    Late,
    /// There never was such a link, or it is long forgotten.
    Unknown,
}

/// What is known of a request that carries an idempotency key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begun {
    /// Never seen: carry it out, then say how it ended.
    New,
    /// It was carried out: answer the same again.
    Replay { status: u16, body: String },
    /// The key was used for another request.
    Mismatch,
    /// The same request is being carried out right now.
    InProgress,
}

/// What a back-up holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BackUp {
    pub bytes: u64,
    /// Journal entries in it.
    pub rows: u64,
}
