//! The reconciler: observe, decide, journal, act.
//!
//! **The rule of this crate:** nothing is done to a cloud before its decision is in the journal, and
//! what to do next is always derived from the journalled state and a fresh observation. One task per
//! environment owns all effects there, so one active rollout per environment is the shape of the
//! program and not only a check.
//!
//! **Deliberately absent:** HTTP, pages, any particular cloud, the machine itself (that is `domain`),
//! and a clock of its own (time comes from [`Clock`]).

mod act;
mod admit;
mod ahead;
mod clock;
mod command;
mod drift;
mod engine;
mod keep;
mod place;
mod series;
mod turn;

pub use admit::Ask;
pub use clock::{Clock, SharedClock, SteadyClock, SystemClock};
pub use drift::Mending;
pub use engine::{Clouds, Done, Engine, EngineError, Options, Replicas, Snapshot};
pub use series::{Reading, Sample};
