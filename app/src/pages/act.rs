//! Clicks on a rollout's verbs, sent from the browser.

use crate::api;
use crate::ui::Act;
use crate::view::RolloutView;
use domain::{Command, RolloutId};
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::hooks::use_navigate;

/// Sends commands and hands what they led to on to the page at once, before any event comes. Where a
/// command began another rollout (taking back one that is over), that one is opened.
pub(super) fn act(show: impl Fn(RolloutView) + Copy + Send + Sync + 'static) -> Act {
    let busy = RwSignal::new(false);
    let problem = RwSignal::new(None);
    let navigate = use_navigate();
    let run = Callback::new(move |(id, command, step): (RolloutId, Command, usize)| {
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        problem.set(None);
        let navigate = navigate.clone();
        spawn_local(async move {
            let answer = api::command(id, command, step).await;
            busy.try_set(false);
            match answer {
                Ok(rollout) if rollout.id != id => {
                    navigate(&format!("/rollouts/{}", rollout.id), Default::default());
                }
                Ok(rollout) => show(rollout),
                Err(error) => drop(problem.try_set(Some((id, error)))),
            }
        });
    });
    Act { run, busy, problem }
}
