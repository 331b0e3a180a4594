//! What people see: pages rendered on the server, hydrated in the browser.
//!
//! **The rule of this crate:** a page is a function of what the server sent it. Rendering the same
//! data twice, once here and once in the browser, gives the same markup.
//!
//! **Deliberately absent:** a clock, randomness and the machine it runs on (each would make the two
//! renderings differ), and every engine, store or cloud.
//!
//! Exactly one of the features `ssr` and `hydrate` is on; a build with both is a mistake.

#![expect(
    unreachable_pub,
    reason = "the component macro repeats a component's `pub` on a function inside"
)]

pub mod api;
#[cfg(feature = "ssr")]
pub mod backend;
pub mod format;
mod frame;
pub mod live;
pub mod pages;
mod shell;
pub mod ui;
pub mod view;

pub use frame::App;
pub use shell::{Respond, shell};
pub use ui::Told;

/// The mark: a rounded square, half blue, half green. Also served as the icon of the page.
pub const MARK_SVG: &str = include_str!("../public/mark.svg");
