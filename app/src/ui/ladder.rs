//! The plan: a row for each phase, its steps folded behind it, asked beside observed.
//!
//! A row is two lines high in every state, and nothing opens or closes by itself: what is read stays
//! where it is while the rollout moves.

use crate::format::{self, counted};
use crate::view::{StepState, StepView};
use domain::Time;
use leptos::prelude::*;

/// The steps under the names of their phases.
pub fn ladder(steps: &[StepView], now: Time) -> AnyView {
    let phases = steps
        .chunk_by(|a, b| a.phase == b.phase)
        .map(|steps| phase(steps, now))
        .collect_view();
    view! {
        <ol class="ladder" role="list">
            {phases}
        </ol>
    }
    .into_any()
}

fn phase(steps: &[StepView], now: Time) -> impl IntoView + use<> {
    let state = state_of(steps);
    let (class, mark, word) = marked(state);
    let current = (state == StepState::Now).then_some("step");
    let name = format::sentence_case(&steps[0].phase);
    let (line, apart) = in_short(steps, state);
    let line_class = if apart {
        "ladder-line ladder-apart"
    } else {
        "ladder-line"
    };
    let rungs = steps.iter().map(|step| rung(step, now)).collect_view();
    view! {
        <li class=format!("ladder-phase {class}") aria-current=current>
            <details>
                <summary>
                    <span class="ladder-mark" role="img" aria-label=word>
                        {mark}
                    </span>
                    <span class="ladder-name">{name}</span>
                    <small class="ladder-took">{took(steps, state, now)}</small>
                    <small class=line_class>{line}</small>
                </summary>
                <ol role="list">{rungs}</ol>
            </details>
        </li>
    }
}

fn rung(step: &StepView, now: Time) -> impl IntoView + use<> {
    let (class, mark, word) = marked(step.state);
    let weights = step.weight_asked.and_then(|asked| {
        let text = weights(step, asked)?;
        let class = if is_apart(step) {
            "ladder-line ladder-apart"
        } else {
            "ladder-line"
        };
        Some(view! { <small class=class>{text}</small> })
    });
    let note = (!step.note.is_empty()).then(|| view! { <small>{step.note.clone()}</small> });
    let took = took(std::slice::from_ref(step), step.state, now);
    view! {
        <li class=format!("rung {class}")>
            <span class="ladder-mark" role="img" aria-label=word>
                {mark}
            </span>
            <span class="rung-text">{format::sentence_case(&step.text)} {weights} {note}</span>
            <small class="ladder-took">{took}</small>
        </li>
    }
}

fn marked(state: StepState) -> (&'static str, &'static str, &'static str) {
    match state {
        StepState::Done => ("ladder-done", "✓", "done"),
        StepState::Now => ("ladder-now", "▸", "now"),
        StepState::Next => ("ladder-next", "", "to come"),
        StepState::Skipped => ("ladder-skipped", "–", "not reached"),
    }
}

/// A phase is over when all of its steps are, and skipped from where the rollout turned back.
fn state_of(steps: &[StepView]) -> StepState {
    let all = |state| steps.iter().all(|step| step.state == state);
    let any = |state| steps.iter().any(|step| step.state == state);
    if any(StepState::Skipped) {
        StepState::Skipped
    } else if all(StepState::Done) {
        StepState::Done
    } else if all(StepState::Next) {
        StepState::Next
    } else {
        StepState::Now
    }
}

/// The second line of a phase, and whether what is asked differs from what is observed.
fn in_short(steps: &[StepView], state: StepState) -> (String, bool) {
    let traffic = steps
        .iter()
        .rev()
        .find(|step| step.weight_asked.is_some() && step.state != StepState::Next);
    let told = traffic.and_then(|step| weights(step, step.weight_asked?));
    let apart = traffic.is_some_and(is_apart);
    let line = match state {
        StepState::Now => {
            let current = steps.iter().find(|step| step.state == StepState::Now);
            let doing = current.map_or("between two steps", |step| doing(&step.action));
            match told {
                Some(told) if current.is_some_and(|step| step.action == "set_traffic") => told,
                Some(told) => format!("{told} · {doing}"),
                None => doing.to_owned(),
            }
        }
        StepState::Skipped if steps.iter().any(|step| step.since.is_some()) => {
            "turned back here".to_owned()
        }
        StepState::Skipped => "not reached".to_owned(),
        StepState::Done | StepState::Next => match (told, steps) {
            (Some(told), _) => told,
            (None, [step]) => format::sentence_case(&step.text),
            (None, _) => counted(steps.len() as u64, "step", "steps"),
        },
    };
    (line, apart)
}

/// `asked 25% · observed 25%`, once it was asked.
fn weights(step: &StepView, asked: u32) -> Option<String> {
    match (step.state, step.weight_observed) {
        (StepState::Next | StepState::Skipped, None) => None,
        (_, Some(seen)) => Some(format!("asked {asked}% · observed {seen}%")),
        (_, None) => Some(format!("asked {asked}% · not observed yet")),
    }
}

fn is_apart(step: &StepView) -> bool {
    step.state == StepState::Now
        && step.weight_asked.is_some()
        && step.weight_observed != step.weight_asked
}

fn doing(action: &str) -> &'static str {
    match action {
        "provision" => "starting",
        "await_healthy" => "waiting for health",
        "set_traffic" => "moving traffic",
        "pause" => "waiting",
        "analyze" => "judging",
        "resize" => "changing size",
        "drain" => "finishing requests",
        "retain" => "kept ready",
        "retire" => "retiring",
        _ => "under way",
    }
}

/// From the first step's begin to the last one's end, or to now.
fn took(steps: &[StepView], state: StepState, now: Time) -> Option<String> {
    let since = steps.iter().find_map(|step| step.since)?;
    if state == StepState::Now {
        let whole_seconds = now.since_ms(since) / 1_000 * 1_000;
        return Some(format!("{}…", format::duration(whole_seconds)));
    }
    let until = steps.iter().filter_map(|step| step.until).next_back()?;
    Some(format::duration(until.since_ms(since)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(action: &str, state: StepState, weight: Option<(u32, Option<u32>)>) -> StepView {
        let began = matches!(state, StepState::Done | StepState::Now);
        StepView {
            index: 0,
            phase: "25%".into(),
            action: action.into(),
            text: "do it".into(),
            state,
            since: began.then_some(Time(1_000)),
            until: began.then_some(Time(9_000)),
            note: String::new(),
            weight_asked: weight.map(|(asked, _)| asked),
            weight_observed: weight.and_then(|(_, seen)| seen),
        }
    }

    #[test]
    fn a_phase_says_in_one_line_what_it_is_at() {
        use StepState::{Done, Next, Now, Skipped};
        let traffic = |state, seen| step("set_traffic", state, Some((25, seen)));
        let judge = |state| step("analyze", state, None);
        for (steps, state, line, apart) in [
            ([traffic(Next, None), judge(Next)], Next, "2 steps", false),
            (
                [traffic(Now, Some(5)), judge(Next)],
                Now,
                "asked 25% · observed 5%",
                true,
            ),
            (
                [traffic(Done, Some(25)), judge(Now)],
                Now,
                "asked 25% · observed 25% · judging",
                false,
            ),
            (
                [traffic(Done, Some(25)), judge(Done)],
                Done,
                "asked 25% · observed 25%",
                false,
            ),
            (
                [traffic(Done, Some(25)), judge(Skipped)],
                Skipped,
                "turned back here",
                false,
            ),
            (
                [traffic(Skipped, None), judge(Skipped)],
                Skipped,
                "not reached",
                false,
            ),
        ] {
            assert_eq!(state_of(&steps), state);
            assert_eq!(in_short(&steps, state), (line.to_owned(), apart));
        }
    }

    #[test]
    fn what_is_under_way_counts_up_to_now_and_not_to_its_declared_end() {
        let steps = [step("analyze", StepState::Now, None)];
        let told = took(&steps, StepState::Now, Time(4_500));
        assert_eq!(told.as_deref(), Some("3 s…"));
    }
}
