//! One environment on the way that versions go: what serves, what is under way, what keeps it, what
//! was.

use super::{ago, at, group_cards, health, mini_timeline, output, recent, state_pill, traffic};
use crate::view::*;
use domain::{AppName, Time};
use leptos::prelude::*;

pub fn stop(app: &AppName, environment: &EnvironmentView, now: Time) -> AnyView {
    let cell = &environment.cell;
    let env = cell.env.to_string();
    let groups = if environment.groups.is_empty() {
        view! { <p class="stop-quiet">"Nothing runs here yet. Start a rollout to begin."</p> }
            .into_any()
    } else {
        group_cards(&environment.groups, now)
    };
    view! {
        <li class="stop card" id=format!("env-{env}")>
            <header class="stop-head">
                <h2>{health(cell.health)} " " {env.clone()}</h2>
                <small>{environment.cloud.clone()}</small>
                <a class="stop-url" href=cell.url.clone() rel="external noreferrer" target="_blank">
                    {cell.url.clone()}
                </a>
            </header>
            <a
                class="button stop-start"
                id=format!("start-{env}")
                href=format!("/applications/{app}?promote={env}")
            >
                "Start a rollout…"
            </a>
            {serving(environment, now)}
            {environment.active.as_ref().map(|row| active(row, now))}
            {kept(app, environment, now)}
            {drifted(environment)}
            {groups}
            {(!environment.queue.is_empty())
                .then(|| {
                    view! {
                        <h3>"Waiting in line"</h3>
                        <ol class="stop-list" role="list">
                            {recent(&environment.queue, now)}
                        </ol>
                    }
                })}
            {past(environment, now)}
            {node(&environment.node, now)}
        </li>
    }
    .into_any()
}

/// How the traffic is shared out, where it is; with one group its card says it all.
fn serving(environment: &EnvironmentView, now: Time) -> Option<AnyView> {
    let cell = &environment.cell;
    let since = cell.since?;
    let shared = cell.shares.len() > 1;
    let healthy = shared.then(|| format!("{} of {} healthy · ", cell.healthy, cell.size));
    let serving = view! {
        <div class="stop-traffic">
            {shared.then(|| traffic(&cell.shares))}
            <small>{healthy} "serving for " {ago(now, since)}</small>
        </div>
    };
    Some(serving.into_any())
}

fn active(row: &RolloutRow, now: Time) -> impl IntoView + use<> {
    view! {
        <div class="stop-active">
            <a href=format!("/rollouts/{}", row.id)>{row.headline.clone()}</a>
            {state_pill(&row.state, &row.state_text)}
            {mini_timeline(&row.timeline, row.id)}
            <small>{row.step_text.clone()} " · " {ago(now, row.created_at)}</small>
        </div>
    }
}

/// The hold and the vetoes, each with the way to remove it.
fn kept(app: &AppName, environment: &EnvironmentView, now: Time) -> impl IntoView + use<> {
    let env = &environment.cell.env;
    let hold = environment.hold.as_ref().map(|hold| {
        let href = format!("/applications/{app}?remove=hold&in={env}");
        let said = Said {
            what: "On hold.".to_owned(),
            why: hold.why.clone(),
            by: hold.by.clone(),
            at: hold.at,
        };
        notice(said, href, "Remove the hold…".to_owned(), now)
    });
    let vetoes = environment
        .vetoes
        .iter()
        .map(|veto| {
            let href = format!(
                "/applications/{app}?remove=veto&in={env}&image={}",
                veto.digest
            );
            let said = Said {
                what: format!("{} is vetoed.", veto.version),
                why: veto.why.clone(),
                by: veto.by.clone(),
                at: veto.at,
            };
            notice(said, href, "Remove the veto…".to_owned(), now)
        })
        .collect_view();
    view! {
        {hold}
        {vetoes}
    }
}

struct Said {
    what: String,
    why: String,
    by: String,
    at: Time,
}

fn notice(said: Said, href: String, label: String, now: Time) -> impl IntoView + use<> {
    let Said { what, why, by, at } = said;
    view! {
        <div class="stop-hold">
            <p>
                <b>{what}</b>
                " "
                {why}
            </p>
            <p class="stop-hold-foot">
                <small>{by} " · " {ago(now, at)}</small>
                <a href=href>{label}</a>
            </p>
        </div>
    }
}

/// Rollouts that are over, and what happened between them.
fn past(environment: &EnvironmentView, now: Time) -> impl IntoView + use<> {
    let notes = environment
        .notes
        .iter()
        .map(|note| {
            view! {
                <li class="recent">
                    <span>{note.text.clone()}</span>
                    <small>{note.by.clone()} " · " {at(note.at)}</small>
                </li>
            }
        })
        .collect_view();
    let rollouts = recent(&environment.recent, now);
    let none = environment.recent.is_empty() && environment.notes.is_empty();
    (!none).then(|| {
        view! {
            <h3>"Recent"</h3>
            <ul class="stop-list" role="list">
                {notes}
                {rollouts}
            </ul>
        }
    })
}

/// What differs from what was released, and what becomes of it.
fn drifted(environment: &EnvironmentView) -> Option<AnyView> {
    let drift = environment.drift.as_ref()?;
    let note = view! {
        <div class="stop-hold">
            <p>
                <b>{drift.title.clone()} "."</b>
                " "
                {drift.detail.clone()}
            </p>
        </div>
    };
    Some(note.into_any())
}

/// Events of the node that are in sight; the rest is folded behind them.
const NODE_IN_SIGHT: usize = 3;

/// What the node did and met by itself.
fn node(notes: &[NodeNote], now: Time) -> Option<AnyView> {
    if notes.is_empty() {
        return None;
    }
    let list = |notes: &[NodeNote]| {
        let rows = notes.iter().map(|note| node_note(note, now)).collect_view();
        view! {
            <ul class="stop-list" role="list">
                {rows}
            </ul>
        }
        .into_any()
    };
    let (shown, folded) = notes.split_at(notes.len().min(NODE_IN_SIGHT));
    let more = (!folded.is_empty()).then(|| {
        view! {
            <details class="fold">
                <summary>{format!("{} before", folded.len())}</summary>
                {list(folded)}
            </details>
        }
    });
    let section = view! {
        <h3>"What the node did"</h3>
        {list(shown)}
        {more}
    };
    Some(section.into_any())
}

fn node_note(note: &NodeNote, now: Time) -> AnyView {
    let output = note.instances.first().map(|id| {
        view! { " · " {output(id)} }
    });
    // The words themselves are on the next lines, and behind "output".
    let detail = note.detail.as_ref().and_then(|text| text.lines().next());
    let detail = detail.map(|line| line.trim_end_matches("; its last words:"));
    let detail = detail.map(|line| view! { <small>{line.to_owned()}</small> }.into_any());
    view! {
        <li class="recent" title=note.detail.clone().unwrap_or_default()>
            <span>{note.text.clone()}</span>
            {detail}
            <small>{ago(now, note.at)} " ago" {output}</small>
        </li>
    }
    .into_any()
}
