//! A rollout's immutable plan: phases of steps, computed before anything is done.

use crate::gate::Gate;
use crate::spec::{Header, HealthCheck, Limits};
use crate::{Digest, GroupName, ReleaseNumber, RolloutId, Target, Version};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

mod change;
mod text;

pub use change::Change;
pub use text::duration;

/// How server groups are replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Strategy {
    BlueGreen,
    Canary,
    Rolling,
    Ab,
}

impl Strategy {
    pub const ALL: [Self; 4] = [Self::BlueGreen, Self::Canary, Self::Rolling, Self::Ab];

    /// As the command line and the API spell it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BlueGreen => "blue-green",
            Self::Canary => "canary",
            Self::Rolling => "rolling",
            Self::Ab => "ab",
        }
    }
}

/// What a server group is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Role {
    Stable,
    Canary,
    Baseline,
    Preview,
    Variant,
    Retained,
    Retired,
}

impl Role {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stable => "stable",
            Self::Canary => "canary",
            Self::Baseline => "baseline",
            Self::Preview => "preview",
            Self::Variant => "variant",
            Self::Retained => "retained",
            Self::Retired => "retired",
        }
    }
}

/// Everything needed to create a server group, now or again years later.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Group {
    pub name: GroupName,
    pub role: Role,
    pub image: Digest,
    pub version: Version,
    pub release: ReleaseNumber,
    /// Instances when it stands alone.
    pub size: u32,
    #[cfg_attr(feature = "openapi", schema(value_type = Template))]
    pub template: Arc<Template>,
}

/// How instances of a group are run, apart from their image.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Template {
    pub health: HealthCheck,
    pub limits: Limits,
    /// Where traffic reaches the group; while two releases are there, both their addresses are open.
    /// `None` in releases that were made before it was part of them.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub listen: Option<SocketAddr>,
}

/// The plan of one rollout. Carrying it out makes no new choice of what, only of whether and when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Plan {
    pub strategy: Strategy,
    pub target: Target,
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub listen: SocketAddr,
    /// The group that serves now, and to which a rollback returns. `None` in an empty environment.
    pub from: Option<Group>,
    /// The group of the new release.
    pub to: Group,
    /// A group of the old image beside the canary, for a fair comparison.
    pub baseline: Option<Group>,
    /// Watched from the first shifted request to the last step.
    pub gate: Option<Gate>,
    /// Who may approve, of the start and of a step alike: the stricter of what the environment and
    /// the strategy say.
    pub approval: crate::spec::ApprovalRule,
    /// The finished rollout that this one takes back.
    #[serde(default)]
    pub undoes: Option<RolloutId>,
    pub phases: Vec<Phase>,
}

/// A stretch of the plan that belongs together on the screen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Phase {
    pub kind: PhaseKind,
    pub name: String,
    pub steps: Vec<Step>,
}

/// What a phase is to the rollout's status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum PhaseKind {
    Prepare,
    Shift,
    Promote,
    Soak,
    Retire,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Step {
    pub action: Action,
    /// After this long without reaching its goal the step has failed; `None` waits for ever.
    pub timeout_ms: Option<u64>,
    pub inverse: Inverse,
}

/// What a step wants to be true. A step is done when an observation shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Action {
    /// The group exists with this many instances, healthy or not yet.
    Provision { group: GroupName, size: u32 },
    /// This many instances of the group pass their health check.
    AwaitHealthy { group: GroupName, size: u32 },
    /// The routing in force is this one.
    SetTraffic { routes: Routes },
    /// Time has passed, or a person said so.
    Pause { until: Until },
    /// The figures of `group` keep the gate, after at least `window_ms`.
    Analyze {
        group: GroupName,
        gate: Gate,
        window_ms: u64,
    },
    /// The group has this many instances, those that leave drained before.
    Resize { group: GroupName, size: u32 },
    /// The group answers nothing any more.
    Drain { group: GroupName },
    /// The old group stands by for an instant return.
    Retain { group: GroupName, for_ms: u64 },
    /// The group is gone.
    Retire { group: GroupName },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "wait", rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Until {
    Elapsed {
        ms: u64,
    },
    /// Somebody approves.
    Approval,
    /// The experiment is decided, by a person or after `at_most_ms`.
    Decision {
        at_most_ms: Option<u64>,
    },
}

/// What takes a step back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "undo", rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Inverse {
    /// The step changes nothing.
    Nothing,
    Retire {
        group: GroupName,
    },
    SetTraffic {
        routes: Routes,
    },
    Resize {
        group: GroupName,
        size: u32,
    },
    /// The group is created again from its image.
    Provision {
        group: GroupName,
    },
}

/// How an environment's traffic is shared out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Routes {
    /// Percent by group; they sum to 100, or there is no group. A group of weight 0 is known to
    /// the routing (for preview, for its visitors) but gets no new traffic.
    #[cfg_attr(feature = "openapi", schema(value_type = std::collections::HashMap<String, u32>))]
    pub weights: BTreeMap<GroupName, u32>,
    /// Requests that carry `x-viridian-group: NAME` reach that group whatever its weight.
    pub preview: Option<GroupName>,
    /// Visitors stay with the group they first met.
    pub sticky: Option<Sticky>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Sticky {
    /// Assign by a stable hash of this request header where it is there.
    pub unit_header: Option<String>,
    /// Requests with this header go to this group.
    pub pinned: Option<(Header, GroupName)>,
}

impl Routes {
    /// All traffic on one group.
    #[must_use]
    pub fn all_on(group: &GroupName) -> Self {
        Self {
            weights: [(group.clone(), 100)].into(),
            ..Self::default()
        }
    }

    #[must_use]
    pub fn of<'a>(weights: impl IntoIterator<Item = (&'a GroupName, u32)>) -> Self {
        let weights = weights
            .into_iter()
            .map(|(name, weight)| (name.clone(), weight))
            .collect();
        Self {
            weights,
            ..Self::default()
        }
    }

    #[must_use]
    pub fn weight(&self, group: &GroupName) -> u32 {
        self.weights.get(group).copied().unwrap_or(0)
    }

    /// Whether the weights make a whole: 100, or no group at all.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.weights.is_empty() || self.weights.values().sum::<u32>() == 100
    }
}

impl Plan {
    /// The steps in order, over all phases.
    pub fn steps(&self) -> impl Iterator<Item = (&Phase, &Step)> {
        self.phases
            .iter()
            .flat_map(|phase| phase.steps.iter().map(move |step| (phase, step)))
    }

    /// The step at a flat position.
    #[must_use]
    pub fn step(&self, position: usize) -> Option<(&Phase, &Step)> {
        self.steps().nth(position)
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.phases.iter().map(|phase| phase.steps.len()).sum()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Every group the plan names.
    pub fn groups(&self) -> impl Iterator<Item = &Group> {
        self.from.iter().chain(&self.baseline).chain([&self.to])
    }

    #[must_use]
    pub fn group(&self, name: &GroupName) -> Option<&Group> {
        self.groups().find(|group| &group.name == name)
    }

    /// Milliseconds that the plan waits on purpose, from first step to last.
    #[must_use]
    pub fn declared_wait_ms(&self) -> u64 {
        self.steps()
            .map(|(_, step)| step.action.declared_wait_ms())
            .sum()
    }

    /// Instance-milliseconds beyond the group that serves now, over the declared waits: what the
    /// rollout costs in capacity. Start and health times come on top.
    #[must_use]
    pub fn extra_instance_ms(&self) -> u64 {
        let usual = self.from.as_ref().map_or(self.to.size, |from| from.size);
        let mut sizes: BTreeMap<&GroupName, u32> = self
            .from
            .iter()
            .map(|from| (&from.name, from.size))
            .collect();
        let mut total = 0;
        for (_, step) in self.steps() {
            match &step.action {
                Action::Provision { group, size } | Action::Resize { group, size } => {
                    sizes.insert(group, *size);
                }
                Action::Retire { group } => {
                    sizes.remove(group);
                }
                Action::AwaitHealthy { .. }
                | Action::SetTraffic { .. }
                | Action::Pause { .. }
                | Action::Analyze { .. }
                | Action::Drain { .. }
                | Action::Retain { .. } => {}
            }
            let extra = sizes.values().sum::<u32>().saturating_sub(usual);
            total += u64::from(extra) * step.action.declared_wait_ms();
        }
        total
    }
}

impl Action {
    /// How long the step waits although everything went well at once.
    #[must_use]
    pub fn declared_wait_ms(&self) -> u64 {
        match self {
            Self::Pause {
                until: Until::Elapsed { ms },
            } => *ms,
            Self::Pause {
                until: Until::Decision { at_most_ms },
            } => at_most_ms.unwrap_or(0),
            Self::Analyze { window_ms, .. } => *window_ms,
            Self::Retain { for_ms, .. } => *for_ms,
            Self::Pause {
                until: Until::Approval,
            }
            | Self::Provision { .. }
            | Self::AwaitHealthy { .. }
            | Self::SetTraffic { .. }
            | Self::Resize { .. }
            | Self::Drain { .. }
            | Self::Retire { .. } => 0,
        }
    }
}
