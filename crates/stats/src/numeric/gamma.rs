use super::quadrature::integral_of_decay;
use super::{LN_SMALLEST, LN_SQRT_2_PI, deviance, exp_minus_1_minus, ln_1p_minus, root_between};

/// ln Γ(x), the natural logarithm of Euler's gamma function (DLMF 5.2.1), by `libm`.
///
/// For `x` > 0, a pure number; NaN for x ≤ 0 and NaN. ∞ at ∞, and above 2.55e305, where it is too large for a double.
///
/// ```
/// // Γ(11) = 10!
/// assert!((stats::numeric::ln_gamma(11.0) - 3_628_800_f64.ln()).abs() < 1e-13);
/// ```
#[must_use]
pub fn ln_gamma(x: f64) -> f64 {
    if x > 0.0 { libm::lgamma(x) } else { f64::NAN }
}

/// What Stirling's formula lacks: ln Γ(x) − [(x − ½)·ln x − x + ½·ln 2π], for x > 0.
/// The asymptotic series (Abramowitz and Stegun 6.1.41) from 10 on.
pub(crate) fn stirling_rest(x: f64) -> f64 {
    if x >= 10.0 {
        let r = 1.0 / x;
        let s = r * r;
        return r
            * (1.0 / 12.0
                - s * (1.0 / 360.0
                    - s * (1.0 / 1260.0
                        - s * (1.0 / 1680.0
                            - s * (1.0 / 1188.0
                                - s * (691.0 / 360_360.0
                                    - s * (1.0 / 156.0 - s * 3617.0 / 122_400.0)))))));
    }
    libm::lgamma(x) - ((x - 0.5) * libm::log(x) - x + LN_SQRT_2_PI)
}

/// xᵃ e⁻ˣ / Γ(a).
fn prefix(a: f64, x: f64) -> f64 {
    (a / std::f64::consts::TAU).sqrt() * libm::exp(-stirling_rest(a) - deviance(a, x, x - a))
}

/// Both tails (P, Q) of the gamma distribution.
fn tails(a: f64, x: f64) -> (f64, f64) {
    if !(a > 0.0 && x >= 0.0) || a.is_infinite() {
        return (f64::NAN, f64::NAN);
    }
    if x == 0.0 {
        return (0.0, 1.0);
    }
    if x.is_infinite() {
        return (1.0, 0.0);
    }
    if x <= a {
        // t = x·e^(−v) makes the integrand fall from 1 at v = 0.
        let slope = a - x;
        let p =
            prefix(a, x) * integral_of_decay(slope, x, |v| slope * v + x * exp_minus_1_minus(-v));
        (p, 1.0 - p)
    } else {
        // t = x·(1 + u) does, without a second exponential that would end too suddenly.
        let (slope, more) = (x - a + 1.0, a - 1.0);
        let q = prefix(a, x)
            * integral_of_decay(slope, more, |u| {
                if more < 0.0 {
                    return x * u - more * libm::log1p(u);
                }
                // The same, where the two would cancel near 0.
                slope * u - more * ln_1p_minus(u)
            });
        (1.0 - q, q)
    }
}

/// The regularised lower incomplete gamma function P(a, x) = ∫₀ˣ tᵃ⁻¹e⁻ᵗ dt / Γ(a) (DLMF 8.2.4): the chance that
/// a gamma variable of shape `a` and scale 1 is at most `x`.
///
/// For 0 < a < ∞ and 0 ≤ x ≤ ∞; NaN elsewhere. 0 at x = 0 and 1 at x = ∞. Accurate relative to itself for
/// x ≤ a, relative to 1 above.
///
/// ```
/// let p = stats::numeric::gamma_p(1.0, 2.0);
/// assert!((p - (1.0 - (-2f64).exp())).abs() < 1e-15);
/// ```
#[must_use]
pub fn gamma_p(a: f64, x: f64) -> f64 {
    tails(a, x).0
}

/// The regularised upper incomplete gamma function Q(a, x) = 1 − P(a, x) (DLMF 8.2.4, 8.2.5): the chance that a
/// gamma variable of shape `a` and scale 1 exceeds `x`. Domain as [`gamma_p`].
///
/// Accurate relative to itself for x > a, relative to 1 below.
///
/// ```
/// let q = stats::numeric::gamma_q(1.0, 600.0);
/// assert!((q / (-600f64).exp() - 1.0).abs() < 1e-13);
/// ```
#[must_use]
pub fn gamma_q(a: f64, x: f64) -> f64 {
    tails(a, x).1
}

/// The chance that a χ² variable with `df` degrees of freedom is at most `x`: P(df/2, x/2) (Abramowitz & Stegun
/// 26.4.1 and 26.4.19), with [`gamma_p`].
///
/// For 0 < df < ∞, whole or not, and 0 ≤ x ≤ ∞; NaN elsewhere.
///
/// ```
/// assert!((stats::numeric::chi_squared_cdf(3.841_458_820_694_124, 1.0) - 0.95).abs() < 1e-14);
/// ```
#[must_use]
pub fn chi_squared_cdf(x: f64, df: f64) -> f64 {
    gamma_p(0.5 * df, 0.5 * x)
}

/// The chance that a χ² variable with `df` degrees of freedom exceeds `x`, the p-value of a χ² test:
/// Q(df/2, x/2) (Abramowitz & Stegun 26.4.2 and 26.4.19), with [`gamma_q`].
///
/// For 0 < df < ∞, whole or not, and 0 ≤ x ≤ ∞; NaN elsewhere.
///
/// ```
/// let p = stats::numeric::chi_squared_sf(10.827_566_170_662_733, 1.0);
/// assert!((p - 0.001).abs() < 1e-15);
/// ```
#[must_use]
pub fn chi_squared_sf(x: f64, df: f64) -> f64 {
    gamma_q(0.5 * df, 0.5 * x)
}

/// The x that a χ² variable with `df` degrees of freedom stays at or below with chance `p`: the inverse of
/// [`chi_squared_cdf`].
///
/// Solved for ln x between the ends of the doubles, on the logarithm of the smaller tail. For 0 ≤ p ≤ 1 and
/// 0 < df < ∞; NaN elsewhere. 0 at p = 0, and where x is too small for a double; ∞ at p = 1.
///
/// ```
/// let x = stats::numeric::chi_squared_quantile(0.95, 3.0);
/// assert!((x - 7.814_727_903_251_178).abs() < 1e-12);
/// ```
#[must_use]
pub fn chi_squared_quantile(p: f64, df: f64) -> f64 {
    if !((0.0..=1.0).contains(&p) && df > 0.0) || df.is_infinite() {
        return f64::NAN;
    }
    if p == 0.0 {
        return 0.0;
    }
    if p == 1.0 {
        return f64::INFINITY;
    }
    // In logarithms of both, where the tails are nearly straight.
    let miss = |y: f64| {
        let (below, above) = tails(0.5 * df, 0.5 * libm::exp(y));
        if p <= 0.5 {
            libm::log(below) - libm::log(p)
        } else {
            libm::log1p(-p) - libm::log(above)
        }
    };
    // From the smallest double to beyond the largest: an answer outside is smaller than any.
    root_between(LN_SMALLEST, 710.0, miss).map_or(0.0, libm::exp)
}

/// The chance of at most `k` events where `mean` are expected: e^(−mean)·Σ meanʲ/j! over j from 0 to k, which is
/// Q(k + 1, mean) (DLMF 8.4.10), with [`gamma_q`].
///
/// For 0 ≤ mean ≤ ∞, in events; NaN elsewhere. A `k` above 2⁵³ counts as the nearest double.
///
/// ```
/// assert!((stats::numeric::poisson_cdf(0, 3.0) - (-3f64).exp()).abs() < 1e-16);
/// ```
#[must_use]
pub fn poisson_cdf(k: u64, mean: f64) -> f64 {
    gamma_q(k as f64 + 1.0, mean)
}

/// The chance of more than `k` events where `mean` are expected: P(k + 1, mean), with [`gamma_p`], so that a
/// small chance keeps its digits. Domain as [`poisson_cdf`].
///
/// ```
/// let above = stats::numeric::poisson_sf(0, 1e-9);
/// assert!((above / 9.999_999_995e-10 - 1.0).abs() < 1e-13);
/// ```
#[must_use]
pub fn poisson_sf(k: u64, mean: f64) -> f64 {
    gamma_p(k as f64 + 1.0, mean)
}
