//! Every deployment, filtered by the address, and what they say about delivery.

use super::live_page::live_page;
use crate::api;
use crate::live::as_of;
use crate::ui::{dora, empty, history_table, live_mark};
use crate::view::*;
use domain::{AppName, EnvName, Strategy};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::components::Form;
use leptos_router::hooks::use_query_map;
use leptos_router::params::ParamsMap;

/// The states worth filtering by, as the journal and the screen name them.
const STATES: [(&str, &str); 9] = [
    ("succeeded", "succeeded"),
    ("rolled_back", "rolled back"),
    ("failed", "failed"),
    ("cancelled", "cancelled"),
    ("rejected", "rejected"),
    ("in_progress", "in progress"),
    ("paused", "paused"),
    ("pending_approval", "waits for approval"),
    ("pending", "waiting"),
];

#[component]
pub fn History() -> impl IntoView {
    let query = use_query_map();
    let filter = move || filter(&query.read());
    view! {
        <Title text="History" />
        {live_page(filter, api::history, |_, change| change.what != "observed", body)}
    }
}

fn filter(query: &ParamsMap) -> RolloutFilter {
    let filled = |key| query.get(key).filter(|text| !text.is_empty());
    RolloutFilter {
        app: filled("app").and_then(|text| AppName::new(text).ok()),
        env: filled("env").and_then(|text| EnvName::new(text).ok()),
        state: filled("state"),
        strategy: filled("strategy"),
        cursor: filled("cursor"),
        limit: None,
    }
}

fn body(history: RwSignal<HistoryView>) -> AnyView {
    let query = use_query_map();
    let filter = filter(&query.read_untracked());
    let narrowed = filter != RolloutFilter::default();
    let first_page = RolloutFilter {
        cursor: None,
        ..filter.clone()
    };
    let csv = format!("/api/v1/history.csv{}", api::query_of(&first_page));
    let next = {
        let filter = filter.clone();
        move || {
            history.with(|history| {
                let cursor = history.next.clone();
                cursor.map(|cursor| {
                    let next = RolloutFilter { cursor: Some(cursor), ..filter.clone() };
                    view! {
                        <a class="button" rel="next" href=format!("/history{}", api::query_of(&next))>
                            "Older"
                        </a>
                    }
                })
            })
        }
    };
    let back = filter.cursor.is_some().then(|| {
        view! {
            <a class="button" href=format!("/history{}", api::query_of(&first_page))>
                "Newest"
            </a>
        }
    });
    view! {
        <header class="page-head">
            <h1>"History"</h1>
            {live_mark(as_of(history))}
        </header>
        <section class="card" aria-labelledby="delivery">
            <h2 id="delivery">
                "Delivery "
                <small>
                    {move || {
                        history.with(|h| format!("the last {} days, computed from the journal", h.dora.days))
                    }}
                </small>
            </h2>
            {move || history.with(|history| dora(&history.dora))}
        </section>
        {filters(&filter)}
        <section class="card" aria-labelledby="deployments">
            <h2 id="deployments">
                "Deployments"
                <a class="card-action" href=csv rel="external" download="viridian-history.csv">
                    "Download as CSV"
                </a>
            </h2>
            {move || history.with(|history| deployments(&history.rows, narrowed))}
            <nav class="pager" aria-label="Pages of the history">
                {back}
                {next}
            </nav>
        </section>
    }
    .into_any()
}

fn deployments(rows: &[RolloutRow], narrowed: bool) -> AnyView {
    match (rows.is_empty(), narrowed) {
        (false, _) => history_table(rows),
        (true, true) => view! {
            <p class="card-quiet">
                "No deployment fits these filters. " <a href="/history">"Show all"</a>
            </p>
        }
        .into_any(),
        (true, false) => empty(
            "Nothing has been deployed yet",
            "Every rollout is kept here for good, with who started it and how it ended.",
            &["viridian rollout start --app shop --env dev --image 1.0 --strategy blue-green"],
        ),
    }
}

/// A plain form: the filters are the address, so that a view can be sent to somebody.
fn filters(filter: &RolloutFilter) -> AnyView {
    let text = |value: Option<String>| value.unwrap_or_default();
    let states = STATES
        .into_iter()
        .map(|(value, name)| {
            let chosen = filter.state.as_deref() == Some(value);
            view! { <option value=value selected=chosen>{name}</option> }
        })
        .collect_view();
    let strategies = Strategy::ALL
        .into_iter()
        .map(|strategy| {
            let chosen = filter.strategy.as_deref() == Some(strategy.as_str());
            view! {
                <option value=strategy.as_str() selected=chosen>
                    {strategy.to_string()}
                </option>
            }
        })
        .collect_view();
    let app = text(filter.app.as_ref().map(ToString::to_string));
    let env = text(filter.env.as_ref().map(ToString::to_string));
    view! {
        <Form method="GET" action="/history" noscroll=true>
            <div class="filters">
                <label>
                    "Application"
                    <input name="app" autocomplete="off" value=app />
                </label>
                <label>
                    "Environment"
                    <input name="env" autocomplete="off" value=env />
                </label>
                <label>
                    "State"
                    <select name="state">
                        <option value="">"any"</option>
                        {states}
                    </select>
                </label>
                <label>
                    "Strategy"
                    <select name="strategy">
                        <option value="">"any"</option>
                        {strategies}
                    </select>
                </label>
                <button class="button">"Filter"</button>
                <a href="/history">"Clear"</a>
            </div>
        </Form>
    }
    .into_any()
}
