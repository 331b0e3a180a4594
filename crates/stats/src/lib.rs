//! Statistics for canaries and experiments: numbers in, a typed answer out.
//!
//! **One rule:** this crate knows numbers only. No type of the project, no I/O, no clock, no
//! randomness; the same input gives the same bits. What cannot be computed is said so by type
//! ([`CannotCompute`]), never as a zero.

#![warn(missing_docs, clippy::missing_errors_doc)]

pub mod adjust;
pub mod bayes;
mod cannot;
pub mod count;
pub mod dependence;
pub mod effect;
mod failure;
mod guard;
pub mod judge;
pub mod kayenta;
mod moments;
pub mod non_inferiority;
pub mod numeric;
pub mod power;
mod question;
pub mod rank;
pub mod sequential;
pub mod sketch;
pub mod srm;

pub use cannot::CannotCompute;
pub use failure::{Failure, InvalidInput};
pub use moments::{Moments, PairMoments, PairSkewness, Skewness};
pub use question::{Alpha, Better, Difference, Estimate, Interval, Question, Side};
