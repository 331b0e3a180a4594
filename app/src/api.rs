//! What pages ask for: the same functions on the server, where they call the backend, and in the
//! browser, where they call the REST interface that answers with the same types.

mod error;
mod read;
mod write;

pub use error::LoadError;
pub use read::{application, applications, history, image, images, now, plan, query_of, rollout};
pub use write::{command, remove_hold, remove_veto, start};
