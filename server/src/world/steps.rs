//! A rollout's ladder of steps and its timeline.

use app::view::{Span, SpanKind, StepState, StepView};
use domain::rollout::StepRecord;
use domain::{Action, Observation, Plan, Rollout, Status, Step, Time};

/// The steps of a rollout, each with what became of it.
pub(super) fn of_rollout(rollout: &Rollout, seen: Option<&Observation>) -> Vec<StepView> {
    let over = rollout.status.is_terminal() || rollout.status == Status::RollingBack;
    let began = rollout.admitted_at.is_some();
    let mut views = of_plan(&rollout.plan);
    for view in &mut views {
        let record = rollout
            .done
            .iter()
            .rev()
            .find(|record| record.step == view.index);
        let turned_back = rollout.going_back.is_some() && view.index >= rollout.step;
        view.state = match record {
            Some(_) if turned_back => StepState::Skipped,
            Some(_) => StepState::Done,
            None if began && !over && view.index == rollout.step => StepState::Now,
            None if over => StepState::Skipped,
            None => StepState::Next,
        };
        if let Some(StepRecord {
            since, until, note, ..
        }) = record
        {
            view.since = Some(*since);
            view.until = Some(*until);
            view.note.clone_from(note);
        } else if view.state == StepState::Now {
            view.since = Some(rollout.step_since);
            let declared = rollout
                .plan
                .step(view.index)
                .map_or(0, |(_, s)| s.action.declared_wait_ms());
            view.until = (declared > 0).then(|| rollout.step_since.plus_ms(declared));
        }
        view.weight_observed = match (view.weight_asked, view.state) {
            // It counts as done only once the routing was observed to be as asked.
            (Some(asked), StepState::Done) => Some(asked),
            (Some(_), StepState::Now) => seen.map(|seen| seen.routes.weight(&rollout.plan.to.name)),
            (Some(_), StepState::Next | StepState::Skipped) | (None, _) => None,
        };
    }
    views
}

/// The steps of a plan that nothing was done of.
pub(super) fn of_plan(plan: &Plan) -> Vec<StepView> {
    plan.steps()
        .enumerate()
        .map(|(index, (phase, Step { action, .. }))| StepView {
            index,
            phase: phase.name.clone(),
            action: kind(action).to_owned(),
            text: plan.in_words(&action.to_string()),
            state: StepState::Next,
            since: None,
            until: None,
            note: String::new(),
            weight_asked: match action {
                Action::SetTraffic { routes } => Some(routes.weight(&plan.to.name)),
                _ => None,
            },
            weight_observed: None,
        })
        .collect()
}

fn kind(action: &Action) -> &'static str {
    match action {
        Action::Provision { .. } => "provision",
        Action::AwaitHealthy { .. } => "await_healthy",
        Action::SetTraffic { .. } => "set_traffic",
        Action::Pause { .. } => "pause",
        Action::Analyze { .. } => "analyze",
        Action::Resize { .. } => "resize",
        Action::Drain { .. } => "drain",
        Action::Retain { .. } => "retain",
        Action::Retire { .. } => "retire",
    }
}

/// Phases without a declared wait are still drawn.
const NARROWEST_MS: u64 = 1_000;

/// What was, is and will be, by phase, to scale.
pub(super) fn timeline(rollout: &Rollout, now: Time) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    let mut add = |name: &str, kind: SpanKind, ms: u64| match spans.last_mut() {
        Some(last) if last.kind == kind && last.name == name => last.ms += ms,
        _ => spans.push(Span {
            name: name.to_owned(),
            kind,
            ms,
        }),
    };
    let phase = |step: usize| {
        rollout
            .plan
            .step(step)
            .map_or("", |(phase, _)| phase.name.as_str())
    };
    for record in &rollout.done {
        add(
            phase(record.step),
            SpanKind::Done,
            record.until.since_ms(record.since),
        );
    }
    if let Some(back) = &rollout.going_back {
        add(
            "Back",
            SpanKind::Back,
            rollout.ended_at.unwrap_or(now).since_ms(back.since).max(1),
        );
        return spans;
    }
    if rollout.status.is_terminal() {
        return spans;
    }
    let mut next = rollout.step;
    if rollout.admitted_at.is_some()
        && let Some((current, step)) = rollout.current()
    {
        let spent = now.since_ms(rollout.step_since);
        add(&current.name, SpanKind::Now, spent.max(1));
        let left = step.action.declared_wait_ms().saturating_sub(spent);
        if left > 0 {
            add(&current.name, SpanKind::Next, left);
        }
        next += 1;
    }
    let ahead: Vec<_> = rollout.plan.steps().skip(next).collect();
    for of_phase in ahead.chunk_by(|(a, _), (b, _)| a.name == b.name && std::ptr::eq(*a, *b)) {
        let Some((phase, _)) = of_phase.first() else {
            continue;
        };
        let wait: u64 = of_phase
            .iter()
            .map(|(_, step)| step.action.declared_wait_ms())
            .sum();
        add(&phase.name, SpanKind::Next, wait.max(NARROWEST_MS));
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::planner::{Capabilities, Request, plan};
    use domain::rollout::{Event, What, create, evolve};
    use domain::{Actor, Application, Digest, ReleaseNumber, RolloutId, Strategy, Version};

    fn canary() -> Rollout {
        let app = Application::from_toml(
            "[application]\nname = \"site\"\n[[environment]]\nname = \"prod\"\nlisten = \"127.0.0.1:8103\"\n[environment.canary]\npause_ms = 8000\n",
        )
        .unwrap();
        let request = |image: &str, group, from| Request {
            app: &app.name,
            env: &app.environments[0],
            strategy: Strategy::Canary,
            image: Digest::new(format!("sha256:{}", image.repeat(64))).unwrap(),
            version: Version::new(image).unwrap(),
            release: ReleaseNumber(1),
            next_group: group,
            from,
            capabilities: Capabilities::ALL,
        };
        let first = plan(&request("1", 1, None)).unwrap();
        let plan = plan(&request("2", 2, Some(first.to))).unwrap();
        let created = What::Created {
            plan: Box::new(plan),
            needs_approval: false,
        };
        let by = Actor::engine();
        create(
            RolloutId(1),
            &Event {
                at: Time(0),
                by,
                what: created,
            },
        )
        .unwrap()
    }

    fn with(rollout: Rollout, at: i64, what: What) -> Rollout {
        evolve(
            rollout,
            &Event {
                at: Time(at),
                by: Actor::engine(),
                what,
            },
        )
    }

    #[test]
    fn a_timeline_has_no_hole_and_names_what_waits() {
        let rollout = with(canary(), 10, What::Admitted { plan: None });
        let rollout = with(
            rollout,
            10,
            What::StepStarted {
                step: 0,
                figures: Default::default(),
            },
        );
        let spans = timeline(&rollout, Time(510));
        assert_eq!((spans[0].kind, spans[0].ms), (SpanKind::Now, 500));
        let waits: Vec<_> = spans
            .iter()
            .filter(|s| s.ms == 8_000)
            .map(|s| s.name.as_str())
            .collect();
        assert_eq!(waits, ["5%", "25%", "50%", "100%"]);
    }

    #[test]
    fn steps_after_the_turn_were_never_reached() {
        let rollout = with(canary(), 10, What::Admitted { plan: None });
        let rollout = with(
            rollout,
            10,
            What::StepStarted {
                step: 0,
                figures: Default::default(),
            },
        );
        assert_eq!(of_rollout(&rollout, None)[0].state, StepState::Now);
        let ending = domain::rollout::Ending::RolledBack;
        let rollout = with(
            rollout,
            90,
            What::Returning {
                why: "bad".into(),
                ending,
            },
        );
        let steps = of_rollout(&rollout, None);
        assert!(steps.iter().all(|step| step.state == StepState::Skipped));
        assert_eq!(steps[0].note, "bad");
        assert_eq!(
            timeline(&rollout, Time(100)).last().unwrap().kind,
            SpanKind::Back
        );
    }
}
