//! Who may do what.

use app::backend::{Answer, Problem, ProblemKind, Viewer, ViewerRole};
use domain::rollout::{ActionOffer, Pause};
use domain::{Command, Rollout, Status};

/// # Errors
/// Where the viewer's role is less than what is needed.
pub(crate) fn require(viewer: &Viewer, needed: ViewerRole, what: &str) -> Answer<()> {
    if viewer.role >= needed {
        return Ok(());
    }
    Err(Problem {
        kind: ProblemKind::Forbidden,
        detail: refusal(viewer, needed, what),
        remedy: "ask an administrator for a token or a sign-in link with that role".to_owned(),
        field: None,
    })
}

fn refusal(viewer: &Viewer, needed: ViewerRole, what: &str) -> String {
    format!(
        "{} is a {} here; to {what} takes {}",
        viewer.actor,
        name(viewer.role),
        article(needed)
    )
}

fn name(role: ViewerRole) -> &'static str {
    match role {
        ViewerRole::Viewer => "viewer",
        ViewerRole::Operator => "operator",
        ViewerRole::Approver => "approver",
        ViewerRole::Admin => "admin",
    }
}

fn article(role: ViewerRole) -> &'static str {
    match role {
        ViewerRole::Viewer => "a viewer",
        ViewerRole::Operator => "an operator",
        ViewerRole::Approver => "an approver",
        ViewerRole::Admin => "an admin",
    }
}

/// The role that a command takes, on this rollout as it stands.
pub(super) fn needed(rollout: &Rollout, command: Command) -> ViewerRole {
    let approval = matches!(
        rollout.status,
        Status::PendingApproval
            | Status::Paused {
                pause: Pause::Approval
            }
    );
    match command {
        Command::Promote if approval => ViewerRole::Approver,
        Command::Reject => ViewerRole::Approver,
        Command::Promote
        | Command::Pause
        | Command::Resume
        | Command::Rollback
        | Command::Cancel => ViewerRole::Operator,
    }
}

/// Takes back the offers that this viewer may not use, saying so.
pub(super) fn restrict(offers: &mut [ActionOffer], rollout: &Rollout, viewer: &Viewer) {
    for offer in offers {
        let needed = needed(rollout, offer.name);
        if offer.allowed && viewer.role < needed {
            offer.allowed = false;
            offer.why = refusal(viewer, needed, offer.name.as_str());
        }
    }
}
