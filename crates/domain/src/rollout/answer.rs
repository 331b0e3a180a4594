//! The answers of [`decide`](super::decide) that need more than a line.

use super::input::event;
use super::state::{Ending, Rollout};
use super::{Event, Refused, Said, What};
use crate::plan::{Action, PhaseKind, Until};
use crate::spec::ApprovalRule;
use crate::{Actor, Time};

pub(super) fn refuse(
    why: impl Into<String>,
    remedy: impl Into<String>,
) -> Result<Vec<Event>, Refused> {
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
pub(super) fn may_approve(rollout: &Rollout, said: &Said) -> Result<(), Refused> {
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
pub(super) fn looked_at(rollout: &Rollout, said: &Said) -> Result<(), Refused> {
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
pub(super) fn promote(rollout: &Rollout, said: &Said) -> Result<Vec<Event>, Refused> {
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

pub(super) fn send_back(
    rollout: &Rollout,
    said: &Said,
    ending: Ending,
) -> Result<Vec<Event>, Refused> {
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
pub(super) fn refused_by_cloud(rollout: &Rollout, at: Time, problem: &str) -> Event {
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
