//! One file a route.

mod not_found;
mod now;

pub use not_found::NotFound;
pub use now::Now;
