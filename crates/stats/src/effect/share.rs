mod fieller;

use super::{Arm, Proportion, cuped, mean, proportion, ratio};
use crate::{CannotCompute, Estimate, Moments, PairMoments, Question};

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
    /// What of the squared standard error is the treatment's own, and n − 1 of control and treatment.
    treatment_variance: f64,
    freedom: [f64; 2],
    /// By the delta method, of the share itself.
    stderr: f64,
}

impl Share {
    /// Of two means: (m_t − m_c)/|m_c|, with the standard errors of the means.
    ///
    /// # Errors
    ///
    /// As [`effect::mean`](crate::effect::mean) for a relative difference; `ZeroBaseline` also where the
    /// control's mean is within 16·2^−52 of its standard deviation from 0, which is what adding up leaves.
    ///
    /// # Examples
    ///
    /// ```
    /// use stats::{Moments, effect::Share};
    /// let control = Moments::of([9.0, 10.0, 11.0, 10.0]);
    /// let treatment = Moments::of([12.0, 12.0, 13.0, 11.0]);
    /// assert!((Share::of_means(&control, &treatment).unwrap().effect() - 0.2).abs() < 1e-15);
    /// ```
    pub fn of_means(control: &Moments, treatment: &Moments) -> Result<Self, CannotCompute> {
        let relative = mean(control, treatment, Question::default())?;
        let absolute = mean(control, treatment, Question::default().absolute())?;
        Self::apart(absolute, relative, mean::arm(control))
    }

    /// Of two proportions: (p_t − p_c)/p_c, each with the variance p(1 − p)/n.
    ///
    /// # Errors
    ///
    /// As [`effect::proportion`](crate::effect::proportion) for a relative difference.
    ///
    /// # Examples
    ///
    /// ```
    /// use stats::effect::{Proportion, Share};
    /// let share = Share::of_proportions(Proportion::new(20, 80)?, Proportion::new(30, 80)?).unwrap();
    /// assert!((share.effect() - 0.5).abs() < 1e-15);
    /// # Ok::<(), stats::InvalidInput>(())
    /// ```
    pub fn of_proportions(
        control: Proportion,
        treatment: Proportion,
    ) -> Result<Self, CannotCompute> {
        let relative = proportion(control, treatment, Question::default())?;
        let absolute = proportion(control, treatment, Question::default().absolute())?;
        Self::apart(absolute, relative, control.arm())
    }

    /// Of two ratios of sums: (r_t − r_c)/|r_c|, each ratio with its variance by the delta method.
    ///
    /// # Errors
    ///
    /// As [`effect::ratio`](crate::effect::ratio) for a relative difference.
    ///
    /// # Examples
    ///
    /// ```
    /// use stats::{PairMoments, effect::Share};
    /// let control = PairMoments::of([(1.0, 2.0), (3.0, 4.0), (2.0, 2.0)]);
    /// let treatment = PairMoments::of([(2.0, 2.0), (3.0, 2.0), (4.0, 5.0)]);
    /// let share = Share::of_ratios(&control, &treatment).unwrap();
    /// assert!((share.effect() - 1.0 / 3.0).abs() < 1e-15);
    /// ```
    pub fn of_ratios(
        control: &PairMoments,
        treatment: &PairMoments,
    ) -> Result<Self, CannotCompute> {
        let relative = ratio(control, treatment, Question::default())?.estimate;
        let absolute = ratio(control, treatment, Question::default().absolute())?.estimate;
        Self::apart(absolute, relative, ratio::arm(control)?)
    }

    /// Of two means freed of what was before, as a share of the control's mean as it is; and the slope θ
    /// of [`effect::cuped`](crate::effect::cuped), 0 where nothing was adjusted.
    ///
    /// The difference and the control vary together by cov(x − θ·y, x)/n_c, x after and y before.
    ///
    /// # Errors
    ///
    /// As [`effect::cuped`](crate::effect::cuped) for a relative difference; `ZeroBaseline` as
    /// [`Self::of_means`].
    ///
    /// # Examples
    ///
    /// ```
    /// use stats::{PairMoments, effect::Share};
    /// let control = PairMoments::of([(10.0, 9.0), (14.0, 13.5), (12.0, 12.0), (9.0, 8.0)]);
    /// let treatment = PairMoments::of([(12.0, 9.5), (15.0, 12.0), (14.0, 12.5), (11.0, 9.0)]);
    /// let (share, theta) = Share::of_cuped(&control, &treatment).unwrap();
    /// assert!((theta - 0.908_306_364_617).abs() < 1e-12);
    /// // 13 − 11.25 − θ·(10.75 − 10.625), over 11.25.
    /// assert!((share.effect() - (1.75 - theta * 0.125) / 11.25).abs() < 1e-14);
    /// ```
    pub fn of_cuped(
        control: &PairMoments,
        treatment: &PairMoments,
    ) -> Result<(Self, f64), CannotCompute> {
        let relative = cuped(control, treatment, Question::default())?;
        let absolute = cuped(control, treatment, Question::default().absolute())?.estimate;
        let theta = relative.theta;
        let arm = mean::arm(&control.x());
        let of = |a: f64, b: f64| control.stderr_of(a, b) / absolute.stderr;
        let (adjusted, as_is, before) = (of(1.0, theta), of(1.0, 0.0), of(0.0, theta));
        // 2·cov(x − θy, x) = var(x − θy) + var(x) − var(θy).
        let together = 0.5 * (adjusted * adjusted + as_is * as_is - before * before);
        let part = adjusted * adjusted;
        let share = Self::against(absolute, relative.estimate, arm, part, together)?;
        Ok((share, theta))
    }

    /// Of a difference from which the control's own figure is taken.
    fn apart(absolute: Estimate, relative: Estimate, control: Arm) -> Result<Self, CannotCompute> {
        let own = control.stderr / absolute.stderr;
        Self::against(absolute, relative, control, own * own, own * own)
    }

    /// Of a difference whose squared standard error is the control's to the share `part`, and from which a
    /// figure is taken that has the covariance `together` with the control's own, in the same unit.
    fn against(
        absolute: Estimate,
        relative: Estimate,
        control: Arm,
        part: f64,
        together: f64,
    ) -> Result<Self, CannotCompute> {
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
            covariance: if control.mean.is_sign_negative() {
                together
            } else {
                -together
            },
            treatment_variance: (1.0 - part).max(0.0),
            freedom: [control.n, absolute.n - control.n].map(|n| (n - 1) as f64),
            stderr: relative.stderr,
        })
    }

    /// The difference over the size of the control, as a share of it.
    ///
    /// ```
    /// use stats::effect::{Proportion, Share};
    /// let share = Share::of_proportions(Proportion::new(100, 1000)?, Proportion::new(150, 1000)?).unwrap();
    /// assert!((share.effect() - 0.5).abs() < 1e-14);
    /// # Ok::<(), stats::InvalidInput>(())
    /// ```
    #[must_use]
    pub fn effect(&self) -> f64 {
        self.z / self.base
    }

    /// The share's standard error by the delta method, that of [`effect::mean`](crate::effect::mean) and
    /// its like; for display, not for tests.
    ///
    /// ```
    /// use stats::effect::{Proportion, Share};
    /// let share = Share::of_proportions(Proportion::new(100, 1000)?, Proportion::new(150, 1000)?).unwrap();
    /// assert!((share.stderr() - 0.033f64.sqrt()).abs() < 1e-14);
    /// # Ok::<(), stats::InvalidInput>(())
    /// ```
    #[must_use]
    pub const fn stderr(&self) -> f64 {
        self.stderr
    }

    /// The absolute difference, in the metric's unit, whose test of "no effect" is this one's too.
    ///
    /// ```
    /// use stats::effect::{Proportion, Share};
    /// let share = Share::of_proportions(Proportion::new(100, 1000)?, Proportion::new(150, 1000)?).unwrap();
    /// assert!((share.absolute().effect - 0.05).abs() < 1e-15);
    /// assert!((share.absolute().p - 0.000_712_102_445).abs() < 1e-12);
    /// # Ok::<(), stats::InvalidInput>(())
    /// ```
    #[must_use]
    pub const fn absolute(&self) -> &Estimate {
        &self.absolute
    }

    /// The estimate with the standard error and the degrees of freedom that it has if `share` is the truth;
    /// for the test of it.
    ///
    /// Effect and standard error are shares of the control: with d the difference and c the control's
    /// size, √(var(d) − 2·share·cov(d, c) + share²·var(c))/c, and Satterthwaite's degrees of freedom of
    /// that sum. p and interval are those of the absolute difference.
    ///
    /// ```
    /// use stats::effect::{Proportion, Share};
    /// let share = Share::of_proportions(Proportion::new(100, 1000)?, Proportion::new(150, 1000)?).unwrap();
    /// // √(0.15·0.85/1000 + (1 + 0.2)²·0.1·0.9/1000)/0.1
    /// assert!((share.at(0.2).stderr - 0.025_71f64.sqrt()).abs() < 1e-14);
    /// # Ok::<(), stats::InvalidInput>(())
    /// ```
    #[must_use]
    pub fn at(&self, share: f64) -> Estimate {
        Estimate {
            effect: self.effect(),
            stderr: self.spread(share) / self.base,
            df: self.df(share),
            ..self.absolute
        }
    }
}

#[cfg(test)]
mod tests;
