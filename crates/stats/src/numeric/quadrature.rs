/// Step between the points of the rule. Halving it moves no result of this crate's tests by more
/// than its rounding.
const STEP: f64 = 1.0 / 12.0;
/// This many steps below the middle the weights have vanished. Above, the terms end the sum: soon, or late
/// where the integrand falls on two scales, as with a shape parameter near 0.
const BELOW: i32 = 47;
const ABOVE: i32 = 8_400;

/// ∫₀^∞ exp(−f(v)) dv for f with f(0) = 0 that rises from 0, where `slope` and `curvature` are the
/// first and second derivative of f at 0.
///
/// Takahasi and Mori's rule for an exponentially falling integrand, v = c·exp(s − e^(−s)), with c
/// near the point where f reaches 1, so that the rule sees the same shape whatever the parameters:
/// first where the parabola through the two derivatives does, then corrected by f itself.
pub(super) fn integral_of_decay(slope: f64, curvature: f64, f: impl Fn(f64) -> f64) -> f64 {
    weighted_integral_of_decay(slope, curvature, |_| 1.0, f)
}

/// ∫₀^∞ w(v)·exp(−f(v)) dv, as [`integral_of_decay`], for a weight that grows no faster than a power.
pub(super) fn weighted_integral_of_decay(
    slope: f64,
    curvature: f64,
    weight: impl Fn(f64) -> f64,
    f: impl Fn(f64) -> f64,
) -> f64 {
    let curvature = curvature.clamp(0.0, f64::MAX / 4.0);
    // Where hardly anything falls, at the end of the floats.
    let mut scale = (2.0 / (slope + libm::hypot(slope, (2.0 * curvature).sqrt()))).min(f64::MAX);
    while f(scale) > 2.0 {
        scale *= 0.5;
    }
    let mut sum = 0.0;
    for i in -BELOW..=ABOVE {
        let s = f64::from(i) * STEP;
        let shrink = libm::exp(-s);
        let v = libm::exp(s - shrink);
        let term = v * (1.0 + shrink) * weight(scale * v) * libm::exp(-f(scale * v));
        sum += term;
        // Terms rise to one top, or to a second after a fall of few digits.
        if term < sum * 1e-18 {
            break;
        }
    }
    sum * STEP * scale
}

#[cfg(test)]
mod tests {
    use super::integral_of_decay;

    #[test]
    fn first_moment_of_an_exponential() {
        let got = super::weighted_integral_of_decay(2.0, 0.0, |v| v, |v| 2.0 * v);
        assert!((got - 0.25).abs() < 2e-15, "{got}");
    }

    #[test]
    fn known_integrals_to_the_last_digits() {
        for rate in [1e-200, 1e-3, 1.0, 7.5, 1e200] {
            let got = integral_of_decay(rate, 0.0, |v| rate * v);
            assert!((got * rate - 1.0).abs() < 4e-15, "{rate}: {got}");
        }
        // Neither derivative at 0 tells how soon these fall. mpmath, 30 digits.
        for (steep, want) in [
            (100.0, 0.246_773_609_434_687_93),
            (1e8, 0.009_019_866_185_645_6),
        ] {
            let got = integral_of_decay(1.0, 0.0, |v: f64| v + steep * v.powi(4));
            assert!((got / want - 1.0).abs() < 1e-8, "{steep}: {got}");
        }
        // Half a Gaussian: √(π/2).
        let got = integral_of_decay(0.0, 1.0, |v| 0.5 * v * v);
        assert!((got / 1.253_314_137_315_500_3 - 1.0).abs() < 4e-15, "{got}");
    }
}
