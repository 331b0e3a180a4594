//! The crate as its callers see it: against recordings of other software, and by laws.

#![expect(
    clippy::unwrap_used,
    reason = "what a test's own scaffolding cannot do is a failed test"
)]

mod digits;
mod documented;
mod edges;
mod hostile;
mod laws;
mod ramp;
mod recorded;
mod simulation;
mod sketches;
mod ties;
mod verdicts;
