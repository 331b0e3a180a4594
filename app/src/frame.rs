//! What surrounds every page: navigation, landmarks, routes.

use crate::live::provide_live;
use crate::pages;
use crate::ui::provide_told;
use leptos::prelude::*;
use leptos_meta::{Title, provide_meta_context};
use leptos_router::SsrMode;
use leptos_router::components::{A, Route, Router, Routes};
use leptos_router::path;

/// The navigation, in the order a day with the product goes.
const NAVIGATION: [(&str, &str); 4] = [
    ("/", "Now"),
    ("/applications", "Applications"),
    ("/images", "Images"),
    ("/history", "History"),
];

/// The root component, the same on the server and in the browser.
///
/// Every route renders in [`SsrMode::Async`]: status, title and the whole body are there without
/// script. Each view is type-erased, so that the router's type does not grow with the pages.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    provide_live();
    provide_told();
    Effect::new(mark_hydrated);
    view! {
        <Title formatter=|title: String| format!("{title} · Viridian") />
        <Router>
            // "external": a jump within the page is the browser's, which also moves the focus.
            <a class="skip-link" href="#content" rel="external">
                "Skip to content"
            </a>
            <div class="frame">
                <Sidebar />
                <main id="content" tabindex="-1">
                    {routes()}
                </main>
            </div>
        </Router>
    }
    .into_any()
}

/// Type-erased as a whole, so that what surrounds it does not carry the type of every route.
fn routes() -> AnyView {
    view! {
        <Routes fallback=|| view! { <pages::NotFound /> }.into_any()>
            <Route
                path=path!("/")
                view=|| view! { <pages::Now /> }.into_any()
                ssr=SsrMode::Async
            />
            <Route
                path=path!("/applications")
                view=|| view! { <pages::Applications /> }.into_any()
                ssr=SsrMode::Async
            />
            <Route
                path=path!("/applications/:app")
                view=|| view! { <pages::Application /> }.into_any()
                ssr=SsrMode::Async
            />
            <Route
                path=path!("/rollouts/:id")
                view=|| view! { <pages::Rollout /> }.into_any()
                ssr=SsrMode::Async
            />
            <Route
                path=path!("/images")
                view=|| view! { <pages::Images /> }.into_any()
                ssr=SsrMode::Async
            />
            <Route
                path=path!("/images/:digest")
                view=|| view! { <pages::Image /> }.into_any()
                ssr=SsrMode::Async
            />
            <Route
                path=path!("/history")
                view=|| view! { <pages::History /> }.into_any()
                ssr=SsrMode::Async
            />
        </Routes>
    }
    .into_any()
}

#[component]
fn Sidebar() -> impl IntoView {
    view! {
        <header class="sidebar">
            <a class="sidebar-mark" href="/">
                <img src="/favicon.svg" alt="" width="18" height="18" />
                "Viridian"
            </a>
            <nav aria-label="Main">
                <ul>
                    {NAVIGATION
                        .into_iter()
                        .map(|(href, label)| {
                            view! {
                                <li>
                                    <A href=href exact=href == "/">
                                        {label}
                                    </A>
                                </li>
                            }
                        })
                        .collect_view()}
                </ul>
            </nav>
        </header>
    }
}

/// Effects run in the browser only, once the page's own events are attached: from then on a click
/// is handled here rather than by the server. Browser tests wait for it.
fn mark_hydrated(_: Option<()>) {
    if let Some(root) = document().document_element() {
        // Nothing depends on the marker, so a document that refuses it is no reason to fail.
        let _ = root.set_attribute("data-hydrated", "");
    }
}
