use crate::effect;
use crate::{CannotCompute, Estimate, Failure, Moments, Question};

/// Of two arms of which one is more than twice the other both are so many standard errors from 0
/// ([`Estimate::signal`]) where a sequence of their means answers.
///
/// Means and spreads do not tell how lopsided values are; where these are three times as lopsided as they spread
/// ([`Skewness::skewness`](crate::Skewness::skewness) against σ over the mean), which exponential and lognormal values
/// and the revenue of few buyers are nearly, the difference is as near to normal there as
/// [`LARGEST_SKEWNESS`](super::LARGEST_SKEWNESS) asks for: n ≥ 25·γ² with γ = 3σ/m is m ≥ 15·σ/√n. Worse values pass.
pub const LEAST_OF_UNEVEN: f64 = 15.0;

/// How many times as large as the other an arm may be and count as of the same size.
pub(super) const UNEVEN: u64 = 2;

pub(super) fn are_uneven(one: u64, other: u64) -> bool {
    one.max(other) / UNEVEN > one.min(other)
}

/// Two means compared at every look, of whose values only the moments are known: [`effect::mean`] within
/// [`super::effect`], and where one arm is more than twice the other, from [`LEAST_OF_UNEVEN`] on.
///
/// Who has the values asks [`may_answer`](super::may_answer) instead, which knows how lopsided they are. `tuning` is
/// N*, in observations of both arms. Formula, source and units are those of the two functions.
///
/// # Errors
///
/// Those of [`effect::mean`] and [`super::effect`]; [`CannotCompute::Skewed`] below the floor.
///
/// # Examples
///
/// ```
/// use stats::{CannotCompute, Moments, Question, sequential};
/// // Revenue of 9,500 visitors and of 500, most of whom buy nothing.
/// let control = Moments::from_sums(9_500, 9_500.0, 1_200_000.0)?;
/// let ask = |canary: Moments| {
///     let question = Question::default().absolute();
///     sequential::mean(&control, &canary, question, sequential::DEFAULT_TUNING)
/// };
/// let few = Moments::from_sums(500, 120.0, 5_000.0)?;
/// assert_eq!(ask(few).unwrap_err(), CannotCompute::Skewed.into());
/// assert!(ask(Moments::from_sums(9_000, 9_100.0, 1_100_000.0)?).is_ok());
/// # Ok::<(), stats::Failure>(())
/// ```
pub fn mean(
    control: &Moments,
    treatment: &Moments,
    question: Question,
    tuning: f64,
) -> Result<Estimate, Failure> {
    let fixed = effect::mean(control, treatment, question)?;
    let uneven = are_uneven(control.n(), treatment.n()) && fixed.signal < LEAST_OF_UNEVEN;
    match super::effect(&fixed, question, tuning) {
        Ok(_) | Err(Failure::CannotCompute(_)) if uneven => Err(CannotCompute::Skewed.into()),
        told => told,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A mean so many standard errors from 0.
    fn arm(n: u64, errors: f64) -> Moments {
        let count = n as f64;
        let spread = (count - 1.0) * count;
        Moments::from_sums(n, errors * count, errors * errors * count + spread).unwrap()
    }

    #[test]
    fn uneven_arms_wait_for_fifteen_standard_errors() {
        let question = Question::default().absolute();
        let ask = |control, treatment| mean(&control, &treatment, question, 5_000.0);
        let refused = ask(arm(202, 30.0), arm(100, 14.9)).unwrap_err();
        assert_eq!(refused, CannotCompute::Skewed.into());
        assert!(ask(arm(100, 14.9), arm(202, 30.0)).is_err());
        assert!(ask(arm(202, 30.0), arm(100, 15.1)).is_ok());
        // As large as that, and they count as even.
        assert!(ask(arm(201, 30.0), arm(100, 0.1)).is_ok());
    }

    #[test]
    fn a_relative_one_waits_for_eight_in_any_case() {
        let relative = Question::default();
        let refused = mean(&arm(100, 9.0), &arm(100, 7.9), relative, 5_000.0).unwrap_err();
        assert_eq!(refused, CannotCompute::TooFew.into());
        // Of uneven ones it is told that more than that is missing.
        let refused = mean(&arm(300, 9.0), &arm(100, 7.9), relative, 5_000.0).unwrap_err();
        assert_eq!(refused, CannotCompute::Skewed.into());
        let wrong = mean(&arm(300, 9.0), &arm(100, 7.9), relative, 0.0).unwrap_err();
        assert!(matches!(wrong, Failure::Invalid(invalid) if invalid.field == "tuning"));
    }
}
