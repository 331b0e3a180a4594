use super::*;

fn of(values: impl IntoIterator<Item = f64>, most: usize) -> Values {
    let mut all = Values::with_exact(most);
    values.into_iter().for_each(|value| all.push(value));
    all.sort();
    all
}

#[test]
fn few_values_are_exact_with_zeros_in_their_place() {
    let values = of((0..1_000).map(|i| f64::from(i * 7 % 1_000 - 500)), 5_000);
    assert!(values.is_exact());
    let found = values.quantile(0.5).unwrap();
    // Ranks 500, 469 and 531 of -500..500.
    assert_eq!((found.value, found.lo, found.hi), (-1.0, -32.0, 30.0));
    assert_eq!(of([0.0, 0.0, 3.0], 10).value(0.5), 0.0);
    assert_eq!(
        of([], 10).quantile(0.5),
        Err(CannotCompute::EmptyArm.into())
    );
}

#[test]
fn a_quantile_at_the_edge_of_equal_values_is_known_as_such() {
    // 1,000 values; the bounds of the p90 are the ranks 881 and 919, as far again is 862.
    let zeros = |zeros: u32| of((0..1_000).map(|i| f64::from(i.max(zeros) - zeros)), 5_000);
    let lump = |zeros| {
        Some(Lump {
            value: 0.0,
            share: f64::from(zeros) / 1_000.0,
            holds_both: zeros > 918,
        })
    };
    // Of the rank that is the first above 0, one value is 0, too.
    assert_eq!(zeros(0).lump(0.9), None);
    assert_eq!(zeros(860).lump(0.9), None);
    assert_eq!(zeros(861).lump(0.9), lump(862));
    assert_eq!(zeros(894).lump(0.9), lump(895));
    assert_eq!(zeros(910).lump(0.9), lump(911));
    assert_eq!(zeros(950).lump(0.9), lump(951));
    let mut sketched = zeros(894);
    sketched.sketch();
    assert_eq!(sketched.lump(0.9), lump(895));
    let top = of((0..1_000).map(|i| f64::from(i.min(905)) - 500.0), 5_000);
    let most = Lump {
        value: 405.0,
        share: 0.095,
        holds_both: false,
    };
    assert_eq!(top.lump(0.9), Some(most));
    assert_eq!(of([], 10).lump(0.9), None);
}

#[test]
fn many_are_sketched_and_the_bounds_hold_those_of_the_values() {
    for shift in [0.0, -250.0, -500.0, -900.0, -2_000.0] {
        let all = || (1..=20_000).map(|i| f64::from(i * 77 % 20_001) / 20.0 + shift);
        let (exact, sketch) = (of(all(), usize::MAX), of(all(), 10));
        assert!(!sketch.is_exact() && sketch.n() == exact.n());
        for q in [0.05, 0.5, 0.9] {
            let (want, got) = (exact.quantile(q).unwrap(), sketch.quantile(q).unwrap());
            assert!(
                got.value == sketch.value(q)
                    && (got.value - want.value).abs() <= 0.0011 * want.value.abs() + 0.06,
                "{shift} {q}"
            );
            // One rank of 20,000, a twentieth, is lost where a value changes its sign.
            assert!(
                got.lo <= want.lo + 0.06 && got.hi >= want.hi - 0.06,
                "{shift} {q}: {got:?} {want:?}"
            );
        }
    }
}

#[test]
fn it_does_not_matter_in_which_order_they_come_together() {
    let part = |from: i32| of((from..from + 40).map(f64::from), 100);
    let together = |order: [i32; 4]| {
        let mut all = Values::with_exact(100);
        for from in order {
            all.merge(part(from));
        }
        all.sort();
        all
    };
    let (one, two) = (together([1, 50, -90, 200]), together([200, -90, 50, 1]));
    assert!(!one.is_exact() && !two.is_exact());
    assert_eq!(one.quantile(0.5), two.quantile(0.5));
    let mut few = part(1);
    few.merge(part(50));
    assert!(few.is_exact());
}

#[test]
fn one_bucket_for_both_bounds_is_refused() {
    for value in [7.0, -7.0, 0.0] {
        let mut all = of((0..500).map(|_| value), 10);
        all.sketch();
        assert_eq!(
            all.quantile(0.5),
            Err(CannotCompute::DegenerateQuantile.into()),
            "{value}"
        );
    }
}

#[test]
fn what_a_sketch_does_not_take_is_an_error_and_not_left_out() {
    let mut all = of((1..=20).map(f64::from), 10);
    all.push(f64::INFINITY);
    let mut merged = of((1..=20).map(f64::from), 10);
    merged.merge(all.clone());
    for (values, n) in [(all, 21), (merged, 41)] {
        assert_eq!(values.n(), n);
        assert!(values.value(0.5).is_nan());
        assert!(matches!(values.quantile(0.5), Err(Failure::Invalid(_))));
        assert!(matches!(values.all(), Err(Failure::Invalid(_))));
    }
}
