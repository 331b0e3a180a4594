//! Classification and scoring as Kayenta's `NetflixACAJudge` does them, so that a team can bring its
//! thresholds along.
//!
//! The rules are those of `spinnaker/kayenta` (`MannWhitneyClassifier`, `WeightedSumScorer`) with two
//! deliberate differences that make the same data get the same answer:
//! - the shift and its interval are selected exactly, where Kayenta's root finder stops at an absolute
//!   1e-4 and so lets the verdict depend on the unit;
//! - two arms that are constant, each at another value, are compared as they are, where Kayenta adds
//!   random noise first. The classification that its noise is there to reach is the same.
//!
//! Its other faults are kept, for they are what compatibility means: an empty arm passes with
//! [`Missing::Replace`], and a metric passes that merely has too little data. [`crate::judge`] has none of them.

mod classify;
mod score;

pub use classify::{Bounds, Classified, Direction, EffectSize, Missing, Rules, classify};
pub use score::{Doubt, Grade, Graded, Score, grade, score};

/// What Kayenta says of one metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Classification {
    /// Not shown to have changed, or not in a direction that is watched.
    Pass,
    /// The experiment is higher.
    High,
    /// The experiment is lower.
    Low,
    /// One arm has no data.
    Nodata,
    /// One arm has no data, and the metric must have some.
    NodataFailMetric,
}

impl Classification {
    /// The word that Kayenta's reports use.
    ///
    /// ```
    /// use stats::kayenta::Classification;
    /// assert_eq!(Classification::NodataFailMetric.name(), "NodataFailMetric");
    /// ```
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pass => "Pass",
            Self::High => "High",
            Self::Low => "Low",
            Self::Nodata => "Nodata",
            Self::NodataFailMetric => "NodataFailMetric",
        }
    }
}
