use crate::Respond;
use crate::api::LoadError;
use crate::ui::problem;
use leptos::prelude::*;
use leptos_meta::Title;

/// An address that leads nowhere, answered with 404.
#[component]
pub fn NotFound() -> impl IntoView {
    Respond::with(404);
    let error = LoadError::new(
        404,
        "No page has this address.",
        "It may be mistyped, or what it named was retired. Now shows everything that runs.",
    );
    view! {
        <Title text="Not found" />
        {problem(&error)}
    }
}
