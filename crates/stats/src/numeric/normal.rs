use super::LN_SQRT_2_PI;
use super::quadrature::{integral_of_decay, weighted_integral_of_decay};

/// 1/√(2π).
const INV_SQRT_2_PI: f64 = 0.398_942_280_401_432_7;
/// What the double 1/√2 lacks of 1/√2.
const INV_SQRT_2_REST: f64 = -4.833_646_656_726_457e-17;

/// The density of the standard normal distribution: φ(z) = exp(−z²/2)/√(2π) (Abramowitz & Stegun 26.2.1).
///
/// Any `z`, in standard deviations; 0 at ±∞, NaN for NaN. To 1e-15 of itself down to the smallest normal double.
///
/// ```
/// use stats::numeric::normal_pdf;
/// assert!((normal_pdf(0.0) - 0.398_942_280_401_432_7).abs() < 1e-16);
/// // A standard deviation aside it is lower by e^(−½).
/// assert!((normal_pdf(1.0) / normal_pdf(0.0) - (-0.5f64).exp()).abs() < 1e-15);
/// ```
#[must_use]
pub fn normal_pdf(z: f64) -> f64 {
    // z² exactly, as a sum of two doubles: in the far tail its rounding would show.
    let square = z * z;
    if square.is_infinite() {
        return 0.0;
    }
    let rest = z.mul_add(z, -square);
    INV_SQRT_2_PI * libm::exp(-0.5 * square) * (1.0 - 0.5 * rest)
}

/// The chance that a standard normal variable exceeds `z`: 1 − Φ(z) = ½·erfc(z/√2) (Abramowitz & Stegun
/// 26.2.3; erfc is DLMF 7.2.2).
///
/// Any `z`, in standard deviations; 1 at −∞, 0 at ∞, NaN for NaN. To 2e-15 of itself in the upper tail as far
/// as doubles reach, z ≈ 37.5; beyond 38.6 the chance is too small for a double, and 0.
///
/// ```
/// let p = stats::numeric::normal_sf(10.0);
/// assert!((p / 7.619_853_024_160_526e-24 - 1.0).abs() < 1e-14);
/// ```
#[must_use]
pub fn normal_sf(z: f64) -> f64 {
    let x = z * std::f64::consts::FRAC_1_SQRT_2;
    let tail = 0.5 * libm::erfc(x);
    if !(1.0..=40.0).contains(&x) {
        return tail;
    }
    // The rounding of z/√2 costs z² units in the last place: put it back by the slope of erfc.
    let rest = z.mul_add(std::f64::consts::FRAC_1_SQRT_2, -x) + z * INV_SQRT_2_REST;
    tail - rest * std::f64::consts::FRAC_2_SQRT_PI * 0.5 * libm::exp(-x * x)
}

/// The chance that a standard normal variable is at most `z`: Φ(z) = ½·erfc(−z/√2) (Abramowitz & Stegun
/// 26.2.2), which is [`normal_sf`] at −z, with the same domain and digits.
///
/// ```
/// use stats::numeric::normal_cdf;
/// assert_eq!(normal_cdf(0.0), 0.5);
/// assert!((normal_cdf(1.959_963_984_540_054) - 0.975).abs() < 1e-15);
/// ```
#[must_use]
pub fn normal_cdf(z: f64) -> f64 {
    normal_sf(-z)
}

/// The natural logarithm of [`normal_sf`], finite also where that is too small for a double.
///
/// In the upper tail −z²/2 − ½·ln(2π) + ln M(z) with Mills' ratio M(z) = ∫₀^∞ exp(−z·v − v²/2) dv (DLMF §7.8).
/// Any `z`, in standard deviations; 0 at −∞, −∞ at ∞ (and where z² overflows), NaN for NaN.
///
/// ```
/// let ln_p = stats::numeric::ln_normal_sf(100.0);
/// assert!((ln_p + 5_005.524_208_694_205).abs() < 1e-9);
/// ```
#[must_use]
pub fn ln_normal_sf(z: f64) -> f64 {
    if z < 0.0 {
        return libm::log1p(-normal_sf(-z));
    }
    if z.is_infinite() {
        return f64::NEG_INFINITY;
    }
    let mills = integral_of_decay(z, 1.0, |v| z * v + 0.5 * v * v);
    -0.5 * z * z - LN_SQRT_2_PI + libm::log(mills)
}

/// The mean of max(Z − z, 0) for a standard normal Z: φ(z) − z·(1 − Φ(z)), the unit normal loss integral of
/// Raiffa & Schlaifer, *Applied Statistical Decision Theory* (1961).
///
/// Above 1, where the two terms cancel, as φ(z)·∫₀^∞ v·exp(−z·v − v²/2) dv. Any `z`, and the answer, in standard
/// deviations; ∞ at −∞, 0 at ∞, NaN for NaN.
///
/// ```
/// use stats::numeric::normal_loss;
/// assert!((normal_loss(0.0) - 0.398_942_280_401_432_7).abs() < 1e-16);
/// assert!((normal_loss(10.0) / 7.474_560_254_589_328e-25 - 1.0).abs() < 1e-13);
/// ```
#[must_use]
pub fn normal_loss(z: f64) -> f64 {
    if z < 1.0 {
        return normal_pdf(z) - z * normal_sf(z);
    }
    let density = normal_pdf(z);
    if density == 0.0 {
        return 0.0;
    }
    density * weighted_integral_of_decay(z, 1.0, |v| v, |v| z * v + 0.5 * v * v)
}

/// The z, in standard deviations, that a standard normal variable stays at or below with chance `p`: Φ⁻¹(p).
///
/// Halley's steps on the smaller tail, from what Chernoff's bound and Mills' ratio say of z; near the middle on
/// the difference from ½, so that z is accurate relative to itself there too. −∞ at p = 0 and ∞ at p = 1; NaN
/// for p outside 0 ≤ p ≤ 1. Near p = 1 the doubles themselves are coarse: −z of 1 − p has more digits.
///
/// ```
/// let z = stats::numeric::normal_quantile(0.975);
/// assert!((z - 1.959_963_984_540_054).abs() < 1e-15);
/// ```
#[must_use]
pub fn normal_quantile(p: f64) -> f64 {
    if !(0.0..=1.0).contains(&p) {
        return f64::NAN;
    }
    if p == 0.0 {
        return f64::NEG_INFINITY;
    }
    if p == 1.0 {
        return f64::INFINITY;
    }
    let beyond = p - 0.5;
    if beyond.abs() <= 0.25 {
        return halley(beyond / INV_SQRT_2_PI, |z| {
            beyond - 0.5 * libm::erf(z * std::f64::consts::FRAC_1_SQRT_2)
        });
    }
    let tail = p.min(1.0 - p);
    // By Chernoff's bound z is at most this, and by Mills' ratio less by about ln(√(2π)·z)/z.
    let bound = (-2.0 * libm::log(tail)).sqrt();
    let start = bound - libm::log(bound / INV_SQRT_2_PI) / bound;
    if tail < SUBNORMAL {
        return subnormal(start, libm::log(tail)).copysign(beyond);
    }
    halley(start, |z| normal_sf(z) - tail).copysign(beyond)
}

/// Below this a chance, or the density that goes with it, has fewer digits than other doubles.
const SUBNORMAL: f64 = 1e-300;

/// The z with this logarithm of a chance beyond it, by Newton's steps on the logarithm; its slope is that of Mills'
/// ratio, nearly z + 1/z there, so that each step leaves some z⁻⁴ of what was missing.
fn subnormal(start: f64, ln_tail: f64) -> f64 {
    let mut z = start;
    for _ in 0..4 {
        z += (ln_normal_sf(z) - ln_tail) / (z + 1.0 / z);
    }
    z
}

/// The z with a chance of `missing(z)` = 0 left up to the wanted one, from `start`.
fn halley(start: f64, missing: impl Fn(f64) -> f64) -> f64 {
    let mut z = start;
    // Each step triples the digits, and either start is within 0.14 of z.
    for _ in 0..3 {
        let step = missing(z) / normal_pdf(z);
        z += step / (1.0 - 0.5 * z * step);
    }
    z
}
