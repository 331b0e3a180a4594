use super::asymptotic;
use crate::effect::{self, Proportion};
use crate::{CannotCompute, Difference, Estimate, Failure, Question};

/// So many events, and so many units without one, each arm needs for a relative sequence.
pub const LEAST_EVENTS: u64 = 20;

/// Two proportions compared at every look: [`effect::proportion`] within [`asymptotic`], where that keeps
/// its level.
///
/// A **relative** difference needs [`LEAST_EVENTS`] in each arm, and as many units without the event. The
/// delta method's standard error √(v_t/(n_t·m_c²) + v_c·m_t²/(n_c·m_c⁴)) collapses when the treatment
/// happens to have few events (8 against 1: an effect of −7/8 at 6.6 standard errors, where the
/// absolute difference is at 2.3), and so many looks find such a moment. False positives at level 5%
/// over 1,000 looks, by how many events an arm are expected at the first look, to some two points
/// (`docs/SIMULATION.md` has them again):
///
/// | events in | 0.1 | 2 | 5 | 10 | 20 | 50 |
/// |---|---|---|---|---|---|---|
/// | 0.1% of units, relative | 20% | 20% | 14% | 8% | 4% | 2% |
/// | 2% of units, relative | 13% | 13% | 10% | 8% | 5% | 3% |
/// | 0.1% of units, absolute | 2% | 2% | 2% | 2% | 1% | 1% |
///
/// Below the floor compare [`counts`](super::counts), whose level is proven from the first event on for assigned shares, or
/// ask for the absolute difference, which is not refused and is asymptotic.
///
/// `tuning` is N*, in observations of both arms. Formula, source and units are those of the two functions.
///
/// # Errors
///
/// Those of [`effect::proportion`] and [`asymptotic`]; [`CannotCompute::TooFew`] below the floor.
///
/// # Examples
///
/// ```
/// use stats::effect::Proportion;
/// use stats::{CannotCompute, Question, sequential};
/// let control = Proportion::new(40, 40_000)?;
/// let treatment = Proportion::new(19, 40_000)?;
/// let ask = |question| sequential::proportion(control, treatment, question, sequential::DEFAULT_TUNING);
/// assert_eq!(ask(Question::default()).unwrap_err(), CannotCompute::TooFew.into());
/// assert!(ask(Question::default().absolute())?.p > 0.05);
/// # Ok::<(), stats::Failure>(())
/// ```
pub fn proportion(
    control: Proportion,
    treatment: Proportion,
    question: Question,
    tuning: f64,
) -> Result<Estimate, Failure> {
    let fixed = effect::proportion(control, treatment, question)?;
    let any_time = asymptotic(&fixed, question, tuning)?;
    let enough = |arm: Proportion| arm.x().min(arm.n() - arm.x()) >= LEAST_EVENTS;
    if question.difference == Difference::Relative && !(enough(control) && enough(treatment)) {
        return Err(CannotCompute::TooFew.into());
    }
    Ok(any_time)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(
        control: (u64, u64),
        treatment: (u64, u64),
        question: Question,
    ) -> Result<Estimate, Failure> {
        let arm = |(x, n)| Proportion::new(x, n).unwrap();
        proportion(
            arm(control),
            arm(treatment),
            question,
            super::super::DEFAULT_TUNING,
        )
    }

    #[test]
    fn a_relative_sequence_waits_for_twenty_events_and_twenty_others() {
        let (relative, absolute) = (Question::default(), Question::default().absolute());
        for (few, enough) in [((19, 1_000), (20, 1_000)), ((981, 1_000), (980, 1_000))] {
            for (control, treatment) in [(few, enough), (enough, few), (few, few)] {
                let refused = ask(control, treatment, relative).unwrap_err();
                assert_eq!(
                    refused,
                    CannotCompute::TooFew.into(),
                    "{control:?} {treatment:?}"
                );
                assert!(ask(control, treatment, absolute).is_ok());
            }
            assert!(ask(enough, enough, relative).is_ok());
        }
    }

    #[test]
    fn eight_against_one_is_no_finding() {
        // What the unguarded sequence takes for one.
        let arm = |x| Proportion::new(x, 8_000).unwrap();
        let fixed = effect::proportion(arm(8), arm(1), Question::default()).unwrap();
        let raw = asymptotic(&fixed, Question::default(), super::super::DEFAULT_TUNING).unwrap();
        assert!(raw.p < 0.001);
        assert!(ask((8, 8_000), (1, 8_000), Question::default()).is_err());
    }

    #[test]
    fn what_is_wrong_is_told_before_what_is_too_few() {
        let code = |control, treatment| match ask(control, treatment, Question::default()) {
            Err(Failure::CannotCompute(cannot)) => cannot.code(),
            other => panic!("{other:?}"),
        };
        assert_eq!(code((5, 10), (0, 0)), "empty_arm");
        assert_eq!(code((0, 10), (5, 10)), "zero_baseline");
        assert_eq!(code((5, 10), (10, 10)), "no_variance");
        let arm = Proportion::new(5, 10).unwrap();
        let wrong = proportion(arm, arm, Question::default(), 0.0);
        assert!(matches!(wrong, Err(Failure::Invalid(invalid)) if invalid.field == "tuning"));
    }
}
