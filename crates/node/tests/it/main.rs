//! The node with real processes, real sockets and real HTTP traffic.

mod adoption;
mod contract;
mod drift;
mod faults;
mod support;
mod traffic;
