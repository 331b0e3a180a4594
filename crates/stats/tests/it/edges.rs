//! The places where one step further gives another answer.

use stats::PairMoments;
use stats::count::Events;
use stats::judge::{Observed, Reason, Rule, Verdict, judge};
use stats::kayenta::{Rules, classify};

#[test]
fn a_count_at_its_smallest_sample_is_judged() {
    let rule = Rule::default();
    let of = |count: u64| {
        let control = Events {
            count: 0,
            exposure: 1.0,
        };
        let canary = Events {
            count,
            exposure: 1.0,
        };
        judge(&Observed::Count { control, canary }, &rule).unwrap()
    };
    let enough = of(rule.min_sample);
    assert_eq!(enough.verdict, Verdict::Fail, "{}", enough.reason);
    let too_few = of(rule.min_sample - 1);
    assert_eq!(too_few.verdict, Verdict::Inconclusive);
    assert!(matches!(too_few.reason, Reason::TooFew { least, .. } if least == rule.min_sample - 1));
}

#[test]
fn values_that_are_no_outliers_stay() {
    let control = [1.0, 2.0, 3.0, 4.0, 5.0];
    let experiment = [2.0, 3.0, 4.0, 5.0, 6.0];
    let kept = Rules {
        outlier_factor: Some(3.0),
        ..Rules::default()
    };
    let plain = classify(&control, &experiment, &Rules::default()).unwrap();
    assert_eq!(classify(&control, &experiment, &kept).unwrap(), plain);
    assert_eq!(plain.deviation, 4.0 / 3.0);
    // One far out on either side is one.
    let high = [1.0, 2.0, 3.0, 4.0, 5.0, 1e6];
    let cut = classify(&high, &experiment, &kept).unwrap();
    assert_eq!(cut.deviation, 4.0 / 3.0);
    let low = [-1e6, 1.0, 2.0, 3.0, 4.0, 5.0];
    let cut = classify(&low, &experiment, &kept).unwrap();
    assert_eq!(cut.deviation, 4.0 / 3.0);
}

#[test]
fn pairs_of_any_magnitude_keep_their_correlation() {
    let plain = [(1.0, 2.0), (2.0, 4.5), (3.0, 5.0), (5.0, 11.0)];
    let whole = PairMoments::of(plain);
    let slope = whole.covariance() / whole.y().variance();
    for up in [-600, -450, 450, 600] {
        let unit = 2f64.powi(up);
        let scaled = PairMoments::of(plain.map(|(x, y)| (x * unit, y * unit)));
        assert_eq!(scaled.x().mean(), whole.x().mean() * unit, "2^{up}");
        assert_eq!(scaled.y().stddev(), whole.y().stddev() * unit, "2^{up}");
        // Mixed: one series far away, the other plain.
        let mixed = PairMoments::of(plain.map(|(x, y)| (x * unit, y)));
        let tilted = mixed.covariance() / mixed.y().variance();
        assert!((tilted / unit / slope - 1.0).abs() < 1e-14, "2^{up}");
    }
}

#[test]
fn a_quantile_of_a_distribution_that_is_none_is_not_a_number() {
    use stats::numeric::chi_squared_quantile;
    for (p, df) in [(0.0, 0.0), (0.0, -1.0), (1.0, -1.0), (0.5, -1.0)] {
        assert!(chi_squared_quantile(p, df).is_nan(), "{p} {df}");
    }
    for p in [-0.5, 1.5, f64::NAN] {
        assert!(chi_squared_quantile(p, 3.0).is_nan(), "{p}");
    }
}

#[test]
fn poisson_chances_are_the_sums_of_their_terms() {
    use stats::numeric::{poisson_cdf, poisson_sf};
    for mean in [0.1_f64, 1.0, 4.5, 20.0] {
        let mut term = (-mean).exp();
        let mut sum = term;
        for k in 0..30_u64 {
            assert!(
                (poisson_cdf(k, mean) / sum - 1.0).abs() < 1e-12,
                "{k} {mean}"
            );
            let both = poisson_cdf(k, mean) + poisson_sf(k, mean);
            assert!((both - 1.0).abs() < 1e-14, "{k} {mean}");
            term *= mean / (k + 1) as f64;
            sum += term;
        }
    }
}

#[test]
fn a_pair_far_above_those_before_it_finds_room() {
    let far = 2f64.powi(600);
    let pairs = PairMoments::of([(1.0, 1.0), (far, far), (2.0 * far, 3.0 * far)]);
    assert!(pairs.x().stddev().is_finite() && pairs.y().stddev().is_finite());
    assert!((pairs.x().stddev() / far - 1.0).abs() < 1e-15);
}
