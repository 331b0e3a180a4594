use super::beta::integral_below;
use super::{ln_beta, normal_cdf, normal_pdf, normal_quantile, normal_sf};

/// The density of Student's t with `df` degrees of freedom at `t`: (1 + t²/df)^(−(df+1)/2) / (√df·B(½, df/2))
/// (the integrand of Abramowitz & Stegun 26.7.1).
///
/// For df > 0, whole or not; at df = ∞ it is [`normal_pdf`](super::normal_pdf). NaN elsewhere. 0 at t = ±∞.
///
/// ```
/// // One degree of freedom is Cauchy's distribution: 1/(π·(1 + t²)).
/// let density = stats::numeric::student_pdf(2.0, 1.0);
/// assert!((density - 0.2 * std::f64::consts::FRAC_1_PI).abs() < 1e-15);
/// ```
#[must_use]
pub fn student_pdf(t: f64, df: f64) -> f64 {
    if df == f64::INFINITY {
        return normal_pdf(t);
    }
    let spread = t.abs() / df.sqrt();
    libm::exp(-0.5 * (df + 1.0) * ln_1p_square(spread) - ln_beta(0.5, 0.5 * df)) / df.sqrt()
}

/// ln(1 + r²) also where r² overflows.
fn ln_1p_square(r: f64) -> f64 {
    if r > 1e10 {
        2.0 * libm::log(r)
    } else {
        libm::log1p(r * r)
    }
}

/// The chance of more than t ≥ 1: ½·I_x(df/2, ½) with x = df/(df + t²).
fn outer(t: f64, df: f64) -> f64 {
    let Outer { ln, odds, integral } = Outer::of(t, df);
    0.5 * libm::exp(ln) * (1.0 + odds).sqrt() * integral
}

/// That chance in parts, which are doubles also where it is none: ½·exp(`ln`)·√(1 + `odds`)·`integral`.
struct Outer {
    ln: f64,
    odds: f64,
    integral: f64,
}

impl Outer {
    fn of(t: f64, df: f64) -> Self {
        let spread = (t / df.sqrt()).min(f64::MAX);
        let half = 0.5 * df;
        let odds = 1.0 / spread / spread;
        Self {
            ln: -half * ln_1p_square(spread) - ln_beta(0.5, half),
            odds,
            integral: integral_below(half, 0.5, odds, half + 0.5 * odds),
        }
    }

    /// The logarithm of the chance, and its slope −t·density/chance in ln t.
    fn ln_and_slope(&self) -> (f64, f64) {
        let ln = self.ln + 0.5 * libm::log1p(self.odds) + libm::log(0.5 * self.integral);
        (ln, -2.0 / ((1.0 + self.odds) * self.integral))
    }
}

/// The chance of between 0 and t, for 0 ≤ t ≤ 1: ½·I_y(½, df/2) with y = t²/(df + t²).
fn inner(t: f64, df: f64) -> f64 {
    let spread = t / df.sqrt();
    let half = 0.5 * df;
    let odds = spread * spread;
    let ln = (1.0 - half) * libm::log1p(odds) - ln_beta(0.5, half);
    let prefix = libm::exp(ln) * spread / (1.0 + odds).sqrt();
    let slope = 0.5 - (half - 1.0) * odds;
    0.5 * prefix * integral_below(0.5, half, odds, slope)
}

/// The chance that Student's t with `df` degrees of freedom exceeds `t`: ½·I_x(df/2, ½) with x = df/(df + t²) for
/// t ≥ 0 (Abramowitz & Stegun 26.7.1), and one minus that of −t below.
///
/// For df > 0, whole or not (Welch's are not); at df = ∞ it is [`normal_sf`](super::normal_sf). NaN elsewhere.
/// Accurate relative to itself in the upper tail for any df, where one minus the distribution would be 0.
///
/// ```
/// // One degree of freedom is Cauchy's distribution: ½ − artan(t)/π.
/// let p = stats::numeric::student_sf(1.0, 1.0);
/// assert!((p - 0.25).abs() < 1e-15);
/// ```
#[must_use]
pub fn student_sf(t: f64, df: f64) -> f64 {
    if df == f64::INFINITY {
        return normal_sf(t);
    }
    if df.is_nan() || df <= 0.0 || t.is_nan() {
        return f64::NAN;
    }
    if t < 0.0 {
        return 1.0 - student_sf(-t, df);
    }
    if t == f64::INFINITY {
        return 0.0;
    }
    let df = df.max(LEAST_DF);
    if t <= 1.0 {
        0.5 - inner(t, df)
    } else {
        outer(t, df)
    }
}

/// With this and fewer degrees of freedom the chance to exceed any double is ½, to the last digit.
const LEAST_DF: f64 = 1e-300;

/// The chance that Student's t with `df` degrees of freedom is at most `t`: [`student_sf`] at −t, with the same
/// domain and digits.
///
/// ```
/// use stats::numeric::student_cdf;
/// assert_eq!(student_cdf(0.0, 7.0), 0.5);
/// assert!((student_cdf(-1.0, 1.0) - 0.25).abs() < 1e-15);
/// ```
#[must_use]
pub fn student_cdf(t: f64, df: f64) -> f64 {
    if df == f64::INFINITY {
        return normal_cdf(t);
    }
    student_sf(-t, df)
}

/// The t that Student's t with `df` degrees of freedom stays at or below with chance `p`: the inverse of
/// [`student_cdf`].
///
/// Newton's steps in ln t on the logarithm of the tail, or of the chance between 0 and t near the
/// middle. Both are concave in ln t, so that the steps approach from one side and cannot cycle.
///
/// For 0 ≤ p ≤ 1 and df > 0, whole or not; at df = ∞ it is [`normal_quantile`](super::normal_quantile). NaN
/// elsewhere. −∞ at p = 0, ∞ at p = 1, and so where t is too large for a double.
///
/// ```
/// use stats::numeric::student_quantile;
/// assert!((student_quantile(0.975, 10.0) - 2.228_138_851_986_274_7).abs() < 1e-13);
/// // Large degrees of freedom are no trap.
/// assert!((student_quantile(0.975, 1e7) - 1.959_964_221_767_049_5).abs() < 1e-12);
/// ```
#[must_use]
pub fn student_quantile(p: f64, df: f64) -> f64 {
    if df == f64::INFINITY {
        return normal_quantile(p);
    }
    if !(df > 0.0 && (0.0..=1.0).contains(&p)) {
        return f64::NAN;
    }
    if p == 0.0 {
        return f64::NEG_INFINITY;
    }
    if p == 1.0 {
        return f64::INFINITY;
    }
    let beyond = p - 0.5;
    if beyond == 0.0 {
        return 0.0;
    }
    let tail = p.min(1.0 - p);
    let size = if tail >= 0.25 {
        let within = beyond.abs();
        newton(1.0, |t| {
            let chance = if t <= 1.0 {
                inner(t, df)
            } else {
                0.5 - outer(t, df)
            };
            (ln_ratio(chance, within), t * student_pdf(t, df) / chance)
        })
    } else {
        newton(-normal_quantile(tail), |t| {
            if tail < FAR {
                let (ln, slope) = Outer::of(t, df).ln_and_slope();
                return (ln - libm::log(tail), slope);
            }
            let chance = student_sf(t, df);
            (ln_ratio(chance, tail), -t * student_pdf(t, df) / chance)
        })
    };
    size.copysign(beyond)
}

/// Beyond this chance, or the density beside it, may be smaller than a double tells to all its digits.
const FAR: f64 = 1e-30;

/// ln(a/b), also where the ratio would overflow.
fn ln_ratio(a: f64, b: f64) -> f64 {
    2.0 * libm::log(a.sqrt() / b.sqrt())
}

/// The zero of a function of ln t that gives its value and slope at t, from `start`.
fn newton(start: f64, f: impl Fn(f64) -> (f64, f64)) -> f64 {
    let mut t = start;
    for _ in 0..200 {
        let (value, slope) = f(t);
        let step = value / slope;
        t *= libm::exp(-step);
        // Steps shrink quadratically: after one of 1e-9 only rounding is left.
        if step.abs() < 1e-9 || !t.is_finite() {
            break;
        }
    }
    t
}
