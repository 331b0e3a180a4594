//! Who may do what, and where. Judged on the object that was loaded.

use super::error::problem;
use app::backend::{Answer, Grant, Problem, ProblemKind, Viewer, ViewerRole};
use domain::rollout::{ActionOffer, Pause};
use domain::spec::ApprovalRule;
use domain::{AppName, Command, EnvName, Rollout, Status, Target};
use std::fmt;

/// What a write is about: a role has to count in all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Extent<'a> {
    /// Every application without.
    pub(crate) app: Option<&'a AppName>,
    /// Every environment without.
    pub(crate) env: Option<&'a EnvName>,
}

impl<'a> Extent<'a> {
    /// All that this server has.
    pub(crate) const SERVER: Self = Self {
        app: None,
        env: None,
    };

    /// An application with all its environments, those to come too.
    pub(crate) fn application(app: &'a AppName) -> Self {
        Self {
            app: Some(app),
            env: None,
        }
    }

    fn is_within(self, grant: &Grant) -> bool {
        let app = grant.app.as_ref().is_none_or(|app| self.app == Some(app));
        let env = grant.env.as_ref().is_none_or(|env| self.env == Some(env));
        app && env
    }
}

impl<'a> From<&'a Target> for Extent<'a> {
    fn from(target: &'a Target) -> Self {
        Self {
            app: Some(&target.app),
            env: Some(&target.env),
        }
    }
}

impl<'a> From<&'a Grant> for Extent<'a> {
    fn from(grant: &'a Grant) -> Self {
        Self {
            app: grant.app.as_ref(),
            env: grant.env.as_ref(),
        }
    }
}

impl fmt::Display for Extent<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.app, self.env) {
            (None, None) => f.write_str("this server"),
            (Some(app), None) => write!(f, "{app}"),
            (Some(app), Some(env)) => write!(f, "{app}/{env}"),
            (None, Some(env)) => write!(f, "{env} of every application"),
        }
    }
}

/// The most that somebody is in all of an extent. Whoever signed in may look.
pub(crate) fn role_at(viewer: &Viewer, at: Extent<'_>) -> ViewerRole {
    best(viewer.grants.iter().filter(|grant| at.is_within(grant)))
}

/// The most that somebody is in any part of an application, or of the server.
fn role_within(viewer: &Viewer, app: Option<&AppName>) -> ViewerRole {
    best(
        viewer
            .grants
            .iter()
            .filter(|grant| match (app, &grant.app) {
                (Some(app), Some(of)) => app == of,
                _ => true,
            }),
    )
}

fn best<'a>(grants: impl Iterator<Item = &'a Grant>) -> ViewerRole {
    grants
        .map(|grant| grant.role)
        .max()
        .unwrap_or(ViewerRole::Viewer)
}

/// Why somebody may not, in a few words; `None` where they may.
pub(crate) fn refusal(viewer: &Viewer, needed: ViewerRole, at: Extent<'_>) -> Option<String> {
    let is = role_at(viewer, at);
    (is < needed).then(|| format!("you are {} of {at}; {} needed", name(is), name(needed)))
}

/// # Errors
/// Where the viewer's role counts less there than what is needed.
pub(crate) fn require<'a>(
    viewer: &Viewer,
    needed: ViewerRole,
    at: impl Into<Extent<'a>>,
    what: &str,
) -> Answer<()> {
    let at = at.into();
    match refusal(viewer, needed, at) {
        None => Ok(()),
        Some(why) => Err(problem(
            ProblemKind::Forbidden,
            format!("{why} to {what}"),
            format!(
                "ask an administrator of {at} for a token or a sign-in link with that role there"
            ),
        )),
    }
}

/// For what belongs to an application and to none of its environments, or is judged in parts later:
/// the role has to count in one of them.
///
/// # Errors
/// Where the viewer's role is less than what is needed everywhere in it.
pub(crate) fn require_within(
    viewer: &Viewer,
    needed: ViewerRole,
    app: Option<&AppName>,
    what: &str,
) -> Answer<()> {
    let is = role_within(viewer, app);
    if is >= needed {
        return Ok(());
    }
    let (is, needed) = (name(is), name(needed));
    let why = match app {
        Some(app) => {
            format!("you are {is} of {app} at most; {needed} of one of its environments needed")
        }
        None => format!("you are {is} at most; {needed} needed"),
    };
    Err(problem(
        ProblemKind::Forbidden,
        format!("{why} to {what}"),
        "ask an administrator for a token or a sign-in link with that role",
    ))
}

fn name(role: ViewerRole) -> &'static str {
    match role {
        ViewerRole::Viewer => "viewer",
        ViewerRole::Operator => "operator",
        ViewerRole::Approver => "approver",
        ViewerRole::Admin => "admin",
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

/// Whether somebody may say this to a rollout as it stands.
///
/// # Errors
/// Where a higher role is needed than theirs. Who waits for an approval of what they asked for
/// themselves is told that: the role would not help them.
pub(super) fn allowed(viewer: &Viewer, rollout: &Rollout, command: Command) -> Answer<()> {
    let (target, needed) = (&rollout.plan.target, needed(rollout, command));
    let asked = rollout.plan.approval == ApprovalRule::AnotherPerson
        && rollout.started_by == viewer.actor
        && command == Command::Promote
        && needed == ViewerRole::Approver;
    require(viewer, needed, target, command.as_str()).map_err(|refused| {
        if asked {
            return Problem {
                detail: format!(
                    "{} asked for this rollout and cannot approve it too",
                    viewer.actor
                ),
                remedy: format!("ask somebody else who is approver of {target} to promote it"),
                ..refused
            };
        }
        refused
    })
}

/// Takes back the offers that this viewer may not use, saying so.
pub(super) fn restrict(offers: &mut [ActionOffer], rollout: &Rollout, viewer: &Viewer) {
    for offer in offers.iter_mut().filter(|offer| offer.allowed) {
        let at = Extent::from(&rollout.plan.target);
        if let Some(why) = refusal(viewer, needed(rollout, offer.name), at) {
            offer.allowed = false;
            offer.why = why;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Actor;

    const ROLES: [ViewerRole; 4] = [
        ViewerRole::Viewer,
        ViewerRole::Operator,
        ViewerRole::Approver,
        ViewerRole::Admin,
    ];

    fn grant(role: ViewerRole, app: &str, env: &str) -> Grant {
        Grant {
            role,
            app: AppName::new(app).ok(),
            env: EnvName::new(env).ok(),
        }
    }

    fn viewer(grants: Vec<Grant>) -> Viewer {
        Viewer {
            actor: Actor::new("eve").unwrap(),
            grants,
        }
    }

    fn target(app: &str, env: &str) -> Target {
        Target {
            app: AppName::new(app).unwrap(),
            env: EnvName::new(env).unwrap(),
        }
    }

    /// Every place that there can be, as the names of application and environment.
    const PLACES: [(&str, &str); 9] = [
        ("", ""),
        ("site", ""),
        ("shop", ""),
        ("", "prod"),
        ("", "dev"),
        ("site", "prod"),
        ("site", "dev"),
        ("shop", "prod"),
        ("shop", "dev"),
    ];

    #[test]
    fn a_grant_counts_within_its_bounds_and_nowhere_else() {
        for role in ROLES {
            for (app, env) in PLACES {
                let given = viewer(vec![grant(role, app, env)]);
                for (of_app, of_env) in PLACES {
                    let asked = grant(role, of_app, of_env);
                    let within =
                        (app.is_empty() || app == of_app) && (env.is_empty() || env == of_env);
                    let expected = if within { role } else { ViewerRole::Viewer };
                    assert_eq!(
                        role_at(&given, Extent::from(&asked)),
                        expected,
                        "{app}/{env} at {of_app}/{of_env}"
                    );
                }
            }
        }
    }

    #[test]
    fn of_several_grants_the_best_that_reaches_counts() {
        let given = viewer(vec![
            grant(ViewerRole::Admin, "site", "dev"),
            grant(ViewerRole::Operator, "site", ""),
            grant(ViewerRole::Approver, "", "prod"),
        ]);
        let role = |app, env| role_at(&given, Extent::from(&target(app, env)));
        assert_eq!(role("site", "dev"), ViewerRole::Admin);
        assert_eq!(role("site", "qa"), ViewerRole::Operator);
        assert_eq!(role("site", "prod"), ViewerRole::Approver);
        assert_eq!(role("shop", "prod"), ViewerRole::Approver);
        assert_eq!(role("shop", "dev"), ViewerRole::Viewer);
        // Two halves are no whole.
        let site = AppName::new("site").unwrap();
        assert_eq!(
            role_at(&given, Extent::application(&site)),
            ViewerRole::Operator
        );
        assert_eq!(role_at(&viewer(vec![]), Extent::SERVER), ViewerRole::Viewer);
    }

    #[test]
    fn any_part_of_an_application_is_enough_for_what_is_of_none() {
        let given = viewer(vec![grant(ViewerRole::Operator, "site", "dev")]);
        let (site, shop) = (AppName::new("site").unwrap(), AppName::new("shop").unwrap());
        assert_eq!(role_within(&given, Some(&site)), ViewerRole::Operator);
        assert_eq!(role_within(&given, Some(&shop)), ViewerRole::Viewer);
        assert_eq!(role_within(&given, None), ViewerRole::Operator);
    }

    #[test]
    fn a_refusal_says_what_one_is_and_what_is_needed() {
        let given = viewer(vec![grant(ViewerRole::Operator, "site", "dev")]);
        let prod = target("site", "prod");
        assert_eq!(
            refusal(&given, ViewerRole::Operator, Extent::from(&prod)).as_deref(),
            Some("you are viewer of site/prod; operator needed")
        );
        let told = require(&given, ViewerRole::Admin, &target("site", "dev"), "apply");
        assert_eq!(
            told.unwrap_err().detail,
            "you are operator of site/dev; admin needed to apply"
        );
    }
}
