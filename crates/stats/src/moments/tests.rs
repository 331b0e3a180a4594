use super::centred::{PLAIN, ROOM, exponent, product_difference};
use super::*;

#[test]
fn scales_are_taken_only_where_they_are_needed() {
    assert_eq!(exponent(0.0), 0);
    assert_eq!(exponent(1e75), 0);
    assert_eq!(exponent(-1e-75), 0);
    assert_eq!(exponent(libm::scalbn(1.0, 249)), 0);
    assert_eq!(exponent(libm::scalbn(1.0, 250)), 251);
    assert_eq!(exponent(-libm::scalbn(1.0, 900)), 901);
    assert_eq!(exponent(libm::scalbn(1.0, -900)), -899);
    assert_eq!(ROOM, libm::scalbn(1.0, PLAIN));
}

#[test]
fn products_are_subtracted_exactly() {
    let a = 1.0 + f64::EPSILON;
    // (1 + ε)² − (1 + 2ε) = ε², of which plain doubles see nothing.
    let exact = product_difference(a, a, 1.0 + 2.0 * f64::EPSILON, 1.0);
    assert_eq!(exact, f64::EPSILON * f64::EPSILON);
    assert_eq!(product_difference(3.0, 5.0, 2.0, 4.0), 7.0);
    let mirrored = product_difference(1.0 + 2.0 * f64::EPSILON, 1.0, a, a);
    assert_eq!(mirrored, -f64::EPSILON * f64::EPSILON);
}

#[test]
fn a_spread_of_differences_is_that_of_the_differences() {
    let values = [(1.0, 2.0), (4.0, 3.0), (2.0, 7.0), (9.0, 1.0)];
    let pairs = PairMoments::of(values);
    for (a, b) in [(1.0, 0.5), (2.0, -3.0), (0.0, 1.0), (-1.0, 0.0)] {
        let plain = Moments::of(values.map(|(x, y)| a * x - b * y)).stderr();
        assert!((pairs.stderr_of(a, b) - plain).abs() < 1e-14, "{a} {b}");
    }
    assert_eq!(pairs.stderr_of(0.0, 0.0), 0.0);
    let same = PairMoments::of([(1.0, 2.0), (4.0, 8.0), (2.0, 4.0)]);
    assert_eq!(same.stderr_of(2.0, 1.0), 0.0);
    assert_eq!(PairMoments::of([(1.0, 2.0)]).stderr_of(1.0, 1.0), 0.0);
    let still = PairMoments::of([(1.0, 2.0), (1.0, 4.0)]);
    assert!((still.stderr_of(1.0, 1.0) - 1.0).abs() < 1e-15);
}

#[test]
fn slope_and_covariance_of_what_does_not_vary_are_zero() {
    assert_eq!(PairMoments::of([(1.0, 2.0)]).covariance(), 0.0);
    assert_eq!(PairMoments::of([(1.0, 2.0), (3.0, 2.0)]).slope(), 0.0);
    assert_eq!(PairMoments::of([(2.0, 1.0), (2.0, 3.0)]).slope(), 0.0);
    let line = PairMoments::of([(1.0, 1.0), (3.0, 2.0), (5.0, 3.0)]);
    assert_eq!((line.slope(), line.covariance()), (2.0, 2.0));
    let scaled = PairMoments::of([(1e300, 1e-300), (3e300, 2e-300), (5e300, 3e-300)]);
    assert!((scaled.covariance() - 2.0).abs() < 1e-14);
    assert_eq!(
        PairMoments::of([(1e-300, 1e200), (3e-300, 2e200)]).slope(),
        0.0
    );
    let steep = PairMoments::of([(1e200, 1.0), (3e200, 2.0)]);
    assert!((steep.slope() / 2e200 - 1.0).abs() < 1e-14);
}

#[test]
fn pairs_at_different_scales_merge_to_the_whole() {
    let low = [(1.0, 1e130), (2.0, 3e130), (4.0, 2e130)];
    let high = [(1.0, 1.1e131), (5.0, 2e131), (3.0, 4e131)];
    let swap = |pairs: [(f64, f64); 3]| pairs.map(|(x, y)| (y, x));
    let whole = PairMoments::of(low.into_iter().chain(high));
    for (a, b) in [
        (low, high),
        (high, low),
        (swap(low), swap(high)),
        (swap(high), swap(low)),
    ] {
        let mut merged = PairMoments::of(a);
        merged.merge(&PairMoments::of(b));
        let covariance = merged.covariance();
        assert!(
            (covariance / whole.covariance() - 1.0).abs() < 1e-14,
            "{covariance:e}"
        );
    }
}

#[test]
fn nothing_added_changes_nothing() {
    let some = Moments::of([1.0, 4.0]);
    let mut merged = some;
    merged.merge(&Moments::new());
    assert_eq!(merged, some);
    let mut merged = Moments::new();
    merged.merge(&some);
    assert_eq!(merged, some);
    // Zeros have no scale of their own.
    let mut zeros = Moments::of([0.0, 0.0]);
    zeros.merge(&Moments::of([1e300, 1e300]));
    assert!((zeros.mean() / 0.5e300 - 1.0).abs() < 1e-15);
    let mut huge = Moments::of([1e300, 1e300]);
    huge.merge(&Moments::of([0.0, 0.0]));
    assert!((huge.mean() / 0.5e300 - 1.0).abs() < 1e-15);
    assert!(huge.variance().is_infinite() && huge.stddev().is_finite());
    let pair = PairMoments::of([(1.0, 2.0), (3.0, 5.0)]);
    let mut merged = PairMoments::new();
    merged.merge(&pair);
    merged.merge(&PairMoments::new());
    assert_eq!(merged, pair);
}
