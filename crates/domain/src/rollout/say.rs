//! What is going on, in one plain sentence: the same on the command line, in the API and on screen.

use super::state::{Ending, Pause, Rollout, Status, Waiting};
use crate::plan::{Action, Group, Until, duration};
use crate::{GroupName, Observation, Time};

/// `Canary 1.1.0 → 1.2.0`.
#[must_use]
pub fn headline(rollout: &Rollout) -> String {
    rollout.plan.headline()
}

/// What is going on now and what comes next. `seen` is the last look at the cloud, `now` the time of
/// saying it.
#[must_use]
pub fn sentence(rollout: &Rollout, seen: Option<&Observation>, now: Time) -> String {
    let text = told(rollout, seen, now);
    match rollout.status {
        // A person who has to act needs the names that the cloud knows.
        Status::Failed { .. } => text,
        _ => rollout.plan.in_words(&text),
    }
}

fn told(rollout: &Rollout, seen: Option<&Observation>, now: Time) -> String {
    let plan = &rollout.plan;
    // Where only the configuration changes, the group tells the two apart.
    let same = plan
        .from
        .as_ref()
        .is_some_and(|from| from.version == plan.to.version);
    let named = |group: &Group| {
        let name = if same {
            group.name.as_str()
        } else {
            group.version.as_str()
        };
        name.to_owned()
    };
    let new = named(&plan.to);
    let old = plan.from.as_ref().map(named);
    let old = old.as_ref();
    let old_group = plan.from.as_ref().map(|from| &from.name);
    // What is over is told of the present only as far as it still holds.
    let serves = |group: &Group| seen.is_none_or(|seen| seen.routes.weight(&group.name) > 0);
    let old_serves = plan.from.as_ref().is_some_and(serves);
    let traffic = || {
        let weight = seen.map_or(0, |seen| seen.routes.weight(&plan.to.name));
        match (weight, old) {
            (0, Some(old)) => format!("All visitors are served by {old}."),
            (0, None) => format!("{new} is not serving yet."),
            (100, Some(old)) if keeps_arms(seen, old_group) => format!(
                "New visitors meet {new}; those who met {old} before stay with it until it is retired."
            ),
            (100, _) => format!("All visitors are served by {new}."),
            (w, Some(old)) => format!("{w}% of the traffic is served by {new}, the rest by {old}."),
            (w, None) => format!("{w}% of the traffic is served by {new}."),
        }
    };
    let back = || match old {
        Some(old) => format!(" Rolling back moves every visitor to {old} at once."),
        None => String::new(),
    };
    match &rollout.status {
        Status::PendingApproval => {
            format!("Nothing has been done yet: somebody has to approve the start of {new}.")
        }
        Status::Pending { waiting } => {
            format!("Nothing has been done yet: it {}.", waiting.sentence())
        }
        Status::InProgress | Status::Promoting | Status::Soaking => {
            format!("{} {}{}", traffic(), doing(rollout, now), back())
        }
        Status::Paused { pause } => {
            let why = match pause {
                Pause::Approval => "It waits for an approval.".to_owned(),
                Pause::Inconclusive { n, needed } => {
                    let n = seen
                        .and_then(|seen| seen.group(&plan.to.name))
                        .map_or(*n, |g| rollout.window(&g.name, &g.figures).requests.max(*n));
                    format!(
                        "There is no verdict yet: {n} requests of at least {needed}. It goes on by itself when they came."
                    )
                }
                Pause::Person { by } => format!("{by} paused it."),
                Pause::Throttled { message } => format!("The cloud asks for patience: {message}."),
            };
            format!("{} {why}{}", traffic(), back())
        }
        Status::Succeeded => match old {
            Some(old) if serves(&plan.to) => {
                format!("{new} has replaced {old} and serves all visitors.")
            }
            Some(old) => format!("{new} had replaced {old}; it no longer serves."),
            None if serves(&plan.to) => {
                format!("{new} serves all visitors; nothing ran here before.")
            }
            None => format!("{new} was the first to run here; it no longer serves."),
        },
        Status::Rejected { why } => format!("It never began: {why}."),
        Status::Cancelled => match (rollout.admitted_at, old) {
            (Some(_), Some(old)) if old_serves => {
                format!("It was cancelled; {old} serves all visitors.")
            }
            (Some(_), Some(old)) => format!("It was cancelled, and {old} stayed."),
            (Some(_), None) => "It was cancelled; nothing of it is left.".to_owned(),
            (None, _) => "It was cancelled before it began.".to_owned(),
        },
        Status::RollingBack => format!("{} On its way back: {}.", traffic(), why(rollout)),
        Status::RolledBack => match old {
            Some(old) if old_serves => format!(
                "{old} serves all visitors again. {new} was sent back: {}.",
                why(rollout)
            ),
            Some(_) => format!("{new} was sent back: {}.", why(rollout)),
            None => format!("{new} was removed again: {}.", why(rollout)),
        },
        Status::Failed { problem } => format!("It needs a person: {problem}."),
    }
}

/// Whether the routing keeps visitors on the old group that gets no new ones.
fn keeps_arms(seen: Option<&Observation>, old: Option<&GroupName>) -> bool {
    let routes = seen
        .map(|seen| &seen.routes)
        .filter(|routes| routes.sticky.is_some());
    routes
        .zip(old)
        .is_some_and(|(routes, old)| routes.weights.contains_key(old))
}

fn why(rollout: &Rollout) -> &str {
    rollout
        .going_back
        .as_ref()
        .map_or("", |back| match back.ending {
            Ending::RolledBack | Ending::Cancelled => back.why.as_str(),
        })
}

fn doing(rollout: &Rollout, now: Time) -> String {
    let Some((_, step)) = rollout.current() else {
        return String::new();
    };
    let left = |ms: u64| {
        duration(
            ms.saturating_sub(now.since_ms(rollout.step_since))
                .next_multiple_of(1_000),
        )
    };
    match &step.action {
        Action::Provision { group, .. } => format!("{group} is starting."),
        Action::AwaitHealthy { group, .. } => format!("{group} is proving itself healthy."),
        Action::SetTraffic { routes } => format!("Traffic is moving: {routes}."),
        Action::Pause {
            until: Until::Elapsed { ms },
        } => format!("It goes on in {}.", left(*ms)),
        Action::Pause {
            until: Until::Approval,
        } => "It waits for an approval.".to_owned(),
        Action::Pause {
            until: Until::Decision { .. },
        } => {
            "The experiment runs until somebody promotes the new version or rolls back.".to_owned()
        }
        Action::Analyze { window_ms, .. } => {
            if now.since_ms(rollout.step_since) >= *window_ms {
                "It is being judged.".to_owned()
            } else {
                format!(
                    "It is being judged for another {} at least.",
                    left(*window_ms)
                )
            }
        }
        Action::Resize { group, size } => format!("{group} is changing to {size} instances."),
        Action::Drain { group } => format!("{group} is finishing its last requests."),
        Action::Retain { group, for_ms } => {
            format!("{group} is kept ready for another {}.", left(*for_ms))
        }
        Action::Retire { group } => format!("{group} is being retired."),
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
