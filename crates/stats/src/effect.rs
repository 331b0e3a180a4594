//! The difference between two arms, with an interval and a p, from a sample whose size was fixed
//! beforehand.
//!
//! Agrees with gbstats at its repository head (GrowthBook, `packages/stats/gbstats`: `utils.py`,
//! `models/tests.py`, `frequentist/tests.py`): Welch's t on the difference of the arms, the relative
//! difference by the delta method. It differs on purpose where that returns zeros for what cannot be
//! computed, takes 1 − cdf in the tail, or adds a floor to a variance.

mod cuped;
mod mean;
mod proportion;
mod quantile;
mod ratio;
mod share;

pub use cuped::{Cuped, cuped};
pub use mean::mean;
pub use proportion::{PooledTest, Proportion, pooled_test, proportion};
pub use quantile::{QuantileArm, quantile};
pub use ratio::{Ratio, ratio};
pub use share::Share;

use crate::numeric::{student_quantile, student_sf};
use crate::{CannotCompute, Difference, Estimate, Interval, Moments, Question, Side};

/// One arm, reduced to what the comparison of means needs.
#[derive(Clone, Copy, Debug)]
struct Arm {
    n: u64,
    mean: f64,
    /// Of the mean.
    stderr: f64,
}

impl Arm {
    /// How many standard errors the mean is from 0; a mean of 0 is none, whatever its error.
    fn signal(self) -> f64 {
        if self.mean == 0.0 {
            0.0
        } else {
            self.mean.abs() / self.stderr
        }
    }
}

/// Both arms have more than one observation.
fn enough(control: u64, treatment: u64) -> Result<(), CannotCompute> {
    match control.min(treatment) {
        0 => Err(CannotCompute::EmptyArm),
        1 => Err(CannotCompute::TooFew),
        _ => Ok(()),
    }
}

/// There is something for a relative effect to be relative to.
fn baseline(mean: f64, difference: Difference) -> Result<(), CannotCompute> {
    if mean == 0.0 && difference == Difference::Relative {
        Err(CannotCompute::ZeroBaseline)
    } else {
        Ok(())
    }
}

/// Why there is no spread to compare by: none was there, or it was lost in sums.
fn without_spread<const K: usize>(series: [&Moments; K]) -> CannotCompute {
    if series.iter().any(|moments| moments.lost()) {
        CannotCompute::LostPrecision
    } else {
        CannotCompute::NoVariance
    }
}

/// Welch and Satterthwaite's degrees of freedom: (a + b)²/(a²/(n_a − 1) + b²/(n_b − 1)) for the
/// squared standard errors a and b (B. L. Welch, Biometrika 34, 1947).
fn degrees_of_freedom(control: Arm, treatment: Arm) -> f64 {
    // Over the larger of the two, so that no square leaves the doubles.
    let largest = control.stderr.max(treatment.stderr);
    let a = (control.stderr / largest) * (control.stderr / largest);
    let b = (treatment.stderr / largest) * (treatment.stderr / largest);
    let (n_a, n_b) = ((control.n - 1) as f64, (treatment.n - 1) as f64);
    (a + b) * (a + b) / (a * a / n_a + b * b / n_b)
}

/// The comparison of two means that do not depend on each other.
fn compare(control: Arm, treatment: Arm, question: Question) -> Result<Estimate, CannotCompute> {
    let apart = treatment.mean - control.mean;
    let (effect, stderr) = match question.difference {
        Difference::Absolute => (apart, libm::hypot(treatment.stderr, control.stderr)),
        Difference::Relative => {
            let base = control.mean.abs();
            let over = treatment.mean / base;
            let own = treatment.stderr / base;
            (apart / base, libm::hypot(own, control.stderr / base * over))
        }
    };
    conclude(effect, stderr, control, treatment, control.mean, question)
}

/// Student's interval and p for an effect with its standard error.
fn conclude(
    effect: f64,
    stderr: f64,
    control: Arm,
    treatment: Arm,
    baseline: f64,
    question: Question,
) -> Result<Estimate, CannotCompute> {
    if stderr <= 0.0 {
        return Err(CannotCompute::NoVariance);
    }
    let df = degrees_of_freedom(control, treatment);
    let alpha = question.alpha.get();
    let t = effect / stderr;
    let (p, tail) = match question.side {
        Side::Two => ((2.0 * student_sf(t.abs(), df)).min(1.0), 0.5 * alpha),
        Side::Greater => (student_sf(t, df), alpha),
        Side::Less => (student_sf(-t, df), alpha),
    };
    let half_width = -student_quantile(tail, df) * stderr;
    if !(effect.is_finite() && stderr.is_finite() && half_width.is_finite()) {
        return Err(CannotCompute::Overflow);
    }
    Ok(Estimate {
        effect,
        interval: Interval::around(effect, half_width, question.side),
        p,
        stderr,
        df,
        n: control.n + treatment.n,
        baseline,
        signal: control.signal().min(treatment.signal()),
    })
}
