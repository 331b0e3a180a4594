//! How many standard errors an effect is from what is asked, by the formulas alone: at most looks far from
//! any critical value, so that the methods need not be asked there.

use stats::{Moments, PairMoments};

/// No sequence at 5%, one-sided or two-sided, rejects within so many standard errors: the least critical
/// value of any look is 2.7.
const CANNOT: f64 = 2.4;

/// How a difference is held against the control.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scale {
    Absolute,
    /// Over the control's mean, by the delta method.
    Delta,
    /// Over the control's mean, as the difference itself.
    Share,
}

/// Two arms, adjusted by `theta` times what was before, where there is that.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rough {
    apart: f64,
    control: f64,
    treatment: f64,
    /// The variances of the treatment's mean, and of the control's: of the metric, its covariance with
    /// the adjustment, of the adjustment.
    of_treatment: f64,
    of_control: [f64; 3],
}

impl Rough {
    fn apart(arms: [(f64, f64); 2]) -> Self {
        let [control, treatment] = arms;
        Self {
            apart: treatment.0 - control.0,
            control: control.0,
            treatment: treatment.0,
            of_treatment: treatment.1,
            of_control: [control.1, 0.0, 0.0],
        }
    }

    pub(crate) fn of_means(control: &Moments, treatment: &Moments) -> Self {
        let arm = |arm: &Moments| (arm.mean(), arm.variance() / arm.n() as f64);
        Self::apart([arm(control), arm(treatment)])
    }

    pub(crate) fn of_proportions(yes: [u64; 2], n: u64) -> Self {
        Self::of_uneven_proportions([(yes[0], n), (yes[1], n)])
    }

    /// Each arm with its own number of units.
    pub(crate) fn of_uneven_proportions(arms: [(u64, u64); 2]) -> Self {
        Self::apart(arms.map(|(x, n)| {
            let p = x as f64 / n as f64;
            (p, p * (1.0 - p) / n as f64)
        }))
    }

    pub(crate) fn of_ratios(control: &PairMoments, treatment: &PairMoments) -> Self {
        let arm = |arm: &PairMoments| {
            let (x, y) = (arm.x(), arm.y());
            let ratio = x.mean() / y.mean();
            let spread =
                x.variance() - 2.0 * ratio * arm.covariance() + ratio * ratio * y.variance();
            (ratio, spread / (y.mean() * y.mean()) / x.n() as f64)
        };
        Self::apart([arm(control), arm(treatment)])
    }

    pub(crate) fn of_cuped(control: &PairMoments, treatment: &PairMoments) -> Self {
        let mut both = *control;
        both.merge(treatment);
        let theta = both.slope();
        let parts = |arm: &PairMoments| {
            let n = arm.x().n() as f64;
            [
                arm.x().variance() / n,
                theta * arm.covariance() / n,
                theta * theta * arm.y().variance() / n,
            ]
        };
        let [own, with, before] = parts(treatment);
        let (x, y) = (
            treatment.x().mean() - control.x().mean(),
            treatment.y().mean() - control.y().mean(),
        );
        Self {
            apart: x - theta * y,
            control: control.x().mean(),
            treatment: treatment.x().mean(),
            of_treatment: own - 2.0 * with + before,
            of_control: parts(control),
        }
    }

    /// Whether some sequence may exclude that the effect is `truth`; also where that cannot be told.
    pub(crate) fn may_exclude(&self, truth: f64, scale: Scale) -> bool {
        let z = self.z(truth, scale);
        z.is_nan() || z.abs() > CANNOT
    }

    /// How many standard errors the effect is above `truth`, for a control above 0.
    pub(crate) fn z(&self, truth: f64, scale: Scale) -> f64 {
        let (moved, times) = match scale {
            Scale::Absolute => (truth, 1.0),
            Scale::Delta => (truth * self.control, self.treatment / self.control),
            Scale::Share => (truth * self.control, 1.0 + truth),
        };
        let [own, with, before] = self.of_control;
        let variance = self.of_treatment + times * times * own - 2.0 * times * with + before;
        (self.apart - moved) / variance.sqrt()
    }
}
