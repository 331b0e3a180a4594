//! What can be said to a rollout, and how it refuses.

use super::state::{Rollout, Waiting};
use super::{What, decide};
use crate::plan::Plan;
use crate::{Actor, Observation, Time};
use serde::{Deserialize, Serialize};

/// The verbs a person has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Command {
    /// Approve, decide, or end the current wait.
    Promote,
    Pause,
    Resume,
    Rollback,
    Cancel,
    /// Decline a rollout that waits for approval.
    Reject,
}

impl Command {
    pub const ALL: [Self; 6] = [
        Self::Promote,
        Self::Pause,
        Self::Resume,
        Self::Rollback,
        Self::Cancel,
        Self::Reject,
    ];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Promote => "promote",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Rollback => "rollback",
            Self::Cancel => "cancel",
            Self::Reject => "reject",
        }
    }
}

/// Who said it, when, and which step they were looking at.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    pub by: Actor,
    pub at: Time,
    /// The step on the speaker's screen. Where the rollout has moved on, the command is refused: a
    /// second click does not promote twice.
    pub step: Option<usize>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    Said {
        command: Command,
        said: Said,
    },
    /// The environment is free; `plan` where it had to be made anew.
    Admit {
        at: Time,
        plan: Option<Box<Plan>>,
    },
    /// It cannot begin yet.
    Wait {
        at: Time,
        waiting: Waiting,
    },
    /// The cloud was read.
    Observed(Observation),
    /// The cloud refused an effect for good: trying again will not help.
    EffectRefused {
        at: Time,
        problem: String,
    },
    /// The cloud asked for patience.
    Throttled {
        at: Time,
        message: String,
    },
}

/// A command that cannot be taken now, with why and what to do instead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{why}; {remedy}")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Refused {
    pub why: String,
    pub remedy: String,
}

impl Refused {
    pub(super) fn new(why: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            why: why.into(),
            remedy: remedy.into(),
        }
    }
}

/// One verb and whether it can be used now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ActionOffer {
    pub name: Command,
    pub allowed: bool,
    /// Why not; empty when allowed.
    pub why: String,
}

/// Every verb, as the machine itself would answer it now to `by`.
#[must_use]
pub fn actions(rollout: &Rollout, by: &Actor, at: Time) -> Vec<ActionOffer> {
    Command::ALL
        .into_iter()
        .map(|name| {
            let said = Said {
                by: by.clone(),
                at,
                step: None,
            };
            let answer = decide(
                rollout,
                &Input::Said {
                    command: name,
                    said,
                },
            );
            let why = match &answer {
                Err(refused) => refused.to_string(),
                Ok(events) if events.is_empty() => "it is so already".to_owned(),
                Ok(_) => String::new(),
            };
            ActionOffer {
                name,
                allowed: why.is_empty(),
                why,
            }
        })
        .collect()
}

pub(super) fn event(said: &Said, what: What) -> super::Event {
    super::Event {
        at: said.at,
        by: said.by.clone(),
        what,
    }
}
