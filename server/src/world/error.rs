//! From what went wrong inside to what a person reads. The cause goes to the log.

use app::backend::{Problem, ProblemKind};
use cloud::CloudError;
use domain::Refused;
use engine::EngineError;
use std::fmt::Display;
use store::StoreError;

pub(crate) fn problem(
    kind: ProblemKind,
    detail: impl Display,
    remedy: impl Into<String>,
) -> Problem {
    Problem {
        kind,
        detail: detail.to_string(),
        remedy: remedy.into(),
        field: None,
    }
}

pub(crate) fn at(mut problem: Problem, field: &str) -> Problem {
    problem.field = Some(field.to_owned());
    problem
}

pub(crate) fn not_found(what: impl Display, remedy: impl Into<String>) -> Problem {
    problem(ProblemKind::NotFound, format!("there is no {what}"), remedy)
}

pub(crate) fn invalid(field: &str, detail: impl Display, remedy: impl Into<String>) -> Problem {
    at(problem(ProblemKind::Invalid, detail, remedy), field)
}

pub(crate) fn of_store(error: StoreError) -> Problem {
    let (what, remedy) = split(&error.to_string());
    let kind = match &error {
        StoreError::Unknown { .. } => ProblemKind::NotFound,
        StoreError::Moved { .. }
        | StoreError::PortTaken { .. }
        | StoreError::VersionTaken { .. }
        | StoreError::ImageTaken { .. }
        | StoreError::TokenTaken { .. } => ProblemKind::Conflict,
        StoreError::Unsupported { .. } => ProblemKind::Invalid,
        StoreError::Full { .. }
        | StoreError::ReadOnly { .. }
        | StoreError::Busy { .. }
        | StoreError::InUse { .. }
        | StoreError::Unreachable { .. }
        | StoreError::Closed => {
            tracing::error!(%error, "the store did not answer");
            ProblemKind::Unavailable
        }
        _ => {
            tracing::error!(%error, "the store failed");
            ProblemKind::Internal
        }
    };
    let field = match &error {
        StoreError::PortTaken { .. } => Some("listen"),
        StoreError::VersionTaken { .. } => Some("version"),
        StoreError::TokenTaken { .. } => Some("name"),
        _ => None,
    };
    Problem {
        kind,
        detail: what,
        remedy,
        field: field.map(str::to_owned),
    }
}

/// Messages read "what: remedy"; an answer keeps the two apart.
fn split(message: &str) -> (String, String) {
    match message.rsplit_once(": ") {
        Some((what, remedy)) => (what.to_owned(), remedy.to_owned()),
        None => (message.to_owned(), "look into the server's log".to_owned()),
    }
}

pub(crate) fn of_cloud(error: CloudError) -> Problem {
    let kind = match &error {
        CloudError::Throttled { .. } | CloudError::Transient(_) => ProblemKind::Unavailable,
        CloudError::Denied(_) => ProblemKind::Forbidden,
        CloudError::NotFound(_) => ProblemKind::NotFound,
        CloudError::Conflict(_) => ProblemKind::Conflict,
        CloudError::Invalid(_) | CloudError::Unsupported(_) => ProblemKind::Invalid,
    };
    let remedy = if error.is_worth_retrying() {
        "try again in a moment; `viridian doctor` tells whether the node answers"
    } else {
        "change what is asked for"
    };
    problem(kind, error, remedy)
}

/// Why no image was made. The node's own words say what was wrong and what to do; that it is behind
/// a cloud's interface is nothing to whoever bakes.
pub(super) fn of_making(error: CloudError) -> Problem {
    let (kind, field, message) = match &error {
        CloudError::Invalid(message) | CloudError::Unsupported(message) => {
            (ProblemKind::Invalid, None, message)
        }
        CloudError::Conflict(message) => (ProblemKind::Conflict, Some("version"), message),
        CloudError::NotFound(message) => (ProblemKind::NotFound, None, message),
        CloudError::Denied(message) => {
            return problem(
                ProblemKind::Invalid,
                message,
                "let the user who runs `viridian serve` read it",
            );
        }
        CloudError::Throttled { .. } | CloudError::Transient(_) => return of_cloud(error),
    };
    let (detail, remedy) = split(message);
    Problem {
        kind,
        detail,
        remedy,
        field: field.map(str::to_owned),
    }
}

pub(crate) fn of_engine(error: EngineError) -> Problem {
    use EngineError as E;
    let conflict = |detail: String, remedy: String| problem(ProblemKind::Conflict, detail, remedy);
    match error {
        E::Refused(refused) => conflict(refused.why, refused.remedy),
        E::Forbidden(Refused { why, remedy }) => problem(ProblemKind::Forbidden, why, remedy),
        E::NoRollout(id) => not_found(
            format!("rollout {id}"),
            "`viridian rollout list` shows the rollouts there are",
        ),
        E::NoApplication(app) => at(
            not_found(
                format!("application {app}"),
                "declare it with `viridian apply -f FILE`",
            ),
            "app",
        ),
        E::NoEnvironment(target) => at(
            not_found(
                format!("environment {target}"),
                "declare it with `viridian apply -f FILE`",
            ),
            "env",
        ),
        E::Vetoed {
            target,
            version,
            by,
            why,
            rollout,
        } => {
            let of = rollout
                .map(|id| format!(" with rollout {id}"))
                .unwrap_or_default();
            at(
                conflict(
                    format!("{version} is vetoed in {target} by {by}{of}: {why}"),
                    format!(
                        "start another image, or remove the veto with `viridian veto remove --app {} --env {} --image {version}`",
                        target.app, target.env
                    ),
                ),
                "image",
            )
        }
        E::AlreadyAsked { rollout, .. } => conflict(
            error.to_string(),
            format!("watch it with `viridian rollout watch {rollout}`"),
        ),
        E::Occupied { by, .. } => conflict(
            error.to_string(),
            format!("wait for rollout {by} to end, or cancel it"),
        ),
        E::ImageMissing { .. } => at(
            conflict(error.to_string(), "bake or import it again".to_owned()),
            "image",
        ),
        E::NoCloud(_) => at(
            problem(
                ProblemKind::Invalid,
                error,
                "set `cloud = \"local\"` in the declaration",
            ),
            "cloud",
        ),
        E::Plan(ref plan) => {
            use domain::planner::PlanError as P;
            match plan {
                P::AlreadyLive { .. } => at(
                    conflict(
                        error.to_string(),
                        "start another image, or change the environment's settings first"
                            .to_owned(),
                    ),
                    "image",
                ),
                P::Unsupported { .. } => invalid("strategy", &error, "use another strategy"),
                P::TooLarge { .. } => {
                    invalid("instances", &error, "lower `instances` in the declaration")
                }
            }
        }
        E::Store(error) => of_store(error),
        E::Cloud(error) => of_cloud(error),
        E::AheadOfJournal { .. } => conflict(
            error.to_string(),
            "restore the newest database, or end what is under way and start the image that is to run"
                .to_owned(),
        ),
        E::Contended => problem(ProblemKind::Unavailable, error, "try again"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::problem::Trouble;

    #[test]
    fn who_lost_the_right_on_the_way_is_told_as_who_never_had_it() {
        let refused = Refused {
            why: "you are operator of site/prod; approver needed to promote".into(),
            remedy: "ask an administrator of site/prod".into(),
        };
        let told = of_engine(EngineError::Forbidden(refused.clone()));
        assert_eq!(
            (told.detail.as_str(), told.remedy.as_str()),
            (&*refused.why, &*refused.remedy)
        );
        assert_eq!(Trouble::from(told).status(), http::StatusCode::FORBIDDEN);
        let told = Trouble::from(of_engine(EngineError::Refused(refused)));
        assert_eq!(told.status(), http::StatusCode::CONFLICT);
    }
}
