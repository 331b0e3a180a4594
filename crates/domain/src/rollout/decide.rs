//! What the machine makes of one input. Every pair of state and input is written out: a new state
//! does not compile until each input has an answer.

use super::answer::{
    by_engine, looked_at, may_approve, promote, refuse, refused_by_cloud, send_back, way_out,
};
use super::input::event;
use super::state::{Ending, Pause, Rollout, Status};
use super::{Command, Event, Input, Refused, What, watch};
use crate::Actor;
use crate::plan::PhaseKind;
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
