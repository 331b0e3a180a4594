//! Server groups: what was asked for, what was observed, and each instance.

use super::{Tone, ago, health, pill, traffic};
use crate::format::{counted, latency, percent};
use crate::view::{GroupView, InstanceView, Share};
use domain::{Role, Time};
use leptos::prelude::*;

/// The table on a rollout's page.
pub fn groups(groups: &[GroupView], now: Time) -> AnyView {
    if groups.is_empty() {
        return view! { <p class="card-quiet">"None of its groups is there."</p> }.into_any();
    }
    let body = groups.iter().map(row).collect_view();
    view! {
        <div class="scroll" tabindex="0" role="group" aria-label="Server groups">
            <table class="groups">
                <caption class="hidden">"Server groups, asked beside observed"</caption>
                <thead>
                    <tr>
                        <th scope="col">"group"</th>
                        <th scope="col" class="num">"healthy"</th>
                        <th scope="col" class="num">"asked"</th>
                        <th scope="col" class="num">"observed"</th>
                        <th scope="col" class="num">"share"</th>
                        <th scope="col" class="num">"errors"</th>
                        <th scope="col" class="num">"p95"</th>
                        <th scope="col" class="num">"restarts"</th>
                    </tr>
                </thead>
                <tbody>{body}</tbody>
            </table>
        </div>
        {groups.iter().filter(|group| !group.instances.is_empty()).map(|group| instances(group, now)).collect_view()}
    }
    .into_any()
}

fn row(group: &GroupView) -> impl IntoView + use<> {
    let apart = group.weight_asked != group.weight_observed;
    let restarts = if group.restarts > 0 {
        "num attention"
    } else {
        "num"
    };
    view! {
        <tr>
            <th scope="row">
                <span class="groups-name">{health(group.health)} {group.name.to_string()}</span>
                <span class="groups-image">{role(group)} " " {image(group)}</span>
                {traffic(&[share(group)])}
                {group.broken.clone().map(|why| view! { <small class="attention">{why}</small> })}
            </th>
            <td data-label="healthy" class=if group.healthy < group.size { "num attention" } else { "num" }>
                {format!("{} / {}", group.healthy, group.size)}
            </td>
            <td data-label="asked" class="num">{format!("{}%", group.weight_asked)}</td>
            <td data-label="observed" class=if apart { "num attention" } else { "num" }>
                {format!("{}%", group.weight_observed)}
            </td>
            <td data-label="share" class="num">{group.share.map_or_else(dash, percent)}</td>
            <td data-label="errors" class="num">{error_rate(group)}</td>
            <td data-label="p95" class="num">{group.p95_ms.map_or_else(dash, latency)}</td>
            <td data-label="restarts" class=restarts>{group.restarts}</td>
        </tr>
    }
}

/// Groups of one environment that are in sight; the rest is folded behind them.
const IN_SIGHT: usize = 6;

/// The groups of one environment, without a table: for a narrow column. Those that serve come first
/// where there are many.
pub fn group_cards(groups: &[GroupView], now: Time) -> AnyView {
    let list = |groups: &[&GroupView]| {
        let cards = groups.iter().map(|group| card(group, now)).collect_view();
        view! {
            <ul class="stop-groups" role="list">
                {cards}
            </ul>
        }
    };
    let mut ordered: Vec<_> = groups.iter().collect();
    if ordered.len() > IN_SIGHT {
        ordered.sort_by_key(|group| (group.weight_observed == 0, !group.incoming));
    }
    let (shown, folded) = ordered.split_at(ordered.len().min(IN_SIGHT));
    let more = (!folded.is_empty()).then(|| {
        let summary = counted(folded.len() as u64, "more group", "more groups");
        view! {
            <details class="fold">
                <summary>{summary}</summary>
                {list(folded)}
            </details>
        }
    });
    view! {
        {list(shown)}
        {more}
    }
    .into_any()
}

fn card(group: &GroupView, now: Time) -> impl IntoView + use<> {
    let since = group.instances.iter().map(|instance| instance.since).min();
    let figures = [
        Some(format!("{} / {} healthy", group.healthy, group.size)),
        group.p95_ms.map(|ms| format!("p95 {}", latency(ms))),
        (group.requests > 0).then(|| format!("errors {}", error_rate(group))),
        (group.restarts > 0).then(|| counted(u64::from(group.restarts), "restart", "restarts")),
    ];
    let figures: Vec<_> = figures.into_iter().flatten().collect();
    view! {
        <li class="group-card">
            <span class="group-card-head">
                {health(group.health)} <b>{group.image.to_string()}</b> {role(group)}
                <span class="group-card-weight">{format!("{}%", group.weight_observed)}</span>
            </span>
            {traffic(&[share(group)])}
            <small>{figures.join(" · ")}</small>
            <small class="group-card-name">
                {group.name.to_string()} {since.map(|since| view! { " · " {ago(now, since)} })}
            </small>
            {group.broken.clone().map(|why| view! { <small class="attention">{why}</small> })}
            {(!group.instances.is_empty()).then(|| card_instances(group))}
        </li>
    }
}

/// Each instance in one line, behind the number of them.
fn card_instances(group: &GroupView) -> AnyView {
    let rows = group
        .instances
        .iter()
        .map(|one| {
            let drift = (!one.drift.is_empty())
                .then(|| view! { " " <span class="attention">{one.drift.join(", ")}</span> });
            view! {
                <li>
                    {health(one.health)} " " {one.id.clone()} " · " {output(&one.id)} {drift}
                </li>
            }
        })
        .collect_view();
    view! {
        <details class="fold">
            <summary>{counted(group.instances.len() as u64, "instance", "instances")}</summary>
            <ul class="group-card-instances" role="list">
                {rows}
            </ul>
        </details>
    }
    .into_any()
}

fn instances(group: &GroupView, now: Time) -> impl IntoView + use<> {
    let drifted = group
        .instances
        .iter()
        .filter(|instance| !instance.drift.is_empty())
        .count();
    let summary = format!(
        "{} of {}",
        counted(group.instances.len() as u64, "instance", "instances"),
        group.name
    );
    let rows = group
        .instances
        .iter()
        .map(|one| instance(one, now))
        .collect_view();
    view! {
        <details class="instances" open={drifted > 0}>
            <summary>
                {summary} {(drifted > 0).then(|| pill(Tone::Bad, format!("{drifted} drifted")))}
            </summary>
            <div class="scroll" tabindex="0" role="group" aria-label=format!("Instances of {}", group.name)>
                <table>
                    <caption class="hidden">{format!("Instances of {}", group.name)}</caption>
                    <thead>
                        <tr>
                            <th scope="col">"instance"</th>
                            <th scope="col">"differs from its image"</th>
                            <th scope="col">"running for"</th>
                            <th scope="col">"address"</th>
                            <th scope="col">"log"</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </details>
    }
}

fn instance(instance: &InstanceView, now: Time) -> impl IntoView + use<> {
    let drift = if instance.drift.is_empty() {
        view! { <small>"no"</small> }.into_any()
    } else {
        view! { <span class="attention">{instance.drift.join(", ")}</span> }.into_any()
    };
    view! {
        <tr>
            <th scope="row">
                <span class="groups-name">{health(instance.health)} {instance.id.clone()}</span>
            </th>
            <td>{drift}</td>
            <td>{ago(now, instance.since)}</td>
            <td><code>{instance.address.clone()}</code></td>
            <td>{output(&instance.id)}</td>
        </tr>
    }
}

/// To the last lines that an instance wrote, as text.
pub fn output(instance: &str) -> AnyView {
    view! {
        <a
            href=format!("/api/v1/instances/{instance}/log")
            rel="external"
            aria-label=format!("Output of {instance}")
        >
            "output"
        </a>
    }
    .into_any()
}

fn image(group: &GroupView) -> impl IntoView + use<> {
    view! {
        <a href=format!("/images/{}", group.digest) title=group.digest.to_string()>
            {group.image.to_string()}
        </a>
        " "
        <code class="soft">{group.digest.short().to_owned()}</code>
    }
}

fn role(group: &GroupView) -> impl IntoView + use<> {
    let tone = match group.role {
        Role::Canary | Role::Preview | Role::Variant => Tone::Good,
        Role::Stable | Role::Baseline | Role::Retained | Role::Retired => Tone::Idle,
    };
    pill(tone, group.role.as_str())
}

fn share(group: &GroupView) -> Share {
    Share {
        group: group.name.clone(),
        version: group.image.clone(),
        role: group.role,
        weight: group.weight_observed.min(100),
        incoming: group.incoming,
    }
}

fn error_rate(group: &GroupView) -> String {
    match group.requests {
        0 => dash(),
        n => percent(crate::format::real(group.errors) / crate::format::real(n)),
    }
}

fn dash() -> String {
    "–".to_owned()
}
