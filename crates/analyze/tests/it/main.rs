//! `viridian analyze` as people and scripts meet it: arguments and real files in, text out.

#![expect(
    clippy::unwrap_used,
    reason = "what a test's own scaffolding cannot do is a failed test"
)]

mod ab;
mod asked;
mod bad_files;
mod batch;
mod batch_input;
mod batch_told;
mod bursts;
mod canary;
mod canary_asked;
mod canary_shares;
mod canary_told;
mod careless;
mod clocks;
mod columnar;
mod conversions;
mod dependent;
mod edges;
mod harness;
mod hostile;
mod kayenta;
mod kinds;
mod methods;
mod reasons;
mod replay;
mod scale;
mod skewed;
mod units;
mod verdicts;
