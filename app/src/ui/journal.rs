//! Who did what, and when: the newest in sight, the rest folded behind them.

use super::at_clock;
use crate::format::counted;
use crate::view::JournalRow;
use leptos::prelude::*;

/// As many as fit beside the figures. From here on a new entry does not make the page longer.
const IN_SIGHT: usize = 6;
/// Fewer are not worth a fold.
const FOLDED_MIN: usize = 3;

pub fn journal(rows: &[JournalRow]) -> AnyView {
    let in_sight = if rows.len() < IN_SIGHT + FOLDED_MIN {
        rows.len()
    } else {
        IN_SIGHT
    };
    let (newest, older) = rows.split_at(in_sight);
    let older = (!older.is_empty()).then(|| {
        let summary = format!("{} before", counted(older.len() as u64, "entry", "entries"));
        view! {
            <details class="fold">
                <summary>{summary}</summary>
                {table(older)}
            </details>
        }
    });
    view! {
        {table(newest)}
        {older}
    }
    .into_any()
}

fn table(rows: &[JournalRow]) -> impl IntoView + use<> {
    let body = rows
        .iter()
        .map(|row| {
            view! {
                <tr>
                    <td class="journal-when">{at_clock(row.at)}</td>
                    <td class="journal-what">{row.text.clone()}</td>
                    <td class="journal-by">
                        <small>{row.by.clone()} " · #" {row.seq}</small>
                    </td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <table class="journal">
            <caption class="hidden">"What happened, newest first; times are UTC"</caption>
            <thead class="hidden">
                <tr>
                    <th scope="col">"Time"</th>
                    <th scope="col">"What"</th>
                    <th scope="col">"Who"</th>
                </tr>
            </thead>
            <tbody>{body}</tbody>
        </table>
    }
}
