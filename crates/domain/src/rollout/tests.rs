use super::table_specimens::{inputs, states};
use super::*;
use crate::plan::{Action, Plan, Until};
use crate::{Actor, Figures, GroupName, Observation, ObservedGroup, RolloutId, Routes, Time};
use proptest::prelude::*;
use std::path::PathBuf;

mod ends;
mod scenarios;

#[test]
fn every_state_answers_every_input() {
    insta::assert_snapshot!(table());
}

/// The page with the diagram. `UPDATE_DOCS=1 cargo test -p domain` writes it anew.
#[test]
fn the_documented_diagram_is_that_of_the_machine() {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/state-machine.md");
    let drawing = format!("```mermaid\n{}```\n", diagram());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        let page = format!(
            "# The states of a rollout\n\n\
             Drawn by the machine itself (`domain::rollout::diagram`): every arrow is a pair of state and input that\n\
             was put to it. What each state answers to each input, refusals included, is in the snapshot\n\
             of `domain::rollout::table`.\n\n{drawing}"
        );
        std::fs::write(&file, page).unwrap();
    }
    let page = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        page.contains(&drawing),
        "{} is out of date: run UPDATE_DOCS=1 cargo test -p domain",
        file.display()
    );
}

#[test]
fn the_offered_actions_are_what_the_machine_would_answer() {
    for (name, rollout) in states() {
        for by in [Actor::new("grace").unwrap(), rollout.started_by.clone()] {
            let at = rollout.step_since;
            let offers = actions(&rollout, &by, at);
            assert_eq!(offers.len(), Command::ALL.len());
            for offer in offers {
                let said = Said {
                    by: by.clone(),
                    at,
                    step: None,
                };
                let answer = decide(
                    &rollout,
                    &Input::Said {
                        command: offer.name,
                        said,
                    },
                );
                assert_eq!(
                    offer.allowed,
                    answer.is_ok_and(|events| !events.is_empty()),
                    "{name}: {offer:?}"
                );
                assert_eq!(offer.allowed, offer.why.is_empty(), "{name}: {offer:?}");
            }
        }
    }
}

#[test]
fn a_terminal_rollout_is_never_left_but_by_a_person_out_of_failure() {
    for (name, rollout) in states()
        .into_iter()
        .filter(|(_, rollout)| rollout.status.is_terminal())
    {
        for (input, given) in inputs(&rollout) {
            let events = decide(&rollout, &given).unwrap_or_default();
            let a_persons_way_back = matches!(rollout.status, Status::Failed { .. })
                && matches!(
                    given,
                    Input::Said {
                        command: Command::Rollback | Command::Cancel,
                        ..
                    }
                );
            assert!(
                events.is_empty() || a_persons_way_back,
                "{name}, {input}: {events:?}"
            );
            if let Input::Observed(seen) = &given {
                assert_eq!(next_effect(&rollout, seen), None, "{name}, {input}");
            }
        }
    }
}

#[test]
fn only_commands_are_refused() {
    for (name, rollout) in states() {
        for (input, given) in inputs(&rollout) {
            assert!(
                decide(&rollout, &given).is_ok() || matches!(given, Input::Said { .. }),
                "{name}, {input}"
            );
        }
    }
}

proptest! {
    /// Whatever is put to the machine in whatever order: the journal replays to the live state, no
    /// step is gone back to, and the way back is left by its end alone.
    #[test]
    fn any_history_keeps_the_laws(start in 0_usize..100, picks in prop::collection::vec(0_usize..1_000, 1..80)) {
        let all = states();
        let (_, specimen) = &all[start % all.len()];
        let plan: Plan = (*specimen.plan).clone();
        let what = What::Created { plan: Box::new(plan), needs_approval: start % 2 == 0 };
        let first = Event { at: Time(1_000_000), by: specimen.started_by.clone(), what };
        let mut state = create(RolloutId(1), &first).unwrap();
        let mut journal = vec![first];
        for pick in picks {
            let given = inputs(&state);
            let (_, input) = &given[pick % given.len()];
            let Ok(events) = decide(&state, input) else { continue };
            for event in events {
                let next = evolve(state.clone(), &event);
                prop_assert!(next.step >= state.step, "goes back from {} to {}", state.step, next.step);
                if state.status == Status::RollingBack {
                    let ends = matches!(next.status, Status::RollingBack | Status::RolledBack | Status::Cancelled | Status::Failed { .. });
                    prop_assert!(ends, "{:?}", next.status);
                }
                if state.status.is_terminal() {
                    prop_assert!(matches!(event.what, What::Returning { .. }), "{event:?}");
                }
                state = next;
                journal.push(event);
            }
            prop_assert_eq!(replay(RolloutId(1), &journal), Some(state.clone()));
        }
        for event in &journal {
            let text = serde_json::to_string(event).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Event>(&text).unwrap(), event);
        }
    }
}
