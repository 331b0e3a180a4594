use super::{Arm, baseline, compare, enough, without_spread};
use crate::{CannotCompute, Estimate, PairMoments, Question};

/// What [`ratio`] says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ratio {
    /// The difference of the two ratios.
    pub estimate: Estimate,
    /// Σ numerator/Σ denominator of the control, in the numerator's unit for one of the denominator.
    pub control: f64,
    /// Σ numerator/Σ denominator of the treatment.
    pub treatment: f64,
}

/// The difference of two ratios of sums, as revenue per order, where x is the numerator and y the
/// denominator of each unit.
///
/// Each arm's ratio r = m/d has the variance (v_m − 2·r·cov + r²·v_d)/d² (delta method), which is
/// that of the mean of (x − r·y)/d; the arms are compared as in [`effect::mean`](super::mean).
///
/// Source: A. Deng, U. Knoblich and J. Lu, "Applying the delta method in metric analytics", KDD
/// 2018; gbstats `utils.py` (`variance_of_ratios`). Units: effect as a share of the
/// control's ratio, or in its unit.
///
/// # Errors
///
/// `EmptyArm`; `TooFew`; `ZeroDenominator` where an arm's denominators add up to 0; `ZeroBaseline`;
/// `NoVariance` where an arm's numerators are all the same multiple of the denominators;
/// `LostPrecision` where sums cannot tell; `Overflow`.
///
/// # Examples
///
/// ```
/// use stats::{PairMoments, Question, effect};
/// let control = PairMoments::of([(1.0, 2.0), (3.0, 4.0), (2.0, 2.0)]);
/// let treatment = PairMoments::of([(2.0, 2.0), (3.0, 2.0), (4.0, 5.0)]);
/// let answer = effect::ratio(&control, &treatment, Question::default()).unwrap();
/// assert_eq!((answer.control, answer.treatment), (0.75, 1.0));
/// assert!((answer.estimate.effect - 1.0 / 3.0).abs() < 1e-15);
/// // The ratios' variances are 3/256 and 1/27: those of the means of (x − r·y)/ȳ.
/// let variance = 1.0 / 27.0 / 0.75f64.powi(2) + 3.0 / 256.0 / 0.75f64.powi(4);
/// assert!((answer.estimate.stderr - variance.sqrt()).abs() < 1e-15);
/// ```
pub fn ratio(
    control: &PairMoments,
    treatment: &PairMoments,
    question: Question,
) -> Result<Ratio, CannotCompute> {
    enough(control.n(), treatment.n())?;
    let series = [control, treatment].map(|pairs| [pairs.x(), pairs.y()]);
    let (control, treatment) = (arm(control)?, arm(treatment)?);
    baseline(control.mean, question.difference)?;
    if control.stderr <= 0.0 || treatment.stderr <= 0.0 {
        let [[a, b], [c, d]] = &series;
        return Err(without_spread([a, b, c, d]));
    }
    Ok(Ratio {
        estimate: compare(control, treatment, question)?,
        control: control.mean,
        treatment: treatment.mean,
    })
}

pub(super) fn arm(pairs: &PairMoments) -> Result<Arm, CannotCompute> {
    let denominator = pairs.y().mean();
    if denominator == 0.0 {
        return Err(CannotCompute::ZeroDenominator);
    }
    let mean = pairs.x().mean() / denominator;
    Ok(Arm {
        n: pairs.n(),
        mean,
        stderr: pairs.stderr_of(1.0, mean) / denominator.abs(),
    })
}
