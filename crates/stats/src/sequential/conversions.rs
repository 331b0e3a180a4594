//! Conversions of two arms at every look: counts while there are few, then the sequence of means.

use super::{CountsAnswer, CountsQuestion, LEAST_EVENTS, asymptotic, counts, reach};
use crate::effect::Proportion;
use crate::{Alpha, Estimate, InvalidInput, Question};

/// Two methods share the level where one arm has more than so many units for so many of the other.
///
/// Not from 2:1 on, as [`super::proportion`] waits: a split that is planned so would be beyond it at every second look,
/// and p would jump. Found by simulation (as below): with the whole level for each method up to 4.0% of equal arms are
/// found different at 2:1, 4.2% at 5:2 and 4.8% at 3:1 and 4:1; of guardrails on their margin 4.5%, 4.9% and at 3:1 5.0%
/// are said to hold.
const EVEN_UP_TO: [u64; 2] = [5, 2];

const fn uneven(control: Proportion, treatment: Proportion) -> bool {
    let (control, treatment) = (control.n(), treatment.n());
    let [many, few] = EVEN_UP_TO;
    // Counts stay below 2^53.
    few * control > many * treatment || few * treatment > many * control
}

/// What of the level one method may spend where two of them answer one question, each at its time.
///
/// p is divided by the portion and its interval is that of the portion of the level, so that p < α exactly where
/// the interval leaves "no effect" out, at any α.
///
/// ```
/// use stats::{Alpha, sequential::Portion};
/// assert_eq!(Portion::WHOLE.p(0.03), 0.03);
/// assert_eq!(Portion::WHOLE.of(Alpha::default())?, Alpha::default());
/// # Ok::<(), stats::InvalidInput>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Portion(f64);

impl Portion {
    /// All of it: there is one method, or two are known to keep the level together.
    pub const WHOLE: Self = Self(1.0);

    /// What counts have of the level between uneven arms, and the sequence the rest.
    ///
    /// Found by simulation, not proven: level 5%, looked at from the first unit on, splits from 9:1 to 199:1, conversion
    /// from 0.1% to 95%, 20,000 runs a case. With the whole level for each, up to 6.4% of equal arms are found
    /// different; with any two parts from a tenth and nine tenths to two halves at most 3.7%. Of guardrails on their
    /// margin 7.7% are said to hold with the whole level and 4.8% with these two (4,000 runs). At level 1% it is 1.7%
    /// and, with these two, 1.1%, at 0.5% 1.0% and 0.7%: so much the sequence has alone.
    ///
    /// With a tenth, a fifth and three tenths for the counts 2.4, 3.6 and 5 points of the power are lost for a change
    /// that a fixed test finds nine times out of ten, and none for twice that; an arm in which nobody converts at all
    /// is seen after some 65%, 47% and 36% more units. A fifth lies between. `docs/SIMULATION.md`, "Conversions", has
    /// the rule as it is.
    const COUNTS: Self = Self(0.2);

    /// What the sequence has between uneven arms.
    const SEQUENCE: Self = Self(0.8);

    /// The portion as a number above 0, up to 1.
    ///
    /// ```
    /// assert_eq!(stats::sequential::Portion::WHOLE.get(), 1.0);
    /// ```
    #[must_use]
    pub const fn get(self) -> f64 {
        self.0
    }

    /// This portion of a level.
    ///
    /// # Errors
    ///
    /// An `alpha` so small that the portion of it is no number above 0.
    ///
    /// # Examples
    ///
    /// ```
    /// use stats::{Alpha, effect::Proportion, sequential::Conversions};
    /// let (control, canary) = (Proportion::new(40, 950)?, Proportion::new(1, 50)?);
    /// let portion = Conversions::new(control, canary).portion();
    /// assert!((portion.of(Alpha::default())?.get() - 0.01).abs() < 1e-15);
    /// # Ok::<(), stats::InvalidInput>(())
    /// ```
    pub fn of(self, alpha: Alpha) -> Result<Alpha, InvalidInput> {
        Alpha::new(self.0 * alpha.get())
    }

    /// A p of the whole level, as one of this portion: min(1, p over the portion).
    ///
    /// ```
    /// use stats::{effect::Proportion, sequential::Conversions};
    /// let (control, canary) = (Proportion::new(40, 950)?, Proportion::new(1, 50)?);
    /// let portion = Conversions::new(control, canary).portion();
    /// assert!((portion.p(0.01) - 0.05).abs() < 1e-15 && portion.p(0.3) == 1.0);
    /// # Ok::<(), stats::InvalidInput>(())
    /// ```
    #[must_use]
    pub fn p(self, p: f64) -> f64 {
        (p / self.0).min(1.0)
    }

    /// How many standard errors the sequence of [`asymptotic`] reaches at this portion of `alpha`, and its p for
    /// this portion; tuned for the question's level, as [`reach`] is.
    ///
    /// Formula, source and units are those of [`asymptotic`] and [`reach`].
    ///
    /// # Errors
    ///
    /// As [`reach`], and as [`Self::of`].
    ///
    /// # Examples
    ///
    /// ```
    /// use stats::effect::{self, Proportion};
    /// use stats::sequential::{self, Conversions, Portion};
    /// use stats::Question;
    /// let question = Question::default().absolute();
    /// let (control, canary) = (Proportion::new(900, 19_000)?, Proportion::new(75, 1_000)?);
    /// let apart = effect::proportion(control, canary, question)?;
    /// let portion = Conversions::new(control, canary).portion();
    /// let (further, p) = portion.sequence(&apart, question, 5_000.0, question.alpha)?;
    /// let (far, of_all) = Portion::WHOLE.sequence(&apart, question, 5_000.0, question.alpha)?;
    /// assert!(further > far && (p - of_all / 0.8).abs() < 1e-15);
    /// # Ok::<(), stats::Failure>(())
    /// ```
    pub fn sequence(
        self,
        estimate: &Estimate,
        question: Question,
        tuning: f64,
        alpha: Alpha,
    ) -> Result<(f64, f64), InvalidInput> {
        let reach = reach(estimate.n, question, tuning, self.of(alpha)?)?;
        let p = asymptotic(estimate, question, tuning)?.p;
        Ok((reach, self.p(p)))
    }
}

/// Conversions of two arms as `viridian analyze ab --sequential` compares them: by [`counts`] below
/// [`LEAST_EVENTS`] conversions in an arm, by the sequence of [`asymptotic`] from there on.
///
/// Each of the two may be wrong up to its level, and both together up to the sum. Between arms of about the same size
/// they are seldom wrong, and each has the whole level; where one arm has more than 5 units for 2 of the other they
/// share it, as [`Self::portion`] says.
///
/// ```
/// use stats::{Alpha, effect::Proportion, sequential::Conversions};
/// let (control, canary) = (Proportion::new(300, 5_700)?, Proportion::new(5, 300)?);
/// let conversions = Conversions::new(control, canary);
/// assert!(conversions.are_few());
/// assert!(conversions.counts(Alpha::default())?.p > 0.05);
/// # Ok::<(), stats::InvalidInput>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Conversions {
    control: Proportion,
    treatment: Proportion,
}

impl Conversions {
    /// Of a control and a treatment as they are at this look.
    ///
    /// ```
    /// use stats::{effect::Proportion, sequential::Conversions};
    /// let both = Proportion::new(5, 300)?;
    /// assert!(Conversions::new(both, both).are_few());
    /// # Ok::<(), stats::InvalidInput>(())
    /// ```
    #[must_use]
    pub const fn new(control: Proportion, treatment: Proportion) -> Self {
        Self { control, treatment }
    }

    /// Whether an arm has fewer than [`LEAST_EVENTS`] conversions, so that the counts are compared.
    ///
    /// ```
    /// use stats::{effect::Proportion, sequential::Conversions};
    /// let (control, canary) = (Proportion::new(300, 5_700)?, Proportion::new(10, 300)?);
    /// assert!(!Conversions::new(control, canary).are_few());
    /// # Ok::<(), stats::InvalidInput>(())
    /// ```
    #[must_use]
    pub const fn are_few(&self) -> bool {
        self.control.x() < LEAST_EVENTS || self.treatment.x() < LEAST_EVENTS
    }

    /// Whether an arm of which [`LEAST_EVENTS`] units converted has fewer that did not: neither method answers, for
    /// they are as rare as rare conversions, and no better known.
    ///
    /// ```
    /// use stats::{effect::Proportion, sequential::Conversions};
    /// assert!(Conversions::lacks_others(Proportion::new(291, 300)?));
    /// assert!(!Conversions::lacks_others(Proportion::new(9, 9)?));
    /// # Ok::<(), stats::InvalidInput>(())
    /// ```
    #[must_use]
    pub const fn lacks_others(arm: Proportion) -> bool {
        arm.x() >= LEAST_EVENTS && arm.n() - arm.x() < LEAST_EVENTS
    }

    /// What of the level the method that compares these conversions may spend: all of it up to 5 units of one arm for
    /// 2 of the other, else a fifth by counts and four fifths by the sequence.
    ///
    /// ```
    /// use stats::{effect::Proportion, sequential::{Conversions, Portion}};
    /// let portion = |x: u64, n: u64| -> Result<Portion, stats::InvalidInput> {
    ///     Ok(Conversions::new(Proportion::new(300, 5_700)?, Proportion::new(x, n)?).portion())
    /// };
    /// assert_eq!([portion(9, 300)?.get(), portion(10, 300)?.get()], [0.2, 0.8]);
    /// assert_eq!(portion(9, 2_280)?, Portion::WHOLE);
    /// # Ok::<(), stats::InvalidInput>(())
    /// ```
    #[must_use]
    pub const fn portion(&self) -> Portion {
        if !uneven(self.control, self.treatment) {
            Portion::WHOLE
        } else if self.are_few() {
            Portion::COUNTS
        } else {
            Portion::SEQUENCE
        }
    }

    /// The counts compared with the shares of the units seen, and a prior of two events at these shares, at this
    /// [`Self::portion`] of `alpha`.
    ///
    /// Formula, source and units are those of [`counts`]; p and intervals are those of the portion, ln E is not. The
    /// shares are not the assigned ones, so that the level is not proven.
    ///
    /// # Errors
    ///
    /// An arm without units; as [`Portion::of`].
    ///
    /// # Examples
    ///
    /// ```
    /// use stats::{Alpha, effect::Proportion, sequential::Conversions};
    /// let (control, canary) = (Proportion::new(300, 5_700)?, Proportion::new(2, 300)?);
    /// let found = Conversions::new(control, canary).counts(Alpha::default())?;
    /// assert!((found.p - 5.0 * (-found.log_e).exp()).abs() < 1e-15);
    /// # Ok::<(), stats::InvalidInput>(())
    /// ```
    pub fn counts(&self, alpha: Alpha) -> Result<CountsAnswer, InvalidInput> {
        let (of, all) = (
            self.control.n() as f64,
            (self.control.n() + self.treatment.n()) as f64,
        );
        let shares = [of / all, 1.0 - of / all];
        let portion = self.portion();
        let question = CountsQuestion {
            prior: shares.map(|share| 2.0 * share),
            shares,
            alpha: portion.of(alpha)?,
        };
        let found = counts([self.control.x(), self.treatment.x()], &question)?;
        Ok(CountsAnswer {
            p: portion.p(found.p),
            ..found
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arm((x, n): (u64, u64)) -> Proportion {
        Proportion::new(x, n).unwrap()
    }

    fn of(control: (u64, u64), treatment: (u64, u64)) -> Conversions {
        Conversions::new(arm(control), arm(treatment))
    }

    #[test]
    fn the_parts_are_of_arms_of_which_one_has_more_than_five_units_for_two() {
        for (larger, uneven) in [(1_000, false), (2_500, false), (2_501, true)] {
            for (x, part) in [(9, Portion::COUNTS), (10, Portion::SEQUENCE)] {
                let expected = if uneven { part } else { Portion::WHOLE };
                assert_eq!(of((500, larger), (x, 1_000)).portion(), expected);
                assert_eq!(of((x, 1_000), (500, larger)).portion(), expected);
            }
        }
        assert_eq!(of((0, 0), (0, 0)).portion(), Portion::WHOLE);
        assert_eq!(Portion::COUNTS.get() + Portion::SEQUENCE.get(), 1.0);
    }

    #[test]
    fn an_arm_that_nearly_all_convert_lacks_others() {
        for (x, n, lacks) in [
            (10, 19, true),
            (10, 20, false),
            (9, 9, false),
            (0, 0, false),
        ] {
            assert_eq!(Conversions::lacks_others(arm((x, n))), lacks, "{x} of {n}");
        }
    }

    #[test]
    fn counts_leave_equal_rates_out_where_p_is_below_the_level() {
        let mut shown = 0;
        for x in 0..60 {
            for (control, treatment) in [((300, 5_700), (x, 300)), ((300, 600), (x, 300))] {
                for level in [0.05, 0.01] {
                    let alpha = Alpha::new(level).unwrap();
                    let found = of(control, treatment).counts(alpha).unwrap();
                    let out = !found.rate_ratio_interval.contains(1.0);
                    assert_eq!(found.p < level, out, "{x} at {level}: {found:?}");
                    shown += u32::from(out);
                }
            }
        }
        assert!(shown > 50, "{shown}");
    }

    #[test]
    fn a_sequence_leaves_no_effect_out_where_p_is_below_the_level() {
        let question = Question::default().absolute();
        let mut shown = 0;
        for portion in [Portion::WHOLE, Portion::COUNTS, Portion::SEQUENCE] {
            for x in 10..60 {
                let apart =
                    crate::effect::proportion(arm((300, 5_700)), arm((x, 300)), question).unwrap();
                let (reach, p) = portion
                    .sequence(&apart, question, 5_000.0, question.alpha)
                    .unwrap();
                let out = apart.effect.abs() > reach * apart.stderr;
                assert_eq!(p < 0.05, out, "{x}");
                shown += u32::from(out);
            }
        }
        assert!(shown > 50, "{shown}");
    }

    #[test]
    fn what_cannot_be_is_told() {
        let empty = of((3, 10), (0, 0)).counts(Alpha::default());
        assert_eq!(empty.unwrap_err().field, "dirichlet_alpha");
        let least = Alpha::new(5e-324).unwrap();
        assert_eq!(Portion::COUNTS.of(least).unwrap_err().field, "alpha");
    }
}
