//! The shares that the data do not reject.

use super::Share;
use crate::numeric::{root_between, student_quantile};
use crate::{Alpha, Interval, InvalidInput, Question, sequential};

impl Share {
    /// The standard error of what is left if `share` is the truth, in those of the difference.
    pub(super) fn spread(&self, share: f64) -> f64 {
        let variance = 1.0 - 2.0 * share * self.covariance + share * share * self.base_variance;
        variance.max(0.0).sqrt()
    }

    /// Welch and Satterthwaite's degrees of freedom if `share` is the truth: those of the difference at 0,
    /// and the nearer to the control's n − 1 the more the control weighs.
    pub(super) fn df(&self, share: f64) -> f64 {
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
