//! Rollouts as rows: of what moves, of what is over.

use super::{Act, ago, at, mini_timeline, roll_back, share_text, state_pill, traffic};
use crate::format;
use crate::view::RolloutRow;
use domain::Time;
use leptos::prelude::*;

/// One rollout under way, on *Now*.
pub fn moving_row(row: &RolloutRow, now: Time, act: Act) -> AnyView {
    let step = format!(
        "step {} of {}",
        (row.step + 1).min(row.steps_total),
        row.steps_total
    );
    view! {
        <th scope="row" class="moving-what">
            <a href=format!("/rollouts/{}", row.id)>
                <b>{row.app.to_string()}</b>
                " → "
                {row.env.to_string()}
            </a>
            <small>{row.headline.clone()} " · " {ago(now, row.created_at)}</small>
        </th>
        <td class="moving-state">
            {state_pill(&row.state, &row.state_text)}
            <small>{row.step_text.clone()}</small>
        </td>
        <td class="moving-time">
            {mini_timeline(&row.timeline, row.id)}
            <small>{step}</small>
        </td>
        <td class="moving-traffic">
            {traffic(&row.shares)}
            <small>{share_text(&row.shares)}</small>
        </td>
        <td class="moving-verbs">{roll_back(row, "/", act)}</td>
    }
    .into_any()
}

/// The last few of an environment.
pub fn recent(rows: &[RolloutRow], now: Time) -> AnyView {
    rows.iter()
        .map(|row| {
            view! {
                <li class="recent">
                    <a href=format!("/rollouts/{}", row.id)>{row.headline.clone()}</a>
                    <span>
                        {state_pill(&row.state, &row.state_text)} " "
                        <small>
                            {row.started_by.clone()} " · " {ago(now, row.ended_at.unwrap_or(row.created_at))}
                        </small>
                    </span>
                </li>
            }
        })
        .collect_view()
        .into_any()
}

/// Every deployment that the filter lets through.
pub fn history_table(rows: &[RolloutRow]) -> AnyView {
    let body = rows.iter().map(history_row).collect_view();
    view! {
        <div class="scroll" tabindex="0" role="group" aria-label="Deployments">
            <table class="history-table">
                <caption class="hidden">"Deployments, newest first; times are UTC"</caption>
                <thead>
                    <tr>
                        <th scope="col" class="num">"#"</th>
                        <th scope="col">"started"</th>
                        <th scope="col">"application"</th>
                        <th scope="col">"environment"</th>
                        <th scope="col">"what"</th>
                        <th scope="col">"state"</th>
                        <th scope="col" class="num">"took"</th>
                        <th scope="col">"by"</th>
                    </tr>
                </thead>
                <tbody>{body}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn history_row(row: &RolloutRow) -> impl IntoView + use<> {
    let took = row
        .ended_at
        .map(|end| format::duration(end.since_ms(row.created_at)));
    view! {
        <tr>
            <td class="num history-id">
                <small>{row.id.to_string()}</small>
            </td>
            <td class="history-when">{at(row.created_at)}</td>
            <td class="history-app">
                <a href=format!("/applications/{}", row.app)>{row.app.to_string()}</a>
            </td>
            <td class="history-env">{row.env.to_string()}</td>
            <th scope="row" class="history-what">
                <a href=format!("/rollouts/{}", row.id)>{row.headline.clone()}</a>
            </th>
            <td class="history-state">{state_pill(&row.state, &row.state_text)}</td>
            <td class="num history-took">{took.unwrap_or_else(|| "–".to_owned())}</td>
            <td class="history-by">{row.started_by.clone()}</td>
        </tr>
    }
}
