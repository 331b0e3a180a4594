//! The state of a rollout: folded from its events, never stored as truth of its own.

use super::ends::Ends;
use crate::gate::Verdict;
use crate::plan::{Phase, Plan, Step};
use crate::{Actor, Figures, GroupName, RolloutId, Time};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq)]
pub struct Rollout {
    pub id: RolloutId,
    pub plan: Arc<Plan>,
    pub status: Status,
    pub started_by: Actor,
    pub created_at: Time,
    /// When it was admitted to its environment.
    pub admitted_at: Option<Time>,
    pub ended_at: Option<Time>,
    /// Flat position in the plan's steps.
    pub step: usize,
    pub step_since: Time,
    /// Cumulative figures of each group when the current step began: a gate's window starts there.
    pub step_figures: BTreeMap<GroupName, Figures>,
    /// The same when the new group first got traffic: what is watched over the whole rollout.
    pub first_figures: Option<BTreeMap<GroupName, Figures>>,
    /// The step that a person promoted and the engine has not yet finished.
    pub promoted: Option<usize>,
    pub judgement: Option<Judgement>,
    /// Instances of the new group that ended by themselves since it began, as far as was seen.
    pub ends_total: u32,
    /// Those of the last while, oldest first.
    pub ends: Vec<Ends>,
    /// Steps that are over, in order.
    pub done: Vec<StepRecord>,
    pub going_back: Option<Return>,
}

/// Where a rollout stands. `Pending` and `Paused` say why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Status {
    PendingApproval,
    Pending { waiting: Waiting },
    InProgress,
    Paused { pause: Pause },
    Promoting,
    Soaking,
    Succeeded,
    Rejected { why: String },
    Cancelled,
    RollingBack,
    RolledBack,
    Failed { problem: String },
}

/// Why a rollout has not begun.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum Waiting {
    /// Just created; the engine has not looked yet.
    Admission,
    /// Another rollout of the environment is active.
    Queue {
        behind: RolloutId,
    },
    FreezeWindow {
        until: Option<Time>,
    },
    EnvironmentLock {
        by: Actor,
    },
    ImageNotReady {
        why: String,
    },
    /// The plan cannot be made now.
    Unplannable {
        why: String,
    },
}

/// Why a rollout stands still.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum Pause {
    Approval,
    /// Too few requests for a verdict. Ends by itself as soon as they came.
    Inconclusive {
        n: u64,
        needed: u64,
    },
    Person {
        by: Actor,
    },
    Throttled {
        message: String,
    },
}

/// What a gate said of a group, and when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    pub at: Time,
    pub group: GroupName,
    pub verdict: Verdict,
}

/// A step that is over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepRecord {
    pub step: usize,
    pub since: Time,
    pub until: Time,
    pub note: String,
}

/// A rollout on its way back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Return {
    pub since: Time,
    pub by: Actor,
    pub why: String,
    pub ending: Ending,
    /// When the routing in force was observed to be the old group's alone.
    pub traffic_back_at: Option<Time>,
}

/// How a rollout that goes back will have ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    RolledBack,
    Cancelled,
}

impl Status {
    /// As the API spells it.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::PendingApproval => "pending_approval",
            Self::Pending { .. } => "pending",
            Self::InProgress => "in_progress",
            Self::Paused { .. } => "paused",
            Self::Promoting => "promoting",
            Self::Soaking => "soaking",
            Self::Succeeded => "succeeded",
            Self::Rejected { .. } => "rejected",
            Self::Cancelled => "cancelled",
            Self::RollingBack => "rolling_back",
            Self::RolledBack => "rolled_back",
            Self::Failed { .. } => "failed",
        }
    }

    /// Nothing more happens by itself.
    #[must_use]
    pub fn is_terminal(&self) -> bool {
        match self {
            Self::Succeeded
            | Self::Rejected { .. }
            | Self::Cancelled
            | Self::RolledBack
            | Self::Failed { .. } => true,
            Self::PendingApproval
            | Self::Pending { .. }
            | Self::InProgress
            | Self::Paused { .. }
            | Self::Promoting
            | Self::Soaking
            | Self::RollingBack => false,
        }
    }

    /// It owns its environment: others wait.
    #[must_use]
    pub fn is_active(&self) -> bool {
        match self {
            Self::InProgress
            | Self::Paused { .. }
            | Self::Promoting
            | Self::Soaking
            | Self::RollingBack => true,
            Self::PendingApproval
            | Self::Pending { .. }
            | Self::Succeeded
            | Self::Rejected { .. }
            | Self::Cancelled
            | Self::RolledBack
            | Self::Failed { .. } => false,
        }
    }

    /// The typed reason as one word, where there is one.
    #[must_use]
    pub fn reason(&self) -> Option<&'static str> {
        Some(match self {
            Self::PendingApproval => "approval",
            Self::Pending { waiting } => match waiting {
                Waiting::Admission => "admission",
                Waiting::Queue { .. } => "queue",
                Waiting::FreezeWindow { .. } => "freeze_window",
                Waiting::EnvironmentLock { .. } => "environment_lock",
                Waiting::ImageNotReady { .. } => "image_not_ready",
                Waiting::Unplannable { .. } => "unplannable",
            },
            Self::Paused { pause } => match pause {
                Pause::Approval => "approval",
                Pause::Inconclusive { .. } => "inconclusive",
                Pause::Person { .. } => "person",
                Pause::Throttled { .. } => "throttled",
            },
            Self::Failed { .. } => "failed",
            Self::Rejected { .. } => "rejected",
            Self::InProgress
            | Self::Promoting
            | Self::Soaking
            | Self::Succeeded
            | Self::Cancelled
            | Self::RollingBack
            | Self::RolledBack => return None,
        })
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::PendingApproval => "waits for approval",
            Self::Pending { .. } => "waiting",
            Self::InProgress => "in progress",
            Self::Paused {
                pause: Pause::Approval,
            } => "waits for approval",
            Self::Paused {
                pause: Pause::Inconclusive { .. },
            } => "no verdict yet",
            Self::Paused {
                pause: Pause::Person { .. } | Pause::Throttled { .. },
            } => "paused",
            Self::Promoting => "promoting",
            Self::Soaking => "soaking",
            Self::Succeeded => "succeeded",
            Self::Rejected { .. } => "rejected",
            Self::Cancelled => "cancelled",
            Self::RollingBack => "rolling back",
            Self::RolledBack => "rolled back",
            Self::Failed { .. } => "failed",
        })
    }
}

impl Rollout {
    /// The step it is at, with its phase; `None` once all are done.
    #[must_use]
    pub fn current(&self) -> Option<(&Phase, &Step)> {
        self.plan.step(self.step)
    }

    /// The figures of `group` in the current step alone.
    #[must_use]
    pub fn window(&self, group: &GroupName, now: &Figures) -> Figures {
        self.step_figures
            .get(group)
            .map_or_else(|| now.clone(), |then| now.since(then))
    }

    /// The figures of `group` since it first got traffic in this rollout.
    #[must_use]
    pub fn since_first(&self, group: &GroupName, now: &Figures) -> Figures {
        match self
            .first_figures
            .as_ref()
            .and_then(|first| first.get(group))
        {
            Some(then) => now.since(then),
            None => now.clone(),
        }
    }
}
