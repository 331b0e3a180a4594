//! What is asked of a comparison, and what it answers.

use crate::InvalidInput;

/// The level of error that is accepted: above 0, below 1.
///
/// ```
/// use stats::Alpha;
/// assert_eq!(Alpha::new(0.01).unwrap().get(), 0.01);
/// assert_eq!(Alpha::new(1.0).unwrap_err().field, "alpha");
/// assert_eq!(Alpha::default().get(), 0.05);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Alpha(f64);

impl Alpha {
    /// A level between 0 and 1, both left out: 0.05 for one false alarm in twenty.
    ///
    /// # Errors
    ///
    /// `alpha` where it is not inside (0, 1), as 0, 1 and NaN.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(stats::Alpha::new(0.001).is_ok());
    /// // A percentage is no level.
    /// assert_eq!(stats::Alpha::new(5.0).unwrap_err().field, "alpha");
    /// ```
    pub fn new(alpha: f64) -> Result<Self, InvalidInput> {
        if alpha > 0.0 && alpha < 1.0 {
            Ok(Self(alpha))
        } else {
            Err(InvalidInput::new(
                "alpha",
                "it is no level of error",
                "give a number above 0 and below 1, as 0.05",
            ))
        }
    }

    /// The level as a number inside (0, 1).
    ///
    /// ```
    /// assert_eq!(stats::Alpha::new(0.2)?.get(), 0.2);
    /// # Ok::<(), stats::InvalidInput>(())
    /// ```
    #[must_use]
    pub const fn get(self) -> f64 {
        self.0
    }
}

impl Default for Alpha {
    fn default() -> Self {
        Self(0.05)
    }
}

/// What an effect is measured in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Difference {
    /// As a share of the control's mean: 0.1 is ten per cent more.
    #[default]
    Relative,
    /// In the unit of the metric.
    Absolute,
}

/// Which deviations from "no effect" count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Side {
    /// Both: α is shared by the two tails.
    #[default]
    Two,
    /// Only a treatment above the control: the interval has no upper end.
    Greater,
    /// Only a treatment below the control: the interval has no lower end.
    Less,
}

/// How two arms are to be compared: two-sided, relative, at 0.05 unless said otherwise.
///
/// ```
/// use stats::{Difference, Question, Side};
/// let question = Question::default().at(0.01)?.absolute().side(Side::Greater);
/// assert_eq!(question.difference, Difference::Absolute);
/// # Ok::<(), stats::InvalidInput>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Question {
    /// The chance of a false alarm that is accepted; an interval holds the truth with 1 − α.
    pub alpha: Alpha,
    /// The unit in which effect, interval and standard error are told.
    pub difference: Difference,
    /// Which deviations from "no effect" count.
    pub side: Side,
}

impl Question {
    /// The same question at another level of error.
    ///
    /// # Errors
    ///
    /// `alpha` where it is not inside (0, 1).
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(stats::Question::default().at(0.01)?.alpha.get(), 0.01);
    /// # Ok::<(), stats::InvalidInput>(())
    /// ```
    pub fn at(self, alpha: f64) -> Result<Self, InvalidInput> {
        let alpha = Alpha::new(alpha)?;
        Ok(Self { alpha, ..self })
    }

    /// The same question about the difference in the metric's own unit.
    ///
    /// ```
    /// use stats::{Difference, Question};
    /// assert_eq!(Question::default().absolute().difference, Difference::Absolute);
    /// ```
    #[must_use]
    pub const fn absolute(self) -> Self {
        Self {
            difference: Difference::Absolute,
            ..self
        }
    }

    /// The same question about deviations to another side.
    ///
    /// ```
    /// use stats::{Question, Side};
    /// assert_eq!(Question::default().side(Side::Less).side, Side::Less);
    /// ```
    #[must_use]
    pub const fn side(self, side: Side) -> Self {
        Self { side, ..self }
    }
}

/// The bounds of an interval; a one-sided one has ∓∞ as its open end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The lower bound, −∞ where there is none; in the unit of what the interval is of.
    pub lo: f64,
    /// The upper bound, ∞ where there is none.
    pub hi: f64,
}

impl Interval {
    /// `half_width` to either side of `centre`; a one-sided question leaves one end open.
    pub(crate) fn around(centre: f64, half_width: f64, side: Side) -> Self {
        Self {
            lo: match side {
                Side::Less => f64::NEG_INFINITY,
                Side::Two | Side::Greater => centre - half_width,
            },
            hi: match side {
                Side::Greater => f64::INFINITY,
                Side::Two | Side::Less => centre + half_width,
            },
        }
    }

    /// Whether `value` lies within, the bounds included; NaN lies nowhere.
    ///
    /// ```
    /// let interval = stats::Interval { lo: -0.5, hi: f64::INFINITY };
    /// assert!(interval.contains(-0.5) && interval.contains(1e300));
    /// assert!(!interval.contains(-0.51) && !interval.contains(f64::NAN));
    /// ```
    #[must_use]
    pub fn contains(self, value: f64) -> bool {
        self.lo <= value && value <= self.hi
    }

    /// How far the bounds are apart, hi − lo; ∞ where one is missing.
    ///
    /// ```
    /// assert_eq!(stats::Interval { lo: -0.5, hi: 1.5 }.width(), 2.0);
    /// ```
    #[must_use]
    pub fn width(self) -> f64 {
        self.hi - self.lo
    }
}

/// What a comparison of two arms says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Treatment against control, in the unit of the question's [`Difference`].
    pub effect: f64,
    /// Holds the true effect with a chance of 1 − α; in the unit of `effect`.
    pub interval: Interval,
    /// The chance, from 0 to 1, of a figure at least this far from "no effect" if there is none.
    pub p: f64,
    /// The standard error of `effect`, in its unit.
    pub stderr: f64,
    /// The degrees of freedom of Student's t behind `p` and `interval`; ∞ where it is the normal
    /// distribution or none.
    pub df: f64,
    /// The observations in both arms.
    pub n: u64,
    /// The control's mean, in the unit of the metric: what a relative effect is relative to.
    pub baseline: f64,
    /// How many of its own standard errors the figure of an arm is from 0, of the arm of which it is fewer.
    /// It is √(x/(1 − x/n)) of a proportion, so about the root of its events.
    pub signal: f64,
}

impl Estimate {
    /// Everything within `reach` standard errors of the effect, effect ∓ reach·SE; `reach` is 0 or more.
    ///
    /// ```
    /// use stats::{Question, effect, effect::Proportion};
    /// let (control, treatment) = (Proportion::new(100, 1000)?, Proportion::new(150, 1000)?);
    /// let found = effect::proportion(control, treatment, Question::default()).unwrap();
    /// let narrow = found.within(1.0);
    /// assert!((narrow.hi - found.effect - found.stderr).abs() < 1e-15);
    /// # Ok::<(), stats::InvalidInput>(())
    /// ```
    #[must_use]
    pub fn within(&self, reach: f64) -> Interval {
        Interval::around(self.effect, reach * self.stderr, Side::Two)
    }
}

/// Which way a metric is good.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Better {
    /// More is better, as revenue.
    #[default]
    Higher,
    /// Less is better, as errors or waiting.
    Lower,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_standard_errors_are_within_reach() {
        let estimate = Estimate {
            effect: 3.0,
            stderr: 0.5,
            ..crate::effect::mean(
                &crate::Moments::of([1.0, 2.0, 4.0]),
                &crate::Moments::of([2.0, 3.0, 7.0]),
                Question::default(),
            )
            .unwrap()
        };
        let Interval { lo, hi } = estimate.within(4.0);
        assert_eq!((lo, hi), (1.0, 5.0));
    }

    #[test]
    fn alpha_is_inside_the_open_unit_interval() {
        for good in [1e-300, 0.001, 0.05, 0.999] {
            assert_eq!(Alpha::new(good).unwrap().get(), good);
        }
        for bad in [0.0, 1.0, -0.05, 1.5, f64::NAN, f64::INFINITY] {
            assert_eq!(Alpha::new(bad).unwrap_err().field, "alpha", "{bad}");
        }
        assert_eq!(
            Alpha::new(0.0).unwrap_err().to_string(),
            "alpha: it is no level of error; give a number above 0 and below 1, as 0.05"
        );
    }

    #[test]
    fn one_sided_intervals_have_one_open_end() {
        let two = Interval::around(3.0, 1.0, Side::Two);
        assert_eq!((two.lo, two.hi, two.width()), (2.0, 4.0, 2.0));
        let greater = Interval::around(3.0, 1.0, Side::Greater);
        assert_eq!((greater.lo, greater.hi), (2.0, f64::INFINITY));
        let less = Interval::around(3.0, 1.0, Side::Less);
        assert_eq!((less.lo, less.hi), (f64::NEG_INFINITY, 4.0));
        assert!(two.contains(2.0) && two.contains(4.0));
        assert!(!two.contains(1.9) && !two.contains(4.1));
    }
}
