//! The real binary on a free port with a folder of its own: what a user and a script meet.

#![expect(
    clippy::unwrap_used,
    reason = "what a test's own scaffolding cannot do is a failed test"
)]

mod access;
mod bad_input;
mod harness;
mod live;
mod nevers;
mod once;
mod upkeep;
mod walk;
