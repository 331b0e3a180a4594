//! One file a route. Each loads everything it shows in one go, then follows what changes.

mod act;
mod application;
mod applications;
mod first_steps;
mod history;
mod image;
mod images;
mod live_page;
mod not_found;
mod now;
mod rollout;

pub use application::Application;
pub use applications::Applications;
pub use history::History;
pub use image::Image;
pub use images::Images;
pub use not_found::NotFound;
pub use now::Now;
pub use rollout::Rollout;
