use thiserror::Error;

/// Why a figure has no answer. The code of each (see [`CannotCompute::code`]) is part of the
/// contract with scripts and never changes its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum CannotCompute {
    #[error("one arm has no observations")]
    EmptyArm,
    #[error("too few observations for this method")]
    TooFew,
    #[error("the observations do not vary, so their spread says nothing")]
    NoVariance,
    #[error("the baseline is zero, so no change relative to it exists")]
    ZeroBaseline,
    #[error("both bounds of the quantile fall on one value")]
    DegenerateQuantile,
    #[error("the denominators of an arm add up to zero, so it has no ratio")]
    ZeroDenominator,
    #[error("the result is larger than a double can hold")]
    Overflow,
}

impl CannotCompute {
    /// The stable name of this reason, as `viridian analyze --batch` writes it.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::EmptyArm => "empty_arm",
            Self::TooFew => "too_few",
            Self::NoVariance => "no_variance",
            Self::ZeroBaseline => "zero_baseline",
            Self::DegenerateQuantile => "degenerate_quantile",
            Self::ZeroDenominator => "zero_denominator",
            Self::Overflow => "overflow",
        }
    }
}
