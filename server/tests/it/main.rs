//! The real binary on a free port with a folder of its own: what a user and a script meet.

#![expect(
    clippy::unwrap_used,
    reason = "what a test's own scaffolding cannot do is a failed test"
)]

mod access;
mod analyze;
mod bad_days;
mod bad_images;
mod bad_input;
mod bad_programs;
mod browsers;
mod configuration;
mod crowd;
mod disk;
mod drift;
mod figures;
mod harness;
mod live;
mod million;
mod nevers;
mod offers;
mod once;
mod plans;
mod postgres;
mod readme;
mod rights;
mod roles;
mod upkeep;
mod walk;
mod words;
