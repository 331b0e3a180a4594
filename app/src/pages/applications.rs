//! Every application and the way its versions go.

use super::live_page::live_page;
use crate::api;
use crate::live::as_of;
use crate::ui::{cell, empty, live_mark};
use crate::view::*;
use leptos::prelude::*;
use leptos_meta::Title;

#[component]
pub fn Applications() -> impl IntoView {
    live_page(|| (), |()| api::now(), |_, _| true, body)
}

fn body(now: RwSignal<NowView>) -> AnyView {
    view! {
        <Title text="Applications" />
        <header class="page-head">
            <h1>"Applications"</h1>
            {live_mark(as_of(now))}
        </header>
        {move || now.with(list)}
    }
    .into_any()
}

fn list(now: &NowView) -> AnyView {
    if now.applications.is_empty() {
        return view! {
            <section class="card">
                {empty(
                    "No application yet",
                    "An application and its environments are declared in a TOML file kept in Git. Applying it again changes nothing.",
                    &["viridian apply -f viridian.toml --plan", "viridian apply -f viridian.toml"],
                )}
            </section>
        }
        .into_any();
    }
    now.applications
        .iter()
        .map(|row| application(row, now))
        .collect_view()
        .into_any()
}

fn application(row: &MatrixRow, now: &NowView) -> impl IntoView + use<> {
    let id = format!("app-{}", row.app);
    let as_of = now.as_of;
    let stops = row
        .cells
        .iter()
        .flatten()
        .map(|stop| {
            view! {
                <li class="path-stop">
                    <span class="path-name">{stop.env.to_string()}</span>
                    {cell(&row.app, stop, as_of)}
                </li>
            }
        })
        .collect_view();
    view! {
        <section class="card" aria-labelledby=id.clone()>
            <h2 id=id.clone()>
                <a href=format!("/applications/{}", row.app)>{row.app.to_string()}</a>
            </h2>
            <ol class="path-strip" role="list">
                {stops}
            </ol>
        </section>
    }
}
