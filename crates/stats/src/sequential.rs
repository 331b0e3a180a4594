//! Methods that hold however often one looks: a comparison may stop at any moment.

mod asymptotic;
mod average;
mod boundary;
mod counts;
mod evidence;
mod periods;
mod proportion;
mod quantile;
mod rate;
mod ratio;

pub use asymptotic::{DEFAULT_TUNING, asymptotic, reach};
pub(crate) use asymptotic::{critical, time};
pub(crate) use average::{Part, average};
pub use boundary::{Mixture, Sides, Stitching, Tuning};
pub use counts::{CountsAnswer, CountsQuestion, counts};
pub use periods::{Period, PeriodsAnswer, counts_by_period};
pub use proportion::{LEAST_EVENTS, proportion};
pub use quantile::{Comparison, QuantileChange, QuantileTest};
pub use rate::{Rate, rate};
pub use ratio::{RatioLook, RatioMismatch};
