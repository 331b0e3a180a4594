use super::*;
use proptest::prelude::*;

fn filled(values: &[f64]) -> LatencyHistogram {
    let mut histogram = LatencyHistogram::new(0.01).unwrap();
    for value in values {
        histogram.record(*value, 1).unwrap();
    }
    histogram
}

#[test]
fn buckets_too_fine_to_number_are_refused() {
    assert_eq!(LatencyHistogram::new(1e-9).unwrap_err().field, "accuracy");
    let mut finest = LatencyHistogram::new(FINEST).unwrap();
    for value in [f64::MIN_POSITIVE, 1.0, f64::MAX] {
        finest.record(value, 1).unwrap();
    }
    assert!((finest.estimate(0.5).unwrap() - 1.0).abs() <= 2e-6);
}

#[test]
fn more_than_can_be_counted_is_refused_and_changes_nothing() {
    let mut histogram = LatencyHistogram::new(0.01).unwrap();
    histogram.record(5.0, u64::MAX - 1).unwrap();
    let before = histogram.clone();
    assert_eq!(histogram.record(7.0, 2).unwrap_err().field, "times");
    assert_eq!(histogram.record(0.0, 2).unwrap_err().field, "times");
    let mut more = LatencyHistogram::new(0.01).unwrap();
    more.record(0.0, 2).unwrap();
    assert_eq!(histogram.merge(&more).unwrap_err().field, "other");
    assert_eq!(histogram, before);
    histogram.record(7.0, 1).unwrap();
    assert_eq!(histogram.count(), u64::MAX);
}

#[test]
fn what_cannot_be_recorded_or_asked_is_refused() {
    for bad in [0.0, 1.0, -0.1, f64::NAN] {
        assert_eq!(LatencyHistogram::new(bad).unwrap_err().field, "accuracy");
    }
    let mut histogram = filled(&[1.0]);
    for bad in [-1.0, f64::NAN, f64::INFINITY] {
        assert_eq!(histogram.record(bad, 1).unwrap_err().field, "value");
    }
    assert_eq!(histogram, filled(&[1.0]), "nothing was counted");
    histogram.record(5.0, 0).unwrap();
    assert_eq!(histogram, filled(&[1.0]));
    assert_eq!(
        histogram
            .merge(&LatencyHistogram::new(0.02).unwrap())
            .unwrap_err()
            .field,
        "accuracy"
    );
    assert!(
        matches!(histogram.quantile(1.0, Alpha::default()), Err(Failure::Invalid(invalid)) if invalid.field == "q")
    );
}

#[test]
fn too_little_says_so() {
    let cannot = |values: &[f64], q| filled(values).quantile(q, Alpha::default()).unwrap_err();
    assert_eq!(cannot(&[], 0.5), CannotCompute::EmptyArm.into());
    assert_eq!(cannot(&[1.0, 2.0, 3.0], 0.5), CannotCompute::TooFew.into());
    assert_eq!(cannot(&[1.0; 100], 0.999), CannotCompute::TooFew.into());
    assert_eq!(
        cannot(&[7.0; 500], 0.5),
        CannotCompute::DegenerateQuantile.into()
    );
    assert_eq!(
        cannot(&[0.0; 500], 0.5),
        CannotCompute::DegenerateQuantile.into()
    );
}

#[test]
fn an_estimate_needs_no_bounds() {
    let one_value = filled(&[7.0; 500]);
    assert!((one_value.estimate(0.999).unwrap() / 7.0 - 1.0).abs() <= 0.01);
    let values: Vec<f64> = (1..=1_000).map(f64::from).collect();
    let many = filled(&values);
    let bounded = many.quantile(0.3, Alpha::default()).unwrap();
    assert_eq!(many.estimate(0.3).unwrap(), bounded.estimate);
    assert_eq!(
        filled(&[]).estimate(0.5).unwrap_err(),
        CannotCompute::EmptyArm.into()
    );
    assert!(many.estimate(0.0).is_err());
}

#[test]
fn ranks_and_edges_are_where_they_should_be() {
    let values: Vec<f64> = (1..=1_000).map(f64::from).collect();
    let found = filled(&values).quantile(0.5, Alpha::default()).unwrap();
    // 500 ∓ 1.96·√250, outwards: ranks 469 and 531.
    let edges = |value: f64| {
        let histogram = filled(&[]);
        histogram.edges(Some(histogram.index(value)))
    };
    assert_eq!(
        found.interval,
        Interval {
            lo: edges(469.0).lo,
            hi: edges(531.0).hi
        }
    );
    assert_eq!(found.bucket, edges(500.0));
    assert!((found.estimate / 500.0 - 1.0).abs() <= 0.01);
    let mut with_zeros = filled(&values);
    with_zeros.record(0.0, 1_000).unwrap();
    assert_eq!(with_zeros.count(), 2_000);
    let found = with_zeros.quantile(0.5, Alpha::default()).unwrap();
    assert_eq!((found.estimate, found.interval.lo), (0.0, 0.0));
    assert!(found.interval.hi > 40.0);
}

#[test]
fn ranks_go_outwards() {
    let mut histogram = LatencyHistogram::new(0.001).unwrap();
    for value in 1..=100 {
        histogram.record(f64::from(value), 1).unwrap();
    }
    // 50 ∓ 9.8
    let found = histogram.quantile(0.5, Alpha::default()).unwrap().interval;
    assert!(found.contains(40.0) && !found.contains(39.0), "{found:?}");
    assert!(found.contains(60.0) && !found.contains(61.0), "{found:?}");
}

proptest! {
    #[test]
    fn every_value_is_within_the_accuracy_of_its_bucket(value in 1e-300..1e300_f64, power in -290..290_i32, accuracy in 0.0005..0.4_f64) {
        let histogram = LatencyHistogram::new(accuracy).unwrap();
        for value in [value, 10_f64.powi(power)] {
            let index = histogram.index(value);
            let edges = histogram.edges(Some(index));
            prop_assert!(edges.lo < value && value <= edges.hi, "{} in {:?}", value, edges);
            let off = (histogram.middle(Some(index)) / value - 1.0).abs();
            prop_assert!(off <= accuracy * (1.0 + 1e-9));
        }
    }

    #[test]
    fn merged_is_as_good_as_whole(left in prop::collection::vec(0.0..1e6_f64, 0..60), right in prop::collection::vec(0.0..1e6_f64, 0..60)) {
        let mut merged = filled(&left);
        merged.merge(&filled(&right)).unwrap();
        let whole: Vec<f64> = left.into_iter().chain(right).collect();
        prop_assert_eq!(merged, filled(&whole));
    }
}
