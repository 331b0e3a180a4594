//! The node with real processes, real sockets and real HTTP traffic.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has to stop")]

mod adoption;
mod contract;
mod drift;
mod faults;
mod support;
mod titles;
mod traffic;
