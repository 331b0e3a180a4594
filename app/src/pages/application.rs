//! An application's promotion path, and the drawers that start a rollout or remove what keeps one.

use super::live_page::{live_page, title};
use crate::api::{self, LoadError};
use crate::live::{Snapshot, as_of};
use crate::ui::{Draft, Removal, Removed, drawer, empty, flash, live_mark, removal, stop};
use crate::view::*;
use domain::{Digest, EnvName, Strategy, Time};
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_params_map, use_query_map};
use leptos_router::params::ParamsMap;
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
    remove: Option<Removal>,
}

/// The application, and the rollout being prepared or what is about to be removed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Prepared {
    application: ApplicationView,
    draft: Option<Draft>,
    removal: Option<Removal>,
}

impl Prepared {
    /// The environment that an open drawer is about.
    fn open(&self) -> Option<&EnvName> {
        let draft = self.draft.as_ref().map(|draft| &draft.env);
        draft.or(self.removal.as_ref().map(|removal| &removal.env))
    }
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

/// What the keyboard needs to go on where it was. It outlives the drawer, which is drawn anew for each
/// choice.
#[derive(Clone, Copy, Default)]
struct Focus {
    /// The field of the drawer that was changed last.
    chosen: RwSignal<Option<String>>,
    /// The environment whose drawer was open last.
    opened: RwSignal<Option<EnvName>>,
}

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
            remove: removal_in(&query),
        }
    };
    provide_context(Focus::default());
    live_page(
        asked,
        load,
        |page, change| change.app.as_ref() == Some(&page.application.name),
        body,
    )
}

/// `?remove=hold&in=prod` or `?remove=veto&in=prod&image=sha256:…`
fn removal_in(query: &ParamsMap) -> Option<Removal> {
    let env = EnvName::new(query.get("in")?).ok()?;
    let what = match query.get("remove")?.as_str() {
        "hold" => Removed::Hold,
        "veto" => Removed::Veto(Digest::new(query.get("image")?).ok()?),
        _ => return None,
    };
    Some(Removal { env, what })
}

async fn load(asked: Asked) -> Result<Prepared, LoadError> {
    let application = api::application(asked.app.clone()).await?;
    let draft = match draft(&asked, &application) {
        Some(draft) => Some(with_plan(draft, &application).await),
        None => None,
    };
    Ok(Prepared {
        application,
        draft,
        removal: asked.remove,
    })
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
        {move || page.with(|page| path(&page.application, page.open().is_some()))}
        {starting(page)}
        {removing(page)}
    }
    .into_any()
}

/// The drawer is drawn once for each choice: what is typed or opened in it stays while data comes.
fn starting(page: RwSignal<Prepared>) -> AnyView {
    let refused = RwSignal::new(None);
    let focus = use_context::<Focus>().unwrap_or_default();
    let open = page.with_untracked(|page| page.open().cloned());
    Effect::new(move |_| {
        let (open, before) = (open.clone(), focus.opened.get_untracked());
        focus.opened.set(open.clone());
        // The drawer enters and leaves the document only after this.
        if open.is_some() {
            request_animation_frame(move || {
                focus_drawer(focus.chosen.try_get_untracked().flatten())
            });
        } else if let Some(env) = before {
            focus.chosen.set(None);
            request_animation_frame(move || focus_on(&format!("#start-{env}")));
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
        let environment = find(&page.application, &draft.env)?;
        let app = &page.application.name;
        Some(drawer(
            app,
            environment,
            draft,
            page.application.as_of,
            start,
            refused,
            focus.chosen,
        ))
    })
    .into_any()
}

/// The other drawer: what is to be removed, drawn once as well.
fn removing(page: RwSignal<Prepared>) -> AnyView {
    let refused = RwSignal::new(None);
    let navigate = use_navigate();
    let remove = Callback::new(move |removal: Removal| {
        let navigate = navigate.clone();
        let app = page.with_untracked(|page| page.application.name.clone());
        spawn_local(async move {
            let done = match &removal.what {
                Removed::Hold => api::remove_hold(&app, &removal.env).await,
                Removed::Veto(image) => api::remove_veto(&app, &removal.env, image).await,
            };
            match done {
                Ok(()) => navigate(&format!("/applications/{app}"), stay()),
                Err(error) => drop(refused.try_set(Some(error))),
            }
        });
    });
    page.with_untracked(|page| {
        let asked = page.removal.as_ref()?;
        let environment = find(&page.application, &asked.env)?;
        let (app, now) = (&page.application.name, page.application.as_of);
        removal(app, environment, asked, now, remove, refused)
    })
    .into_any()
}

fn find<'a>(application: &'a ApplicationView, env: &EnvName) -> Option<&'a EnvironmentView> {
    application
        .environments
        .iter()
        .find(|environment| environment.cell.env == *env)
}

/// To the field that was changed last, so that a keyboard goes on where it was; at first to the title.
fn focus_drawer(chosen: Option<String>) {
    let place = chosen.map_or_else(
        || "#drawer-title".to_owned(),
        |field| format!(".drawer input[name=\"{field}\"]:checked"),
    );
    focus_on(&place);
}

fn focus_on(place: &str) {
    let found = document().query_selector(place).ok().flatten();
    if let Some(element) = found.and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok())
    {
        // Without the focus it is still there to be reached.
        let _ = element.focus();
    }
}

/// An address of the same page: what is read stays where it is.
fn stay() -> NavigateOptions {
    NavigateOptions {
        scroll: false,
        ..Default::default()
    }
}

fn close_on_escape(page: RwSignal<Prepared>) {
    let navigate = use_navigate();
    Effect::new(move |_| {
        let navigate = navigate.clone();
        let listening = window_event_listener(leptos::ev::keydown, move |event| {
            let open = page
                .try_with_untracked(|page| page.open().map(|_| page.application.name.clone()))
                .flatten();
            if let Some(app) = open
                && event.key() == "Escape"
            {
                navigate(&format!("/applications/{app}"), stay());
            }
        });
        on_cleanup(move || listening.remove());
    });
}

/// The environments, left to right as versions go. Behind an open drawer nothing is reached.
fn path(application: &ApplicationView, behind: bool) -> AnyView {
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
        .map(|environment| stop(&application.name, environment, application.as_of))
        .collect_view();
    view! {
        <ol class="path" role="list" aria-label="Promotion path" inert=behind>
            {stops}
        </ol>
    }
    .into_any()
}
