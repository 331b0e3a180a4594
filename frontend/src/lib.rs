//! The browser's entry point: it takes over the page the server rendered, and does nothing else.
//!
//! Deliberately absent: views, state, requests. They live in `app`, so that the server renders
//! exactly what the browser hydrates.

/// Called once by the page's bootstrap script, after the WASM module is compiled.
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_body(app::App);
}
