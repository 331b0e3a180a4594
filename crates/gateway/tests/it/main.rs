//! The gateway between real sockets.

#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test fails by panicking, as the test does"
)]

mod backends;
mod doors;
mod figures;
mod listener;
mod load;
mod routing;
mod streams;
mod support;
