//! The vocabulary of Viridian, the planner and the rollout machine.
//!
//! **The rule of this crate:** everything is a pure function of its arguments. A plan is computed
//! from a spec and a picture of what runs; a decision from a state and an input; an effect from a
//! state and an observation.
//!
//! **Deliberately absent:** I/O, a clock, randomness, threads, async. Time comes in as
//! [`Time`] inside inputs and observations, ids are handed in by the caller. The crate compiles to
//! WebAssembly, so that the browser and the server speak of the same things with the same types.

pub mod figures;
pub mod gate;
pub mod ids;
pub mod observation;
pub mod plan;
pub mod planner;
pub mod rollout;
pub mod spec;

pub use figures::{Figures, Histogram};
pub use ids::{
    Actor, AppName, Digest, EnvName, GroupName, ReleaseNumber, RolloutId, Target, Time, Version,
};
pub use observation::{Health, Observation, ObservedGroup, ObservedInstance};
pub use plan::{Action, Group, Phase, PhaseKind, Plan, Role, Routes, Step, Strategy};
pub use rollout::{Command, Effect, Event, Input, Refused, Rollout, Status};
pub use spec::{Application, Environment};
