//! One rollout: what is going on, what comes next, and the buttons.

use super::act::act;
use super::live_page::{live_page, title};
use crate::api;
use crate::format::{self, Piece};
use crate::live::{as_of, show_newer};
use crate::ui::{
    Begin, at, charts, flash, groups, journal, judgement, ladder, live_mark, state_pill, timeline,
    verbs,
};
use crate::view::*;
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

#[component]
pub fn Rollout() -> impl IntoView {
    let params = use_params_map();
    let id = move || params.read().get("id").unwrap_or_default();
    live_page(
        id,
        api::rollout,
        |rollout, change| change.rollout == Some(rollout.id),
        body,
    )
}

fn body(rollout: RwSignal<RolloutView>) -> AnyView {
    let act = act(move |new| show_newer(rollout, new));
    view! {
        {title(rollout, |r| format!("{} · {} → {}", r.headline, r.app, r.env))}
        <header class="page-head rollout-head">
            <div>
                {move || rollout.with(breadcrumb)}
                <h1>
                    {move || rollout.with(|r| r.headline.clone())} " "
                    {move || rollout.with(|r| state_pill(&r.state, &r.state_text))}
                </h1>
                <div class="rollout-meta">{move || rollout.with(meta)}</div>
            </div>
            <div class="rollout-side">
                {live_mark(as_of(rollout))} {move || rollout.with(|r| verbs(r, act))}
            </div>
        </header>
        {flash()}
        // Another sentence is another element: its words are replaced, they do not slide about.
        <For
            each=move || [rollout.with(|r| (r.sentence.clone(), r.state.clone()))]
            key=Clone::clone
            children=move |_| rollout.with_untracked(sentence)
        />
        <section class="card" aria-labelledby="time">
            <h2 id="time">"Time " <small>{move || rollout.with(time_text)}</small></h2>
            {move || rollout.with(|r| timeline(&r.timeline, begin(r), r.as_of))}
        </section>
        <div class="rollout-columns">
            <section class="card rollout-plan" aria-labelledby="plan">
                <h2 id="plan">"Plan " <small>{move || rollout.with(plan_text)}</small></h2>
                {move || rollout.with(|r| ladder(&r.steps, r.as_of))}
                <p class="rollout-back">
                    <b>"The way back. "</b>
                    {move || rollout.with(|r| r.how_back.clone())}
                </p>
            </section>
            <div class="rollout-figures">
                {move || {
                    rollout.with(|r| {
                        has_figures(r).then(|| charts(&r.series, r.strategy, r.observed_at.unwrap_or(r.as_of)))
                    })
                }}
                <section class="card rollout-judgement" aria-labelledby="judgement">
                    <h2 id="judgement">
                        "Judgement "
                        <small>"the new group's figures beside their bounds"</small>
                    </h2>
                    {move || rollout.with(verdict)}
                </section>
                <section class="card rollout-groups" aria-labelledby="groups">
                    <h2 id="groups">"Server groups " <small>{move || rollout.with(observed)}</small></h2>
                    {move || rollout.with(|r| groups(&r.groups, r.as_of))}
                </section>
                <section class="card" aria-labelledby="journal">
                    <h2 id="journal">"Journal " <small>"newest first"</small></h2>
                    {move || rollout.with(|r| journal(&r.journal))}
                </section>
            </div>
        </div>
    }
    .into_any()
}

fn breadcrumb(rollout: &RolloutView) -> AnyView {
    let app = rollout.app.to_string();
    view! {
        <nav class="breadcrumb" aria-label="Where you are">
            <a href=format!("/applications/{app}")>{app.clone()}</a>
            " / "
            <a href=format!("/history?app={app}&env={}", rollout.env)>{rollout.env.to_string()}</a>
            " / "
            <span aria-current="page">{format!("rollout {}", rollout.id)}</span>
        </nav>
    }
    .into_any()
}

fn meta(rollout: &RolloutView) -> AnyView {
    view! {
        <small>
            {format!("{} · started by {} · ", rollout.strategy, rollout.started_by)}
            {at(rollout.created_at)}
            {rollout
                .ended_at
                .map(|end| {
                    view! {
                        " · ended "
                        {at(end)}
                        {format!(" after {}", format::duration(end.since_ms(rollout.created_at)))}
                    }
                })}
        </small>
    }
    .into_any()
}

/// The plain sentence, the two versions in their groups' colours.
fn sentence(rollout: &RolloutView) -> AnyView {
    let old = rollout.from.as_ref().map(|version| version.as_str());
    let pieces = format::name_versions(&rollout.sentence, old, rollout.to.as_str())
        .into_iter()
        .map(|piece| match piece {
            Piece::Text(text) => view! { <span>{text}</span> }.into_any(),
            Piece::Old(version) => view! { <b class="old">{version}</b> }.into_any(),
            Piece::New(version) => view! { <b class="new">{version}</b> }.into_any(),
        })
        .collect_view();
    let class = if rollout.state == "failed" {
        "sentence sentence-failed"
    } else {
        "sentence"
    };
    view! { <p class=class>{pieces}</p> }.into_any()
}

/// While it moves the charts have their place from the start; of one that is over they are shown
/// where there is a line to draw.
fn has_figures(rollout: &RolloutView) -> bool {
    rollout.ended_at.is_none() || rollout.series.iter().any(|one| one.points.len() > 1)
}

fn begin(rollout: &RolloutView) -> Begin {
    match (rollout.admitted_at, rollout.ended_at) {
        (_, Some(_)) => Begin::Over(rollout.admitted_at.unwrap_or(rollout.created_at)),
        (Some(start), None) => Begin::Running(start),
        (None, None) => Begin::Open,
    }
}

fn time_text(rollout: &RolloutView) -> String {
    let sum = |kind| {
        rollout
            .timeline
            .iter()
            .filter(|span| span.kind == kind)
            .map(|span| span.ms)
            .sum::<u64>()
    };
    match (begin(rollout), rollout.ended_at) {
        (Begin::Over(start), Some(end)) => format!(
            "{} in all · widths are time",
            format::duration(end.since_ms(start))
        ),
        (Begin::Open | Begin::Over(_), _) => format!(
            "about {} once it begins · widths are time",
            format::duration(sum(SpanKind::Next))
        ),
        (Begin::Running(start), _) => {
            let so_far = rollout.as_of.since_ms(start) / 1_000 * 1_000;
            let to_go = sum(SpanKind::Next);
            let so_far = format::duration(so_far);
            match to_go {
                0 => format!("{so_far} so far · widths are time"),
                ms => format!(
                    "{so_far} so far · about {} after this step · widths are time",
                    format::duration(ms)
                ),
            }
        }
    }
}

fn plan_text(rollout: &RolloutView) -> String {
    let done = rollout
        .steps
        .iter()
        .filter(|step| step.state == StepState::Done)
        .count();
    format!(
        "{done} of {} done",
        format::counted(rollout.steps.len() as u64, "step", "steps")
    )
}

fn verdict(rollout: &RolloutView) -> AnyView {
    match &rollout.judgement {
        Some(given) => judgement(given),
        None => view! { <p class="card-quiet">{unjudged(rollout)}</p> }.into_any(),
    }
}

fn unjudged(rollout: &RolloutView) -> &'static str {
    let judges = rollout.steps.iter().any(|step| step.action == "analyze");
    match (judges, rollout.ended_at) {
        (false, _) => "This plan judges no figures: the waits in it, and people, decide.",
        (true, None) => {
            "Nothing has been judged yet. Errors and latency are read once the new group gets traffic."
        }
        (true, Some(_)) => "Nothing was judged: it ended before the new group's figures were read.",
    }
}

fn observed(rollout: &RolloutView) -> String {
    match rollout.observed_at {
        Some(at) => format!("asked beside observed · read at {}", format::clock(at)),
        None => "the cloud has not been read yet".to_owned(),
    }
}
