//! The rollout machine: what a rollout is, what it makes of an input, and what to do next.
//!
//! Three pure functions carry everything. [`decide`] turns a state and an input into events or a
//! refusal; [`evolve`] turns a state and an event into the next state; [`next_effect`] *derives* from
//! a state and an observation what should be done to the cloud now. Nothing is queued in memory, so
//! a crash at any moment loses nothing: the next observation leads to the same effect.

mod answer;
mod decide;
mod effect;
mod ends;
mod event;
mod evolve;
mod input;
mod say;
mod state;
mod table;
mod table_specimens;

#[cfg(test)]
mod tests;
mod watch;

pub use decide::decide;
pub use effect::{Effect, next_effect};
pub use ends::Ends;
pub use event::{Event, What};
pub use evolve::{create, evolve, replay};
pub use input::{ActionOffer, Command, Input, Refused, Said, actions};
pub use say::{headline, sentence};
pub use state::{Ending, Judgement, Pause, Return, Rollout, Status, StepRecord, Waiting};
pub use table::{diagram, table};
