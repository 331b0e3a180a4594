use super::{Arm, Proportion, cuped, mean, proportion, ratio};
use crate::numeric::{root_between, student_quantile};
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

    /// The standard error of what is left if `share` is the truth, in those of the difference.
    fn spread(&self, share: f64) -> f64 {
        let variance = 1.0 - 2.0 * share * self.covariance + share * share * self.base_variance;
        variance.max(0.0).sqrt()
    }

    /// Welch and Satterthwaite's degrees of freedom if `share` is the truth: those of the difference at 0,
    /// and the nearer to the control's n − 1 the more the control weighs.
    fn df(&self, share: f64) -> f64 {
        let spread = self.spread(share);
        let treatment = (self.treatment_variance.sqrt() / spread).min(1.0).powi(2);
        let control = 1.0 - treatment;
        let [n_control, n_treatment] = self.freedom;
        1.0 / (control * control / n_control + treatment * treatment / n_treatment)
    }

    /// The interval at a fixed size of the sample: every share that a two-sided t test at `alpha` does not
    /// reject, with the degrees of freedom that the variance has at that share. It is [`Self::within`]
    /// t(1 − α/2) but that t goes along with the share, which matters where one arm has few observations.
    ///
    /// Source: Fieller 1954; F. E. Satterthwaite, "An approximate distribution of estimates of variance
    /// components", Biometrics Bulletin 2 (1946).
    ///
    /// ```
    /// use stats::{Alpha, effect::{Proportion, Share}};
    /// let share = Share::of_proportions(Proportion::new(100, 1000)?, Proportion::new(150, 1000)?).unwrap();
    /// // The roots of |d − θc| = t(0.975, df(θ))·SE(θ), found apart.
    /// let interval = share.interval(Alpha::default());
    /// assert!((interval.lo - 0.187_225_246_403).abs() < 1e-9);
    /// assert!((interval.hi - 0.920_403_338_843).abs() < 1e-9);
    /// # Ok::<(), stats::InvalidInput>(())
    /// ```
    #[must_use]
    pub fn interval(&self, alpha: Alpha) -> Interval {
        let critical = |df: f64| -student_quantile(0.5 * alpha.get(), df);
        let beyond = |share: f64| {
            (self.z - share * self.base).abs() - critical(self.df(share)) * self.spread(share)
        };
        // No share has more degrees of freedom than both arms together, and none fewer than the smaller arm.
        let [control, treatment] = self.freedom;
        let narrow = self.within(critical(control + treatment));
        let wide = self.within(critical(control.min(treatment)));
        let endless = self.base <= critical(control) * self.base_variance.sqrt();
        let end = |near: f64, far: f64| {
            if near == far || near.is_infinite() {
                return near;
            }
            let mut far = far;
            if far.is_infinite() {
                let outwards = 1.0_f64.copysign(far);
                if near * outwards < 0.0 && beyond(0.0) > 0.0 {
                    far = 0.0;
                } else if endless {
                    return far;
                } else {
                    far = near + outwards * near.abs().max(1.0);
                    while far.is_finite() && beyond(far) < 0.0 {
                        far = near + 2.0 * (far - near);
                    }
                }
            }
            root_between(near, far, beyond).unwrap_or(far)
        };
        Interval {
            lo: end(narrow.lo, wide.lo),
            hi: end(narrow.hi, wide.hi),
        }
    }

    /// The interval that holds at every look, with the p that does: [`sequential::asymptotic`] of the
    /// difference itself, and [`Self::within`] the reach of its sequence in standard errors.
    ///
    /// `tuning` is the number of observations in both arms where the sequence is tightest; fixed before
    /// the first look. Asymptotic, as the sequence is, in the smaller arm: between arms of different sizes nothing here
    /// waits for [`sequential::LARGEST_SKEWNESS`].
    ///
    /// Source: I. Waudby-Smith and others, Annals of Statistics 52 (2024), and Fieller 1954.
    ///
    /// # Errors
    ///
    /// `tuning` outside of 1e-6 to 1e300.
    ///
    /// # Examples
    ///
    /// ```
    /// use stats::{Alpha, effect::{Proportion, Share}};
    /// let share = Share::of_proportions(Proportion::new(100, 1000)?, Proportion::new(150, 1000)?).unwrap();
    /// let (interval, p) = share.at_any_time(Alpha::default(), 5_000.0)?;
    /// // Fieller's quadratic at 3.12378 standard errors, and 1/E of the difference.
    /// assert!((interval.lo - 0.032_964_771_357).abs() < 1e-9);
    /// assert!((interval.hi - 1.255_866_877_821).abs() < 1e-9);
    /// assert!((p - 0.025_838_257_929).abs() < 1e-9);
    /// # Ok::<(), stats::InvalidInput>(())
    /// ```
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
    ///
    /// With d the difference, c the control's size and k the critical value, the shares θ with
    /// (d − θc)² ≤ k²·(var(d) − 2θ·cov(d, c) + θ²·var(c)), a quadratic in θ. Where c² ≤ k²·var(c) that set
    /// is no interval: it is everything, or everything but the shares between two bounds. Where those are on
    /// either side of 0 it is two rays, and the answer is the one on the effect's side, else everything. The other ray
    /// is dropped by convention: it takes a control of the other sign than the one seen, or a false rejection of no
    /// difference to the wrong side. `critical` is above 0.
    ///
    /// Source: Fieller 1954.
    ///
    /// ```
    /// use stats::effect::{Proportion, Share};
    /// let share = Share::of_proportions(Proportion::new(100, 1000)?, Proportion::new(150, 1000)?).unwrap();
    /// let interval = share.within(1.0);
    /// assert!((interval.lo - 0.330_632_787_868).abs() < 1e-12);
    /// assert!((interval.hi - 0.696_612_418_994).abs() < 1e-12);
    /// // 100 of 1,000 are 10.5 standard errors from 0.
    /// assert_eq!(share.within(11.0).hi, f64::INFINITY);
    /// # Ok::<(), stats::InvalidInput>(())
    /// ```
    #[must_use]
    pub fn within(&self, critical: f64) -> Interval {
        let square = critical * critical;
        let a = self.base * self.base - square * self.base_variance;
        let b = self.z * self.base - square * self.covariance;
        let c = self.z * self.z - square;
        let root = (b * b - a * c).max(0.0).sqrt();
        // The stable half of the quadratic formula, and the other root from the product of the two.
        let sum = b + root.copysign(b);
        let (one, other) = (c / sum, sum / a);
        let (lo, hi) = (one.min(other), one.max(other));
        if a >= 0.0 {
            return Interval { lo, hi };
        }
        let everything = Interval {
            lo: f64::NEG_INFINITY,
            hi: f64::INFINITY,
        };
        if c <= 0.0 {
            everything
        } else if self.z > 0.0 {
            Interval {
                lo: hi,
                ..everything
            }
        } else {
            Interval {
                hi: lo,
                ..everything
            }
        }
    }
}

#[cfg(test)]
mod tests;
