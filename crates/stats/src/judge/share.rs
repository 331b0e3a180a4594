//! A change as a share of a baseline that is only estimated.

use super::Rule;
use crate::sequential::{QuantileTest, Tuning};
use crate::{Alpha, Failure, Interval, InvalidInput};

/// How far from 0 a baseline may lie, at least and at most.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Size {
    least: f64,
    most: f64,
}

impl Size {
    fn of(baseline: Interval) -> Self {
        let (lo, hi) = (baseline.lo.abs(), baseline.hi.abs());
        let straddles = baseline.lo <= 0.0 && baseline.hi >= 0.0;
        Self {
            least: if straddles { 0.0 } else { lo.min(hi) },
            most: lo.max(hi),
        }
    }
}

/// The size of a quantile of `values` with a chance of `alpha` to miss it, at every look.
pub(super) fn size(test: QuantileTest, values: &[f64], alpha: f64) -> Result<Size, InvalidInput> {
    let unknown = Interval {
        lo: f64::NEG_INFINITY,
        hi: f64::INFINITY,
    };
    match test.interval(values, Alpha::new(alpha)?) {
        Ok(found) => Ok(Size::of(found.interval)),
        Err(Failure::CannotCompute(_)) => Ok(Size::of(unknown)),
        Err(Failure::Invalid(invalid)) => Err(invalid),
    }
}

/// The same of the median, sharpest a little above the smallest sample on which there may be a verdict.
pub(super) fn size_of_median(
    values: &[f64],
    rule: &Rule,
    alpha: f64,
) -> Result<Size, InvalidInput> {
    let tuning = Tuning {
        v_opt: 4.0 * rule.min_sample.max(25) as f64,
        alpha_opt: 0.05,
    };
    size(QuantileTest::new(0.5, tuning)?, values, alpha)
}

/// Every share that a change in `change` of a baseline of this size may be.
pub(super) fn of(change: Interval, baseline: Size) -> Interval {
    let both = |change: f64| {
        [baseline.least, baseline.most].map(|size| {
            if change == 0.0 {
                0.0
            } else if change.is_infinite() {
                change
            } else {
                change / size
            }
        })
    };
    let ([low, other_low], [high, other_high]) = (both(change.lo), both(change.hi));
    Interval {
        lo: low.min(other_low),
        hi: high.max(other_high),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn between(lo: f64, hi: f64) -> Interval {
        Interval { lo, hi }
    }

    #[test]
    fn the_share_is_as_far_out_as_the_baseline_allows() {
        let size = Size::of(between(2.0, 4.0));
        assert_eq!(of(between(1.0, 8.0), size), between(0.25, 4.0));
        assert_eq!(of(between(-8.0, -1.0), size), between(-4.0, -0.25));
        assert_eq!(of(between(-8.0, 8.0), size), between(-4.0, 4.0));
        assert_eq!(Size::of(between(-4.0, -2.0)), size);
    }

    #[test]
    fn a_baseline_that_may_be_nothing_bounds_no_share_from_above() {
        let size = Size::of(between(-1.0, 4.0));
        assert_eq!(of(between(1.0, 8.0), size), between(0.25, f64::INFINITY));
        assert_eq!(
            of(between(-8.0, 0.0), size),
            between(f64::NEG_INFINITY, 0.0)
        );
        let nothing = Size::of(between(0.0, 0.0));
        assert_eq!(
            of(between(1.0, 8.0), nothing),
            between(f64::INFINITY, f64::INFINITY)
        );
        assert_eq!(of(between(0.0, 0.0), nothing), between(0.0, 0.0));
    }

    #[test]
    fn what_is_not_known_of_the_baseline_leaves_the_sign() {
        let unknown = Size::of(between(f64::NEG_INFINITY, f64::INFINITY));
        assert_eq!(of(between(1.0, 8.0), unknown), between(0.0, f64::INFINITY));
    }
}
