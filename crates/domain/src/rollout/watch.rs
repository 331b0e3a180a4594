//! What follows from an observation: steps that are done, gates that speak, groups that fail.

use super::answer::{by_engine, way_out};
use super::state::{Ending, Pause, Rollout, Status};
use super::{Event, What, ends, evolve};
use crate::gate::{Gate, Verdict, When};
use crate::plan::{Action, PhaseKind, Routes, Until, duration};
use crate::planner::DRAIN_TIMEOUT_MS;
use crate::{Figures, GroupName, Observation, ObservedGroup};
use std::collections::BTreeMap;

/// How long a way back may take before a person is asked.
const RETURN_TIMEOUT_MS: u64 = 600_000;

enum Outcome {
    Wait,
    Done(String),
    DoneBy(Verdict),
    Undecided {
        verdict: Verdict,
        n: u64,
        needed: u64,
    },
    Failed {
        verdict: Option<Verdict>,
        why: String,
    },
}

/// Everything that follows from one look at the cloud while the rollout is on its way. Several
/// steps may be done at once.
pub(super) fn progress(rollout: &Rollout, seen: &Observation) -> Vec<Event> {
    let mut events = guard(rollout, seen);
    let mut state = events.iter().fold(rollout.clone(), evolve);
    if state.going_back.is_some() {
        return events;
    }
    // Each turn finishes a step or leaves: the plan's length bounds it.
    for _ in 0..=rollout.plan.len() {
        let Some((_, step)) = state.current() else {
            break;
        };
        let more = match outcome(&state, &step.action, step.timeout_ms, seen) {
            Outcome::Wait => break,
            Outcome::Done(note) => finish(&state, seen, note),
            Outcome::DoneBy(verdict) => {
                let note = readings(&verdict);
                let mut judged = vec![judged(&state, seen, verdict)];
                judged.extend(finish(&state, seen, note));
                judged
            }
            Outcome::Undecided { verdict, n, needed } => {
                if matches!(state.status, Status::Paused { .. }) {
                    break;
                }
                let pause = What::Paused {
                    pause: Pause::Inconclusive { n, needed },
                };
                vec![judged(&state, seen, verdict), by_engine(seen.at, pause)]
            }
            Outcome::Failed { verdict, why } => verdict
                .map(|verdict| judged(&state, seen, verdict))
                .into_iter()
                .chain([by_engine(
                    seen.at,
                    What::Returning {
                        why,
                        ending: Ending::RolledBack,
                    },
                )])
                .collect(),
        };
        for event in more {
            state = evolve(state, &event);
            events.push(event);
        }
        match state.status {
            Status::InProgress | Status::Promoting | Status::Soaking => {}
            _ => break,
        }
    }
    events
}

/// What sends a rollout back whatever its step, also while it is paused: the new group fell over, or
/// its errors since the first shifted request are over the bound beyond doubt. Says first what befell
/// its instances.
pub(super) fn guard(rollout: &Rollout, seen: &Observation) -> Vec<Event> {
    let mut events: Vec<Event> = ends::news(rollout, seen, is_watched(rollout, seen))
        .into_iter()
        .collect();
    let state = events.iter().fold(rollout.clone(), evolve);
    events.extend(danger(&state, seen));
    events
}

/// Whether what befalls the new group may send it back: it serves, and there is something to go back to.
fn is_watched(rollout: &Rollout, seen: &Observation) -> bool {
    let plan = &rollout.plan;
    let serving = seen.routes.weight(&plan.to.name) > 0;
    let (Some(from), Some((phase, _))) = (&plan.from, rollout.current()) else {
        return false;
    };
    serving && (phase.kind != PhaseKind::Retire || seen.group(&from.name).is_some())
}

fn danger(rollout: &Rollout, seen: &Observation) -> Vec<Event> {
    if !is_watched(rollout, seen) {
        return Vec::new();
    }
    let plan = &rollout.plan;
    let retiring = rollout
        .current()
        .is_some_and(|(phase, _)| phase.kind == PhaseKind::Retire);
    let back = |why: String| {
        by_engine(
            seen.at,
            What::Returning {
                why,
                ending: Ending::RolledBack,
            },
        )
    };
    let Some(group) = seen.group(&plan.to.name) else {
        return vec![back(format!("{} is gone although it serves", plan.to.name))];
    };
    if let Some(why) = fell_over(rollout, group, seen) {
        return vec![back(why)];
    }
    // The old group is on its way out: what its successor's figures say has been judged.
    let Some(gate) = plan
        .gate
        .as_ref()
        .filter(|_| rollout.first_figures.is_some() && !retiring)
    else {
        return Vec::new();
    };
    let watched = rollout.since_first(&group.name, &group.figures);
    let verdict = gate.judge(&watched, When::AnyTime);
    if let Verdict::Fail { .. } = &verdict {
        let why = failure(&verdict, "since its first request");
        return vec![judged(rollout, seen, verdict), back(why)];
    }
    Vec::new()
}

fn fell_over(rollout: &Rollout, group: &ObservedGroup, seen: &Observation) -> Option<String> {
    if let Some(why) = &group.broken {
        return Some(format!("{} cannot run: {why}", group.name));
    }
    if let Some(why) = ends::verdict(rollout, group, seen.at) {
        return Some(why);
    }
    let failing = group.restarts > 0 || group.health() == crate::Health::Degraded;
    (group.healthy() == 0 && failing)
        .then(|| format!("no instance of {} is healthy any more", group.name))
}

fn outcome(
    state: &Rollout,
    action: &Action,
    timeout_ms: Option<u64>,
    seen: &Observation,
) -> Outcome {
    let waited_ms = seen.at.since_ms(state.step_since);
    let promoted = state.promoted == Some(state.step);
    let late = timeout_ms.is_some_and(|limit| waited_ms >= limit);
    let done = |yes: bool, late_why: &dyn Fn() -> String| {
        if yes {
            Outcome::Done(String::new())
        } else if late {
            let why = format!(
                "{} within {}",
                late_why(),
                duration(timeout_ms.unwrap_or(0))
            );
            Outcome::Failed { verdict: None, why }
        } else {
            Outcome::Wait
        }
    };
    let elapsed = |ms: u64| match (promoted, waited_ms >= ms) {
        (true, _) => Outcome::Done("ended by a person".to_owned()),
        (false, true) => Outcome::Done(String::new()),
        (false, false) => Outcome::Wait,
    };
    match action {
        Action::Provision { group, size } => match seen.group(group) {
            Some(ObservedGroup {
                broken: Some(why), ..
            }) => cannot_run(group, why),
            found => done(found.is_some_and(|g| g.running() >= *size), &|| {
                format!("{group} did not come to {size} instances")
            }),
        },
        Action::AwaitHealthy { group, size } => match seen.group(group) {
            Some(ObservedGroup {
                broken: Some(why), ..
            }) => cannot_run(group, why),
            found => {
                let healthy = found.map_or(0, ObservedGroup::healthy);
                let outcome = done(healthy >= *size, &|| {
                    format!("{healthy} of {size} instances of {group} became healthy")
                });
                match (outcome, found.and_then(ObservedGroup::ailment)) {
                    (Outcome::Failed { verdict, why }, Some(reason)) => Outcome::Failed {
                        verdict,
                        why: format!("{why}: {reason}"),
                    },
                    (outcome, _) => outcome,
                }
            }
        },
        Action::SetTraffic { routes } => done(&seen.routes == routes, &|| {
            "the traffic did not move as asked".to_owned()
        }),
        Action::Pause {
            until: Until::Elapsed { ms },
        } => elapsed(*ms),
        Action::Pause {
            until: Until::Approval,
        } => elapsed(u64::MAX),
        Action::Pause {
            until: Until::Decision { at_most_ms },
        } => elapsed(at_most_ms.unwrap_or(u64::MAX)),
        Action::Analyze {
            group,
            gate,
            window_ms,
        } => match elapsed(*window_ms) {
            Outcome::Done(_) if !promoted => analyze(state, seen, group, gate),
            other => other,
        },
        Action::Resize { group, size } => {
            let found = seen.group(group);
            done(
                found.is_some_and(|g| g.size == *size && g.running() == *size),
                &|| format!("{group} did not come to {size} instances"),
            )
        }
        Action::Drain { group } => match seen.group(group) {
            Some(g) if g.in_flight > 0 && late => Outcome::Done(format!(
                "{} requests were still open after the longest wait",
                g.in_flight
            )),
            Some(g) if g.in_flight > 0 => Outcome::Wait,
            Some(_) | None => Outcome::Done(String::new()),
        },
        Action::Retain { for_ms, .. } => elapsed(*for_ms),
        Action::Retire { group } => {
            if seen.group(group).is_none() {
                Outcome::Done(String::new())
            } else {
                Outcome::Wait
            }
        }
    }
}

fn cannot_run(group: &GroupName, why: &str) -> Outcome {
    Outcome::Failed {
        verdict: None,
        why: format!("{group} cannot run: {why}"),
    }
}

fn analyze(state: &Rollout, seen: &Observation, group: &GroupName, gate: &Gate) -> Outcome {
    let now = seen
        .group(group)
        .map(|g| g.figures.clone())
        .unwrap_or_default();
    let verdict = gate.judge(&state.window(group, &now), When::EndOfWindow);
    match &verdict {
        Verdict::Pass { .. } => Outcome::DoneBy(verdict),
        Verdict::Inconclusive { n, needed, .. } => Outcome::Undecided {
            n: *n,
            needed: *needed,
            verdict,
        },
        Verdict::Fail { .. } => {
            let why = failure(&verdict, "in this step");
            Outcome::Failed {
                verdict: Some(verdict),
                why,
            }
        }
    }
}

fn failure(verdict: &Verdict, when: &str) -> String {
    let (Verdict::Pass { readings }
    | Verdict::Fail { readings }
    | Verdict::Inconclusive { readings, .. }) = verdict;
    let over: Vec<_> = readings
        .iter()
        .filter(|r| !r.kept)
        .map(ToString::to_string)
        .collect();
    format!("{} {when}", over.join(" and "))
}

fn readings(verdict: &Verdict) -> String {
    let (Verdict::Pass { readings }
    | Verdict::Fail { readings }
    | Verdict::Inconclusive { readings, .. }) = verdict;
    readings
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(", ")
}

fn judged(state: &Rollout, seen: &Observation, verdict: Verdict) -> Event {
    by_engine(
        seen.at,
        What::Judged {
            group: state.plan.to.name.clone(),
            verdict,
        },
    )
}

/// The current step is done: the next one starts, or the rollout has succeeded.
fn finish(state: &Rollout, seen: &Observation, note: String) -> Vec<Event> {
    let mut events = vec![by_engine(
        seen.at,
        What::StepDone {
            step: state.step,
            note,
        },
    )];
    let next = state.step + 1;
    match state.plan.step(next) {
        None => events.push(by_engine(seen.at, What::Succeeded)),
        Some((_, step)) => {
            let figures = figures(state, seen);
            events.push(by_engine(
                seen.at,
                What::StepStarted {
                    step: next,
                    figures,
                },
            ));
            if let Action::Pause {
                until: Until::Approval,
            } = step.action
            {
                events.push(by_engine(
                    seen.at,
                    What::Paused {
                        pause: Pause::Approval,
                    },
                ));
            }
        }
    }
    events
}

fn figures(state: &Rollout, seen: &Observation) -> BTreeMap<GroupName, Figures> {
    let known = state
        .plan
        .groups()
        .filter_map(|group| seen.group(&group.name));
    known
        .map(|group| (group.name.clone(), group.figures.clone()))
        .collect()
}

/// What follows from an observation on the way back.
pub(super) fn going_back(rollout: &Rollout, seen: &Observation) -> Vec<Event> {
    let Some(back) = &rollout.going_back else {
        return Vec::new();
    };
    let plan = &rollout.plan;
    let home = plan
        .from
        .as_ref()
        .map_or_else(Routes::default, |from| Routes::all_on(&from.name));
    let there = seen.routes == home;
    let mut events = Vec::new();
    if there && back.traffic_back_at.is_none() {
        events.push(by_engine(seen.at, What::TrafficReturned));
    }
    let whole = plan.from.as_ref().is_none_or(|from| {
        seen.group(&from.name)
            .is_some_and(|g| g.size == from.size && g.healthy() >= from.size)
    });
    let cleared = [Some(&plan.to), plan.baseline.as_ref()]
        .into_iter()
        .flatten()
        .all(|group| seen.group(&group.name).is_none());
    if there && whole && cleared {
        events.push(by_engine(
            seen.at,
            What::Ended {
                ending: back.ending,
            },
        ));
        return events;
    }
    let broken = plan
        .from
        .as_ref()
        .and_then(|from| seen.group(&from.name))
        .filter(|group| group.healthy() == 0)
        .and_then(|group| group.broken.as_deref());
    let late = seen.at.since_ms(back.since) >= RETURN_TIMEOUT_MS;
    let problem = match (broken, late) {
        (Some(why), _) => Some(why.to_owned()),
        (None, true) => Some(format!(
            "it is not done after {}",
            duration(RETURN_TIMEOUT_MS)
        )),
        (None, false) => None,
    };
    events.extend(problem.map(|why| {
        by_engine(
            seen.at,
            What::Failed {
                problem: way_out(rollout, &why),
            },
        )
    }));
    events
}

/// Whether the last requests of a group leaving the way back are answered, or have had their time.
pub(super) fn is_drained(rollout: &Rollout, group: &ObservedGroup, seen: &Observation) -> bool {
    let since = rollout
        .going_back
        .as_ref()
        .and_then(|back| back.traffic_back_at);
    group.in_flight == 0 || since.is_some_and(|since| seen.at.since_ms(since) >= DRAIN_TIMEOUT_MS)
}
