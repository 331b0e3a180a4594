//! A rollout in each state and an input of each kind, for the table.

use super::{
    Command, Ending, Event, Input, Pause, Rollout, Said, Status, Waiting, What, create, evolve,
};
use crate::plan::{Action, Group, Plan, Role, Routes};
use crate::planner::{Capabilities, Request, plan};
use crate::spec::{ApprovalRule, CanarySettings, Environment};
use crate::{
    Actor, AppName, Digest, EnvName, Figures, GroupName, Health, Histogram, Observation,
    ObservedGroup, ObservedInstance, ReleaseNumber, RolloutId, Strategy, Time, Version,
};
use std::collections::BTreeMap;
use std::sync::Arc;

const LITERAL: &str = "a literal that keeps the rules of its type";
const START: Time = Time(1_000_000);

/// A canary over two weights. Steps: 0 start, 1 healthy, 2 half the traffic, 3 judge; 4 approval
/// (where asked for), then grow, healthy, all the traffic, judge; keep; route, drain and retire.
fn specimen(approval: ApprovalRule, first: bool) -> Plan {
    let app = AppName::new("site").expect(LITERAL);
    let name = EnvName::new("prod").expect(LITERAL);
    let digest = |digit: &str| Digest::new(format!("sha256:{}", digit.repeat(64))).expect(LITERAL);
    let canary = CanarySettings {
        weights: vec![50, 100],
        pause_ms: 1_000,
        baseline: false,
        approval,
        retain_ms: 1_000,
        ..CanarySettings::default()
    };
    let env = Environment {
        name: name.clone(),
        cloud: "local".to_owned(),
        listen: ([127, 0, 0, 1], 8080).into(),
        instances: 2,
        health: Default::default(),
        limits: Default::default(),
        approval: ApprovalRule::None,
        drift: Default::default(),
        canary,
        blue_green: Default::default(),
        rolling: Default::default(),
        ab: Default::default(),
    };
    let from = Group {
        name: GroupName::numbered(&app, &name, 1),
        role: Role::Stable,
        image: digest("a"),
        version: Version::new("1.0.0").expect(LITERAL),
        release: ReleaseNumber(1),
        size: 2,
        template: Arc::default(),
    };
    let request = Request {
        app: &app,
        env: &env,
        strategy: Strategy::Canary,
        image: digest("b"),
        version: Version::new("2.0.0").expect(LITERAL),
        release: ReleaseNumber(2),
        next_group: 2,
        from: (!first).then_some(from),
        capabilities: Capabilities::ALL,
    };
    plan(&request).expect("an image that is not live, on a cloud that can do everything")
}

fn person(name: &str) -> Actor {
    Actor::new(name).expect(LITERAL)
}

fn created(plan: Plan, needs_approval: bool) -> Rollout {
    let what = What::Created {
        plan: Box::new(plan),
        needs_approval,
    };
    let event = Event {
        at: START,
        by: person("ada"),
        what,
    };
    create(RolloutId(1), &event).expect("the first event creates")
}

fn after(rollout: &Rollout, whats: impl IntoIterator<Item = What>) -> Rollout {
    let by = Actor::engine();
    let events = whats.into_iter().map(|what| Event {
        at: START,
        by: by.clone(),
        what,
    });
    events.fold(rollout.clone(), |state, event| evolve(state, &event))
}

/// A rollout in each state, with its name. Where a state answers differently by what it waits for,
/// there are several.
pub(super) fn states() -> Vec<(&'static str, Rollout)> {
    let new = created(specimen(ApprovalRule::None, false), false);
    let guarded = created(specimen(ApprovalRule::AnotherPerson, false), false);
    let first = created(specimen(ApprovalRule::None, true), false);
    let at = |rollout: &Rollout, wanted: fn(&Action) -> bool, nth: usize| {
        let mut found = rollout
            .plan
            .steps()
            .enumerate()
            .filter(|(_, (_, step))| wanted(&step.action));
        let step = found.nth(nth).map_or(0, |(step, _)| step);
        let shifted = rollout
            .plan
            .steps()
            .position(|(_, s)| matches!(s.action, Action::SetTraffic { .. }));
        let started = |step| What::StepStarted {
            step,
            figures: BTreeMap::new(),
        };
        let path = shifted
            .filter(|s| *s < step)
            .into_iter()
            .chain([step])
            .map(started);
        after(
            rollout,
            [What::Admitted { plan: None }].into_iter().chain(path),
        )
    };
    let judging = at(&new, |a| matches!(a, Action::Analyze { .. }), 0);
    let paused = |pause| after(&judging, [What::Paused { pause }]);
    let keeping = at(&new, |a| matches!(a, Action::Retain { .. }), 0);
    let returning = |ending| What::Returning {
        why: "errors".to_owned(),
        ending,
    };
    let failed = || What::Failed {
        problem: "the cloud denies it".to_owned(),
    };
    let approval = at(&guarded, |a| matches!(a, Action::Pause { .. }), 0);
    vec![
        (
            "pending_approval",
            created(specimen(ApprovalRule::None, false), true),
        ),
        ("pending", new.clone()),
        (
            "in_progress, starting",
            at(&new, |a| matches!(a, Action::Provision { .. }), 0),
        ),
        (
            "in_progress, shifting",
            at(&new, |a| matches!(a, Action::SetTraffic { .. }), 0),
        ),
        ("in_progress, judging", judging.clone()),
        (
            "in_progress, judging before an approval",
            at(&guarded, |a| matches!(a, Action::Analyze { .. }), 0),
        ),
        (
            "in_progress, first rollout",
            at(&first, |a| matches!(a, Action::Provision { .. }), 0),
        ),
        (
            "paused for an approval",
            after(
                &approval,
                [What::Paused {
                    pause: Pause::Approval,
                }],
            ),
        ),
        (
            "paused without a verdict",
            paused(Pause::Inconclusive { n: 3, needed: 50 }),
        ),
        (
            "paused by a person",
            paused(Pause::Person { by: person("ada") }),
        ),
        (
            "paused by the cloud",
            paused(Pause::Throttled {
                message: "too many calls".to_owned(),
            }),
        ),
        (
            "promoting",
            at(&new, |a| matches!(a, Action::Resize { .. }), 0),
        ),
        (
            "promoting, judging",
            at(&new, |a| matches!(a, Action::Analyze { .. }), 1),
        ),
        ("soaking, keeping the old group", keeping.clone()),
        (
            "soaking, retiring the old group",
            at(&new, |a| matches!(a, Action::Retire { .. }), 0),
        ),
        (
            "rolling_back",
            after(&judging, [returning(Ending::RolledBack)]),
        ),
        (
            "rolling_back, cancelled",
            after(&judging, [returning(Ending::Cancelled)]),
        ),
        ("succeeded", after(&keeping, [What::Succeeded])),
        (
            "rejected",
            after(
                &new,
                [What::Rejected {
                    why: "not today".to_owned(),
                }],
            ),
        ),
        (
            "cancelled",
            after(
                &new,
                [What::Ended {
                    ending: Ending::Cancelled,
                }],
            ),
        ),
        (
            "rolled_back",
            after(
                &judging,
                [
                    returning(Ending::RolledBack),
                    What::Ended {
                        ending: Ending::RolledBack,
                    },
                ],
            ),
        ),
        (
            "failed",
            after(&judging, [returning(Ending::RolledBack), failed()]),
        ),
    ]
}

/// An input of each kind, with its name.
pub(super) fn inputs(rollout: &Rollout) -> Vec<(&'static str, Input)> {
    let at = rollout.step_since;
    let said = || Said {
        by: person("grace"),
        at,
        step: None,
    };
    let mut all: Vec<_> = Command::ALL
        .into_iter()
        .map(|command| {
            (
                command.as_str(),
                Input::Said {
                    command,
                    said: said(),
                },
            )
        })
        .collect();
    let own = Said {
        by: rollout.started_by.clone(),
        at,
        step: None,
    };
    let elsewhere = Said {
        step: Some(rollout.step + 1),
        ..said()
    };
    let frozen = Waiting::FreezeWindow { until: None };
    all.extend([
        (
            "promote by the asker",
            Input::Said {
                command: Command::Promote,
                said: own,
            },
        ),
        (
            "promote another step",
            Input::Said {
                command: Command::Promote,
                said: elsewhere,
            },
        ),
        ("admitted", Input::Admit { at, plan: None }),
        (
            "told to wait",
            Input::Wait {
                at,
                waiting: frozen,
            },
        ),
        (
            "seen: nothing new",
            Input::Observed(seen(rollout, Look::Unchanged)),
        ),
        (
            "seen: goal reached",
            Input::Observed(seen(rollout, Look::Reached)),
        ),
        (
            "seen: too few requests",
            Input::Observed(seen(rollout, Look::Silent)),
        ),
        ("seen: too late", Input::Observed(seen(rollout, Look::Late))),
        (
            "seen: new group down",
            Input::Observed(seen(rollout, Look::Down)),
        ),
        (
            "effect refused",
            Input::EffectRefused {
                at,
                problem: "denied".to_owned(),
            },
        ),
        (
            "throttled",
            Input::Throttled {
                at,
                message: "too many calls".to_owned(),
            },
        ),
    ]);
    all
}

#[derive(Clone, Copy, PartialEq)]
enum Look {
    Unchanged,
    Reached,
    Silent,
    Late,
    Down,
}

fn seen(rollout: &Rollout, look: Look) -> Observation {
    let plan = &rollout.plan;
    let position = rollout.step;
    let done = if look == Look::Unchanged || look == Look::Late {
        position
    } else {
        position + 1
    };
    let home = plan
        .from
        .as_ref()
        .map_or_else(Routes::default, |from| Routes::all_on(&from.name));
    let mut routes = home.clone();
    let (mut size, mut retired) = (0, false);
    for (_, step) in plan.steps().take(done) {
        match &step.action {
            Action::SetTraffic { routes: next } => routes.clone_from(next),
            Action::Provision { size: n, .. } => size = *n,
            Action::Resize { group, size: n } if *group == plan.to.name => size = *n,
            Action::Retire { .. } => retired = true,
            Action::Resize { .. }
            | Action::AwaitHealthy { .. }
            | Action::Pause { .. }
            | Action::Analyze { .. }
            | Action::Drain { .. }
            | Action::Retain { .. } => {}
        }
    }
    if rollout.status == Status::RollingBack && look == Look::Reached {
        (size, routes) = (0, home);
    }
    let requests = if look == Look::Reached { 1_000 } else { 0 };
    let health = if look == Look::Down {
        Health::Degraded
    } else {
        Health::Healthy
    };
    let waited_ms = match look {
        Look::Unchanged => 0,
        Look::Reached | Look::Silent | Look::Down => 30_000,
        Look::Late => 100_000_000,
    };
    let old = plan
        .from
        .iter()
        .filter(|_| !retired)
        .map(|from| group(from, from.size, Health::Healthy, requests));
    let new = (size > 0).then(|| group(&plan.to, size, health, requests));
    let groups = old
        .chain(new)
        .map(|g| ObservedGroup {
            weight: routes.weight(&g.name),
            ..g
        })
        .collect();
    Observation {
        at: rollout.step_since.plus_ms(waited_ms),
        groups,
        routes,
    }
}

fn group(group: &Group, size: u32, health: Health, requests: u64) -> ObservedGroup {
    let instance = |n| ObservedInstance {
        id: format!("{}-{n}", group.name),
        health,
        image: group.image.clone(),
        address: String::new(),
        since: START,
        reason: None,
        drift: Vec::new(),
    };
    ObservedGroup {
        name: group.name.clone(),
        image: group.image.clone(),
        size,
        instances: (0..size).map(instance).collect(),
        weight: 0,
        share: None,
        in_flight: 0,
        figures: Figures {
            requests,
            errors: 0,
            latency: Histogram([(1_000, requests)].into()),
        },
        restarts: if health == Health::Degraded { size } else { 0 },
        broken: None,
    }
}
