use crate::{Difference, PairMoments, Skewness};

/// The most skewness with which a sequence of means answers: of the difference
/// ([`Skewness::of_difference`]), or of the smaller arm's mean ([`Skewness::of_mean`]) while
/// [`LEAST_OF_SKEWED`] is not reached.
///
/// Found by simulation, not proven: at splits of 9:1 and 19:1, looked at from the first unit on, at most
/// 4.3% of equal arms are found different where looks wait for it, and up to 38% where they do not (level
/// 5%; exponential and lognormal values, revenue of 2% and 10% buyers; `docs/SIMULATION.md`, "Uneven
/// arms"). The difference of equal arms of the same size has none of it.
pub const LARGEST_SKEWNESS: f64 = 0.2;

/// Of lopsided values both arms are so many standard errors from 0
/// ([`Estimate::signal`](crate::Estimate::signal)) where a sequence of their relative difference answers;
/// the denominators of a ratio are so in any case.
///
/// Found by simulation, not proven. Arms of the same size that differ are lopsided in different ways, and
/// early intervals lose a large change (`docs/SIMULATION.md`, "Large changes"). A unit that is most of an
/// arm's denominators takes the ratio to itself, so that little seems to be left: of clicks over lognormal
/// views with σ 2, 7% of equal arms at 19:1 are found different without this floor and 2% with it.
pub const LEAST_OF_SKEWED: f64 = 5.0;

/// The same of absolute differences, to which a factor does more: looked at from the first unit on, 25%
/// lose a price three times as high for 2% buyers, and of lognormal values with σ 2 16% from 5 standard
/// errors on and 6% from 12 on.
pub const LEAST_OF_SKEWED_ABSOLUTE: f64 = 12.0;

/// So many units the smaller arm has where a sequence of means answers.
///
/// Found by simulation, not proven: of normal values at a split of 99:1, 19% of equal arms are found
/// different from the second unit on, 4% from the twentieth on; of clicks over lognormal views 7% from the
/// twentieth and 5% from the fiftieth on. The spread of a few units is no measure of it.
pub const LEAST_UNITS: u64 = 50;

/// Whether a sequence of means, of ratios ([`PairSkewness::less`](crate::PairSkewness::less) the arm's
/// ratio times its denominators) or of adjusted means, may answer by now: where what is compared is not too
/// lopsided for its mean to be taken for a normal one.
///
/// That is from [`LEAST_UNITS`] on, where the difference has at most [`LARGEST_SKEWNESS`], and so has the
/// mean of the smaller arm, or both arms are [`LEAST_OF_SKEWED`] standard errors from 0, or
/// [`LEAST_OF_SKEWED_ABSOLUTE`]: `signal` is that of the estimate. Of ratios ask [`may_divide`], too.
/// Values that do not vary are not lopsided. It looks at skewness that was seen: an arm of another shape,
/// which has not met its large values yet, is not found out.
///
/// ```
/// use stats::{Difference::Relative, Skewness, sequential::may_answer};
/// // One of fifty buys, for 1 to 9.
/// let arm = |units: u32| {
///     let mut arm = Skewness::of((0..units / 50).map(|i| f64::from(1 + i * 5 % 9)));
///     arm.merge(&Skewness::of_zeros(u64::from(units - units / 50)));
///     arm
/// };
/// assert!(!may_answer(&arm(500), &arm(500), 2.8, Relative));
/// assert!(may_answer(&arm(5_000), &arm(5_000), 8.8, Relative));
/// assert!(!may_answer(&arm(95_000), &arm(1_000), 4.0, Relative));
/// ```
#[must_use]
pub fn may_answer(
    control: &Skewness,
    treatment: &Skewness,
    signal: f64,
    difference: Difference,
) -> bool {
    let least = match difference {
        Difference::Relative => LEAST_OF_SKEWED,
        Difference::Absolute => LEAST_OF_SKEWED_ABSOLUTE,
    };
    let little = |left: Option<f64>| left.is_none_or(|left| left <= LARGEST_SKEWNESS);
    control.n().min(treatment.n()) >= LEAST_UNITS
        && little(Skewness::of_difference(control, treatment))
        && (signal >= least || little(Skewness::of_mean(control, treatment)))
}

/// Whether a sequence of ratios over these denominators y may answer by now: where their mean is
/// [`LEAST_OF_SKEWED`] of its standard errors from 0, so that no unit is most of them. Of both arms.
///
/// ```
/// use stats::{PairMoments, sequential::may_divide};
/// let views = |most: f64| PairMoments::of([(1.0, 2.0), (0.0, 3.0), (1.0, most), (1.0, 2.0)]);
/// assert!(may_divide(&views(3.0)) && !may_divide(&views(300.0)));
/// ```
#[must_use]
pub fn may_divide(pairs: &PairMoments) -> bool {
    let (y, n) = (pairs.y(), pairs.n() as f64);
    y.mean().abs() >= LEAST_OF_SKEWED * y.stddev() / n.sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use Difference::{Absolute, Relative};

    #[test]
    fn symmetric_values_answer_whatever_their_mean() {
        let arm = |at: f64| Skewness::of([at - 1.0, at, at + 1.0].repeat(20));
        assert!(may_answer(&arm(0.0), &arm(0.1), 0.3, Absolute));
        let [few, enough] = [49, 50].map(|n| Skewness::of(vec![3.0; n]));
        assert!(may_answer(&enough, &enough, 0.0, Relative));
        assert!(
            !may_answer(&enough, &few, 9.0, Relative) && !may_answer(&few, &enough, 9.0, Relative)
        );
    }

    #[test]
    fn lopsided_values_wait_for_a_signal_and_uneven_arms_for_more() {
        // Of one in a hundred, the skewness is 9.8: its mean is near normal from 2,425 on.
        let arm = |units: u64| {
            let mut arm = Skewness::of(vec![1.0; units as usize / 100]);
            arm.merge(&Skewness::of_zeros(units - units / 100));
            arm
        };
        let (few, many) = (arm(2_400), arm(2_500));
        for (difference, least) in [(Relative, 5.0), (Absolute, 12.0)] {
            assert!(!may_answer(&few, &few, least - 0.01, difference));
            assert!(may_answer(&few, &few, least, difference));
            assert!(may_answer(&many, &many, 1.0, difference));
        }
        let (large, small) = (arm(19_000), arm(1_000));
        assert!(
            !may_answer(&large, &small, 20.0, Relative)
                && !may_answer(&small, &large, 20.0, Relative)
        );
    }
}
