//! Whether what is averaged is near enough to normal to be compared by now.

use super::basis::Basis;
use super::refusal::Refusal;
use super::{Method, Request};
use crate::join::{MetricSums, Sums};
use stats::sequential::{self, LEAST_UNITS, may_divide};
use stats::{CannotCompute, Difference, PairSkewness, Skewness};

/// With more skewness of the difference than this one look has no answer: Welch's t, asked of equal arms at
/// 95:5 with revenue of 2% buyers, finds a difference in 7% where 0.4 is left, in 11% where 0.9 is.
const MOST_AT_ONE_LOOK: f64 = 0.4;

/// The skewness of the difference, from 0 up, where it may be compared by now: at every look as
/// [`sequential::may_answer`] and [`may_divide`] say, at one look up to [`MOST_AT_ONE_LOOK`].
pub(super) fn may_answer(
    request: &Request,
    basis: &Basis,
    theta: Option<f64>,
    arms: [&MetricSums; 2],
) -> Result<f64, Refusal> {
    let Some([control, treatment]) = lopsided(arms, theta)? else {
        return Ok(0.0);
    };
    let left = Skewness::of_difference(&control, &treatment).unwrap_or(0.0);
    if matches!(request.method, Method::Sequential { .. }) {
        let difference = request.question.difference;
        let divides = |arm: &&MetricSums| match &arm.sums {
            Sums::Ratio(pairs) => may_divide(pairs.pairs()),
            _ => true,
        };
        let near = sequential::may_answer(&control, &treatment, basis.signal(), difference);
        if !(near && arms.iter().all(divides)) {
            return Err(waits(arms, difference));
        }
    } else if left > MOST_AT_ONE_LOOK {
        return Err(CannotCompute::Skewed.into());
    }
    Ok(left)
}

fn waits(arms: [&MetricSums; 2], difference: Difference) -> Refusal {
    let skewed = CannotCompute::Skewed;
    if arms.iter().any(|arm| arm.n() < LEAST_UNITS) {
        Refusal::cannot(
            CannotCompute::TooFew,
            format!("a sequence of means answers from {LEAST_UNITS} units a variant on"),
        )
    } else if difference == Difference::Absolute {
        Refusal::cannot(
            skewed,
            format!("{skewed}; wait for more units, or leave --absolute away, which takes fewer"),
        )
    } else {
        skewed.into()
    }
}

/// How lopsided what is averaged in each arm is: the values, what a ratio leaves of numerators beside their
/// denominators, what an adjustment leaves. None where nothing is averaged, or what is does not vary.
fn lopsided(
    arms: [&MetricSums; 2],
    theta: Option<f64>,
) -> Result<Option<[Skewness; 2]>, CannotCompute> {
    let [control, treatment] = arms.map(|arm| match &arm.sums {
        Sums::Mean(_) => arm.skewness,
        Sums::Ratio(pairs) => pairs.less(ratio(pairs)),
        Sums::Adjusted { pairs, .. } => pairs.less(theta.unwrap_or(0.0)),
        Sums::Share { .. } | Sums::Values(_) => Skewness::default(),
    });
    let varies = |arm: &MetricSums| match &arm.sums {
        Sums::Mean(moments) => moments.varies(),
        Sums::Ratio(pairs) | Sums::Adjusted { pairs, .. } => pairs.pairs().x().varies(),
        Sums::Share { .. } | Sums::Values(_) => false,
    };
    match Skewness::of_difference(&control, &treatment) {
        Some(_) => Ok(Some([control, treatment])),
        None if !arms.iter().any(|arm| varies(arm)) => Ok(None),
        None => Err(CannotCompute::Overflow),
    }
}

/// The ratio of the sums; NaN over denominators that add up to 0.
pub(super) fn ratio(pairs: &PairSkewness) -> f64 {
    let (above, below) = (pairs.pairs().x().mean(), pairs.pairs().y().mean());
    if below == 0.0 {
        f64::NAN
    } else {
        above / below
    }
}
