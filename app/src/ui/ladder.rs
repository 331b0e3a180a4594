//! The plan, step by step, with what was asked beside what was observed.

use crate::format;
use crate::view::{StepState, StepView};
use domain::Time;
use leptos::prelude::*;

/// The steps under the names of their phases.
pub fn ladder(steps: &[StepView], now: Time) -> AnyView {
    let phases = steps
        .chunk_by(|a, b| a.phase == b.phase)
        .map(|phase| {
            let name = format::sentence_case(&phase[0].phase);
            let steps = phase.iter().map(|step| rung(step, now)).collect_view();
            view! {
                <li class="ladder-phase">
                    <h3>{name}</h3>
                    <ol role="list">{steps}</ol>
                </li>
            }
        })
        .collect_view();
    view! {
        <ol class="ladder" role="list">
            {phases}
        </ol>
    }
    .into_any()
}

fn rung(step: &StepView, now: Time) -> impl IntoView + use<> {
    let (class, mark, word) = match step.state {
        StepState::Done => ("rung rung-done", "✓", "done"),
        StepState::Now => ("rung rung-now", "▸", "now"),
        StepState::Next => ("rung rung-next", "", "to come"),
        StepState::Skipped => ("rung rung-skipped", "–", "skipped"),
    };
    let took = step.since.map(|since| {
        let ms = step.until.unwrap_or(now).since_ms(since);
        let text = format::duration(if step.until.is_some() {
            ms
        } else {
            ms / 1_000 * 1_000
        });
        if step.until.is_some() {
            text
        } else {
            format!("{text}…")
        }
    });
    let weights = step.weight_asked.map(|asked| {
        let observed = step
            .weight_observed
            .map_or_else(|| "–".to_owned(), |seen| format!("{seen}%"));
        let class = if step.state == StepState::Now && step.weight_observed != Some(asked) {
            "rung-weights rung-weights-apart"
        } else {
            "rung-weights"
        };
        view! { <span class=class>{format!("asked {asked}% · observed {observed}")}</span> }
    });
    let note = (!step.note.is_empty()).then(|| view! { <small>{step.note.clone()}</small> });
    view! {
        <li class=class aria-current=(step.state == StepState::Now).then_some("step")>
            <span class="rung-mark" role="img" aria-label=word>
                {mark}
            </span>
            <span class="rung-text">{format::sentence_case(&step.text)} {weights} {note}</span>
            <small class="rung-took">{took}</small>
        </li>
    }
}
