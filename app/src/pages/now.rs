//! What needs a person, what is moving, what runs where.

use super::act::act;
use super::first_steps::first_steps;
use super::live_page::{live_page, title};
use crate::live::as_of;
use crate::ui::{Act, Tone, cell, flash, live_mark, moving_row, need_verbs, pill};
use crate::view::*;
use crate::{api, format};
use leptos::prelude::*;

/// Environments that a phone shows below each other.
const STACKED_MAX: usize = 6;
/// Rollouts listed here; the history lists them all.
const MOVING_MAX: usize = 20;

#[component]
pub fn Now() -> impl IntoView {
    live_page(|| (), |()| api::now(), |_, _| true, body)
}

fn body(now: RwSignal<NowView>) -> AnyView {
    let act = act(move |rollout| now.update(|now| show(now, &rollout)));
    view! {
        {title(now, |now| match now.needs.len() {
            0 => "Now".to_owned(),
            n => format!("({n}) Now"),
        })}
        <header class="page-head">
            <h1>"Now"</h1>
            {live_mark(as_of(now))}
        </header>
        {flash()}
        {move || {
            if now.with(|now| now.applications.is_empty()) { first_steps() } else { sections(now, act) }
        }}
    }
    .into_any()
}

fn sections(now: RwSignal<NowView>, act: Act) -> AnyView {
    view! {
        <section class="card needs" aria-labelledby="needs">
            <h2 id="needs">
                "Needs a person " <small>{move || now.with(|now| now.needs.len())}</small>
            </h2>
            {move || {
                now.with(|now| now.needs.is_empty())
                    .then(|| view! { <p class="card-quiet">"Nothing waits for a person."</p> })
            }}
            <ul role="list">
                <For
                    each=move || now.with(|now| now.needs.iter().map(need_key).collect::<Vec<_>>())
                    key=Clone::clone
                    children=move |key| {
                        let need = kept(now, move |now| {
                            now.needs.iter().find(|need| need_key(need) == key).cloned()
                        });
                        view! { <li class="need">{move || need.get().map(|need| need_row(&need, act))}</li> }
                    }
                />
            </ul>
        </section>
        <section class="card" aria-labelledby="moving">
            <h2 id="moving">
                "Moving "
                <small>
                    {move || format::counted(now.with(|now| now.moving.len()) as u64, "rollout", "rollouts")}
                </small>
            </h2>
            {move || {
                now.with(|now| now.moving.is_empty())
                    .then(|| {
                        view! {
                            <p class="card-quiet">
                                "Nothing moves. Start a rollout from an "
                                <a href="/applications">"application"</a> ", or with "
                                <code>"viridian rollout start"</code> "."
                            </p>
                        }
                    })
            }}
            <table class="moving" class:hidden=move || now.with(|now| now.moving.is_empty())>
                <caption class="hidden">"Rollouts under way"</caption>
                <thead>
                    <tr>
                        <th scope="col">"rollout"</th>
                        <th scope="col">"state"</th>
                        <th scope="col">"time"</th>
                        <th scope="col">"traffic"</th>
                        <th scope="col"><span class="hidden">"actions"</span></th>
                    </tr>
                </thead>
                <tbody>
                    <For
                        each=move || {
                            now.with(|now| {
                                now.moving.iter().take(MOVING_MAX).map(|row| row.id).collect::<Vec<_>>()
                            })
                        }
                        key=|id| *id
                        children=move |id| {
                            let row = kept(now, move |now| {
                                now.moving.iter().find(|row| row.id == id).map(|row| (row.clone(), now.as_of))
                            });
                            view! {
                                <tr>{move || row.get().map(|(row, as_of)| moving_row(&row, as_of, act))}</tr>
                            }
                        }
                    />
                </tbody>
            </table>
            {move || {
                now.with(|now| now.moving.len().checked_sub(MOVING_MAX).filter(|more| *more > 0))
                    .map(|more| {
                        view! {
                            <p class="card-quiet">
                                {format!("{} more. ", format::count(more as u64))}
                                <a href="/history">"The history lists every rollout."</a>
                            </p>
                        }
                    })
            }}
        </section>
        <section class="card" aria-labelledby="where">
            <h2 id="where">"What runs where " <small>"observed, not intended"</small></h2>
            {move || now.with(matrix)}
        </section>
    }
    .into_any()
}

/// A part of the page's data; while it leaves the page, what it was last.
fn kept<T: Clone + PartialEq + Send + Sync + 'static>(
    now: RwSignal<NowView>,
    find: impl Fn(&NowView) -> Option<T> + Send + Sync + 'static,
) -> Memo<Option<T>> {
    Memo::new(move |before: Option<&Option<T>>| {
        now.with(&find).or_else(|| before.cloned().flatten())
    })
}

fn need_key(need: &Need) -> String {
    let rollout = need.rollout.map_or_else(String::new, |id| id.to_string());
    format!("{:?} {}/{} {rollout}", need.kind, need.app, need.env)
}

fn need_row(need: &Need, act: Act) -> AnyView {
    let (tone, word) = match need.kind {
        NeedKind::Approval => (Tone::Wait, "approval"),
        NeedKind::NoVerdict => (Tone::Wait, "no verdict"),
        NeedKind::Paused => (Tone::Wait, "paused"),
        NeedKind::Decision => (Tone::Wait, "decision"),
        NeedKind::Failed => (Tone::Bad, "failed"),
        NeedKind::Drift => (Tone::Bad, "drift"),
    };
    view! {
        <span class="need-kind">{pill(tone, word)}</span>
        <div class="need-what">
            <span>
                <a href=format!("/applications/{}", need.app)>
                    <b>{need.app.to_string()}</b>
                </a>
                " → "
                {need.env.to_string()}
                " · "
                {need.title.clone()}
            </span>
            <small>{need.detail.clone()}</small>
        </div>
        {need_verbs(need, act)}
    }
    .into_any()
}

fn matrix(now: &NowView) -> AnyView {
    let as_of = now.as_of;
    let columns = now
        .environments
        .iter()
        .map(|env| {
            view! {
                <th scope="col">
                    <span class="matrix-name">{env.to_string()}</span>
                </th>
            }
        })
        .collect_view();
    let names: Vec<_> = now.environments.clone();
    let rows = now
        .applications
        .iter()
        .map(|row| {
            let cells = row
                .cells
                .iter()
                .zip(&names)
                .map(|(square, env)| {
                    let drawn = match square {
                        Some(square) => cell(&row.app, square, as_of),
                        None => view! { <span class="cell cell-none">"–"</span> }.into_any(),
                    };
                    view! { <td data-env=env.to_string()>{drawn}</td> }
                })
                .collect_view();
            view! {
                <tr>
                    <th scope="row">
                        <a class="matrix-name" href=format!("/applications/{}", row.app)>
                            {row.app.to_string()}
                        </a>
                    </th>
                    {cells}
                </tr>
            }
        })
        .collect_view();
    // On a phone a short path is read downwards; a long one stays a table that scrolls sideways.
    let class = if names.len() > STACKED_MAX {
        "matrix matrix-wide"
    } else {
        "matrix"
    };
    view! {
        <div class="scroll" tabindex="0" role="group" aria-label="What runs where">
            <table class=class>
                <caption class="hidden">
                    "The versions observed in each environment, with their share of the traffic"
                </caption>
                <thead>
                    <tr>
                        <th scope="col">"application"</th>
                        {columns}
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

/// Puts what a command led to on the screen, before the page is loaded again.
fn show(now: &mut NowView, rollout: &RolloutView) {
    now.needs.retain(|need| need.rollout != Some(rollout.id));
    if let Some(row) = now.moving.iter_mut().find(|row| row.id == rollout.id) {
        row.state.clone_from(&rollout.state);
        row.state_text.clone_from(&rollout.state_text);
        row.reason.clone_from(&rollout.reason);
        row.timeline.clone_from(&rollout.timeline);
        row.actions.clone_from(&rollout.actions);
        row.step = rollout.step;
    }
}
