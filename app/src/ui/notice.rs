//! What was said or went wrong, at the place where it matters.

use crate::api::LoadError;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use serde::{Deserialize, Serialize};

/// What the server answered to a form that was sent without script, on the page that it led back to.
/// The server provides it for that rendering. It comes along in the address, where anybody could
/// write: what the server did not seal is not shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told(pub String);

#[derive(Clone)]
struct Shown(Option<String>);

/// Hands what the server told on to the browser, which cannot check a seal. Called once, at the root.
pub fn provide_told() {
    let told = SharedValue::new(use_context::<Told>).into_inner();
    provide_context(Shown(told.map(|Told(text)| text)));
}

/// The answer to a form sent without script, as long as the address is that of the answer.
pub fn flash() -> AnyView {
    let Some(Shown(Some(told))) = use_context::<Shown>() else {
        return ().into_any();
    };
    let query = use_query_map();
    view! {
        {move || {
            let is_here = query.with(|query| query.get_str("problem") == Some(told.as_str()));
            is_here.then(|| view! { <p class="notice notice-bad" role="alert">{told.clone()}</p> })
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
