//! Boundaries that a process without drift crosses ever with a chance of at most α.

mod stitching;
mod tuning;

pub use stitching::Stitching;
pub use tuning::Tuning;

use super::evidence::log_evidence;
use crate::guard::{not_negative, positive};
use crate::numeric::{
    beta_cdf, deviance, gamma_p, gamma_q, ln_normal_sf, root_between, stirling_rest,
};
use crate::{Alpha, InvalidInput};

/// A mixture M(s, v), ready to be evaluated: a supermartingale for every process of its family that has no
/// drift. The boundary at α is where M = 1/α.
///
/// `s` is the value of the process, `v` its intrinsic time (a variance), so that √v has the unit of s.
///
/// Source: Howard et al. 2021, sections 3.2 and 3.5; the names and the tuning are those of `confseq`.
///
/// ```
/// use stats::sequential::{Mixture, Tuning};
/// let tuning = Tuning { v_opt: 100.0, alpha_opt: 0.05 };
/// let mixture = Mixture::two_sided_normal(tuning.two_sided_rho()?)?;
/// assert!((mixture.bound(100.0, stats::Alpha::default())? - 30.352_09).abs() < 1e-5);
/// assert!((mixture.log(10.0, 100.0)? - -0.651_005_2).abs() < 1e-6);
/// # Ok::<(), stats::InvalidInput>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mixture(Kind);

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    TwoSidedNormal {
        rho: f64,
    },
    OneSidedNormal {
        rho: f64,
    },
    GammaExponential {
        rho: f64,
        c: f64,
        rest: f64,
    },
    GammaPoisson {
        rho: f64,
        c: f64,
        rest: f64,
    },
    BetaBinomial {
        prior: [f64; 2],
        shares: [f64; 2],
        g: f64,
        h: f64,
        one_sided: Option<f64>,
    },
}

/// Whether deviations in one direction or in both are watched for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sides {
    /// Upwards alone.
    One,
    /// Both, with one and the same level.
    Two,
}

impl Mixture {
    /// For a sub-Gaussian process, both directions: ln M is `½·ln(ρ/(v + ρ)) + s²/(2(v + ρ))` (Howard et al.
    /// 2021, proposition 5). `rho` is in the unit of v, best from [`Tuning::two_sided_rho`].
    ///
    /// # Errors
    ///
    /// An invalid input for a ρ that is not positive and finite; the same for all mixtures.
    ///
    /// # Examples
    ///
    /// ```
    /// // ½·ln(4/(12 + 4)) + 64/(2·16) is 2 − ln 2.
    /// let mixture = stats::sequential::Mixture::two_sided_normal(4.0)?;
    /// assert!((mixture.log(8.0, 12.0)? - (2.0 - 2_f64.ln())).abs() < 1e-15);
    /// # Ok::<(), stats::InvalidInput>(())
    /// ```
    pub fn two_sided_normal(rho: f64) -> Result<Self, InvalidInput> {
        positive("rho", rho)?;
        Ok(Self(Kind::TwoSidedNormal { rho }))
    }

    /// For a sub-Gaussian process, upwards: ln M is `½·ln(4ρ/(v + ρ)) + s²/(2(v + ρ)) + ln Φ(s/√(v + ρ))`
    /// (proposition 6). `rho` is in the unit of v, best from [`Tuning::one_sided_rho`].
    ///
    /// # Errors
    ///
    /// As [`Self::two_sided_normal`].
    ///
    /// # Examples
    ///
    /// ```
    /// // At s = 0 the rest is ½·ln(4·4/16) + ln ½.
    /// let mixture = stats::sequential::Mixture::one_sided_normal(4.0)?;
    /// assert!((mixture.log(0.0, 12.0)? + 2_f64.ln()).abs() < 1e-15);
    /// # Ok::<(), stats::InvalidInput>(())
    /// ```
    pub fn one_sided_normal(rho: f64) -> Result<Self, InvalidInput> {
        positive("rho", rho)?;
        Ok(Self(Kind::OneSidedNormal { rho }))
    }

    /// For a sub-exponential process with scale `c`, upwards (proposition 9).
    ///
    /// With a = ρ/c², b = (v + ρ)/c², x = b + s/c and P the regularised lower incomplete gamma function,
    /// M is `aᵃ/(Γ(a)·P(a, a)) · Γ(b)·P(b, x)/xᵇ · exp(x − a)`. `rho` is in the unit of v, best from
    /// [`Tuning::one_sided_rho`]; `c` in that of s.
    ///
    /// # Errors
    ///
    /// As [`Self::two_sided_normal`], also for a `c` that is not positive and finite.
    ///
    /// # Examples
    ///
    /// ```
    /// use stats::sequential::{Mixture, Tuning};
    /// let tuning = Tuning { v_opt: 100.0, alpha_opt: 0.05 };
    /// let mixture = Mixture::gamma_exponential(tuning.one_sided_rho()?, 2.0)?;
    /// // The formula in mpmath; `confseq` has the same figure.
    /// assert!((mixture.log(10.0, 100.0)? + 0.249_016_479).abs() < 1e-9);
    /// # Ok::<(), stats::InvalidInput>(())
    /// ```
    pub fn gamma_exponential(rho: f64, c: f64) -> Result<Self, InvalidInput> {
        positive("rho", rho)?;
        positive("c", c)?;
        let a = rho / c / c;
        let rest = -stirling_rest(a) - libm::log(gamma_p(a, a));
        Ok(Self(Kind::GammaExponential { rho, c, rest }))
    }

    /// For a sub-Poisson process with scale `c`, upwards (proposition 10).
    ///
    /// With a, b and x as for [`Self::gamma_exponential`] and Q = 1 − P, M is
    /// `aᵃ/(Γ(a)·Q(a, a)) · Γ(x)·Q(x, b)/bˣ · exp(b − a)`. Units as there.
    ///
    /// # Errors
    ///
    /// As [`Self::gamma_exponential`].
    ///
    /// # Examples
    ///
    /// ```
    /// use stats::sequential::{Mixture, Tuning};
    /// let tuning = Tuning { v_opt: 100.0, alpha_opt: 0.05 };
    /// let mixture = Mixture::gamma_poisson(tuning.one_sided_rho()?, 2.0)?;
    /// assert!((mixture.log(10.0, 100.0)? + 0.069_912_185).abs() < 1e-9);
    /// # Ok::<(), stats::InvalidInput>(())
    /// ```
    pub fn gamma_poisson(rho: f64, c: f64) -> Result<Self, InvalidInput> {
        positive("rho", rho)?;
        positive("c", c)?;
        let a = rho / c / c;
        let rest = -stirling_rest(a) - libm::log(gamma_q(a, a));
        Ok(Self(Kind::GammaPoisson { rho, c, rest }))
    }

    /// For a sub-Bernoulli process that falls by at most `g` and rises by at most `h` a step
    /// (propositions 7 and 8). `tuning` becomes r = max(ρ − g·h, g·h/1000), and the rest is
    /// [`Self::beta_binomial_with`]. g and h are in the unit of s.
    ///
    /// # Errors
    ///
    /// Those of [`Tuning::two_sided_rho`] or [`Tuning::one_sided_rho`]; an invalid input for a `g` or `h`
    /// that is not positive and finite.
    ///
    /// # Examples
    ///
    /// ```
    /// use stats::sequential::{Mixture, Sides, Tuning};
    /// let tuning = Tuning { v_opt: 100.0, alpha_opt: 0.05 };
    /// let mixture = Mixture::beta_binomial(tuning, 0.2, 0.8, Sides::Two)?;
    /// // As `confseq` has it.
    /// assert!((mixture.log(10.0, 100.0)? + 0.694_101_2).abs() < 1e-6);
    /// # Ok::<(), stats::InvalidInput>(())
    /// ```
    pub fn beta_binomial(
        tuning: Tuning,
        g: f64,
        h: f64,
        sides: Sides,
    ) -> Result<Self, InvalidInput> {
        positive("g", g)?;
        positive("h", h)?;
        let rho = match sides {
            Sides::One => tuning.one_sided_rho()?,
            Sides::Two => tuning.two_sided_rho()?,
        };
        Self::beta_binomial_with((rho - g * h).max(1e-3 * g * h), g, h, sides)
    }

    /// As [`Self::beta_binomial`] with r itself, in the unit of v.
    ///
    /// v/(g·h) steps, of which (v − g·s)/(g(g + h)) fall and (v + h·s)/(h(g + h)) rise; M is how much
    /// likelier they are when the share that falls has the distribution Beta(r/(g(g + h)), r/(h(g + h)))
    /// than at the fair share h/(g + h). One-sided, that distribution is cut off above the fair share. An s
    /// below −v/h or above v/g is one that such a process cannot have.
    ///
    /// # Errors
    ///
    /// An invalid input for an `r`, `g` or `h` that is not positive and finite.
    ///
    /// # Examples
    ///
    /// ```
    /// use stats::sequential::{Mixture, Sides};
    /// // Three coins that all show heads: g = h = ½, v = ¾, s = 3/2. A uniform prior, r = ½, expects that
    /// // with a chance of ¼ where a fair coin has ⅛.
    /// let mixture = Mixture::beta_binomial_with(0.5, 0.5, 0.5, Sides::Two)?;
    /// assert!((mixture.log(1.5, 0.75)? - 2_f64.ln()).abs() < 1e-14);
    /// # Ok::<(), stats::InvalidInput>(())
    /// ```
    pub fn beta_binomial_with(r: f64, g: f64, h: f64, sides: Sides) -> Result<Self, InvalidInput> {
        positive("r", r)?;
        positive("g", g)?;
        positive("h", h)?;
        // The mixture is the evidence of v/(g·h) steps, each a fall or a rise, against fair shares.
        let prior = [r / g / (g + h), r / h / (g + h)];
        let shares = [h / (g + h), g / (g + h)];
        let one_sided =
            (sides == Sides::One).then(|| libm::log(beta_cdf(prior[0], prior[1], shares[0])));
        Ok(Self(Kind::BetaBinomial {
            prior,
            shares,
            g,
            h,
            one_sided,
        }))
    }

    /// ln M at the value `s` and the intrinsic time `v`, by the formula of the mixture: the evidence against
    /// "no drift", 0 where nothing has happened (s = v = 0).
    ///
    /// # Errors
    ///
    /// An invalid input for a `v` that is negative or not finite, or an `s` that is NaN or that such a
    /// process cannot have at `v`.
    ///
    /// # Examples
    ///
    /// ```
    /// let mixture = stats::sequential::Mixture::two_sided_normal(1.0)?;
    /// assert_eq!(mixture.log(0.0, 0.0)?, 0.0);
    /// // ½·ln(1/4) + 16/8
    /// assert!((mixture.log(4.0, 3.0)? - 1.306_852_819).abs() < 1e-9);
    /// # Ok::<(), stats::InvalidInput>(())
    /// ```
    pub fn log(&self, s: f64, v: f64) -> Result<f64, InvalidInput> {
        not_negative("v", v)?;
        let log = self.at(s, v);
        if log.is_nan() {
            return Err(InvalidInput::new(
                "s",
                "no such process has this value at this v",
                "give a finite s that its steps can reach",
            ));
        }
        Ok(log)
    }

    fn at(&self, s: f64, v: f64) -> f64 {
        match self.0 {
            Kind::TwoSidedNormal { rho } => -0.5 * libm::log1p(v / rho) + s * s / (2.0 * (v + rho)),
            Kind::OneSidedNormal { rho } => {
                let z = s / (v + rho).sqrt();
                std::f64::consts::LN_2 - 0.5 * libm::log1p(v / rho) + 0.5 * z * z + ln_normal_sf(-z)
            }
            Kind::GammaExponential { rho, c, rest } => {
                let (a, now) = (rho / c / c, (v + rho) / c / c);
                let reached = now + s / c;
                rest + 0.5 * libm::log(a / now)
                    + stirling_rest(now)
                    + deviance(now, reached, s / c)
                    + libm::log(gamma_p(now, reached))
            }
            Kind::GammaPoisson { rho, c, rest } => {
                let (a, now) = (rho / c / c, (v + rho) / c / c);
                let reached = now + s / c;
                rest + 0.5 * libm::log(a / reached)
                    + stirling_rest(reached)
                    + deviance(reached, now, -s / c)
                    + libm::log(gamma_q(reached, now))
            }
            Kind::BetaBinomial {
                prior,
                shares,
                g,
                h,
                one_sided,
            } => {
                let falls = (v - g * s) / (g * (g + h));
                let rises = (v + h * s) / (h * (g + h));
                let two_sided = log_evidence(prior, [falls, rises], shares);
                two_sided
                    + one_sided.map_or(0.0, |before| {
                        libm::log(beta_cdf(prior[0] + falls, prior[1] + rises, shares[0])) - before
                    })
            }
        }
    }

    /// The boundary: the s above 0 with M(s, v) = 1/α, or the highest s there is if M stays below. A process
    /// without drift exceeds it at any v ever with a chance of at most α (Howard et al. 2021, section 3.2).
    /// In the unit of s.
    ///
    /// # Errors
    ///
    /// An invalid input for a `v` that is negative or not finite, or one so far from what the mixture is
    /// tuned for that no double holds the boundary.
    ///
    /// # Examples
    ///
    /// ```
    /// let mixture = stats::sequential::Mixture::two_sided_normal(1.0)?;
    /// // √((v + ρ)·ln((v + ρ)/(ρ·α²))) with v = 3 and α = 0.05.
    /// let bound = mixture.bound(3.0, stats::Alpha::default())?;
    /// assert!((bound - (4.0 * 1_600_f64.ln()).sqrt()).abs() < 1e-12);
    /// # Ok::<(), stats::InvalidInput>(())
    /// ```
    pub fn bound(&self, v: f64, alpha: Alpha) -> Result<f64, InvalidInput> {
        self.log(0.0, v)?;
        let threshold = -libm::log(alpha.get());
        let normal = |rho: f64| ((v + rho) * (libm::log1p(v / rho) + 2.0 * threshold)).sqrt();
        let start = match self.0 {
            Kind::TwoSidedNormal { rho } => return Ok(normal(rho)),
            Kind::BetaBinomial { g, .. } => {
                let highest = v / g;
                if highest == 0.0 || self.at(highest, v) <= threshold {
                    return Ok(highest);
                }
                highest
            }
            Kind::OneSidedNormal { rho }
            | Kind::GammaExponential { rho, .. }
            | Kind::GammaPoisson { rho, .. } => normal(rho),
        };
        let mut upper = start.max(f64::MIN_POSITIVE);
        while self.at(upper, v) < threshold {
            upper *= 2.0;
            if upper.is_infinite() {
                return Err(BEYOND_FLOATS);
            }
        }
        root_between(0.0, upper, |s| self.at(s, v) - threshold).ok_or(BEYOND_FLOATS)
    }
}

const BEYOND_FLOATS: InvalidInput = InvalidInput::new(
    "v",
    "the boundary is beyond what floats can hold",
    "give v, and what the boundary is tuned by, in a unit in which they are nearer 1",
);

#[cfg(test)]
mod tests;
