//! What an experiment's files said, for programs and as the ground of the text for people.

use super::Method;
use super::basis::{Basis, By};
use super::metric::{Direction, Kind};
use super::refusal::Code;
use crate::Number;
use crate::join::Lump;
use serde::Serialize;
use stats::Difference;

/// Everything, conclusion first.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    pub conclusion: Conclusion,
    /// What speaks against trusting the figures; read before them.
    pub warnings: Vec<String>,
    /// What was done that a reader should know.
    pub notes: Vec<String>,
    pub method: Method,
    pub alpha: f64,
    /// As it was asked for; each comparison says what its own is.
    #[serde(serialize_with = "difference")]
    pub difference: Difference,
    pub control: String,
    pub arms: Vec<ArmReport>,
    pub split: Option<SplitReport>,
    pub metrics: Vec<MetricReport>,
    pub reading: Reading,
}

/// The sentence and what it says in one word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Conclusion {
    pub status: Status,
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// A variant is better and not worse anywhere.
    Better,
    /// Better in one metric, worse in another.
    Mixed,
    Worse,
    /// The figures show no difference.
    Inconclusive,
    /// The observations must not be trusted.
    Unhealthy,
    /// Nothing could be computed.
    NoData,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ArmReport {
    pub name: String,
    pub units: u64,
    /// Of all units, as seen and as planned.
    pub share: f64,
    pub planned: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SplitReport {
    pub chi2: Number,
    pub p: Number,
    pub mismatch: bool,
    /// A variant that was planned to get no unit and got some.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unplanned: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MetricReport {
    pub metric: String,
    /// What tells it from others of this column, too.
    pub label: String,
    pub kind: Kind,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quantile: Option<f64>,
    pub direction: Direction,
    /// The column whose values from before the exposure it is adjusted by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cuped: Option<String>,
    /// The margin, where it is a guardrail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guardrail: Option<f64>,
    pub control: ArmValue,
    pub comparisons: Vec<Comparison>,
}

/// A metric's figure in one arm.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ArmValue {
    pub variant: String,
    /// Units that count.
    pub n: u64,
    /// Units without a value of their own.
    pub missing: u64,
    pub value: Number,
    /// Units with a value from before their exposure, where that is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known_before: Option<u64>,
    /// Whether its quantile is known to 0.002% only.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub sketched: bool,
    /// Equal values at or near which its quantile lies.
    #[serde(skip)]
    pub(super) lump: Option<Lump>,
}

/// One variant against the control in one metric.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    #[serde(flatten)]
    pub arm: ArmValue,
    #[serde(flatten)]
    pub outcome: Outcome,
    pub verdict: Verdict,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Outcome {
    Computed(Box<Figures>),
    Cannot {
        cannot_compute: Code,
        #[serde(skip)]
        why: String,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figures {
    /// Whether effect, intervals and guardrail are shares of the control's figure or in the metric's unit. Those of
    /// counts are shares, whatever was asked.
    #[serde(serialize_with = "difference")]
    pub difference: Difference,
    pub effect: Number,
    pub interval: [Number; 2],
    /// Without counts, which have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stderr: Option<Number>,
    /// Without a Bayesian method.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p: Option<Number>,
    /// After Holm, where more than one comparison is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p_adjusted: Option<Number>,
    /// The interval that goes with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval_adjusted: Option<[Number; 2]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chance_to_win: Option<Number>,
    /// The slope CUPED adjusted by; 0 where there was nothing to adjust by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub theta: Option<Number>,
    /// The means that CUPED compared.
    #[serde(flatten)]
    pub adjusted: Option<Adjusted>,
    /// How these figures came about, where that is not the method of the whole report.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<By>,
    /// Means of rare large values, of which the smaller arm has too few: interval and p are rough.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub skewed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guardrail: Option<Guardrail>,
    #[serde(skip)]
    pub(super) guarded: Verdict,
    /// Below this no change of the metric is.
    #[serde(skip)]
    pub(super) floor: f64,
    #[serde(skip)]
    pub(super) basis: Basis,
}

/// Means freed of what the time before explains: mean after − θ·mean before, in the unit of the metric.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Adjusted {
    #[serde(rename = "adjusted_mean_control")]
    pub control: Number,
    #[serde(rename = "adjusted_mean_treatment")]
    pub treatment: Number,
}

impl Adjusted {
    /// The treatment's mean if its units had been before as the control's were: as far from the control's mean as
    /// it is, as the adjusted means are apart.
    pub(super) fn beside(self, mean_of_control: f64) -> f64 {
        mean_of_control + (self.treatment.get() - self.control.get())
    }
}

/// Whether a metric stays within a margin.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Guardrail {
    pub margin: Number,
    /// The worst effect that is compatible with the figures, one-sided at alpha.
    pub bound: Number,
    /// The best effect that is, in the same way.
    pub best: Number,
    /// The chance of figures at least this good if the variant is worse by the margin: what shows that
    /// it holds. Without counts, which have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p: Option<Number>,
    /// The chance of figures at least this bad if it is worse by no more: what shows that it is broken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p_broken: Option<Number>,
}

impl Guardrail {
    /// The p that a verdict stands on, the same wherever it is told.
    pub(super) fn deciding_p(&self, verdict: Verdict) -> Option<Number> {
        match verdict {
            Verdict::Broken => self.p_broken,
            _ => self.p,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Better,
    Worse,
    /// A guardrail: not worse by the margin.
    Holds,
    /// A guardrail: worse by more than the margin.
    Broken,
    Inconclusive,
    CannotCompute,
}

/// How the files were read.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Reading {
    pub rows: u64,
    pub rows_without_unit: u64,
    pub rows_without_time: u64,
    pub repeated_exposures: u64,
    pub units_in_two_arms: u64,
    pub values_before_exposure: u64,
    pub values_never_exposed: u64,
    /// Rows with values that count.
    pub values_used: u64,
    /// Cells that say NaN, which is no value.
    pub nan_cells: u64,
    /// What did not fit into the memory that was given; of this run, and not of what the files say.
    #[serde(skip)]
    pub temporary_bytes: u64,
    /// The chance that any two units named by text share a 64-bit key.
    pub key_collision_chance: f64,
}

/// As programs read it.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "what serde asks for")]
fn difference<S: serde::Serializer>(
    difference: &Difference,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(match difference {
        Difference::Relative => "relative",
        Difference::Absolute => "absolute",
    })
}

pub(super) fn figures_of(comparison: &Comparison) -> Option<&Figures> {
    match &comparison.outcome {
        Outcome::Computed(figures) => Some(figures),
        Outcome::Cannot { .. } => None,
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts stay below 2^53")]
pub(super) fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64
    }
}
