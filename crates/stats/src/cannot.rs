use thiserror::Error;

/// Why a figure has no answer. The code of each (see [`CannotCompute::code`]) is part of the
/// contract with scripts and never changes its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum CannotCompute {
    /// An arm without any observation.
    #[error("one arm has no observations")]
    EmptyArm,
    /// Fewer observations, events or units than the method needs at the least.
    #[error("too few observations for this method")]
    TooFew,
    /// No spread in an arm, or in the figure that both come to.
    #[error("the observations do not vary, so their spread says nothing")]
    NoVariance,
    /// A relative change of a control whose figure is 0.
    #[error("the baseline is zero, so no change relative to it exists")]
    ZeroBaseline,
    /// Order statistics, or buckets of a sketch, that leave a quantile no interval.
    #[error("both bounds of the quantile fall on one value")]
    DegenerateQuantile,
    /// A ratio whose denominators come to 0.
    #[error("the denominators of an arm add up to zero, so it has no ratio")]
    ZeroDenominator,
    /// An effect, error or bound outside the doubles.
    #[error("the result is beyond what a double can hold")]
    Overflow,
    /// Sums in which rounding may have swallowed a spread.
    #[error(
        "the sums agree to all their digits: the observations are all equal, or their spread is lost in the \
         rounding of the sums"
    )]
    LostPrecision,
    /// Σx² below (Σx)²/n, or Σxy beyond what the spreads allow.
    #[error("the sums have a variance below zero, which no observations have")]
    NegativeVariance,
    /// A relative change of a quantile where values of both signs occur.
    #[error("there are values below zero, and a share of a quantile is not told of those")]
    NegativeValues,
    /// More values than are kept for a sequence of quantiles.
    #[error("there are more values than a comparison at every look keeps")]
    TooMany,
    /// Means that are too lopsided still ([`may_answer`](crate::sequential::may_answer), for a sequence).
    #[error(
        "too few of the rare large values were seen, in the smaller arm or in both, to hold a mean against its \
         spread"
    )]
    Skewed,
}

impl CannotCompute {
    /// The stable name of this reason, as `viridian analyze --batch` writes it.
    ///
    /// ```
    /// use stats::{CannotCompute, Moments, Question, effect};
    /// let empty = Moments::of([]);
    /// let refused = effect::mean(&empty, &empty, Question::default()).unwrap_err();
    /// assert_eq!(refused.code(), "empty_arm");
    /// ```
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
            Self::LostPrecision => "lost_precision",
            Self::NegativeVariance => "negative_variance",
            Self::NegativeValues => "negative_values",
            Self::TooMany => "too_many",
            Self::Skewed => "skewed",
        }
    }

    /// What can be done about it, where that is not more or other observations.
    ///
    /// ```
    /// use stats::CannotCompute;
    /// assert!(CannotCompute::LostPrecision.remedy().unwrap().starts_with("take one constant"));
    /// assert_eq!(CannotCompute::TooFew.remedy(), None);
    /// ```
    #[must_use]
    pub const fn remedy(self) -> Option<&'static str> {
        match self {
            Self::LostPrecision => Some(
                "take one constant near the means from every observation of both arms before they are summed, \
                 and ask for the absolute difference",
            ),
            Self::NegativeVariance => Some(
                "take every sum, that of the squares and that of the products, over the same n observations, and those \
                 of values so small that their squares vanish in another unit",
            ),
            Self::NegativeValues => Some("ask for the absolute difference"),
            Self::TooMany => Some("ask once, at the planned end"),
            Self::Skewed => Some(
                "wait for more units, split the traffic evenly where it is not, or compare how many convert",
            ),
            Self::Overflow => Some("give the figures in a unit in which they are nearer 1"),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::CannotCompute::{
        self, DegenerateQuantile, EmptyArm, LostPrecision, NegativeValues, NegativeVariance,
        NoVariance, Overflow, Skewed, TooFew, TooMany, ZeroBaseline, ZeroDenominator,
    };

    /// Code and what the remedy speaks of: the contract, in which a reason without a line does not compile.
    const fn contract(why: CannotCompute) -> (&'static str, Option<&'static str>) {
        match why {
            EmptyArm => ("empty_arm", None),
            TooFew => ("too_few", None),
            NoVariance => ("no_variance", None),
            ZeroBaseline => ("zero_baseline", None),
            DegenerateQuantile => ("degenerate_quantile", None),
            ZeroDenominator => ("zero_denominator", None),
            Overflow => ("overflow", Some("nearer 1")),
            LostPrecision => ("lost_precision", Some("take one constant")),
            NegativeVariance => ("negative_variance", Some("vanish in another unit")),
            NegativeValues => ("negative_values", Some("absolute difference")),
            TooMany => ("too_many", Some("ask once")),
            Skewed => ("skewed", Some("split the traffic evenly")),
        }
    }

    #[test]
    fn every_reason_has_its_code_and_the_remedy_there_is() {
        let all = [
            EmptyArm,
            TooFew,
            NoVariance,
            ZeroBaseline,
            DegenerateQuantile,
            ZeroDenominator,
            Overflow,
            LostPrecision,
            NegativeVariance,
            NegativeValues,
            TooMany,
            Skewed,
        ];
        for why in all {
            let (code, about) = contract(why);
            assert_eq!(why.code(), code);
            match (why.remedy(), about) {
                (None, None) => {}
                (Some(remedy), Some(about)) => assert!(remedy.contains(about), "{code}: {remedy}"),
                (found, _) => panic!("{code}: {found:?}"),
            }
        }
    }
}
