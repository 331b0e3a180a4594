//! The tests of the provider contract's own implementation, and of the machine against it.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

mod fake;
mod sim;
mod support;
