//! Real folders, real archives: what goes in comes out, and what must not go in is refused.
//!
//! The modules say `cfg(test)` so that lints know their helper functions as test code too.

#[cfg(test)]
mod baking;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod interop;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod sharing;
#[cfg(test)]
mod support;
#[cfg(test)]
mod tampering;
