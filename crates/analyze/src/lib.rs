//! Requests and files of observations, turned into calls of the `stats` crate.
//!
//! **One rule:** it reads (JSON lines, CSV, Parquet), calls `stats`, and writes the answer down.
//! No formula lives here; no server, no database, no network either.

pub mod ab;
pub mod batch;
pub mod canary;
pub mod cli;
mod failure;
mod figures;
mod join;
mod near;
mod number;
mod source;

pub use failure::{Failure, Place};
pub use join::Missing;
pub use number::{Count, Number};
pub use source::Progress;
