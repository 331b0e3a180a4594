//! A word about a state, on its own ground.

use leptos::prelude::*;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Goes as it should.
    Good,
    /// Waits for somebody or something.
    Wait,
    /// Went wrong, or goes back.
    Bad,
    /// Over, or not begun.
    Idle,
}

pub fn pill(tone: Tone, text: impl Into<String>) -> AnyView {
    let class = match tone {
        Tone::Good => "pill",
        Tone::Wait => "pill pill-wait",
        Tone::Bad => "pill pill-bad",
        Tone::Idle => "pill pill-idle",
    };
    view! { <span class=class>{text.into()}</span> }.into_any()
}

/// A rollout's state in its words; the tone comes from the state.
pub fn state_pill(state: &str, text: &str) -> AnyView {
    pill(tone(state), text)
}

fn tone(state: &str) -> Tone {
    match state {
        "pending_approval" | "paused" => Tone::Wait,
        "failed" | "rolling_back" => Tone::Bad,
        "in_progress" | "promoting" | "soaking" | "succeeded" => Tone::Good,
        _ => Tone::Idle,
    }
}
