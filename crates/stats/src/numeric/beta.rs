use super::gamma::stirling_rest;
use super::quadrature::integral_of_decay;
use super::{
    LN_SMALLEST, LN_SQRT_2_PI, deviance, exp_minus_1_minus, ln_1p_minus, ln_gamma, root_between,
};

/// The natural logarithm of the beta function: ln B(a, b) = ln Γ(a) + ln Γ(b) − ln Γ(a + b) (DLMF 5.12.1).
///
/// From 10 on by Stirling's formula with the large terms cancelled on paper (as A. R. DiDonato and
/// A. H. Morris, ACM TOMS 708, 1992): the plain sum loses all digits for large arguments. For 0 < a, b < ∞; NaN
/// elsewhere.
///
/// ```
/// let ln_b = stats::numeric::ln_beta(2.0, 3.0);
/// assert!((ln_b - (1.0f64 / 12.0).ln()).abs() < 1e-15);
/// ```
#[must_use]
pub fn ln_beta(a: f64, b: f64) -> f64 {
    let (small, large) = if a <= b { (a, b) } else { (b, a) };
    // Of both divided by the larger, so that their sum cannot overflow.
    let ratio = small / large;
    let share = ratio / (1.0 + ratio);
    if small >= 10.0 {
        let rest = stirling_rest(small) + stirling_rest(large) - stirling_rest(small + large);
        return -0.5 * libm::log(large) + LN_SQRT_2_PI + rest + (small - 0.5) * libm::log(share)
            - large * libm::log1p(ratio);
    }
    if large >= 10.0 {
        let rest = stirling_rest(large) - stirling_rest(small + large);
        return ln_gamma(small) + rest + small
            - small * (libm::log(large) + libm::log1p(ratio))
            - (large - 0.5) * libm::log1p(ratio);
    }
    ln_gamma(small) + (ln_gamma(large) - ln_gamma(small + large))
}

/// xᵃ(1 − x)ᵇ / B(a, b), from x, y = 1 − x and δ = (a + b)x − a.
fn prefix(a: f64, b: f64, x: f64, y: f64, delta: f64) -> f64 {
    let n = a + b;
    let ln = stirling_rest(n)
        - stirling_rest(a)
        - stirling_rest(b)
        - deviance(a, n * x, delta)
        - deviance(b, n * y, -delta);
    (a / n * b / std::f64::consts::TAU).sqrt() * libm::exp(ln)
}

/// ∫₀^∞ e^(−a·v)·[(1 − x·e^(−v))/(1 − x)]^(b−1) dv, where `odds` = x/(1 − x) and
/// `slope` = a − (b − 1)·odds ≥ 0: the incomplete beta integral below x after t = x·e^(−v), over its
/// integrand at x.
pub(super) fn integral_below(a: f64, b: f64, odds: f64, slope: f64) -> f64 {
    let more = b - 1.0;
    integral_of_decay(slope, more * odds * (1.0 + odds), |v| {
        let within = -libm::expm1(-v);
        if more < 0.0 {
            return a * v - more * libm::log1p(odds * within);
        }
        // The same, where the two would cancel near 0.
        slope * v + more * (odds * exp_minus_1_minus(-v) - ln_1p_minus(odds * within))
    })
}

/// I_x(a, b) for x at or below the mean a/(a + b).
fn lower_tail(a: f64, b: f64, x: f64, y: f64) -> f64 {
    let n = a + b;
    // Both a − (n − 1)x and nx − a from the smaller of x and y, where no digits cancel.
    let (slope, delta) = if x <= y {
        (-(n - 1.0).mul_add(x, -a), n.mul_add(x, -a))
    } else {
        ((n - 1.0).mul_add(y, 1.0 - b), -n.mul_add(y, -b))
    };
    prefix(a, b, x, y, delta) / y * integral_below(a, b, x / y, slope / y)
}

/// Both tails (below x, above x) of the beta distribution.
fn tails(a: f64, b: f64, x: f64) -> (f64, f64) {
    let valid = a > 0.0 && b > 0.0 && (0.0..=1.0).contains(&x);
    if !valid || (a + b).is_infinite() {
        return (f64::NAN, f64::NAN);
    }
    if x == 0.0 {
        return (0.0, 1.0);
    }
    if x == 1.0 {
        return (1.0, 0.0);
    }
    let y = 1.0 - x;
    if (a + b) * x <= a {
        let below = lower_tail(a, b, x, y);
        (below, 1.0 - below)
    } else {
        let above = lower_tail(b, a, y, x);
        (1.0 - above, above)
    }
}

/// The regularised incomplete beta function I_x(a, b) = ∫₀ˣ tᵃ⁻¹(1 − t)ᵇ⁻¹ dt / B(a, b) (DLMF 8.17.2): the chance
/// that a beta variable with parameters `a` and `b` is at most `x`.
///
/// For a, b > 0 with a finite sum and 0 ≤ x ≤ 1; NaN elsewhere. Accurate relative to itself for x up to the mean
/// a/(a + b), relative to 1 above.
///
/// ```
/// let p = stats::numeric::beta_cdf(2.0, 3.0, 0.5);
/// assert!((p - 0.6875).abs() < 1e-15);
/// ```
#[must_use]
pub fn beta_cdf(a: f64, b: f64, x: f64) -> f64 {
    tails(a, b, x).0
}

/// The chance that a beta variable with parameters `a` and `b` exceeds `x`: 1 − I_x(a, b) = I_{1−x}(b, a) (DLMF
/// 8.17.4). Domain as [`beta_cdf`].
///
/// Accurate relative to itself above the mean, relative to 1 below.
///
/// ```
/// let p = stats::numeric::beta_sf(1.0, 40.0, 0.5);
/// assert!((p / 0.5f64.powi(40) - 1.0).abs() < 1e-13);
/// ```
#[must_use]
pub fn beta_sf(a: f64, b: f64, x: f64) -> f64 {
    tails(a, b, x).1
}

/// The x in [0, 1] that a beta variable with parameters `a` and `b` stays at or below with chance `p`: the
/// inverse of [`beta_cdf`].
///
/// Solved for ln x, or ln(1 − x) where the answer is above ½, on the logarithm of the smaller tail. For
/// 0 ≤ p ≤ 1 and a, b > 0 with a finite sum; NaN elsewhere. 0 at p = 0, and where x is too small for a double;
/// 1 at p = 1. The answer nearest 1 is limited by the doubles there: for more digits swap a and b and take 1 − p.
///
/// ```
/// // With b = 1 the chance below x is xᵃ.
/// let x = stats::numeric::beta_quantile(0.125, 3.0, 1.0);
/// assert!((x - 0.5).abs() < 1e-15);
/// ```
#[must_use]
pub fn beta_quantile(p: f64, a: f64, b: f64) -> f64 {
    let valid = a > 0.0 && b > 0.0 && (0.0..=1.0).contains(&p);
    if !valid || (a + b).is_infinite() {
        return f64::NAN;
    }
    if p == 0.0 || p == 1.0 {
        return p;
    }
    let middle = beta_cdf(a, b, 0.5);
    if p <= middle {
        below_half(a, b, p, 1.0 - p)
    } else {
        1.0 - below_half(b, a, 1.0 - p, p)
    }
}

/// x ≤ ½ with chance `p` below and `rest` = 1 − p above it.
fn below_half(a: f64, b: f64, p: f64, rest: f64) -> f64 {
    let miss = |y: f64| {
        let (below, above) = tails(a, b, libm::exp(y));
        if p <= 0.5 {
            libm::log(below) - libm::log(p)
        } else {
            libm::log(rest) - libm::log(above)
        }
    };
    let half = -std::f64::consts::LN_2;
    // Rounding alone may put p a little beyond what lies below ½.
    if miss(half) <= 0.0 {
        return 0.5;
    }
    // No double has so little below it where there is no zero: the answer is smaller than any.
    root_between(LN_SMALLEST, half, miss).map_or(0.0, libm::exp)
}

/// The chance of exactly `k` successes in `n` trials with chance `p` each: n!/(k!·(n − k)!)·pᵏ·(1 − p)ⁿ⁻ᵏ, in the
/// deviance form of Loader (2000).
///
/// For 0 ≤ p ≤ 1; NaN elsewhere. 0 where k > n. Counts above 2⁵³ count as the nearest double.
///
/// ```
/// assert!((stats::numeric::binomial_pmf(2, 4, 0.5) - 0.375).abs() < 1e-15);
/// ```
#[must_use]
pub fn binomial_pmf(k: u64, n: u64, p: f64) -> f64 {
    if !(0.0..=1.0).contains(&p) {
        return f64::NAN;
    }
    if k > n {
        return 0.0;
    }
    let (successes, failures, trials) = (k as f64, (n - k) as f64, n as f64);
    if k == 0 {
        return libm::exp(trials * libm::log1p(-p)).max(f64::from(n == 0));
    }
    if k == n {
        return libm::exp(trials * libm::log(p));
    }
    let delta = trials.mul_add(p, -successes);
    prefix(successes, failures, p, 1.0 - p, delta) * trials / (successes * failures)
}

/// The chance of at most `k` successes in `n` trials with chance `p` each: I_{1−p}(n − k, k + 1) (DLMF 8.17.5).
///
/// For 0 ≤ p ≤ 1; NaN elsewhere. 1 where k ≥ n. Counts above 2⁵³ count as the nearest double. Accurate relative
/// to itself where at most k is the rarer outcome, relative to 1 elsewhere.
///
/// ```
/// assert!((stats::numeric::binomial_cdf(1, 4, 0.5) - 0.3125).abs() < 1e-15);
/// ```
#[must_use]
pub fn binomial_cdf(k: u64, n: u64, p: f64) -> f64 {
    if !(0.0..=1.0).contains(&p) {
        return f64::NAN;
    }
    if k >= n {
        return 1.0;
    }
    // As the upper tail in p itself, so that a small p keeps its digits.
    beta_sf(k as f64 + 1.0, (n - k) as f64, p)
}

/// The chance of more than `k` successes in `n` trials with chance `p` each: I_p(k + 1, n − k) (DLMF 8.17.5).
///
/// For 0 ≤ p ≤ 1; NaN elsewhere. 0 where k ≥ n. Counts above 2⁵³ count as the nearest double. Accurate relative
/// to itself where more than k is the rarer outcome, relative to 1 elsewhere.
///
/// ```
/// let p = stats::numeric::binomial_sf(0, 1_000, 1e-12);
/// assert!((p / 9.999_999_995_005e-10 - 1.0).abs() < 1e-12);
/// ```
#[must_use]
pub fn binomial_sf(k: u64, n: u64, p: f64) -> f64 {
    if !(0.0..=1.0).contains(&p) {
        return f64::NAN;
    }
    if k >= n {
        return 0.0;
    }
    beta_cdf(k as f64 + 1.0, (n - k) as f64, p)
}
