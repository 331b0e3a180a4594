use super::{Arm, baseline, compare, enough, without_spread};
use crate::{CannotCompute, Estimate, Moments, Question};

/// The difference of two means, by Welch's t.
///
/// Relative: (m_t − m_c)/|m_c| with variance v_t/(n_t·m_c²) + v_c·m_t²/(n_c·m_c⁴) (delta method);
/// absolute: m_t − m_c with variance v_t/n_t + v_c/n_c; v is the sample variance (n − 1). The
/// degrees of freedom are Welch and Satterthwaite's of the absolute variances in both cases.
///
/// Source: B. L. Welch, Biometrika 34 (1947); gbstats `frequentist/tests.py`, `utils.py`
/// (`frequentist_diff`, `frequentist_variance`). Units: effect, interval and standard error as a
/// share of the control's mean, or in the metric's unit.
///
/// # Errors
///
/// `EmptyArm`; `TooFew` below two observations an arm; `ZeroBaseline` for a relative effect over a
/// control mean of 0; `NoVariance` where an arm does not vary; `LostPrecision` where sums cannot tell
/// whether it does; `Overflow`.
///
/// ```
/// use stats::{Moments, Question, effect};
/// let control = Moments::from_sums(1000, 10_000.0, 104_000.0)?;
/// let treatment = Moments::from_sums(1000, 10_300.0, 110_000.0)?;
/// let answer = effect::mean(&control, &treatment, Question::default())?;
/// assert!((answer.effect - 0.03).abs() < 1e-15);
/// assert!(answer.p < 0.05 && answer.interval.lo > 0.0);
/// # Ok::<(), stats::Failure>(())
/// ```
pub fn mean(
    control: &Moments,
    treatment: &Moments,
    question: Question,
) -> Result<Estimate, CannotCompute> {
    enough(control.n(), treatment.n())?;
    baseline(control.mean(), question.difference)?;
    if !(control.varies() && treatment.varies()) {
        return Err(without_spread([control, treatment]));
    }
    compare(arm(control), arm(treatment), question)
}

pub(super) fn arm(moments: &Moments) -> Arm {
    Arm {
        n: moments.n(),
        mean: moments.mean(),
        stderr: moments.stderr(),
    }
}
