use super::{Arm, Proportion, cuped, mean, proportion, ratio};
use crate::numeric::student_quantile;
use crate::{
    Alpha, CannotCompute, Estimate, Interval, InvalidInput, Moments, PairMoments, Question,
    sequential,
};

/// The difference of two arms as a share of a control that is itself only estimated.
///
/// The share θ is held against the data as the difference m_t − m_c − θ·|m_c|, whose standard error is
/// known for every θ; the interval is every θ that is not rejected (Fieller's). So "no effect" is the
/// same question for the relative and for the absolute difference, with one p, and the interval leaves
/// out 0 exactly where p is below α. The delta method of [`effect::mean`](crate::effect::mean) and its
/// like divides by the control as if it were known as well as the data say, which is too sure of itself
/// where the control is little: 8 events against 1 are 6.6 of its standard errors, and 2.3 of these.
///
/// Source: E. C. Fieller, "Some problems in interval estimation", Journal of the Royal Statistical Society B
/// 16 (1954). Units: shares of the control's figure; the control's sign is taken for granted.
///
/// ```
/// use stats::{Alpha, Question, effect::{Proportion, Share}};
/// let (few, more) = (Proportion::new(12, 100_000)?, Proportion::new(25, 100_000)?);
/// let share = Share::of_proportions(few, more).unwrap();
/// assert!((share.effect() - 13.0 / 12.0).abs() < 1e-12);
/// let interval = share.interval(Alpha::default());
/// assert!(share.absolute().p < 0.05 && interval.lo > 0.0);
/// // Nearly nothing is known of how large a multiple it is.
/// assert!(interval.lo < 0.1 && interval.hi > 4.0);
/// # Ok::<(), stats::InvalidInput>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Share {
    absolute: Estimate,
    /// All in standard errors of the difference: the difference, and the size of the control.
    z: f64,
    base: f64,
    /// The squared standard error of the control's size, and its covariance with the difference.
    base_variance: f64,
    covariance: f64,
    /// By the delta method, of the share itself.
    stderr: f64,
}

impl Share {
    /// Of two means.
    ///
    /// # Errors
    ///
    /// As [`effect::mean`](crate::effect::mean) for a relative difference.
    pub fn of_means(control: &Moments, treatment: &Moments) -> Result<Self, CannotCompute> {
        let relative = mean(control, treatment, Question::default())?;
        let absolute = mean(control, treatment, Question::default().absolute())?;
        Self::apart(absolute, relative, mean::arm(control))
    }

    /// Of two proportions.
    ///
    /// # Errors
    ///
    /// As [`effect::proportion`](crate::effect::proportion) for a relative difference.
    pub fn of_proportions(
        control: Proportion,
        treatment: Proportion,
    ) -> Result<Self, CannotCompute> {
        let relative = proportion(control, treatment, Question::default())?;
        let absolute = proportion(control, treatment, Question::default().absolute())?;
        Self::apart(absolute, relative, control.arm())
    }

    /// Of two ratios of sums.
    ///
    /// # Errors
    ///
    /// As [`effect::ratio`](crate::effect::ratio) for a relative difference.
    pub fn of_ratios(
        control: &PairMoments,
        treatment: &PairMoments,
    ) -> Result<Self, CannotCompute> {
        let relative = ratio(control, treatment, Question::default())?.estimate;
        let absolute = ratio(control, treatment, Question::default().absolute())?.estimate;
        Self::apart(absolute, relative, ratio::arm(control)?)
    }

    /// Of two means freed of what was before, as a share of the control's mean as it is; and the slope.
    ///
    /// # Errors
    ///
    /// As [`effect::cuped`](crate::effect::cuped) for a relative difference.
    pub fn of_cuped(
        control: &PairMoments,
        treatment: &PairMoments,
    ) -> Result<(Self, f64), CannotCompute> {
        let relative = cuped(control, treatment, Question::default())?;
        let absolute = cuped(control, treatment, Question::default().absolute())?.estimate;
        let theta = relative.theta;
        let plain = Self::apart(absolute, relative.estimate, mean::arm(&control.x()))?;
        if theta == 0.0 {
            return Ok((plain, theta));
        }
        let of = |a: f64, b: f64| control.stderr_of(a, b) / absolute.stderr;
        let (adjusted, as_is, before) = (of(1.0, theta), of(1.0, 0.0), of(0.0, theta));
        // 2·cov(x − θy, x) = var(x − θy) + var(x) − var(θy).
        let together = 0.5 * (adjusted * adjusted + as_is * as_is - before * before);
        let covariance = -together.copysign(together * control.x().mean());
        Ok((
            Self {
                covariance,
                ..plain
            },
            theta,
        ))
    }

    /// Of arms that do not depend on each other.
    fn apart(absolute: Estimate, relative: Estimate, control: Arm) -> Result<Self, CannotCompute> {
        let spread = control.stderr * (control.n as f64).sqrt();
        // What adding up leaves of values whose mean is 0.
        if control.mean.abs() <= 16.0 * f64::EPSILON * spread {
            return Err(CannotCompute::ZeroBaseline);
        }
        let own = control.stderr / absolute.stderr;
        Ok(Self {
            absolute,
            z: absolute.effect / absolute.stderr,
            base: control.mean.abs() / absolute.stderr,
            base_variance: own * own,
            covariance: if control.mean < 0.0 {
                own * own
            } else {
                -own * own
            },
            stderr: relative.stderr,
        })
    }

    #[must_use]
    pub fn effect(&self) -> f64 {
        self.z / self.base
    }

    /// By the delta method; for display, not for tests.
    #[must_use]
    pub const fn stderr(&self) -> f64 {
        self.stderr
    }

    /// The absolute difference, whose test of "no effect" is this one's too.
    #[must_use]
    pub const fn absolute(&self) -> &Estimate {
        &self.absolute
    }

    /// The estimate with the standard error that it has if `share` is the truth; for the test of it.
    #[must_use]
    pub fn at(&self, share: f64) -> Estimate {
        let variance = 1.0 - 2.0 * share * self.covariance + share * share * self.base_variance;
        let stderr = variance.max(0.0).sqrt() / self.base;
        Estimate {
            effect: self.effect(),
            stderr,
            ..self.absolute
        }
    }

    /// The interval at a fixed size of the sample, by Student's t.
    #[must_use]
    pub fn interval(&self, alpha: Alpha) -> Interval {
        self.within(-student_quantile(0.5 * alpha.get(), self.absolute.df))
    }

    /// The interval that holds at every look, with the p that does: [`sequential::asymptotic`] of the
    /// difference itself.
    ///
    /// # Errors
    ///
    /// `tuning` not above 0.
    pub fn at_any_time(&self, alpha: Alpha, tuning: f64) -> Result<(Interval, f64), InvalidInput> {
        let question = Question {
            alpha,
            ..Question::default().absolute()
        };
        let found = sequential::asymptotic(&self.absolute, question, tuning)?;
        let reach = sequential::reach(self.absolute.n, question, tuning, alpha)?;
        Ok((self.within(reach), found.p))
    }

    /// Every share at which the difference that is left is within `critical` standard errors; either
    /// end alone is a one-sided bound at the critical value of one side. Where the control is not that
    /// far from 0 itself, no share on the side of the effect is too large.
    #[must_use]
    pub fn within(&self, critical: f64) -> Interval {
        let square = critical * critical;
        let a = self.base * self.base - square * self.base_variance;
        let b = self.z * self.base - square * self.covariance;
        let c = self.z * self.z - square;
        let root = (b * b - a * c).max(0.0).sqrt();
        let everything = Interval {
            lo: f64::NEG_INFINITY,
            hi: f64::INFINITY,
        };
        match (a > 0.0, c > 0.0, self.z > 0.0) {
            // The stable halves of the quadratic formula.
            (true, _, _) if b >= 0.0 => Interval {
                lo: c / (b + root),
                hi: (b + root) / a,
            },
            (true, _, _) => Interval {
                lo: (b - root) / a,
                hi: c / (b - root),
            },
            (false, false, _) => everything,
            (false, true, true) => Interval {
                lo: c / (b + root),
                ..everything
            },
            (false, true, false) => Interval {
                hi: c / (b - root),
                ..everything
            },
        }
    }
}

#[cfg(test)]
mod tests;
