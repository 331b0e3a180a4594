//! The planner: from what is asked and what runs to an immutable [`Plan`].
//!
//! One file a strategy; each says its phases in the order in which they happen.

use crate::plan::{
    Action, Group, Inverse, Phase, PhaseKind, Plan, Role, Routes, Step, Strategy, Template, Until,
};
use crate::spec::{ApprovalRule, Environment};
use crate::{AppName, Digest, GroupName, ReleaseNumber, Target, Version};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

mod ab;
mod blue_green;
mod canary;
mod rolling;
#[cfg(test)]
mod tests;

/// How long traffic may take to be in force before the step counts as failed.
const TRAFFIC_TIMEOUT_MS: u64 = 60_000;
/// How long last requests may take before a group is stopped all the same.
pub const DRAIN_TIMEOUT_MS: u64 = 30_000;
/// How long a cloud may take to make instances exist at all.
const PROVISION_TIMEOUT_MS: u64 = 600_000;

/// What is asked of the planner.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    pub app: &'a AppName,
    pub env: &'a Environment,
    pub strategy: Strategy,
    pub image: Digest,
    pub version: Version,
    pub release: ReleaseNumber,
    /// The first free group number of the environment; a plan uses at most two.
    pub next_group: u32,
    /// The group that serves now.
    pub from: Option<Group>,
    pub capabilities: Capabilities,
}

/// What a cloud can do. A plan that needs more is refused before anything starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Capabilities {
    /// Traffic can be shared out by weight.
    pub weights: bool,
    /// A visitor can be kept on one group.
    pub sticky: bool,
    /// Requests can be routed by a header.
    pub headers: bool,
}

impl Capabilities {
    pub const ALL: Self = Self {
        weights: true,
        sticky: true,
        headers: true,
    };
}

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    #[error(
        "{version} ({digest}) is what {target} runs already, as it is declared: there is nothing to replace"
    )]
    AlreadyLive {
        target: Target,
        version: Version,
        digest: Digest,
    },
    #[error("the cloud {cloud:?} cannot {lacks}, which {strategy} needs: use {instead}")]
    Unsupported {
        cloud: String,
        strategy: Strategy,
        lacks: &'static str,
        instead: &'static str,
    },
    #[error(
        "{target} would need {needed} instances at once, more than the {limit} that one rollout may run: lower `instances`"
    )]
    TooLarge {
        target: Target,
        needed: u64,
        limit: u64,
    },
}

const MAX_INSTANCES: u64 = 2_000;

/// Computes the whole plan.
///
/// # Errors
/// When the image is live already, the cloud lacks what the strategy needs, or it would be too large.
pub fn plan(request: &Request<'_>) -> Result<Plan, PlanError> {
    let target = Target {
        app: request.app.clone(),
        env: request.env.name.clone(),
    };
    if let Some(from) = &request.from
        && from.image == request.image
        // How a group was configured that was only found is not known.
        && from.release != ReleaseNumber::FOUND
        && from.behind(request.env).is_empty()
    {
        let (version, digest) = (request.version.clone(), request.image.clone());
        return Err(PlanError::AlreadyLive {
            target,
            version,
            digest,
        });
    }
    check_capabilities(request)?;
    let needed = u64::from(request.env.instances) * 2 + 2;
    if needed > MAX_INSTANCES {
        return Err(PlanError::TooLarge {
            target,
            needed,
            limit: MAX_INSTANCES,
        });
    }
    let draft = Draft::new(request, target);
    Ok(match (&request.from, request.strategy) {
        (None, _) => draft.first(),
        (Some(from), Strategy::BlueGreen) => blue_green::compile(draft, from),
        (Some(from), Strategy::Canary) => canary::compile(draft, from),
        (Some(from), Strategy::Rolling) => rolling::compile(draft, from),
        (Some(from), Strategy::Ab) => ab::compile(draft, from),
    })
}

fn check_capabilities(request: &Request<'_>) -> Result<(), PlanError> {
    let can = request.capabilities;
    let lacks = match request.strategy {
        Strategy::Canary | Strategy::Rolling | Strategy::Ab if !can.weights => {
            "share traffic out by weight"
        }
        Strategy::Ab if !can.sticky => "keep a visitor on one variant",
        Strategy::Canary | Strategy::Rolling | Strategy::Ab | Strategy::BlueGreen => return Ok(()),
    };
    let (cloud, strategy) = (request.env.cloud.clone(), request.strategy);
    Err(PlanError::Unsupported {
        cloud,
        strategy,
        lacks,
        instead: "blue-green",
    })
}

/// A plan in the making.
struct Draft<'a> {
    request: &'a Request<'a>,
    plan: Plan,
}

impl<'a> Draft<'a> {
    fn new(request: &'a Request<'a>, target: Target) -> Self {
        let env = request.env;
        let (gate, role) = match request.strategy {
            Strategy::BlueGreen => (env.blue_green.gate(), Role::Preview),
            Strategy::Canary => (env.canary.gate(), Role::Canary),
            Strategy::Rolling => (env.rolling.gate(), Role::Canary),
            Strategy::Ab => (env.ab.gate(), Role::Variant),
        };
        let to = Group {
            name: GroupName::numbered(request.app, &env.name, request.next_group),
            role,
            image: request.image.clone(),
            version: request.version.clone(),
            release: request.release,
            size: env.instances,
            template: Arc::new(Template::of(env)),
        };
        let plan = Plan {
            strategy: request.strategy,
            target,
            listen: env.listen,
            from: request.from.clone(),
            to,
            baseline: None,
            gate,
            approval: env.approval,
            undoes: None,
            phases: Vec::new(),
        };
        Self { request, plan }
    }

    fn env(&self) -> &'a Environment {
        self.request.env
    }

    fn to(&self) -> GroupName {
        self.plan.to.name.clone()
    }

    fn phase(&mut self, kind: PhaseKind, name: impl Into<String>, steps: Vec<Step>) {
        if !steps.is_empty() {
            self.plan.phases.push(Phase {
                kind,
                name: name.into(),
                steps,
            });
        }
    }

    fn finish(self) -> Plan {
        self.plan
    }

    /// An empty environment: the group starts, proves itself and serves. Nothing to compare with.
    fn first(mut self) -> Plan {
        self.plan.gate = None;
        let (to, size) = (self.to(), self.plan.to.size);
        let start = self.start(&to, size);
        self.phase(PhaseKind::Prepare, "Start", start);
        let serve = set_traffic(Routes::all_on(&to), Routes::default());
        self.phase(PhaseKind::Promote, "Serve", vec![serve]);
        self.finish()
    }

    /// Create a group and wait until it proves itself.
    fn start(&self, group: &GroupName, size: u32) -> Vec<Step> {
        let provision = Step {
            action: Action::Provision {
                group: group.clone(),
                size,
            },
            timeout_ms: Some(PROVISION_TIMEOUT_MS),
            inverse: Inverse::Retire {
                group: group.clone(),
            },
        };
        vec![provision, self.await_healthy(group, size)]
    }

    fn await_healthy(&self, group: &GroupName, size: u32) -> Step {
        Step {
            action: Action::AwaitHealthy {
                group: group.clone(),
                size,
            },
            timeout_ms: Some(self.env().health.start_timeout_ms),
            inverse: Inverse::Nothing,
        }
    }

    /// Judge the new group for at least `window_ms`; without a gate, just let the time pass.
    fn judge(&self, window_ms: u64) -> Option<Step> {
        match &self.plan.gate {
            Some(gate) => Some(waiting(Action::Analyze {
                group: self.to(),
                gate: gate.clone(),
                window_ms,
            })),
            None => pause(window_ms),
        }
    }

    fn approval(&mut self, rule: ApprovalRule) -> Option<Step> {
        self.plan.approval = self.plan.approval.max(rule);
        (rule != ApprovalRule::None).then(|| {
            waiting(Action::Pause {
                until: Until::Approval,
            })
        })
    }

    /// Keep the old group for a while, then let it go.
    fn retain_and_retire(&mut self, from: &Group, retain_ms: u64) {
        let old = from.name.clone();
        let inverse = Inverse::Provision { group: old.clone() };
        if retain_ms > 0 {
            let keep = waiting(Action::Retain {
                group: old.clone(),
                for_ms: retain_ms,
            });
            self.phase(PhaseKind::Soak, "Soak", vec![keep]);
        }
        // What the plan has reached by then, sticky visitors included.
        let reached = self.plan.phases.iter().flat_map(|phase| &phase.steps).rev();
        let before = reached.into_iter().find_map(|step| match &step.action {
            Action::SetTraffic { routes } => Some(routes.clone()),
            _ => None,
        });
        let before = before.unwrap_or_else(|| Routes::all_on(&old));
        let out = set_traffic(Routes::all_on(&self.to()), before);
        let steps = vec![
            out,
            drain(&old),
            Step {
                inverse,
                ..retire(&old)
            },
        ];
        self.phase(PhaseKind::Retire, "Retire the old group", steps);
    }
}

fn waiting(action: Action) -> Step {
    Step {
        action,
        timeout_ms: None,
        inverse: Inverse::Nothing,
    }
}

fn pause(ms: u64) -> Option<Step> {
    (ms > 0).then(|| {
        waiting(Action::Pause {
            until: Until::Elapsed { ms },
        })
    })
}

fn set_traffic(routes: Routes, before: Routes) -> Step {
    Step {
        action: Action::SetTraffic { routes },
        timeout_ms: Some(TRAFFIC_TIMEOUT_MS),
        inverse: Inverse::SetTraffic { routes: before },
    }
}

fn resize(group: &GroupName, size: u32, before: u32) -> Step {
    Step {
        action: Action::Resize {
            group: group.clone(),
            size,
        },
        timeout_ms: Some(PROVISION_TIMEOUT_MS),
        inverse: Inverse::Resize {
            group: group.clone(),
            size: before,
        },
    }
}

fn drain(group: &GroupName) -> Step {
    Step {
        action: Action::Drain {
            group: group.clone(),
        },
        timeout_ms: Some(DRAIN_TIMEOUT_MS),
        inverse: Inverse::Nothing,
    }
}

fn retire(group: &GroupName) -> Step {
    Step {
        inverse: Inverse::Provision {
            group: group.clone(),
        },
        ..waiting(Action::Retire {
            group: group.clone(),
        })
    }
}
