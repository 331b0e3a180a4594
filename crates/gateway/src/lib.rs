//! The data plane: moves HTTP requests to backends by a routing table it is handed.
//!
//! Its one rule: whatever happens to the table, a request that a healthy backend could have answered
//! is answered. Deliberately absent: any type of the project (a group is a string), any process that
//! is started or checked (health is a field of the table), anything that is stored.

mod body;
mod client;
mod door;
mod figures;
mod gateway;
mod headers;
mod histogram;
mod listener;
mod meter;
mod options;
mod plan;
mod pool;
mod proxy;
mod shares;
mod table;
mod tunnel;
mod workers;

pub use figures::{Figures, GroupFigures, InstanceFigures};
pub use gateway::Gateway;
pub use histogram::Histogram;
pub use options::{BindError, Options};
pub use table::{Backend, Override, Route, Sticky, Table};
