//! How many observations a question needs, what can be seen with those there are, and how long it
//! still takes.

use crate::guard::{finite_values, inside_unit, positive};
use crate::numeric::{normal_quantile, normal_sf, root_between};
use crate::{CannotCompute, Difference, Failure, InvalidInput, Question, Side};

/// What the observations are, as far as planning needs to know.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Metric {
    Proportion { rate: f64 },
    Mean { mean: f64, stddev: f64 },
}

/// A comparison of two arms of the same size, before there is data.
///
/// ```
/// use stats::{Question, power::Plan};
/// // From 10% by a tenth to 11%, at 5% two-sided with a power of 80%.
/// let plan = Plan::proportion(0.1, Question::default())?;
/// assert_eq!(plan.n_per_arm(0.1, 0.8)?, 14_749);
/// # Ok::<(), stats::Failure>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plan {
    metric: Metric,
    question: Question,
}

impl Plan {
    /// Units that do something or not, the control's with chance `baseline`; the variance of a unit is
    /// p(1 − p) in either arm.
    ///
    /// # Errors
    ///
    /// `baseline` outside (0, 1).
    ///
    /// # Examples
    ///
    /// ```
    /// use stats::{Question, power::Plan};
    /// // From 60% to 70%: (1.95996 + 0.84162)²·(0.6·0.4 + 0.7·0.3)/0.1² = 353.2.
    /// let plan = Plan::proportion(0.6, Question::default().absolute())?;
    /// assert_eq!(plan.n_per_arm(0.1, 0.8)?, 354);
    /// # Ok::<(), stats::Failure>(())
    /// ```
    pub fn proportion(baseline: f64, question: Question) -> Result<Self, InvalidInput> {
        inside_unit("baseline", baseline)?;
        Ok(Self {
            metric: Metric::Proportion { rate: baseline },
            question,
        })
    }

    /// Units with a figure each, of mean `baseline` and standard deviation `stddev` in both arms, both in
    /// the metric's unit.
    ///
    /// # Errors
    ///
    /// `baseline` not finite, or 0 for a relative question; `stddev` not above 0 or not finite.
    ///
    /// # Examples
    ///
    /// ```
    /// use stats::{Question, power::Plan};
    /// // Half a standard deviation, Cohen's "medium": 2·(1.95996 + 0.84162)²/0.5² = 62.8.
    /// let plan = Plan::mean(100.0, 15.0, Question::default().absolute())?;
    /// assert_eq!(plan.n_per_arm(7.5, 0.8)?, 63);
    /// # Ok::<(), stats::Failure>(())
    /// ```
    pub fn mean(baseline: f64, stddev: f64, question: Question) -> Result<Self, InvalidInput> {
        finite_values("baseline", &[baseline])?;
        positive("stddev", stddev)?;
        if baseline == 0.0 && question.difference == Difference::Relative {
            return Err(InvalidInput::new(
                "baseline",
                "no effect is relative to 0",
                "give another mean, or ask for an absolute difference",
            ));
        }
        Ok(Self {
            metric: Metric::Mean {
                mean: baseline,
                stddev,
            },
            question,
        })
    }

    /// The effect in the metric's unit, and the variance of one observation in each arm together.
    fn apart(&self, effect: f64) -> Result<(f64, f64), InvalidInput> {
        finite_values("effect", &[effect])?;
        let unit = match (self.question.difference, self.metric) {
            (Difference::Absolute, _) => 1.0,
            (Difference::Relative, Metric::Proportion { rate }) => rate,
            (Difference::Relative, Metric::Mean { mean, .. }) => mean.abs(),
        };
        let delta = effect * unit;
        match self.metric {
            Metric::Mean { stddev, .. } => {
                // In units of the standard deviation, so that nothing leaves the doubles.
                Ok((delta / stddev, 2.0))
            }
            Metric::Proportion { rate } => {
                let other = rate + delta;
                if !(0.0..=1.0).contains(&other) {
                    return Err(InvalidInput::new(
                        "effect",
                        "it takes the proportion below 0 or above 1",
                        "give a smaller one",
                    ));
                }
                Ok((delta, rate * (1.0 - rate) + other * (1.0 - other)))
            }
        }
    }

    /// The chance, from 0 to 1, to see an effect of this size, in the unit of the question's difference,
    /// with `n_per_arm` observations in each arm.
    ///
    /// With δ the absolute effect and SE = √(v_c + v_t)/√n: 1 − Φ(z(1 − α/2) − δ/SE) +
    /// Φ(−z(1 − α/2) − δ/SE), one-sided 1 − Φ(z(1 − α) ∓ δ/SE); v is p(1 − p) at either proportion,
    /// or the variance. Without observations it is α: only a false alarm shows. Normal where the test is
    /// Student's, so that means of few observations need one or two more: 6 instead of 4 an arm for two
    /// standard deviations, 64 instead of 63 for half a one. For two arms of the same size, and one look.
    ///
    /// Source: S.-C. Chow, J. Shao and H. Wang, "Sample size calculations in clinical research" (2008),
    /// chapters 3 and 4: unpooled variances, as the test has. (With the pooled variance of the textbook by Fleiss,
    /// Levin and Paik 10% against 11% needs 14,751 an arm instead of 14,749.)
    ///
    /// Planned is the test of the difference itself, also where the effect is given as a share: the one of
    /// [`crate::effect::Share`]. The delta method of [`crate::effect::mean`] finds large shares upwards less
    /// often: of +50% about 68 in a hundred where 80 are planned, of +100% about 49.
    ///
    /// # Errors
    ///
    /// `effect` not finite or out of reach of a proportion.
    ///
    /// # Examples
    ///
    /// ```
    /// use stats::{Question, power::Plan};
    /// let plan = Plan::mean(100.0, 15.0, Question::default().absolute())?;
    /// // statsmodels: NormalIndPower().power(0.5, 64, 0.05)
    /// assert!((plan.power(7.5, 64)? - 0.807_430_419_432_6).abs() < 1e-12);
    /// # Ok::<(), stats::InvalidInput>(())
    /// ```
    pub fn power(&self, effect: f64, n_per_arm: u64) -> Result<f64, InvalidInput> {
        let (delta, variance) = self.apart(effect)?;
        // Without observations no effect shows, however large.
        let shift = match n_per_arm {
            0 => 0.0,
            n => delta / variance.sqrt() * (n as f64).sqrt(),
        };
        Ok(self.chance(shift))
    }

    /// The power where the effect is `shift` standard errors.
    fn chance(&self, shift: f64) -> f64 {
        let alpha = self.question.alpha.get();
        match self.question.side {
            Side::Two => {
                let z = -normal_quantile(half(alpha));
                normal_sf(z - shift) + normal_sf(z + shift)
            }
            Side::Greater => normal_sf(-normal_quantile(alpha) - shift),
            Side::Less => normal_sf(-normal_quantile(alpha) + shift),
        }
    }

    /// How many standard errors an effect must be away for this power; always above 0.
    fn needed_shift(&self, power: f64) -> Result<f64, InvalidInput> {
        inside_unit("power", power)?;
        let alpha = self.question.alpha.get();
        if power <= alpha {
            return Err(InvalidInput::new(
                "power",
                "it is not above alpha, which no observations at all reach",
                "give a number between alpha and 1, as 0.8",
            ));
        }
        let beyond = normal_quantile(power);
        Ok(match self.question.side {
            Side::Greater | Side::Less => beyond - normal_quantile(alpha),
            Side::Two => {
                // The far tail only ever helps, so this many are enough.
                let most = beyond - normal_quantile(half(alpha));
                root_between(0.0, most, |shift| self.chance(shift) - power).unwrap_or(most)
            }
        })
    }

    /// The smallest number of observations in each arm that reaches `power` for this effect.
    ///
    /// n = (shift/δ)²·(v_c + v_t), rounded up and at least 2, with the shift δ/SE at which
    /// [`Self::power`] is reached: z(power) + z(1 − α) one-sided; two-sided by solving for it, for the far
    /// tail counts as well.
    ///
    /// Source: as [`Self::power`].
    ///
    /// # Errors
    ///
    /// `effect` 0, on the other side of a one-sided question, not finite, or out of reach of a
    /// proportion; `power` not between α and 1. `Overflow` beyond 2^53 observations.
    ///
    /// # Examples
    ///
    /// ```
    /// use stats::{Question, power::Plan};
    /// let plan = Plan::proportion(0.1, Question::default())?;
    /// let n = plan.n_per_arm(0.1, 0.8)?;
    /// assert!(plan.power(0.1, n)? >= 0.8 && plan.power(0.1, n - 1)? < 0.8);
    /// # Ok::<(), stats::Failure>(())
    /// ```
    pub fn n_per_arm(&self, effect: f64, power: f64) -> Result<u64, Failure> {
        let (delta, variance) = self.apart(effect)?;
        let towards = match self.question.side {
            Side::Two => delta.abs(),
            Side::Greater => delta,
            Side::Less => -delta,
        };
        if towards <= 0.0 {
            return Err(InvalidInput::new(
                "effect",
                "no number of observations shows it",
                "give one other than 0, on the side that is asked for",
            )
            .into());
        }
        let root = self.needed_shift(power)? * (variance.sqrt() / towards);
        let n = (root * root).ceil().max(2.0);
        if n > crate::moments::LARGEST_COUNT as f64 {
            return Err(CannotCompute::Overflow.into());
        }
        Ok(n as u64)
    }

    /// The smallest effect that `n_per_arm` observations in each arm show with `power`, in the unit
    /// of the question's difference; below 0 for a question about less, else above.
    ///
    /// The δ with δ = shift·SE, shift as in [`Self::n_per_arm`]: shift·σ·√(2/n) for means; for proportions
    /// the root of δ²·n = shift²·(p(1 − p) + (p + δ)(1 − p − δ)).
    ///
    /// Source: as [`Self::power`].
    ///
    /// # Errors
    ///
    /// `power` not between α and 1; `n_per_arm` 0. `TooFew` where no proportion is far enough away.
    ///
    /// # Examples
    ///
    /// ```
    /// use stats::{Question, power::Plan};
    /// let plan = Plan::mean(100.0, 15.0, Question::default().absolute())?;
    /// // 15·2.801582·√(2/63), the shift at which both tails add up to 0.8 solved in mpmath.
    /// assert!((plan.minimum_effect(63, 0.8)? - 7.487_542_277_165).abs() < 1e-9);
    /// # Ok::<(), stats::Failure>(())
    /// ```
    pub fn minimum_effect(&self, n_per_arm: u64, power: f64) -> Result<f64, Failure> {
        if n_per_arm == 0 {
            return Err(InvalidInput::new(
                "n_per_arm",
                "it is 0",
                "give the observations in each arm",
            )
            .into());
        }
        let shift = self.needed_shift(power)?;
        let sign = if self.question.side == Side::Less {
            -1.0
        } else {
            1.0
        };
        let root_n = (n_per_arm as f64).sqrt();
        match self.metric {
            Metric::Mean { mean, stddev } => {
                let delta = sign * shift * std::f64::consts::SQRT_2 / root_n * stddev;
                Ok(match self.question.difference {
                    Difference::Absolute => delta,
                    Difference::Relative => delta / mean.abs(),
                })
            }
            Metric::Proportion { rate } => {
                // (x − p)²·n = shift²·(p(1 − p) + x(1 − x)), a quadratic in δ = x − p.
                let s = shift / root_n * (shift / root_n);
                let half = 0.5 * s * (1.0 - 2.0 * rate);
                let constant = 2.0 * s * rate * (1.0 - rate);
                let root = (half * half + (1.0 + s) * constant).sqrt();
                let delta = (half + sign * root) / (1.0 + s);
                if !(0.0..=1.0).contains(&(rate + delta)) {
                    return Err(CannotCompute::TooFew.into());
                }
                Ok(match self.question.difference {
                    Difference::Absolute => delta,
                    Difference::Relative => delta / rate,
                })
            }
        }
    }
}

/// How much of the way to a target precision is done: (target half-width/current half-width)²,
/// because precision grows with the root of the observations; at most 1. Both half-widths in one unit.
///
/// Source: the share of the information, 1/variance, that has been seen (K. K. G. Lan and D. M. Zucker, "Sequential
/// monitoring of clinical trials: the role of information and Brownian motion", Statistics in Medicine 12, 1993);
/// half-widths stand in for standard errors.
///
/// # Errors
///
/// `target_half_width`, `half_width` not above 0 or not finite.
///
/// # Examples
///
/// ```
/// assert_eq!(stats::power::progress(0.01, 0.02)?, 0.25);
/// # Ok::<(), stats::InvalidInput>(())
/// ```
pub fn progress(target_half_width: f64, half_width: f64) -> Result<f64, InvalidInput> {
    positive("target_half_width", target_half_width)?;
    positive("half_width", half_width)?;
    let ratio = target_half_width / half_width;
    Ok((ratio * ratio).min(1.0))
}

/// Half of a level, and not 0 where that is the least one there is.
fn half(alpha: f64) -> f64 {
    (0.5 * alpha).max(f64::from_bits(1))
}

/// The days until the rest of the observations has arrived, at the pace so far:
/// (1/progress − 1)·days so far, rounded up.
///
/// Source: our own, a straight line: information, of which [`progress`] is a share, grows as the observations do, and
/// these with the days.
///
/// # Errors
///
/// `progress` outside (0, 1]; `days` not above 0 or not finite. `Overflow` beyond a million years.
///
/// # Examples
///
/// ```
/// assert_eq!(stats::power::days_left(0.25, 7.0)?, 21);
/// assert_eq!(stats::power::days_left(1.0, 7.0)?, 0);
/// # Ok::<(), stats::Failure>(())
/// ```
pub fn days_left(progress: f64, days: f64) -> Result<u64, Failure> {
    if !(progress > 0.0 && progress <= 1.0) {
        return Err(InvalidInput::new(
            "progress",
            "it is not between 0 and 1",
            "give the share of the way that is done",
        )
        .into());
    }
    positive("days", days)?;
    let left = ((1.0 - progress) / progress * days).ceil();
    if left > 365e6 {
        return Err(CannotCompute::Overflow.into());
    }
    Ok(left as u64)
}

#[cfg(test)]
mod tests;
