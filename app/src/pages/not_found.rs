use crate::Respond;
use leptos::prelude::*;
use leptos_meta::Title;

/// An address that leads nowhere, answered with 404.
#[component]
pub fn NotFound() -> impl IntoView {
    Respond::with(404);
    view! {
        <Title text="Not found" />
        <h1>"There is nothing here"</h1>
        <p>
            "The address may be mistyped, or what it named was retired. " <a href="/">"Now"</a>
            " shows everything that runs."
        </p>
    }
}
