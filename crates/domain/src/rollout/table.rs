//! The machine written out: what every state answers to every input, and the diagram of it. Both
//! are computed by asking the machine itself, so neither can differ from it.

use super::table_specimens::{inputs, states};
use super::{Status, decide, evolve};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// One row of the table: what a state made of an input.
struct Answer {
    state: String,
    from: Status,
    input: &'static str,
    outcome: Result<(Status, String), String>,
}

fn answers() -> Vec<Answer> {
    let mut rows = Vec::new();
    for (state, rollout) in states() {
        for (input, given) in inputs(&rollout) {
            let outcome = match decide(&rollout, &given) {
                Err(refused) => Err(refused.to_string()),
                Ok(events) => {
                    let names: Vec<_> = events.iter().map(|event| event.what.as_str()).collect();
                    let next = events.iter().fold(rollout.clone(), evolve);
                    Ok((next.status, names.join(", ")))
                }
            };
            let (state, from) = (state.to_owned(), rollout.status.clone());
            rows.push(Answer {
                state,
                from,
                input,
                outcome,
            });
        }
    }
    rows
}

/// Every pair of state and input with its answer, as text.
#[must_use]
pub fn table() -> String {
    let mut text = String::new();
    let mut last = String::new();
    for row in answers() {
        if row.state != last {
            let _ = writeln!(
                text,
                "{}{} [{}]",
                if last.is_empty() { "" } else { "\n" },
                row.state,
                row.from.as_str()
            );
            last.clone_from(&row.state);
        }
        let answer = match &row.outcome {
            Err(refused) => format!("refused: {refused}"),
            Ok((_, events)) if events.is_empty() => "-".to_owned(),
            Ok((status, events)) => format!("{} by {events}", status.as_str()),
        };
        let _ = writeln!(text, "  {:<28} {answer}", row.input);
    }
    text
}

/// The table as a Mermaid state diagram: an arrow for each change of state, with what causes it.
#[must_use]
pub fn diagram() -> String {
    let mut arrows: BTreeMap<(usize, usize), BTreeSet<&'static str>> = BTreeMap::new();
    for row in answers() {
        let Ok((to, _)) = &row.outcome else { continue };
        let (from, to) = (rank(&row.from), rank(to));
        if from != to {
            arrows.entry((from, to)).or_default().insert(row.input);
        }
    }
    let mut text =
        String::from("stateDiagram-v2\n    [*] --> pending_approval\n    [*] --> pending\n");
    for ((from, to), causes) in arrows {
        let causes = causes.into_iter().collect::<Vec<_>>().join(", ");
        let _ = writeln!(text, "    {} --> {}: {causes}", ORDER[from], ORDER[to]);
    }
    for (state, rollout) in states() {
        if rollout.status.is_terminal() && state == rollout.status.as_str() {
            let _ = writeln!(text, "    {state} --> [*]");
        }
    }
    text
}

/// The states in the order in which a reader meets them.
const ORDER: [&str; 12] = [
    "pending_approval",
    "pending",
    "in_progress",
    "paused",
    "promoting",
    "soaking",
    "rolling_back",
    "succeeded",
    "rejected",
    "cancelled",
    "rolled_back",
    "failed",
];

fn rank(status: &Status) -> usize {
    match status {
        Status::PendingApproval => 0,
        Status::Pending { .. } => 1,
        Status::InProgress => 2,
        Status::Paused { .. } => 3,
        Status::Promoting => 4,
        Status::Soaking => 5,
        Status::RollingBack => 6,
        Status::Succeeded => 7,
        Status::Rejected { .. } => 8,
        Status::Cancelled => 9,
        Status::RolledBack => 10,
        Status::Failed { .. } => 11,
    }
}
