//! The demonstration `cargo xtask run` sets up on the running server.

use anyhow::Result;
use std::path::Path;

/// What there is to set it up with.
#[expect(dead_code, reason = "there is no demonstration yet that reads it")]
pub(crate) struct Stage<'a> {
    /// Where the server answers.
    pub(crate) url: &'a str,
    /// The server's data folder.
    pub(crate) data: &'a Path,
    /// The `viridian` program.
    pub(crate) viridian: &'a Path,
    /// The program of the demonstration's application.
    pub(crate) storefront: &'a Path,
}

/// Whether there is something to look at.
pub(crate) enum Seeded {
    /// One line a person reads: what was set up.
    #[expect(dead_code, reason = "there is no demonstration yet that says it")]
    Ready(String),
    /// Nothing was set up, and why.
    Nothing(&'static str),
}

/// Sets the demonstration up, or finds that an earlier run has. Repeating it changes nothing.
pub(crate) fn seed(_stage: &Stage<'_>) -> Result<Seeded> {
    Ok(Seeded::Nothing("there is no demonstration yet"))
}
