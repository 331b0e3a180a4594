//! What all pages share: one resource, one boundary, and data that is patched in place.

use crate::Respond;
use crate::api::LoadError;
use crate::live::{Snapshot, follow};
use crate::ui::problem;
use crate::view::Change;
use leptos::prelude::*;
use leptos_meta::Title;
use serde::{Serialize, de::DeserializeOwned};
use std::future::Future;

/// Loads, draws once, then keeps what was drawn true. `body` is called once for each key and reads
/// the signal in closures, so that a change never shows a fallback or builds the page anew.
pub(super) fn live_page<Key, T, Loading>(
    key: impl Fn() -> Key + Copy + Send + Sync + 'static,
    load: fn(Key) -> Loading,
    concerns: fn(&T, &Change) -> bool,
    body: fn(RwSignal<T>) -> AnyView,
) -> AnyView
where
    Key: Clone + PartialEq + Send + Sync + 'static,
    T: Snapshot + Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
    Loading: Future<Output = Result<T, LoadError>> + Send + 'static,
{
    live_page_or(key, load, concerns, body, |_, error| failed(error))
}

/// The same, with a page of its own where there is nothing to show.
pub(super) fn live_page_or<Key, T, Loading>(
    key: impl Fn() -> Key + Copy + Send + Sync + 'static,
    load: fn(Key) -> Loading,
    concerns: fn(&T, &Change) -> bool,
    body: fn(RwSignal<T>) -> AnyView,
    otherwise: fn(&Key, &LoadError) -> AnyView,
) -> AnyView
where
    Key: Clone + PartialEq + Send + Sync + 'static,
    T: Snapshot + Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
    Loading: Future<Output = Result<T, LoadError>> + Send + 'static,
{
    let body = move |key: Key, first| {
        let shown = RwSignal::new(first);
        follow(shown, concerns, move || load(key.clone()));
        body(shown)
    };
    page_or(key, load, body, otherwise)
}

/// A page whose data does not change while it is looked at.
pub(super) fn page<Key, T, Loading>(
    key: impl Fn() -> Key + Copy + Send + Sync + 'static,
    load: fn(Key) -> Loading,
    body: impl Fn(Key, T) -> AnyView + Clone + Send + Sync + 'static,
) -> AnyView
where
    Key: Clone + PartialEq + Send + Sync + 'static,
    T: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
    Loading: Future<Output = Result<T, LoadError>> + Send + 'static,
{
    page_or(key, load, body, |_, error| failed(error))
}

fn page_or<Key, T, Loading>(
    key: impl Fn() -> Key + Copy + Send + Sync + 'static,
    load: fn(Key) -> Loading,
    body: impl Fn(Key, T) -> AnyView + Clone + Send + Sync + 'static,
    otherwise: fn(&Key, &LoadError) -> AnyView,
) -> AnyView
where
    Key: Clone + PartialEq + Send + Sync + 'static,
    T: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
    Loading: Future<Output = Result<T, LoadError>> + Send + 'static,
{
    let resource = Resource::new(key, load);
    view! {
        <Transition fallback=|| {
            view! { <p class="loading" role="status">"Loading…"</p> }
        }>
            {move || {
                let body = body.clone();
                Suspend::new(async move {
                    match resource.await {
                        Ok(loaded) => body(untrack(key), loaded),
                        Err(error) => otherwise(&untrack(key), &error),
                    }
                })
            }}
        </Transition>
    }
    .into_any()
}

/// The document's title, from what the page shows. In the browser it follows, and outlives the page by
/// a moment, when there is nothing to read any more. On the server it is text at once: the head is
/// written where no signal can be read.
pub(super) fn title<T: Send + Sync + 'static>(
    shown: RwSignal<T>,
    text: fn(&T) -> String,
) -> impl IntoView {
    if cfg!(feature = "ssr") {
        let text = shown.with_untracked(text);
        return view! { <Title text=text /> }.into_any();
    }
    view! { <Title text=move || shown.try_with(text).unwrap_or_default() /> }.into_any()
}

pub(super) fn failed(error: &LoadError) -> AnyView {
    Respond::with(error.status);
    view! {
        <Title text=error.title.clone() />
        {problem(error)}
    }
    .into_any()
}
