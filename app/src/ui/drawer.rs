//! Starting a rollout: choose image and strategy, see what runs beside what would run and the whole
//! plan, then start. The choice is in the address, so all of it works without script.

use super::pill::{Tone, pill};
use super::{at, ladder, share_text};
use crate::api::LoadError;
use crate::format::{counted, duration, figure};
use crate::view::*;
use domain::{AppName, EnvName, Strategy, Time};
use leptos::prelude::*;
use leptos_router::components::Form;
use serde::{Deserialize, Serialize};
use wasm_bindgen::JsCast;

/// What was chosen so far, and the plan of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Draft {
    pub env: EnvName,
    pub strategy: Strategy,
    /// A version, once one was chosen.
    pub image: Option<String>,
    pub plan: Option<Result<PlanView, LoadError>>,
}

/// `start` is told with script; the form is sent without. `chosen` is told which field was changed
/// last, so that the focus can return to it when the answer is drawn.
pub fn drawer(
    app: &AppName,
    environment: &EnvironmentView,
    draft: &Draft,
    as_of: Time,
    start: Callback<StartRequest>,
    refused: RwSignal<Option<LoadError>>,
    chosen: RwSignal<Option<String>>,
) -> AnyView {
    let here = format!("/applications/{app}");
    let env = draft.env.to_string();
    let (images, strategies) = (images(environment, draft), strategies(draft));
    view! {
        <a class="drawer-scrim" href=here.clone() aria-hidden="true" tabindex="-1"></a>
        <section class="drawer" role="dialog" aria-labelledby="drawer-title">
            <header class="drawer-head">
                <h2 id="drawer-title" tabindex="-1">
                    {format!("Start a rollout of {app} in {env}")}
                </h2>
                <a class="button" href=here.clone()>
                    "Close"
                </a>
            </header>
            <Form method="GET" action=here noscroll=true replace=true on:change=move |event| send_at_once(&event, chosen)>
                <input type="hidden" name="promote" value=env />
                {images}
                {strategies}
                <button class="button drawer-show">"Show the plan"</button>
            </Form>
            {draft
                .plan
                .as_ref()
                .map(|plan| match plan {
                    Ok(plan) => planned(plan, environment, draft, as_of, start, refused),
                    Err(error) => {
                        view! {
                            <p class="notice notice-bad" role="alert">
                                {format!("{} {}", error.detail, error.remedy)}
                            </p>
                        }
                            .into_any()
                    }
                })}
        </section>
    }
    .into_any()
}

/// With script a choice shows its plan without another click.
fn send_at_once(event: &leptos::ev::Event, chosen: RwSignal<Option<String>>) {
    let input = event
        .target()
        .and_then(|target| target.dyn_into::<web_sys::HtmlInputElement>().ok());
    if let Some(input) = input {
        chosen.set(Some(input.name()));
        if let Some(form) = input.form() {
            // Where the browser cannot, the button is still there.
            let _ = form.request_submit();
        }
    }
}

fn images(environment: &EnvironmentView, draft: &Draft) -> impl IntoView + use<> {
    let choices = environment
        .candidates
        .iter()
        .map(|candidate| {
            let version = candidate.version.to_string();
            let chosen = draft.image.as_deref() == Some(version.as_str());
            let class = if candidate.allowed { "choice" } else { "choice choice-refused" };
            view! {
                <label class=class>
                    <input type="radio" name="image" value=version.clone() checked=chosen disabled=!candidate.allowed />
                    <span>
                        <b>{version}</b>
                        " "
                        <code class="soft">{candidate.digest.short().to_owned()}</code>
                        {(!candidate.why.is_empty()).then(|| view! { <small>{candidate.why.clone()}</small> })}
                    </span>
                    <small>{at(candidate.baked_at)}</small>
                </label>
            }
        })
        .collect_view();
    view! {
        <fieldset class="choices">
            <legend>"Image"</legend>
            {environment
                .candidates
                .is_empty()
                .then(|| view! { <p class="soft">"There is no image yet: bake one with " <code>"viridian image bake"</code> "."</p> })}
            {choices}
        </fieldset>
    }
}

fn strategies(draft: &Draft) -> impl IntoView + use<> {
    let chosen = draft.strategy;
    let choices = Strategy::ALL
        .into_iter()
        .map(|strategy| {
            let (name, says) = match strategy {
                Strategy::BlueGreen => ("Blue/green", "prove a full second group, switch once"),
                Strategy::Canary => ("Canary", "a rising share, judged at each step"),
                Strategy::Rolling => ("Rolling", "replace in batches"),
                Strategy::Ab => ("A/B", "two variants side by side, a person decides"),
            };
            view! {
                <label class="choice">
                    <input type="radio" name="strategy" value=strategy.as_str() checked=strategy == chosen />
                    <span>
                        <b>{name}</b>
                        <small>{says}</small>
                    </span>
                </label>
            }
        })
        .collect_view();
    view! {
        <fieldset class="choices choices-two">
            <legend>"Strategy"</legend>
            {choices}
        </fieldset>
    }
}

fn planned(
    plan: &PlanView,
    environment: &EnvironmentView,
    draft: &Draft,
    as_of: Time,
    start: Callback<StartRequest>,
    refused: RwSignal<Option<LoadError>>,
) -> AnyView {
    let image = draft.image.clone().unwrap_or_default();
    let request = StartRequest {
        app: plan.app.clone(),
        env: plan.env.clone(),
        image: image.clone(),
        strategy: plan.strategy,
    };
    let sending = RwSignal::new(false);
    view! {
        <section class="planned" aria-labelledby="planned-title">
            <h3 id="planned-title">{plan.headline.clone()}</h3>
            <dl class="planned-facts">
                <div>
                    <dt>"Runs now"</dt>
                    <dd>{share_text(&environment.cell.shares)}</dd>
                </div>
                <div>
                    <dt>"Would run"</dt>
                    <dd>{format!("{image} 100%")}</dd>
                </div>
                <div>
                    <dt>"Declared waits"</dt>
                    <dd>{duration(plan.declared_wait_ms)}</dd>
                </div>
                <div>
                    <dt>"Extra capacity"</dt>
                    <dd>{format!("{} instance-hours", figure(plan.extra_instance_hours))}</dd>
                </div>
            </dl>
            <p class="planned-back">
                <b>"The way back. "</b>
                {plan.how_back.clone()}
            </p>
            {(!plan.note.is_empty()).then(|| view! { <p class="notice">{plan.note.clone()}</p> })}
            {files(&plan.changes)}
            {ladder(&plan.steps, as_of)}
            <form
                class="planned-start"
                method="post"
                action="/do/rollouts"
                on:submit=move |event| {
                    event.prevent_default();
                    if !sending.get_untracked() {
                        sending.set(true);
                        refused.set(None);
                        start.run(request.clone());
                    }
                }
            >
                <input type="hidden" name="app" value=plan.app.to_string() />
                <input type="hidden" name="env" value=plan.env.to_string() />
                <input type="hidden" name="image" value=image />
                <input type="hidden" name="strategy" value=plan.strategy.as_str() />
                <input type="hidden" name="return_to" value=format!("/applications/{}", plan.app) />
                <button
                    class="button button-primary"
                    disabled=move || sending.get() && refused.with(Option::is_none)
                >
                    "Start this rollout"
                </button>
                <div class="verbs-problem" aria-live="assertive">
                    {move || {
                        refused
                            .with(|error| error.as_ref().map(|error| format!("{} {}", error.detail, error.remedy)))
                    }}
                </div>
            </form>
        </section>
    }
    .into_any()
}

/// What differs between the image that runs and the one that would.
fn files(changes: &[FileChangeView]) -> AnyView {
    if changes.is_empty() {
        return ().into_any();
    }
    let summary = format!(
        "{} between the two images",
        counted(changes.len() as u64, "file differs", "files differ")
    );
    view! {
        <details class="planned-files">
            <summary>{summary}</summary>
            {changed_files(changes)}
        </details>
    }
    .into_any()
}

/// Files, each with a sign and a word for what happened to it.
pub fn changed_files(changes: &[FileChangeView]) -> AnyView {
    let rows = changes
        .iter()
        .map(|change| {
            let (tone, sign) = match change.kind.as_str() {
                "added" => (Tone::Good, "+ added"),
                "removed" => (Tone::Bad, "− removed"),
                _ => (Tone::Wait, "~ changed"),
            };
            view! {
                <li>
                    {pill(tone, sign)}
                    <code>{change.path.clone()}</code>
                </li>
            }
        })
        .collect_view();
    view! {
        <ul class="changed-files" role="list">
            {rows}
        </ul>
    }
    .into_any()
}
