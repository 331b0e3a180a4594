use super::{Arm, baseline, compare, enough, without_spread};
use crate::{CannotCompute, Estimate, Moments, Question};

/// The difference of two means, by Welch's t.
///
/// Relative: (m_t − m_c)/|m_c| with variance v_t/(n_t·m_c²) + v_c·m_t²/(n_c·m_c⁴) (delta method);
/// absolute: m_t − m_c with variance v_t/n_t + v_c/n_c; v is the sample variance (n − 1). The
/// degrees of freedom are (a + b)²/(a²/(n_c − 1) + b²/(n_t − 1)) for a = v_c/n_c and b = v_t/n_t in
/// both cases. With t = effect/SE, p is 2·P(T > |t|), one-sided P(T > ±t); the interval
/// effect ∓ t(1 − α/2)·SE, one-sided with t(1 − α) and one open end.
///
/// Source: B. L. Welch, Biometrika 34 (1947); gbstats `frequentist/tests.py`, `utils.py`
/// (`frequentist_diff`, `frequentist_variance`). Units: effect, interval and standard error as a
/// share of the control's mean, or in the metric's unit.
///
/// # Errors
///
/// `EmptyArm`; `TooFew` below two observations an arm; `ZeroBaseline` for a relative effect over a
/// control mean of 0; `NoVariance` where an arm does not vary; `LostPrecision` where sums cannot tell
/// whether it does; `Overflow` where effect, standard error or interval is beyond a double.
///
/// # Examples
///
/// ```
/// use stats::{Moments, Question, effect};
/// // Hours of sleep gained with two drugs (Student 1908), against `t.test(extra ~ group)` of R:
/// // df = 17.776, p-value = 0.07939, interval from -0.2054832 to 3.3654832.
/// let control = Moments::of([0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]);
/// let treatment = Moments::of([1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]);
/// let answer = effect::mean(&control, &treatment, Question::default().absolute()).unwrap();
/// assert!((answer.effect - 1.58).abs() < 1e-14);
/// assert!((answer.df - 17.776_473_516).abs() < 1e-9);
/// assert!((answer.p - 0.079_394_140).abs() < 1e-9);
/// assert!((answer.interval.lo + 0.205_483_231).abs() < 1e-9);
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
