use super::BEYOND_FLOATS;
use crate::guard::{finite_values, not_negative, positive};
use crate::{Alpha, InvalidInput};

/// What shapes the stitched boundary.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stitching {
    /// The intrinsic time from which on the boundary is tight, in the unit of v; above 0.
    pub v_min: f64,
    /// The sub-gamma scale, in the unit of s; 0 for a sub-Gaussian process.
    pub c: f64,
    /// How the chance of crossing is spread over epochs; above 1.
    pub s: f64,
    /// How far epochs are apart; above 1.
    pub eta: f64,
}

impl Stitching {
    /// The polynomial stitched boundary (Howard et al. 2021, theorem 1 and equation 10), which grows
    /// as √(v·ln ln v): with `ℓ = s·ln ln(ηv/v_min) + ln(ζ(s)/(α·lnˢ η))`,
    /// `√(k₁²·v·ℓ + k₂²c²ℓ²) + k₂·c·ℓ`, `k₁ = (η^¼ + η^−¼)/√2`, `k₂ = (√η + 1)/2`. Below `v_min` it is what it
    /// is there. In the unit of s.
    ///
    /// # Errors
    ///
    /// An invalid input for a `v_min` that is not positive, an `s` or `eta` not above 1, a `c` that is not
    /// finite, a `v` that is negative or not finite, or a boundary that no double holds.
    ///
    /// # Examples
    ///
    /// ```
    /// let stitching = stats::sequential::Stitching { v_min: 10.0, c: 3.0, s: 1.4, eta: 2.0 };
    /// assert!((stitching.bound(100.0, stats::Alpha::default())? - 64.487_55).abs() < 1e-5);
    /// # Ok::<(), stats::InvalidInput>(())
    /// ```
    pub fn bound(&self, v: f64, alpha: Alpha) -> Result<f64, InvalidInput> {
        positive("v_min", self.v_min)?;
        positive("s", self.s - 1.0)?;
        positive("eta", self.eta - 1.0)?;
        not_negative("v", v)?;
        finite_values("c", &[self.c])?;
        let v = v.max(self.v_min);
        let spacing = libm::log(self.eta);
        let epochs = libm::log(libm::log(self.eta * (v / self.v_min)));
        let ell = self.s * epochs + libm::log(zeta(self.s))
            - self.s * libm::log(spacing)
            - libm::log(alpha.get());
        let quarter = self.eta.sqrt().sqrt();
        let k1 = (quarter + 1.0 / quarter) / std::f64::consts::SQRT_2;
        let k2 = (self.eta.sqrt() + 1.0) / 2.0;
        let linear = k2 * self.c * ell;
        let bound = (k1 * k1 * v * ell + linear * linear).sqrt() + linear;
        if !bound.is_finite() {
            return Err(BEYOND_FLOATS);
        }
        Ok(bound)
    }
}

/// Riemann's ζ for s > 1: Euler and Maclaurin's sum after 16 terms (DLMF 25.2.9).
pub(super) fn zeta(s: f64) -> f64 {
    const N: f64 = 16.0;
    let head: f64 = (1..16).map(|n| libm::pow(f64::from(n), -s)).sum();
    let power = libm::pow(N, -s);
    let mut term = s * power / N;
    let mut sum = head + power * N / (s - 1.0) + power / 2.0;
    // B₂ₖ/(2k)!; the next term is below 4e-17 of ζ for every s.
    let coefficients = [
        1.0 / 12.0,
        -1.0 / 720.0,
        1.0 / 30_240.0,
        -1.0 / 1_209_600.0,
        1.0 / 47_900_160.0,
    ];
    let mut k = 1.0;
    for coefficient in coefficients {
        sum += coefficient * term;
        term *= (s + k) * (s + k + 1.0) / (N * N);
        k += 2.0;
    }
    sum
}
