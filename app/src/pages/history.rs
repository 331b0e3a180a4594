//! Every deployment, filtered by the address, and what they say about delivery.

use super::live_page::{failed, live_page_or};
use crate::Respond;
use crate::api::{self, LoadError};
use crate::live::as_of;
use crate::ui::{dora, empty, history_table, live_mark};
use crate::view::*;
use domain::Strategy;
use domain::ids::BadName;
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
    let asked = move || Asked::of(&query.read());
    let load = |asked: Asked| async move { api::history(asked.filter()?).await };
    view! {
        <Title text="History" />
        {live_page_or(asked, load, |_, change| change.what != "observed", body, unread)}
    }
}

/// The filters as the address has them, which anybody may have written.
#[derive(Clone, Default, PartialEq)]
struct Asked {
    app: Option<String>,
    env: Option<String>,
    state: Option<String>,
    strategy: Option<String>,
    cursor: Option<String>,
}

impl Asked {
    fn of(query: &ParamsMap) -> Self {
        let filled = |key| {
            let text = query.get(key)?;
            let text = text.trim();
            (!text.is_empty()).then(|| text.to_owned())
        };
        Self {
            app: filled("app"),
            env: filled("env"),
            state: filled("state"),
            strategy: filled("strategy"),
            cursor: filled("cursor"),
        }
    }

    /// What to ask for; a name that is none is told instead of asking for everything.
    fn filter(self) -> Result<RolloutFilter, LoadError> {
        Ok(RolloutFilter {
            app: name("app", self.app)?,
            env: name("env", self.env)?,
            state: self.state,
            strategy: self.strategy,
            cursor: self.cursor,
            limit: None,
        })
    }
}

fn name<T>(field: &str, text: Option<String>) -> Result<Option<T>, LoadError>
where
    T: std::str::FromStr<Err = BadName>,
{
    let read = text.map(|text| text.parse()).transpose();
    read.map_err(|bad: BadName| {
        let detail = format!("{:?} is no {}.", bad.given, bad.what);
        LoadError::new(422, detail, bad.remedy)
            .at(field)
            .in_sentences()
    })
}

/// The page without deployments, where the filters cannot be read: they are there to be mended.
fn unread(asked: &Asked, error: &LoadError) -> AnyView {
    if error.status != 422 || error.field.is_none() {
        return failed(error);
    }
    Respond::with(error.status);
    view! {
        <header class="page-head">
            <h1>"History"</h1>
        </header>
        {filters(asked, Some(error))}
    }
    .into_any()
}

fn body(history: RwSignal<HistoryView>) -> AnyView {
    let asked = Asked::of(&use_query_map().read_untracked());
    // What is shown was asked for with it, so it can be read.
    let filter = asked.clone().filter().unwrap_or_default();
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
        {filters(&asked, None)}
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

/// A plain form: the filters are the address, so that a view can be sent to somebody. What was wrong
/// stands beside the field, with what was written there.
fn filters(asked: &Asked, problem: Option<&LoadError>) -> AnyView {
    let names = [
        ("app", "Application", asked.app.clone()),
        ("env", "Environment", asked.env.clone()),
    ];
    let names = names
        .map(|(key, label, value)| {
            let wrong = problem.is_some_and(|problem| problem.field.as_deref() == Some(key));
            view! {
                <label>
                    {label}
                    <input
                        name=key
                        autocomplete="off"
                        value=value.unwrap_or_default()
                        aria-invalid=wrong.then_some("true")
                        aria-describedby=wrong.then_some(PROBLEM)
                    />
                </label>
            }
        })
        .collect_view();
    let states = STATES
        .into_iter()
        .map(|(value, name)| (value, name.to_owned()));
    let states = choice("state", asked.state.as_deref(), states);
    let strategies = Strategy::ALL
        .into_iter()
        .map(|strategy| (strategy.as_str(), strategy.to_string()));
    let strategies = choice("strategy", asked.strategy.as_deref(), strategies);
    let problem = problem.map(|problem| {
        view! {
            <p class="filters-problem" id=PROBLEM role="alert">
                {format!("{} {}", problem.detail, problem.remedy)}
            </p>
        }
    });
    view! {
        <Form method="GET" action="/history" noscroll=true>
            <div class="filters">
                {names} <label>"State" {states}</label> <label>"Strategy" {strategies}</label>
                <button class="button">"Filter"</button>
                <a href="/history">"Clear"</a>
                {problem}
            </div>
        </Form>
    }
    .into_any()
}

/// Where the problem of a filter stands.
const PROBLEM: &str = "filters-problem";

fn choice(
    name: &'static str,
    chosen: Option<&str>,
    options: impl Iterator<Item = (&'static str, String)>,
) -> AnyView {
    let options = options
        .map(|(value, label)| {
            view! {
                <option value=value selected=chosen == Some(value)>
                    {label}
                </option>
            }
        })
        .collect_view();
    view! {
        <select name=name>
            <option value="">"any"</option>
            {options}
        </select>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(query: &[(&str, &str)]) -> Asked {
        let pairs = query
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        Asked::of(&pairs.collect())
    }

    #[test]
    fn a_filter_that_cannot_be_read_is_told_and_never_dropped() {
        for (key, text) in [("app", "Storefront"), ("env", "prod eu"), ("app", "a--b")] {
            let error = asked(&[(key, text)]).filter().unwrap_err();
            assert_eq!((error.status, error.field.as_deref()), (422, Some(key)));
            assert!(error.detail.contains(text), "{error:?}");
            assert!(error.remedy.contains("lower-case"), "{error:?}");
        }
        let read = asked(&[("app", " storefront "), ("env", ""), ("state", "failed")]);
        let read = read.filter().unwrap();
        assert_eq!(read.app.unwrap().as_str(), "storefront");
        assert_eq!((read.env, read.state.as_deref()), (None, Some("failed")));
    }
}
