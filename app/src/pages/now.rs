use leptos::prelude::*;
use leptos_meta::Title;

/// What needs a person, what is moving, what runs where.
#[component]
pub fn Now() -> impl IntoView {
    view! {
        <Title text="Now" />
        <h1>"Now"</h1>
        <p>"Nothing is declared yet. Declare an application with " <code>"viridian apply"</code> "."</p>
    }
}
