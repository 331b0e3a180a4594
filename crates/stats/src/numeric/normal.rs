use super::quadrature::{integral_of_decay, weighted_integral_of_decay};

/// 1/√(2π).
const INV_SQRT_2_PI: f64 = 0.398_942_280_401_432_7;
/// ½·ln(2π).
const LN_SQRT_2_PI: f64 = 0.918_938_533_204_672_8;
/// What the double 1/√2 lacks of 1/√2.
const INV_SQRT_2_REST: f64 = -4.833_646_656_726_457e-17;

/// The density of the standard normal distribution at `z`.
///
/// ```
/// assert!((stats::numeric::normal_pdf(0.0) - 0.398_942_280_401_432_7).abs() < 1e-16);
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

/// The chance that a standard normal variable exceeds `z`: ½·erfc(z/√2).
///
/// Accurate relative to itself as far as doubles reach (z ≈ 38.5).
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

/// The chance that a standard normal variable is at most `z`.
///
/// ```
/// assert_eq!(stats::numeric::normal_cdf(0.0), 0.5);
/// ```
#[must_use]
pub fn normal_cdf(z: f64) -> f64 {
    normal_sf(-z)
}

/// ln of [`normal_sf`], finite also where that is too small for a double.
///
/// In the upper tail −z²/2 − ½·ln(2π) + ln ∫₀^∞ exp(−z·v − v²/2) dv (Mills' ratio).
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
    if z < 3.0 {
        return libm::log(normal_sf(z));
    }
    if z.is_infinite() {
        return f64::NEG_INFINITY;
    }
    let mills = integral_of_decay(z, 1.0, |v| z * v + 0.5 * v * v);
    -0.5 * z * z - LN_SQRT_2_PI + libm::log(mills)
}

/// The mean of max(Z − z, 0) for a standard normal Z: φ(z) − z·(1 − Φ(z)), without the cancellation
/// for large z. The "unit normal loss" of decision theory.
///
/// ```
/// assert!((stats::numeric::normal_loss(0.0) - 0.398_942_280_401_432_7).abs() < 1e-16);
/// let far = stats::numeric::normal_loss(10.0);
/// assert!((far / 7.474_560_254_589_328e-25 - 1.0).abs() < 1e-13);
/// ```
#[must_use]
pub fn normal_loss(z: f64) -> f64 {
    if z < 1.0 {
        return normal_pdf(z) - z * normal_sf(z);
    }
    normal_pdf(z) * weighted_integral_of_decay(z, 1.0, |v| v, |v| z * v + 0.5 * v * v)
}

/// The z that a standard normal variable stays at or below with chance `p`.
///
/// A rational start (Abramowitz and Stegun 26.2.23) and Halley's steps on the smaller tail; near
/// the middle on the difference from ½, so that z is accurate relative to itself there too.
/// ∓∞ at p = 0 and 1; NaN outside.
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
        return central(beyond);
    }
    if beyond < 0.0 {
        -upper(p)
    } else {
        upper(1.0 - p)
    }
}

/// z ≥ 0 with a chance of `tail` ≤ ¼ above it.
fn upper(tail: f64) -> f64 {
    let t = (-2.0 * libm::log(tail)).sqrt();
    let mut z = t
        - (2.515_517 + t * (0.802_853 + t * 0.010_328))
            / (1.0 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308)));
    // The start is good to 4.5e-4 and each step triples the digits.
    for _ in 0..3 {
        let step = (normal_sf(z) - tail) / normal_pdf(z);
        z += step / (1.0 - 0.5 * z * step);
    }
    z
}

/// z with a chance of ½ + `beyond` below it, for |beyond| ≤ ¼.
fn central(beyond: f64) -> f64 {
    let mut z = beyond / INV_SQRT_2_PI;
    for _ in 0..5 {
        let inner = 0.5 * libm::erf(z * std::f64::consts::FRAC_1_SQRT_2);
        let step = (beyond - inner) / normal_pdf(z);
        z += step / (1.0 - 0.5 * z * step);
    }
    z
}
