use crate::InvalidInput;
use crate::guard::{inside_unit, positive};

/// Where the mixture is tightest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tuning {
    /// The intrinsic time at which the boundary is to be lowest, in the unit of v; above 0.
    pub v_opt: f64,
    /// The level for which it is, inside (0, 1).
    pub alpha_opt: f64,
}

impl Tuning {
    /// ρ of the two-sided normal mixture: `v/(2·ln(1/α) + ln(1 + 2·ln(1/α)))` (Howard et al. 2021,
    /// section 3.5). The other mixtures take the same. In the unit of `v_opt`, above 0.
    ///
    /// # Errors
    ///
    /// An invalid input for a `v_opt` that is not positive, or an `alpha_opt` outside (0, 1).
    ///
    /// # Examples
    ///
    /// ```
    /// let tuning = stats::sequential::Tuning { v_opt: 100.0, alpha_opt: 0.05 };
    /// assert!((tuning.two_sided_rho()? - 12.600_561).abs() < 1e-6);
    /// # Ok::<(), stats::InvalidInput>(())
    /// ```
    pub fn two_sided_rho(self) -> Result<f64, InvalidInput> {
        positive("v_opt", self.v_opt)?;
        inside_unit("alpha_opt", self.alpha_opt)?;
        Ok(self.v_opt / spread(self.alpha_opt))
    }

    /// ρ of the one-sided mixtures: that of the two-sided at twice the level. Unit and source as there.
    ///
    /// # Errors
    ///
    /// As [`Self::two_sided_rho`]; an `alpha_opt` of ½ or more is too large here.
    ///
    /// # Examples
    ///
    /// ```
    /// let tuning = stats::sequential::Tuning { v_opt: 100.0, alpha_opt: 0.05 };
    /// assert!((tuning.one_sided_rho()? - 15.800_635).abs() < 1e-6);
    /// # Ok::<(), stats::InvalidInput>(())
    /// ```
    pub fn one_sided_rho(self) -> Result<f64, InvalidInput> {
        positive("v_opt", self.v_opt)?;
        inside_unit("alpha_opt", self.alpha_opt)?;
        if self.alpha_opt >= 0.5 {
            return Err(InvalidInput::new(
                "alpha_opt",
                "a one-sided level of 0.5 or more bounds nothing",
                "give a number below 0.5",
            ));
        }
        Ok(self.v_opt / spread(2.0 * self.alpha_opt))
    }
}

fn spread(alpha: f64) -> f64 {
    let twice = -2.0 * libm::log(alpha);
    twice + libm::log1p(twice)
}
