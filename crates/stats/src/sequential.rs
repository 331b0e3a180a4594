//! Methods that hold however often one looks: a comparison may stop at any moment.
//!
//! Sources, by the names they have below:
//! - *Howard et al. 2021*: S. Howard, A. Ramdas, J. McAuliffe and J. Sekhon, "Time-uniform, nonparametric,
//!   nonasymptotic confidence sequences", Annals of Statistics 49; and their package `confseq`.
//! - *Howard & Ramdas 2022*: "Sequential estimation of quantiles with applications to A/B testing and best-arm
//!   identification", Bernoulli 28.
//! - *Lindon & Malek 2022*: "Anytime-valid inference for multinomial count data", NeurIPS 2022.
//! - *Waudby-Smith et al.*: I. Waudby-Smith, D. Arbour, R. Sinha, E. Kennedy and A. Ramdas, "Time-uniform
//!   central limit theory and asymptotic confidence sequences", Annals of Statistics 52 (2024); equations by the
//!   numbers of arXiv 2103.06476v7.

mod asymptotic;
mod average;
mod boundary;
mod conversions;
mod counts;
mod effect;
mod evidence;
mod lopsided;
mod mean;
mod periods;
mod proportion;
mod quantile;
mod rate;
mod ratio;

pub use asymptotic::{DEFAULT_TUNING, asymptotic, reach};
pub(crate) use asymptotic::{critical, time};
pub(crate) use average::{Part, average};
pub use boundary::{Mixture, Sides, Stitching, Tuning};
pub use conversions::{Conversions, Portion};
pub use counts::{CountsAnswer, CountsQuestion, counts};
pub use effect::{LEAST_SIGNAL, effect};
pub use lopsided::{
    LARGEST_SKEWNESS, LEAST_OF_SKEWED, LEAST_OF_SKEWED_ABSOLUTE, LEAST_UNITS, may_answer,
    may_divide,
};
pub use mean::{LEAST_OF_UNEVEN, mean};
pub use periods::{Period, PeriodsAnswer, counts_by_period};
pub use proportion::{LEAST_EVENTS, proportion};
pub use quantile::{Comparison, QuantileChange, QuantileTest};
pub use rate::{Rate, rate};
pub use ratio::{RatioLook, RatioMismatch};
