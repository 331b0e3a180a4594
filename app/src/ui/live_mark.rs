//! How fresh the page is.

use crate::format;
use crate::live::{Link, Live};
use domain::Time;
use leptos::prelude::*;

/// `live · as of 14:03:22`; while the stream is away it says so, and the time stands still.
pub fn live_mark(as_of: Signal<Time>) -> AnyView {
    let live = use_context::<Live>();
    let link = {
        let live = live.clone();
        move || live.as_ref().map_or(Link::Still, Live::link)
    };
    let trouble = move || live.as_ref().and_then(Live::trouble);
    let class = {
        let link = link.clone();
        move || match link() {
            Link::Still => "live-mark",
            Link::Live => "live-mark live-mark-on",
            Link::Reconnecting => "live-mark live-mark-off",
        }
    };
    view! {
        <div class=class>
            <span class="live-mark-dot" aria-hidden="true"></span>
            <span role="status">
                {move || match link() {
                    Link::Still => "",
                    Link::Live => "live",
                    Link::Reconnecting => "reconnecting…",
                }}
            </span>
            <span>
                "as of "
                <time datetime=move || format::iso(as_of.get()) title="UTC">
                    {move || format::clock(as_of.get())}
                </time>
            </span>
            {move || {
                trouble()
                    .map(|error| {
                        view! {
                            <span class="live-mark-trouble" role="alert">
                                {format!("{} {}", error.detail, error.remedy)}
                            </span>
                        }
                    })
            }}
        </div>
    }
    .into_any()
}
