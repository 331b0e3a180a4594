//! What has happened to a rollout: the journal's content. Old events are read for ever, so a kind
//! is only ever added, and a field only with a default.

use super::state::{Ending, Pause, Waiting};
use crate::gate::Verdict;
use crate::plan::Plan;
use crate::{Actor, Figures, GroupName, Time};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    pub at: Time,
    pub by: Actor,
    #[serde(flatten)]
    pub what: What,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum What {
    /// Asked for, with its whole plan.
    Created {
        plan: Box<Plan>,
        needs_approval: bool,
    },
    Approved,
    Rejected {
        why: String,
    },
    /// Not yet, and why.
    Waits {
        waiting: Waiting,
    },
    /// It owns its environment now. A new plan where what runs had changed since it was asked for.
    Admitted {
        plan: Option<Box<Plan>>,
    },
    StepStarted {
        step: usize,
        figures: BTreeMap<GroupName, Figures>,
    },
    StepDone {
        step: usize,
        note: String,
    },
    Judged {
        group: GroupName,
        verdict: Verdict,
    },
    Paused {
        pause: Pause,
    },
    Resumed,
    /// Instances of the new group ended by themselves: so many since the group began.
    InstancesEnded {
        group: GroupName,
        total: u32,
    },
    /// Somebody ended the wait of a step.
    Promoted {
        step: usize,
    },
    /// It goes back, and why.
    Returning {
        why: String,
        ending: Ending,
    },
    /// The old group alone serves again.
    TrafficReturned,
    Ended {
        ending: Ending,
    },
    Succeeded,
    Failed {
        problem: String,
    },
}

impl What {
    /// One word for lists and filters.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Created { .. } => "created",
            Self::Approved => "approved",
            Self::Rejected { .. } => "rejected",
            Self::Waits { .. } => "waits",
            Self::Admitted { .. } => "admitted",
            Self::StepStarted { .. } => "step_started",
            Self::StepDone { .. } => "step_done",
            Self::Judged { .. } => "judged",
            Self::Paused { .. } => "paused",
            Self::Resumed => "resumed",
            Self::InstancesEnded { .. } => "instances_ended",
            Self::Promoted { .. } => "promoted",
            Self::Returning { .. } => "returning",
            Self::TrafficReturned => "traffic_returned",
            Self::Ended { .. } => "ended",
            Self::Succeeded => "succeeded",
            Self::Failed { .. } => "failed",
        }
    }
}
