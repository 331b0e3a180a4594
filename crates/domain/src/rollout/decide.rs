//! What the machine makes of one input. Every pair of state and input is written out: a new state
//! does not compile until each input has an answer.

use super::input::event;
use super::state::{Ending, Pause, Rollout, Status, Waiting};
use super::{Command, Event, Input, Refused, Said, What, watch};
use crate::plan::{Action, PhaseKind, Until};
use crate::spec::ApprovalRule;
use crate::{Actor, Time};
use std::collections::BTreeMap;

/// Decides. Pure: time and observations come in as data.
///
/// # Errors
/// [`Refused`] says why a command cannot be taken now and what to do instead. Inputs that are not
/// commands are never refused; they lead to no event where nothing follows from them.
pub fn decide(rollout: &Rollout, input: &Input) -> Result<Vec<Event>, Refused> {
    use Command as C;
    use Input as I;
    use Status as S;
    let nothing = Ok(Vec::new());
    match (&rollout.status, input) {
        // Waiting for a person's leave to begin.
        (
            S::PendingApproval,
            I::Said {
                command: C::Promote,
                said,
            },
        ) => {
            may_approve(rollout, said)?;
            Ok(vec![event(said, What::Approved)])
        }
        (
            S::PendingApproval,
            I::Said {
                command: C::Reject,
                said,
            },
        ) => {
            let why = format!("declined by {}", said.by);
            Ok(vec![event(said, What::Rejected { why })])
        }
        (
            S::PendingApproval | S::Pending { .. },
            I::Said {
                command: C::Cancel,
                said,
            },
        ) => Ok(vec![event(
            said,
            What::Ended {
                ending: Ending::Cancelled,
            },
        )]),
        (
            S::PendingApproval | S::Pending { .. },
            I::Said {
                command: C::Pause | C::Resume | C::Rollback,
                ..
            },
        ) => refuse(
            "nothing has been done yet",
            "cancel it if it should not begin",
        ),
        (
            S::PendingApproval,
            I::Admit { .. }
            | I::Wait { .. }
            | I::Observed(_)
            | I::EffectRefused { .. }
            | I::Throttled { .. },
        ) => nothing,

        // Waiting for its turn.
        (
            S::Pending { .. },
            I::Said {
                command: C::Promote | C::Reject,
                ..
            },
        ) => refuse(
            "it waits for its turn, not for an approval",
            "wait, or cancel it",
        ),
        (S::Pending { .. }, I::Admit { at, plan }) => {
            let by = Actor::engine();
            Ok(vec![
                Event {
                    at: *at,
                    by: by.clone(),
                    what: What::Admitted { plan: plan.clone() },
                },
                Event {
                    at: *at,
                    by,
                    what: What::StepStarted {
                        step: 0,
                        figures: BTreeMap::new(),
                    },
                },
            ])
        }
        (S::Pending { waiting: now }, I::Wait { at, waiting }) => {
            if now == waiting {
                return nothing;
            }
            Ok(vec![by_engine(
                *at,
                What::Waits {
                    waiting: waiting.clone(),
                },
            )])
        }
        (S::Pending { .. }, I::Observed(_) | I::EffectRefused { .. } | I::Throttled { .. }) => {
            nothing
        }

        // On its way.
        (
            S::InProgress | S::Promoting | S::Soaking,
            I::Said {
                command: C::Promote,
                said,
            },
        ) => promote(rollout, said),
        (
            S::InProgress | S::Promoting | S::Soaking,
            I::Said {
                command: C::Pause,
                said,
            },
        ) => {
            looked_at(rollout, said)?;
            Ok(vec![event(
                said,
                What::Paused {
                    pause: Pause::Person {
                        by: said.by.clone(),
                    },
                },
            )])
        }
        (
            S::InProgress | S::Promoting | S::Soaking,
            I::Said {
                command: C::Resume | C::Reject,
                ..
            },
        ) => refuse("it is not paused", "there is nothing to do"),
        (S::InProgress | S::Promoting | S::Soaking, I::Observed(seen)) => {
            Ok(watch::progress(rollout, seen))
        }
        (S::InProgress | S::Promoting | S::Soaking, I::EffectRefused { at, problem }) => {
            Ok(vec![refused_by_cloud(rollout, *at, problem)])
        }
        (S::InProgress | S::Promoting | S::Soaking, I::Throttled { at, message }) => {
            let pause = Pause::Throttled {
                message: message.clone(),
            };
            Ok(vec![by_engine(*at, What::Paused { pause })])
        }

        // Standing still.
        (
            S::Paused { pause },
            I::Said {
                command: C::Promote,
                said,
            },
        ) => match pause {
            Pause::Approval => {
                may_approve(rollout, said)?;
                promote(rollout, said)
            }
            Pause::Inconclusive { .. } => promote(rollout, said),
            Pause::Person { .. } => refuse("it is paused", "resume it first"),
            Pause::Throttled { .. } => {
                refuse("the cloud asked for patience", "wait, it goes on by itself")
            }
        },
        (
            S::Paused { pause },
            I::Said {
                command: C::Pause,
                said,
            },
        ) => match pause {
            Pause::Inconclusive { .. } | Pause::Throttled { .. } => {
                let pause = Pause::Person {
                    by: said.by.clone(),
                };
                Ok(vec![event(said, What::Paused { pause })])
            }
            Pause::Approval => refuse(
                "it stands still already, waiting for an approval",
                "promote or roll back",
            ),
            Pause::Person { by } => refuse(
                format!("it is paused already, by {by}"),
                "resume, promote or roll back",
            ),
        },
        (
            S::Paused { pause },
            I::Said {
                command: C::Resume,
                said,
            },
        ) => match pause {
            Pause::Person { .. } | Pause::Inconclusive { .. } | Pause::Throttled { .. } => {
                Ok(vec![event(said, What::Resumed)])
            }
            Pause::Approval => refuse(
                "it waits for an approval",
                "promote it to approve, or roll back",
            ),
        },
        (
            S::Paused { .. },
            I::Said {
                command: C::Reject,
                said,
            },
        ) => send_back(rollout, said, Ending::RolledBack),
        (
            S::InProgress | S::Promoting | S::Soaking | S::Paused { .. },
            I::Said {
                command: C::Rollback,
                said,
            },
        ) => {
            looked_at(rollout, said)?;
            if rollout.plan.from.is_none() {
                return refuse(
                    "there is no earlier version to return to",
                    "cancel it to remove the new group",
                );
            }
            send_back(rollout, said, Ending::RolledBack)
        }
        (
            S::InProgress | S::Promoting | S::Soaking | S::Paused { .. },
            I::Said {
                command: C::Cancel,
                said,
            },
        ) => {
            let kind = rollout.current().map(|(phase, _)| phase.kind);
            if matches!(kind, Some(PhaseKind::Soak | PhaseKind::Retire)) {
                return refuse(
                    "the new version serves all traffic already",
                    "roll back to return to the old one",
                );
            }
            send_back(rollout, said, Ending::Cancelled)
        }
        (S::Paused { pause }, I::Observed(seen)) => Ok(match pause {
            Pause::Inconclusive { .. } => watch::progress(rollout, seen),
            Pause::Approval | Pause::Person { .. } => watch::guard(rollout, seen),
            Pause::Throttled { .. } => vec![by_engine(seen.at, What::Resumed)],
        }),
        (S::Paused { .. }, I::EffectRefused { at, problem }) => {
            Ok(vec![refused_by_cloud(rollout, *at, problem)])
        }
        (S::Paused { .. }, I::Throttled { .. }) => nothing,

        // On its way back.
        (
            S::RollingBack,
            I::Said {
                command: C::Rollback | C::Cancel,
                ..
            },
        ) => refuse(
            "it is on its way back already",
            "watch it; it ends by itself",
        ),
        (
            S::RollingBack,
            I::Said {
                command: C::Promote | C::Pause | C::Resume | C::Reject,
                ..
            },
        ) => refuse(
            "it is on its way back",
            "start a new rollout when it is done",
        ),
        (S::RollingBack, I::Observed(seen)) => Ok(watch::going_back(rollout, seen)),
        (S::RollingBack, I::EffectRefused { at, problem }) => Ok(vec![by_engine(
            *at,
            What::Failed {
                problem: way_out(rollout, problem),
            },
        )]),
        (S::RollingBack, I::Throttled { .. }) => nothing,

        // Owning its environment or over, it is neither admitted nor asked to wait.
        (
            S::InProgress | S::Promoting | S::Soaking | S::Paused { .. } | S::RollingBack,
            I::Admit { .. } | I::Wait { .. },
        ) => nothing,

        // Over.
        (
            S::Failed { .. },
            I::Said {
                command: C::Rollback,
                said,
            },
        ) => {
            if rollout.plan.from.is_none() {
                return refuse(
                    "there is no earlier version to return to",
                    "cancel it to remove the new group",
                );
            }
            send_back(rollout, said, Ending::RolledBack)
        }
        (
            S::Failed { .. },
            I::Said {
                command: C::Cancel,
                said,
            },
        ) => send_back(rollout, said, Ending::Cancelled),
        (
            S::Succeeded,
            I::Said {
                command: C::Rollback,
                ..
            },
        ) => match &rollout.plan.from {
            Some(from) => refuse(
                "it is over and the old group is retired",
                format!("start a rollout of {} to return to it", from.version),
            ),
            None => refuse(
                "it was the first rollout of its environment",
                "start a rollout of another image",
            ),
        },
        (
            S::Failed { .. },
            I::Said {
                command: C::Promote | C::Pause | C::Resume | C::Reject,
                ..
            },
        ) => refuse("it has failed", "roll back to try the way back again"),
        (
            S::Succeeded,
            I::Said {
                command: C::Promote | C::Pause | C::Resume | C::Cancel | C::Reject,
                ..
            },
        )
        | (S::Rejected { .. } | S::Cancelled | S::RolledBack, I::Said { .. }) => refuse(
            format!("it is over: {}", rollout.status),
            "start a new rollout",
        ),
        (
            S::Succeeded | S::Rejected { .. } | S::Cancelled | S::RolledBack | S::Failed { .. },
            I::Admit { .. }
            | I::Wait { .. }
            | I::Observed(_)
            | I::EffectRefused { .. }
            | I::Throttled { .. },
        ) => nothing,
    }
}

fn refuse(why: impl Into<String>, remedy: impl Into<String>) -> Result<Vec<Event>, Refused> {
    Err(Refused::new(why, remedy))
}

pub(super) fn by_engine(at: Time, what: What) -> Event {
    Event {
        at,
        by: Actor::engine(),
        what,
    }
}

/// An approval cannot come from the one who asked, where the environment says so.
fn may_approve(rollout: &Rollout, said: &Said) -> Result<(), Refused> {
    if rollout.plan.approval == ApprovalRule::AnotherPerson && said.by == rollout.started_by {
        return Err(Refused::new(
            format!(
                "{} asked for this rollout and cannot approve it too",
                said.by
            ),
            "ask somebody else to promote it",
        ));
    }
    Ok(())
}

/// Refuses what was said while looking at another step.
fn looked_at(rollout: &Rollout, said: &Said) -> Result<(), Refused> {
    match said.step {
        Some(step) if step != rollout.step => Err(Refused::new(
            format!(
                "it has moved on from step {} to step {}",
                step + 1,
                rollout.step + 1
            ),
            "look at it again, then decide",
        )),
        Some(_) | None => Ok(()),
    }
}

/// Ends the wait of the current step.
fn promote(rollout: &Rollout, said: &Said) -> Result<Vec<Event>, Refused> {
    looked_at(rollout, said)?;
    if rollout.promoted == Some(rollout.step) {
        return refuse("this step is promoted already", "wait for the next one");
    }
    let Some((_, step)) = rollout.current() else {
        return refuse("all its steps are done", "there is nothing to do");
    };
    match &step.action {
        Action::Pause {
            until: Until::Elapsed { .. } | Until::Approval | Until::Decision { .. },
        }
        | Action::Analyze { .. }
        | Action::Retain { .. } => Ok(vec![event(said, What::Promoted { step: rollout.step })]),
        action @ (Action::Provision { .. }
        | Action::AwaitHealthy { .. }
        | Action::SetTraffic { .. }
        | Action::Resize { .. }
        | Action::Drain { .. }
        | Action::Retire { .. }) => refuse(
            format!("the current step cannot be skipped: {action}"),
            "wait until it is done",
        ),
    }
}

fn send_back(rollout: &Rollout, said: &Said, ending: Ending) -> Result<Vec<Event>, Refused> {
    let why = match (&rollout.plan.from, ending) {
        (Some(from), Ending::RolledBack) => {
            format!("{} asked to return to {}", said.by, from.version)
        }
        (Some(_) | None, Ending::Cancelled) | (None, Ending::RolledBack) => {
            format!("{} cancelled it", said.by)
        }
    };
    Ok(vec![event(said, What::Returning { why, ending })])
}

/// The cloud says no for good. Before the old group is let go the rollout goes back; after, the new
/// version serves and a person has to look.
fn refused_by_cloud(rollout: &Rollout, at: Time, problem: &str) -> Event {
    let retiring = rollout
        .current()
        .is_some_and(|(phase, _)| phase.kind == PhaseKind::Retire);
    by_engine(
        at,
        if retiring {
            let problem = format!(
                "{problem}. All traffic is on {}; the old group could not be retired: mend the cause, then roll back or retire it by hand",
                rollout.plan.to.name
            );
            What::Failed { problem }
        } else {
            What::Returning {
                why: problem.to_owned(),
                ending: Ending::RolledBack,
            }
        },
    )
}

/// A rollback that needs a person: names the group, the cloud's words and what to do.
pub(super) fn way_out(rollout: &Rollout, problem: &str) -> String {
    match &rollout.plan.from {
        Some(from) => format!(
            "the way back to {} ({}) is blocked: {problem}. Mend the cause, then roll back again",
            from.name, from.version
        ),
        None => format!(
            "{} could not be removed: {problem}. Mend the cause, then cancel again",
            rollout.plan.to.name
        ),
    }
}

impl Waiting {
    /// The reason in words.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::Admission => "waits for the engine".to_owned(),
            Self::Queue { behind } => {
                format!("waits behind rollout {behind} of the same environment")
            }
            Self::FreezeWindow { until: _ } => "waits for a freeze window to end".to_owned(),
            Self::EnvironmentLock { by } => format!("the environment is locked by {by}"),
            Self::ImageNotReady { why } => format!("the image is not ready: {why}"),
            Self::Unplannable { why } => format!("cannot begin: {why}"),
        }
    }
}
