//! One application in one environment, as observed.

use super::{ago, traffic};
use crate::format::counted;
use crate::view::*;
use domain::{AppName, Health, Time};
use leptos::prelude::*;

/// Health as a shape and a word; the word is for screen readers and the tooltip.
pub fn health(health: Health) -> impl IntoView {
    let (class, path) = match health {
        Health::Healthy => (
            "health health-healthy",
            "M5 0a5 5 0 1 0 0 10A5 5 0 0 0 5 0Z",
        ),
        Health::Progressing => (
            "health health-progressing",
            "M5 0a5 5 0 0 0 0 10V8.4a3.4 3.4 0 0 0 0-6.8Z M5 0v10A5 5 0 0 0 5 0Z",
        ),
        Health::Degraded => ("health health-degraded", "M5 .4 10 9.6H0Z"),
        Health::Unknown => (
            "health health-unknown",
            "M5 0a5 5 0 1 0 0 10A5 5 0 0 0 5 0Zm0 1.6a3.4 3.4 0 1 1 0 6.8 3.4 3.4 0 0 1 0-6.8Z",
        ),
    };
    view! {
        <svg class=class viewBox="0 0 10 10" width="10" height="10" role="img" aria-label=health.as_str()>
            <title>{health.as_str()}</title>
            <path fill-rule="evenodd" d=path />
        </svg>
    }
}

/// A square of the matrix. Its height is the same with and without a rollout, so that nothing moves
/// when one begins.
pub fn cell(app: &AppName, cell: &Cell, now: Time) -> AnyView {
    let serving: Vec<_> = cell
        .shares
        .iter()
        .filter(|share| share.weight > 0)
        .collect();
    let incoming = cell.shares.iter().find(|share| share.incoming);
    let moving = cell.rollout.is_some();
    if cell.shares.is_empty() && !moving {
        return view! { <span class="cell cell-empty">"nothing yet"</span> }.into_any();
    }
    let old = cell
        .shares
        .iter()
        .find(|share| !share.incoming)
        .map(|share| share.version.clone());
    let text = match (moving, old, incoming) {
        (true, Some(old), Some(new)) if old != new.version => format!("{old} → {}", new.version),
        (_, old, new) => serving
            .first()
            .map(|share| share.version.to_string())
            .or(new.map(|new| new.version.to_string()))
            .or(old.map(|old| old.to_string()))
            .unwrap_or_default(),
    };
    let href = match cell.rollout {
        Some(id) => format!("/rollouts/{id}"),
        None => format!("/applications/{app}#env-{}", cell.env),
    };
    let class = if moving { "cell-moving" } else { "" };
    let version = view! { <a class=class href=href>{text}</a> };
    let note = if cell.drifted > 0 {
        Some((
            "cell-note cell-note-bad",
            format!("{} of {} differ from their image", cell.drifted, cell.size),
        ))
    } else if let Some(hold) = &cell.hold {
        // Why, in full and with the button that removes it, is on the application's page.
        let short = hold.split(": ").next().unwrap_or_default();
        Some(("cell-note", format!("on hold: {short}")))
    } else if cell.healthy < cell.size {
        Some((
            "cell-note",
            format!("{} of {} healthy", cell.healthy, cell.size),
        ))
    } else if cell.queued > 0 {
        Some((
            "cell-note",
            format!(
                "{} waiting",
                counted(u64::from(cell.queued), "rollout", "rollouts")
            ),
        ))
    } else {
        None
    };
    view! {
        <div class="cell">
            <span class="cell-version">
                {health(cell.health)} {version}
                <small>{cell.since.map(|since| ago(now, since))}</small>
            </span>
            {(moving || serving.len() > 1).then(|| traffic(&cell.shares))}
            {note.map(|(class, text)| view! { <small class=class>{text}</small> })}
        </div>
    }
    .into_any()
}
