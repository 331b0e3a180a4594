//! The journal in plain words.

use domain::gate::Verdict;
use domain::rollout::{Ending, Pause, What};
use domain::{Observation, Plan, Rollout, Status, Strategy, Target};
use store::{Entry, EntryEvent, RolloutRecord};

/// Why a way back stands still although all visitors are served: what is left of the old group cannot
/// grow to its size again.
pub(super) fn stuck(rollout: &Rollout, seen: Option<&Observation>) -> Option<String> {
    let back = rollout.status == Status::RollingBack;
    let old = &rollout.plan.from.as_ref().filter(|_| back)?.name;
    let why = seen?.group(old)?.broken.as_ref()?;
    Some(format!("{old} cannot run: {why}"))
}

/// What it means for a plan that others have the environment, or wait for it: told in their order.
pub(super) fn behind(target: &Target, ahead: &[RolloutRecord]) -> String {
    let (active, waiting): (Vec<_>, Vec<_>) = ahead.iter().partition(|record| record.active);
    let named = |records: &[&RolloutRecord]| {
        let ids: Vec<_> = records.iter().map(|r| r.id.to_string()).collect();
        match ids.split_last() {
            Some((last, rest)) if !rest.is_empty() => {
                format!("rollouts {} and {last}", rest.join(", "))
            }
            _ => format!("rollout {}", ids.join("")),
        }
    };
    let wait = if waiting.len() == 1 { "waits" } else { "wait" };
    let told = match (active.is_empty(), waiting.is_empty()) {
        (true, true) => return String::new(),
        (false, true) => format!("{} is under way in {target}", named(&active)),
        (false, false) => format!(
            "{} is under way in {target} and {} {wait}",
            named(&active),
            named(&waiting)
        ),
        (true, false) => format!("{} {wait} for {target}", named(&waiting)),
    };
    format!(
        "{}. This one would begin after that, with its plan made anew from what serves then.",
        capital(&told)
    )
}

/// What one event of a rollout says, beside its plan.
pub(super) fn event(what: &What, plan: Option<&Plan>) -> String {
    let step = |position: usize| {
        let action = plan
            .and_then(|plan| plan.step(position))
            .zip(plan)
            .map(|((_, step), plan)| plan.in_words(&step.action.to_string()));
        action.unwrap_or_else(|| format!("step {}", position + 1))
    };
    match what {
        What::Created {
            plan,
            needs_approval,
        } => {
            let to = &plan.to.version;
            let how = plan.strategy;
            let target = &plan.target;
            let approval = if *needs_approval {
                "; it needs an approval"
            } else {
                ""
            };
            match &plan.from {
                Some(from) => format!(
                    "Asked to bring {to} to {target} by {how}, in place of {}{approval}",
                    from.version
                ),
                None => format!("Asked to start {to} in {target}{approval}"),
            }
        }
        What::Approved => "Approved".to_owned(),
        What::Rejected { why } => format!("Rejected: {why}"),
        What::Waits { waiting } => capital(&waiting.sentence()),
        What::Admitted { plan: None } => "It is its turn: it begins".to_owned(),
        What::Admitted { plan: Some(_) } => {
            "It is its turn: planned anew for what runs now, it begins".to_owned()
        }
        What::StepStarted { step: position, .. } => step(*position),
        What::StepDone {
            step: position,
            note,
        } if note.is_empty() => format!("Done: {}", step(*position)),
        What::StepDone {
            step: position,
            note,
        } => format!("Done: {} ({note})", step(*position)),
        What::Judged { group, verdict } => {
            let text = format!("{group}: {}", self::verdict(verdict));
            plan.map_or_else(|| text.clone(), |plan| plan.in_words(&text))
        }
        What::Paused { pause } => match pause {
            Pause::Approval => "Stands still until somebody approves".to_owned(),
            Pause::Inconclusive { n, needed } => {
                format!("Stands still: {n} requests are no verdict, it takes {needed}")
            }
            Pause::Person { by } => format!("Paused by {by}"),
            Pause::Throttled { message } => {
                format!("Stands still, the cloud asks for patience: {message}")
            }
        },
        What::Resumed => "Goes on".to_owned(),
        What::InstancesEnded { group, total: 1 } => {
            format!("An instance of {group} ended by itself")
        }
        What::InstancesEnded { group, total } => {
            format!("Instances of {group} ended by themselves, {total} so far")
        }
        What::Promoted { step: position } => format!("Promoted past: {}", step(*position)),
        What::Returning {
            why,
            ending: Ending::RolledBack,
        } => format!("Going back: {why}"),
        What::Returning {
            why,
            ending: Ending::Cancelled,
        } => format!("Cancelled: {why}"),
        What::TrafficReturned => match plan.and_then(|plan| plan.from.as_ref()) {
            Some(from) => format!("All traffic is on {} ({}) again", from.name, from.version),
            None => "It gets no traffic any more".to_owned(),
        },
        What::Ended {
            ending: Ending::RolledBack,
        } => "Rolled back".to_owned(),
        What::Ended {
            ending: Ending::Cancelled,
        } => "Cancelled".to_owned(),
        What::Succeeded => "Succeeded".to_owned(),
        What::Failed { problem } => format!("Needs a person: {problem}"),
    }
}

/// A gate's word with its numbers.
pub(super) fn verdict(verdict: &Verdict) -> String {
    let (word, readings) = match verdict {
        Verdict::Pass { readings } => ("passed", readings),
        Verdict::Fail { readings } => ("failed", readings),
        Verdict::Inconclusive { readings, .. } => ("no verdict yet", readings),
    };
    let numbers: Vec<_> = readings.iter().map(ToString::to_string).collect();
    match (verdict, numbers.is_empty()) {
        (Verdict::Inconclusive { n, needed, .. }, _) => {
            format!("{word}: {n} requests of at least {needed}")
        }
        (_, true) => word.to_owned(),
        (_, false) => format!("{word}: {}", numbers.join(", ")),
    }
}

/// What any entry of the journal says, in the audit.
pub(crate) fn what_happened(entry: &Entry) -> String {
    match &entry.event {
        EntryEvent::Rollout(event) => self::event(&event.what, None),
        EntryEvent::Admin(detail) => {
            let kind = capital(&entry.kind.replace('_', " "));
            let told: Vec<_> = detail
                .as_object()
                .into_iter()
                .flatten()
                .map(|(name, value)| match value.as_str() {
                    Some(text) => format!("{name} {text}"),
                    None => format!("{name} {value}"),
                })
                .collect();
            if let Some(text) = detail.as_str() {
                format!("{kind}: {text}")
            } else if told.is_empty() {
                kind
            } else {
                format!("{kind}: {}", told.join(", "))
            }
        }
    }
}

/// `Canary 1.1.0 → 1.2.0`, of a line of a list.
pub(super) fn headline(record: &RolloutRecord) -> String {
    let to = &record.to.1;
    let strategy = match record.strategy {
        Strategy::BlueGreen => "Blue/green",
        Strategy::Canary => "Canary",
        Strategy::Rolling => "Rolling",
        Strategy::Ab => "A/B",
    };
    match &record.from {
        Some((_, from, _)) => format!("{strategy} {from} → {to}"),
        None => format!("First start of {to}"),
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(chars).collect()
    })
}

/// What a rollback does, before it is needed.
pub(super) fn how_back(plan: &Plan) -> String {
    match &plan.from {
        Some(from) => format!(
            "Rolling back moves all traffic to {} ({}) in one switch as long as its group is kept; after that it is started again from its image.",
            from.name, from.version
        ),
        None => "Nothing ran before: cancelling removes it again.".to_owned(),
    }
}
