//! What was said or went wrong, at the place where it matters.

use crate::api::LoadError;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

/// The answer to a form sent without script, which comes back in the address.
pub fn flash() -> AnyView {
    let query = use_query_map();
    let text = move |key: &'static str| query.read().get(key).filter(|text| !text.is_empty());
    view! {
        {move || text("said").map(|text| view! { <p class="notice" role="status">{text}</p> })}
        {move || {
            text("problem").map(|text| view! { <p class="notice notice-bad" role="alert">{text}</p> })
        }}
    }
    .into_any()
}

/// A page that could not be shown: what was wrong, and what to do.
pub fn problem(error: &LoadError) -> AnyView {
    view! {
        <section class="problem">
            <h1>{error.title.clone()}</h1>
            <p>{error.detail.clone()}</p>
            <p class="problem-remedy">{error.remedy.clone()}</p>
            <p>
                <a href="/">"Now"</a>
                " · "
                <a href="/applications">"Applications"</a>
                " · "
                <a href="/history">"History"</a>
            </p>
        </section>
    }
    .into_any()
}
