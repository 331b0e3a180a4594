//! Sketches beyond what a stream fills: full registers, edges of buckets, zeros.

use stats::sketch::{DistinctCount, LatencyHistogram};
use stats::{Alpha, CannotCompute};

/// A sketch of 16 registers with these ranks.
fn with_ranks(ranks: &[(u32, usize)]) -> DistinctCount {
    let mut sketch = DistinctCount::new(4).unwrap();
    let mut register = 0_u64;
    for (rank, times) in ranks {
        for _ in 0..*times {
            // The 60 bits below the register's number begin with rank − 1 zeros.
            let rest = if *rank > 60 { 0 } else { 1 << (60 - rank) };
            sketch.insert_hash(register << 60 | rest);
            register += 1;
        }
    }
    sketch
}

#[test]
fn full_registers_are_estimated_as_by_the_papers_series() {
    // Ertl's σ and τ summed term by term in mpmath, 40 digits.
    for (ranks, want) in [
        (
            &[(61, 5), (60, 4), (58, 3), (55, 4)][..],
            1.462_489_514_430_549_4e18,
        ),
        (
            &[(61, 5), (60, 4), (58, 3), (55, 3)][..],
            173.722_482_084_155_7,
        ),
        (&[(61, 8), (2, 8)][..], 92.332_482_616_893_66),
    ] {
        let got = with_ranks(ranks).estimate(Alpha::default()).estimate;
        assert!((got / want - 1.0).abs() < 1e-13, "{got:e}, {want:e}");
    }
    // All full: there is no end to what it may be.
    let full = with_ranks(&[(61, 16)]).estimate(Alpha::default());
    assert!(full.estimate.is_infinite(), "{full:?}");
}

#[test]
fn the_interval_of_a_count_is_the_papers_standard_error_times_the_quantile() {
    // 1.959964·1.04/√m, and 2.575829 for 1%; below 0 there is nothing.
    for (precision, alpha, off) in [
        (14, 0.05, 0.015_924_707_374_387_94),
        (4, 0.05, 0.509_590_635_980_414_1),
        (4, 0.01, 0.669_715_618_922_714_2),
    ] {
        let mut sketch = DistinctCount::new(precision).unwrap();
        for unit in 0..100_u64 {
            sketch.insert(&unit.to_le_bytes());
        }
        let found = sketch.estimate(Alpha::new(alpha).unwrap());
        let (lo, hi) = (found.interval.lo, found.interval.hi);
        assert!((hi / found.estimate - 1.0 - off).abs() < 1e-14, "{found:?}");
        assert!((1.0 - lo / found.estimate - off).abs() < 1e-14, "{found:?}");
    }
}

#[test]
fn an_edge_belongs_to_the_bucket_below_it() {
    for accuracy in [0.001, 0.01, 0.02, 0.1] {
        for value in (1..4_000).map(|i| 0.013 * f64::from(i)) {
            let bucket = |value: f64| {
                let mut histogram = LatencyHistogram::new(accuracy).unwrap();
                // Far values on both sides, that there are bounds.
                histogram.record(1e-9, 50).unwrap();
                histogram.record(value, 20).unwrap();
                histogram.record(1e9, 50).unwrap();
                let found = histogram.quantile(0.5, Alpha::new(1e-9).unwrap());
                found.unwrap().bucket
            };
            let own = bucket(value);
            assert!(own.lo < value && value <= own.hi);
            assert_eq!(bucket(own.hi), own);
            let above = bucket(own.hi.next_up());
            assert_eq!(above.lo, own.hi, "{accuracy} {value}");
        }
    }
}

#[test]
fn zeros_are_counted_by_both_of_two_that_merge() {
    let of = |values: &[f64]| {
        let mut histogram = LatencyHistogram::new(0.01).unwrap();
        for value in values {
            histogram.record(*value, 1).unwrap();
        }
        histogram
    };
    let mut merged = of(&[0.0, 0.0, 5.0]);
    merged.merge(&of(&[0.0, 7.0])).unwrap();
    assert_eq!(merged, of(&[0.0, 0.0, 0.0, 5.0, 7.0]));
}

#[test]
fn bounds_may_be_the_first_and_the_last_value_and_nothing_beyond() {
    let mut histogram = LatencyHistogram::new(0.001).unwrap();
    for value in 1..=100 {
        histogram.record(f64::from(value), 1).unwrap();
    }
    let ask = |q| histogram.quantile(q, Alpha::default());
    // 6 − 1.96·√5.64 is 1.3, 5 − 1.96·√4.75 is 0.7; 95 + 1.96·√4.75 is 99.3, 97 + 1.96·√2.91 is 100.3.
    assert!(ask(0.06).unwrap().interval.contains(1.0));
    assert!(ask(0.95).unwrap().interval.contains(100.0));
    for q in [0.05, 0.01, 0.97, 0.99] {
        assert_eq!(ask(q).unwrap_err(), CannotCompute::TooFew.into(), "{q}");
    }
}
