//! Summaries of bounded size that merge without loss: latencies by bucket, distinct units by hash.
//!
//! What a sketch does not know it says: every figure comes with the bounds that its own rounding
//! adds, apart from those of the sample.

mod distinct;
mod latency;

pub use distinct::{DistinctCount, DistinctEstimate};
pub use latency::{LatencyHistogram, QuantileBounds};
