use super::asymptotic;
use crate::{CannotCompute, Difference, Estimate, Failure, Question};

/// So many standard errors from 0 both arms are ([`Estimate::signal`]) where a relative sequence answers.
/// Of a proportion that is some 64 events an arm.
///
/// Found by simulation, not proven: looked at from the tenth unit on, at even splits, at most 5% of equal arms
/// are found different with it; of lognormal values with σ 2, for which it was chosen, 4.9%
/// (`docs/SIMULATION.md`, "Rare events").
pub const LEAST_SIGNAL: f64 = 8.0;

/// An effect compared at every look: [`asymptotic`], where that is known to keep its level.
///
/// Refused is a **relative** difference while an arm is less than [`LEAST_SIGNAL`] of its own standard errors
/// from 0. The delta method's standard error √(v_t/(n_t·m_c²) + v_c·m_t²/(n_c·m_c⁴)) collapses when the
/// treatment happens to be small (8 events against 1: an effect of −7/8 at 6.6 standard errors, where the
/// absolute difference is at 2.3), and so many looks find such a moment: without the floor 18% of equal
/// proportions of 0.1% are found different over 1,000 looks, and 40% of equal revenues of 2% buyers.
///
/// Until then ask [`Share::at_any_time`](crate::effect::Share::at_any_time), which is the same question by the
/// difference's own test and needs no floor, ask for the absolute difference, or compare
/// [`counts`](super::counts). Between arms of different sizes look at
/// [`LARGEST_SKEWNESS`](super::LARGEST_SKEWNESS) first, here too.
///
/// `tuning` is N*, in observations of both arms. Formula, source and units are those of [`asymptotic`].
///
/// # Errors
///
/// Those of [`asymptotic`]; [`CannotCompute::TooFew`] below the floor.
///
/// # Examples
///
/// ```
/// use stats::effect::{self, Proportion};
/// use stats::{CannotCompute, Question, sequential};
/// let control = Proportion::new(90, 40_000)?;
/// let treatment = Proportion::new(59, 40_000)?;
/// let ask = |question| {
///     let fixed = effect::proportion(control, treatment, question)?;
///     sequential::effect(&fixed, question, sequential::DEFAULT_TUNING)
/// };
/// assert_eq!(ask(Question::default()).unwrap_err(), CannotCompute::TooFew.into());
/// assert!(ask(Question::default().absolute())?.p > 0.05);
/// # Ok::<(), stats::Failure>(())
/// ```
pub fn effect(estimate: &Estimate, question: Question, tuning: f64) -> Result<Estimate, Failure> {
    let any_time = asymptotic(estimate, question, tuning)?;
    if question.difference == Difference::Relative && estimate.signal < LEAST_SIGNAL {
        return Err(CannotCompute::TooFew.into());
    }
    Ok(any_time)
}

#[cfg(test)]
mod tests {
    use super::super::DEFAULT_TUNING;
    use super::*;
    use crate::effect::{Proportion, cuped, mean, proportion, ratio};
    use crate::{Moments, PairMoments};

    fn of(control: (u64, u64), treatment: (u64, u64), question: Question) -> Estimate {
        let arm = |(x, n)| Proportion::new(x, n).unwrap();
        proportion(arm(control), arm(treatment), question).unwrap()
    }

    #[test]
    fn a_relative_sequence_waits_for_eight_standard_errors_in_both_arms() {
        let (relative, absolute) = (Question::default(), Question::default().absolute());
        // x/(1 − x/n) reaches 64.
        let (few, enough) = ((60, 1_000), (61, 1_000));
        for (control, treatment) in [(few, enough), (enough, few), (few, few)] {
            let ask =
                |question| effect(&of(control, treatment, question), question, DEFAULT_TUNING);
            assert_eq!(ask(relative).unwrap_err(), CannotCompute::TooFew.into());
            let fixed = of(control, treatment, absolute);
            let formula = asymptotic(&fixed, absolute, DEFAULT_TUNING).unwrap();
            assert_eq!(ask(absolute).unwrap(), formula);
        }
        let fixed = of(enough, enough, relative);
        let formula = asymptotic(&fixed, relative, DEFAULT_TUNING).unwrap();
        assert_eq!(effect(&fixed, relative, DEFAULT_TUNING).unwrap(), formula);
    }

    #[test]
    fn eight_against_one_is_no_finding() {
        // What the unguarded sequence takes for one.
        let question = Question::default();
        let fixed = of((8, 8_000), (1, 8_000), question);
        assert!(asymptotic(&fixed, question, DEFAULT_TUNING).unwrap().p < 0.001);
        assert!(effect(&fixed, question, DEFAULT_TUNING).is_err());
    }

    #[test]
    fn the_signal_is_that_of_the_metric_as_it_is() {
        let question = Question::default();
        // Means 2 and −5, each with an error of 1/√3.
        let (control, treatment) = ([1.0, 2.0, 3.0], [-4.0, -5.0, -6.0]);
        let weakest = 2.0 * 3.0_f64.sqrt();
        let means = mean(&Moments::of(control), &Moments::of(treatment), question).unwrap();
        assert!((means.signal - weakest).abs() < 1e-14);
        // Whatever is taken from it, and over denominators of 1.
        let before = |of: [f64; 3]| PairMoments::of([(of[0], 9.0), (of[1], 7.0), (of[2], 1.5)]);
        let [less, more] = [before(treatment), before(control.map(|x| 2.0 * x))];
        let adjusted = cuped(&more, &less, question).unwrap();
        assert!(adjusted.theta != 0.0);
        assert!((adjusted.estimate.signal - weakest).abs() < 1e-14);
        let over_one = |of: [f64; 3]| PairMoments::of(of.map(|x| (x, 1.0)));
        let ratios = ratio(&over_one(control), &over_one(treatment), question).unwrap();
        assert!((ratios.estimate.signal - weakest).abs() < 1e-14);
        // Nothing was bought in an arm, however still it lies.
        let nothing = PairMoments::of([(0.0, 3.0), (0.0, 1.0), (0.0, 7.0)]);
        let adjusted = cuped(&more, &nothing, question).unwrap();
        assert_eq!(adjusted.estimate.signal, 0.0);
    }

    #[test]
    fn a_wrong_tuning_is_told_before_what_is_too_few() {
        let fixed = of((5, 10), (5, 10), Question::default());
        let wrong = effect(&fixed, Question::default(), 0.0);
        assert!(matches!(wrong, Err(Failure::Invalid(invalid)) if invalid.field == "tuning"));
    }
}
