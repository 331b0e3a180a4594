//! From events to state. Total: any event in any state gives a state, since the journal is the truth.

use super::state::{Ending, Judgement, Pause, Return, Rollout, Status, StepRecord, Waiting};
use super::{Event, What, ends};
use crate::plan::{Action, PhaseKind};
use crate::{RolloutId, Time};
use std::sync::Arc;

/// The state after the first event of a journal; `None` where that is not a creation.
#[must_use]
pub fn create(id: RolloutId, event: &Event) -> Option<Rollout> {
    let What::Created {
        plan,
        needs_approval,
    } = &event.what
    else {
        return None;
    };
    let status = if *needs_approval {
        Status::PendingApproval
    } else {
        Status::Pending {
            waiting: Waiting::Admission,
        }
    };
    Some(Rollout {
        id,
        plan: Arc::new((**plan).clone()),
        status,
        started_by: event.by.clone(),
        created_at: event.at,
        admitted_at: None,
        ended_at: None,
        step: 0,
        step_since: event.at,
        step_figures: Default::default(),
        first_figures: None,
        promoted: None,
        judgement: None,
        ends_total: 0,
        ends: Vec::new(),
        done: Vec::new(),
        going_back: None,
    })
}

/// The state that a whole journal makes.
#[must_use]
pub fn replay<'a>(id: RolloutId, events: impl IntoIterator<Item = &'a Event>) -> Option<Rollout> {
    let mut events = events.into_iter();
    let first = create(id, events.next()?)?;
    Some(events.fold(first, evolve))
}

/// The state after one more event.
#[must_use]
pub fn evolve(mut state: Rollout, event: &Event) -> Rollout {
    match &event.what {
        // Only the first event creates; a second one changes nothing.
        What::Created { .. } => {}
        What::Approved => {
            state.status = Status::Pending {
                waiting: Waiting::Admission,
            }
        }
        What::Rejected { why } => {
            state.status = Status::Rejected { why: why.clone() };
            state.ended_at = Some(event.at);
        }
        What::Waits { waiting } => {
            state.status = Status::Pending {
                waiting: waiting.clone(),
            }
        }
        What::Admitted { plan } => {
            if let Some(plan) = plan {
                state.plan = Arc::new((**plan).clone());
            }
            state.admitted_at = Some(event.at);
            state.status = Status::InProgress;
        }
        What::StepStarted { step, figures } => {
            state.step = *step;
            state.step_since = event.at;
            state.step_figures.clone_from(figures);
            let shifts = matches!(
                state.current().map(|(_, step)| &step.action),
                Some(Action::SetTraffic { routes }) if routes.weight(&state.plan.to.name) > 0
            );
            if shifts && state.first_figures.is_none() {
                state.first_figures = Some(figures.clone());
            }
            state.status = running(&state);
        }
        What::StepDone { step, note } => {
            let record = StepRecord {
                step: *step,
                since: state.step_since,
                until: event.at,
                note: note.clone(),
            };
            state.done.push(record);
        }
        What::Judged { group, verdict } => {
            let (group, verdict) = (group.clone(), verdict.clone());
            state.judgement = Some(Judgement {
                at: event.at,
                group,
                verdict,
            });
        }
        What::Paused { pause } => {
            state.status = Status::Paused {
                pause: pause.clone(),
            }
        }
        What::Resumed => {
            match &state.status {
                // Asked to look again: the shortest time counts anew, the requests so far are kept.
                Status::Paused {
                    pause: Pause::Inconclusive { .. },
                } => state.step_since = event.at,
                // A step that could do nothing meanwhile is not late for it.
                Status::Paused {
                    pause: Pause::Person { .. },
                } if state
                    .current()
                    .is_some_and(|(_, step)| step.timeout_ms.is_some()) =>
                {
                    state.step_since = event.at;
                }
                _ => {}
            }
            state.status = running(&state);
        }
        What::InstancesEnded { total, .. } => ends::remember(&mut state, event.at, *total),
        What::Promoted { step } => {
            state.promoted = Some(*step);
            state.status = running(&state);
        }
        What::Returning { why, ending } => {
            close_step(&mut state, event.at, why);
            state.status = Status::RollingBack;
            state.ended_at = None;
            state.going_back = Some(Return {
                since: event.at,
                by: event.by.clone(),
                why: why.clone(),
                ending: *ending,
                traffic_back_at: None,
            });
        }
        What::TrafficReturned => {
            if let Some(back) = &mut state.going_back {
                back.traffic_back_at = Some(event.at);
            }
        }
        What::Ended { ending } => {
            state.status = match ending {
                Ending::RolledBack => Status::RolledBack,
                Ending::Cancelled => Status::Cancelled,
            };
            state.ended_at = Some(event.at);
        }
        What::Succeeded => {
            state.step = state.plan.len();
            state.status = Status::Succeeded;
            state.ended_at = Some(event.at);
        }
        What::Failed { problem } => {
            state.status = Status::Failed {
                problem: problem.clone(),
            };
            state.ended_at = Some(event.at);
        }
    }
    state
}

/// The step that was under way when the rollout turned back, so that the timeline has no hole.
fn close_step(state: &mut Rollout, at: Time, why: &str) {
    let recorded = state
        .done
        .last()
        .is_some_and(|last| last.step >= state.step);
    if !recorded && state.admitted_at.is_some() {
        let (step, since) = (state.step, state.step_since);
        state.done.push(StepRecord {
            step,
            since,
            until: at,
            note: why.to_owned(),
        });
    }
}

/// The status that the current phase stands for.
fn running(state: &Rollout) -> Status {
    match state.current().map(|(phase, _)| phase.kind) {
        Some(PhaseKind::Prepare | PhaseKind::Shift) | None => Status::InProgress,
        Some(PhaseKind::Promote) => Status::Promoting,
        Some(PhaseKind::Soak | PhaseKind::Retire) => Status::Soaking,
    }
}
