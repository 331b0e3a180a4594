//! The document around the application, and what a page may say about its own response.

use crate::App;
use leptos::config::LeptosOptions;
use leptos::hydration::HydrationScripts;
use leptos::prelude::*;
use leptos_meta::MetaTags;
use std::sync::Arc;

/// How a page sets the status of its response. The server provides it; the browser has none, as a
/// page that is navigated to there has no response of its own.
#[derive(Clone)]
pub struct Respond(Arc<dyn Fn(u16) + Send + Sync>);

impl Respond {
    pub fn new(set_status: impl Fn(u16) + Send + Sync + 'static) -> Self {
        Self(Arc::new(set_status))
    }

    /// Answers with `status` instead of 200, where there is a response.
    pub fn with(status: u16) {
        if let Some(Self(set_status)) = use_context::<Self>() {
            set_status(status);
        }
    }
}

/// The HTML document. An empty `output_name` means that no bundle was built: the page then asks for
/// neither script nor style, and every read still works.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    let built = !options.output_name.is_empty();
    let stylesheet = format!("/{}/{}.css", options.site_pkg_dir, options.output_name);
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                <link rel="icon" type="image/svg+xml" href="/favicon.svg" />
                {built.then(|| view! { <link rel="stylesheet" href=stylesheet /> })}
                {built.then(|| view! { <HydrationScripts options /> })}
                <MetaTags />
            </head>
            <body>
                <App />
            </body>
        </html>
    }
}
