//! The tests of the provider contract's own implementation, and of the machine against it.

mod fake;
mod sim;
mod support;
