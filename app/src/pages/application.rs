//! An application's promotion path, and the drawer that starts a rollout.

use super::live_page::{live_page, title};
use crate::api::{self, LoadError};
use crate::live::{Snapshot, as_of};
use crate::ui::{
    Draft, ago, drawer, empty, flash, group_cards, health, live_mark, mini_timeline, recent,
    state_pill, traffic,
};
use crate::view::*;
use domain::{EnvName, Strategy, Time};
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_params_map, use_query_map};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use wasm_bindgen::JsCast;

/// What the address asks for.
#[derive(Clone, Debug, PartialEq)]
struct Asked {
    app: String,
    env: Option<String>,
    image: Option<String>,
    strategy: Option<String>,
}

/// The application, and the rollout being prepared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Prepared {
    application: ApplicationView,
    draft: Option<Draft>,
}

impl Snapshot for Prepared {
    fn seq(&self) -> i64 {
        self.application.seq
    }
    fn as_of(&self) -> Time {
        self.application.as_of
    }
    fn advance(&mut self, by: Duration) {
        self.application.advance(by);
    }
}

/// The field of the drawer that was changed last. It outlives the drawer, which is drawn anew for each
/// choice.
#[derive(Clone, Copy)]
struct Chosen(RwSignal<Option<String>>);

#[component]
pub fn Application() -> impl IntoView {
    let (params, query) = (use_params_map(), use_query_map());
    let asked = move || {
        let query = query.read();
        let filled = |key| query.get(key).filter(|text| !text.is_empty());
        Asked {
            app: params.read().get("app").unwrap_or_default(),
            env: filled("promote"),
            image: filled("image"),
            strategy: filled("strategy"),
        }
    };
    provide_context(Chosen(RwSignal::new(None)));
    live_page(
        asked,
        load,
        |page, change| change.app.as_ref() == Some(&page.application.name),
        body,
    )
}

async fn load(asked: Asked) -> Result<Prepared, LoadError> {
    let application = api::application(asked.app.clone()).await?;
    let draft = match draft(&asked, &application) {
        Some(draft) => Some(with_plan(draft, &application).await),
        None => None,
    };
    Ok(Prepared { application, draft })
}

/// The choice in the address, where the environment exists.
fn draft(asked: &Asked, application: &ApplicationView) -> Option<Draft> {
    let env = EnvName::new(asked.env.as_ref()?).ok()?;
    application
        .environments
        .iter()
        .find(|environment| environment.cell.env == env)?;
    let strategy = asked
        .strategy
        .as_deref()
        .and_then(strategy)
        .unwrap_or(Strategy::Canary);
    Some(Draft {
        env,
        strategy,
        image: asked.image.clone(),
        plan: None,
    })
}

fn strategy(name: &str) -> Option<Strategy> {
    Strategy::ALL
        .into_iter()
        .find(|strategy| strategy.as_str() == name)
}

async fn with_plan(draft: Draft, application: &ApplicationView) -> Draft {
    let Some(image) = draft.image.clone() else {
        return draft;
    };
    let (app, env, strategy) = (application.name.clone(), draft.env.clone(), draft.strategy);
    let plan = api::plan(StartRequest {
        app,
        env,
        image,
        strategy,
    })
    .await;
    Draft {
        plan: Some(plan),
        ..draft
    }
}

fn body(page: RwSignal<Prepared>) -> AnyView {
    let name = move || page.with(|page| page.application.name.to_string());
    view! {
        {title(page, |page| page.application.name.to_string())}
        <header class="page-head">
            <div>
                <nav class="breadcrumb" aria-label="Where you are">
                    <a href="/applications">"Applications"</a>
                </nav>
                <h1>{name}</h1>
            </div>
            {live_mark(as_of(page))}
        </header>
        {flash()}
        {move || page.with(|page| path(&page.application))}
        {starting(page)}
    }
    .into_any()
}

/// The drawer is drawn once for each choice: what is typed or opened in it stays while data comes.
fn starting(page: RwSignal<Prepared>) -> AnyView {
    let refused = RwSignal::new(None);
    let chosen =
        use_context::<Chosen>().map_or_else(|| RwSignal::new(None), |Chosen(signal)| signal);
    let open = page.with_untracked(|page| page.draft.is_some());
    Effect::new(move |_| {
        if open {
            // The drawer enters the document only after this.
            request_animation_frame(move || focus_drawer(chosen.try_get_untracked().flatten()));
        } else {
            chosen.set(None);
        }
    });
    close_on_escape(page);
    let navigate = use_navigate();
    let start = Callback::new(move |request: StartRequest| {
        let navigate = navigate.clone();
        spawn_local(async move {
            match api::start(request).await {
                Ok(rollout) => navigate(&format!("/rollouts/{}", rollout.id), Default::default()),
                Err(error) => drop(refused.try_set(Some(error))),
            }
        });
    });
    page.with_untracked(|page| {
        let draft = page.draft.as_ref()?;
        let environment = page
            .application
            .environments
            .iter()
            .find(|one| one.cell.env == draft.env)?;
        let app = &page.application.name;
        Some(drawer(
            app,
            environment,
            draft,
            page.application.as_of,
            start,
            refused,
            chosen,
        ))
    })
    .into_any()
}

/// To the field that was changed last, so that a keyboard goes on where it was; at first to the title.
fn focus_drawer(chosen: Option<String>) {
    let place = chosen.map_or_else(
        || "#drawer-title".to_owned(),
        |field| format!(".drawer input[name=\"{field}\"]:checked"),
    );
    let found = document().query_selector(&place).ok().flatten();
    if let Some(element) = found.and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok())
    {
        // Without the focus the drawer is still there to be reached.
        let _ = element.focus();
    }
}

fn close_on_escape(page: RwSignal<Prepared>) {
    let navigate = use_navigate();
    Effect::new(move |_| {
        let navigate = navigate.clone();
        let listening = window_event_listener(leptos::ev::keydown, move |event| {
            let open = page
                .try_with_untracked(|page| {
                    page.draft.is_some().then(|| page.application.name.clone())
                })
                .flatten();
            if let Some(app) = open
                && event.key() == "Escape"
            {
                navigate(
                    &format!("/applications/{app}"),
                    NavigateOptions {
                        scroll: false,
                        ..Default::default()
                    },
                );
            }
        });
        on_cleanup(move || listening.remove());
    });
}

/// The environments, left to right as versions go.
fn path(application: &ApplicationView) -> AnyView {
    if application.environments.is_empty() {
        return empty(
            "No environment yet",
            "Declare at least one environment, then apply again.",
            &["viridian apply -f viridian.toml"],
        );
    }
    let stops = application
        .environments
        .iter()
        .map(|environment| stop(application, environment))
        .collect_view();
    view! {
        <ol class="path" role="list" aria-label="Promotion path">
            {stops}
        </ol>
    }
    .into_any()
}

fn stop(application: &ApplicationView, environment: &EnvironmentView) -> impl IntoView + use<> {
    let now = application.as_of;
    let cell = &environment.cell;
    let env = cell.env.to_string();
    let healthy = format!("{} of {} healthy", cell.healthy, cell.size);
    let veto = environment
        .vetoes
        .iter()
        .map(|veto| {
            view! {
                <p class="stop-hold">
                    <b>{format!("{} is vetoed. ", veto.version)}</b>
                    {veto.why.clone()}
                    {format!(" ({})", veto.by)}
                </p>
            }
        })
        .collect_view();
    let hold = cell.hold.clone().map(|why| {
        view! {
            <p class="stop-hold">
                <b>"Held. "</b>
                {why}
            </p>
        }
    });
    let groups = if environment.groups.is_empty() {
        view! { <p class="card-quiet">"Nothing runs here yet. Start a rollout to begin."</p> }
            .into_any()
    } else {
        view! {
            <ul class="stop-groups" role="list">
                {group_cards(&environment.groups, now)}
            </ul>
        }
        .into_any()
    };
    view! {
        <li class="stop card">
            <header class="stop-head">
                <h2>{health(cell.health)} " " {env.clone()}</h2>
                <small>{environment.cloud.clone()}</small>
                <a class="stop-url" href=cell.url.clone() rel="external noreferrer" target="_blank">
                    {cell.url.clone()}
                </a>
            </header>
            <div class="stop-traffic">
                {(cell.shares.len() > 1).then(|| traffic(&cell.shares))}
                <small>
                    {healthy} {cell.since.map(|since| view! { " · serving for " {ago(now, since)} })}
                </small>
            </div>
            {environment.active.as_ref().map(|row| active(row, now))}
            {hold}
            {veto}
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
            {(!environment.recent.is_empty())
                .then(|| {
                    view! {
                        <h3>"Recent"</h3>
                        <ul class="stop-list" role="list">
                            {recent(&environment.recent, now)}
                        </ul>
                    }
                })}
            <a class="button stop-start" href=format!("/applications/{}?promote={env}", application.name)>
                "Start a rollout…"
            </a>
        </li>
    }
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
