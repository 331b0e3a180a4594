/// Where `f` crosses zero between `lo` and `hi`, to the last representable digit.
///
/// T. R. Chandrupatla, "A new hybrid quadratic/bisection algorithm for finding the zero of a
/// nonlinear function without using derivatives", Advances in Engineering Software 28 (1997).
/// Needs no derivative and never leaves the bracket. At most 200 evaluations of `f`, which is enough
/// for a bracket of up to 60 orders of magnitude: solve in the logarithm where it is wider.
///
/// `lo` and `hi` are finite, in any order; the answer is in their unit. `None` where `f` has the same sign at both
/// (a zero at one of them is the answer), or is NaN anywhere it is asked.
///
/// ```
/// use stats::numeric::root_between;
/// assert_eq!(root_between(0.0, 2.0, |x| x * x - 2.0), Some(std::f64::consts::SQRT_2));
/// assert_eq!(root_between(2.0, 3.0, |x| x * x - 2.0), None);
/// ```
pub fn root_between(lo: f64, hi: f64, mut f: impl FnMut(f64) -> f64) -> Option<f64> {
    let (mut b, mut a) = (lo, hi);
    let (mut fb, mut fa) = (f(b), f(a));
    if fb == 0.0 {
        return Some(b);
    }
    if fa == 0.0 {
        return Some(a);
    }
    if fa.is_nan() || fb.is_nan() || fa.signum() == fb.signum() {
        return None;
    }
    let mut share = 0.5;
    for _ in 0..200 {
        let x = a + share * (b - a);
        let fx = f(x);
        if fx == 0.0 {
            return Some(x);
        }
        if fx.is_nan() {
            return None;
        }
        let (c, fc) = if fx.signum() == fa.signum() {
            (a, fa)
        } else {
            let old = (b, fb);
            (b, fb) = (a, fa);
            old
        };
        (a, fa) = (x, fx);
        let width = (b - a).abs();
        let smallest = f64::EPSILON * a.abs().min(b.abs());
        if width <= smallest {
            break;
        }
        // Inverse quadratic interpolation only where it is known to be monotone.
        let xi = (a - b) / (c - b);
        let phi = (fa - fb) / (fc - fb);
        share = if phi * phi < xi && (1.0 - phi) * (1.0 - phi) < 1.0 - xi {
            fa / (fb - fa) * fc / (fb - fc) + (c - a) / (b - a) * fa / (fc - fa) * fb / (fc - fb)
        } else {
            0.5
        };
        // At least to the next double, lest the last steps stand still.
        share = share.max(0.5 * smallest / width);
    }
    Some(if fa.abs() < fb.abs() { a } else { b })
}

#[cfg(test)]
mod tests {
    use super::root_between;

    #[test]
    fn finds_steep_flat_and_distant_roots() {
        let cube = root_between(-1e3, 1e6, |x| x * x * x - 8.0).unwrap();
        assert!((cube - 2.0).abs() <= 1e-15);
        let steep = root_between(0.0, 1.0, |x| libm::tanh(1e9 * (x - 0.3))).unwrap();
        assert!((steep - 0.3).abs() <= 1e-16);
        let far = root_between(1e-300, 1e60, |x| libm::log(x) - 100.0).unwrap();
        assert!((far / libm::exp(100.0) - 1.0).abs() < 1e-13);
        let jump = root_between(0.0, 1.0, |x| if x < 0.7 { -1.0 } else { 3.0 }).unwrap();
        assert!((jump - 0.7).abs() < 1e-15);
    }

    #[test]
    fn ends_count_and_same_signs_do_not() {
        assert_eq!(root_between(0.0, 1.0, |x| x), Some(0.0));
        assert_eq!(root_between(0.0, 1.0, |x| x - 1.0), Some(1.0));
        assert_eq!(root_between(0.0, 1.0, |x| x + 1.0), None);
        assert_eq!(root_between(0.0, 1.0, |x| -x - 1.0), None);
        assert_eq!(root_between(0.0, 1.0, |_| f64::NAN), None);
        assert_eq!(
            root_between(0.0, 1.0, |x| if x > 0.4 && x < 0.6 {
                f64::NAN
            } else {
                x - 0.5
            }),
            None
        );
    }
}
