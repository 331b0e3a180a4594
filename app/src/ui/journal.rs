//! Who did what, and when.

use super::at_clock;
use crate::view::JournalRow;
use leptos::prelude::*;

pub fn journal(rows: &[JournalRow]) -> AnyView {
    let body = rows
        .iter()
        .map(|row| {
            view! {
                <tr>
                    <td class="journal-when">{at_clock(row.at)}</td>
                    <td>{row.text.clone()}</td>
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
    .into_any()
}
