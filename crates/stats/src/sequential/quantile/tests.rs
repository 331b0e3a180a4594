use super::*;
use proptest::prelude::*;

const TUNING: Tuning = Tuning {
    v_opt: 100.0,
    alpha_opt: 0.05,
};

fn test(q: f64) -> QuantileTest {
    QuantileTest::new(q, TUNING).unwrap()
}

fn level(alpha: f64) -> Alpha {
    Alpha::new(alpha).unwrap()
}

/// The same by trying every place that could matter.
fn least_by_trying(test: QuantileTest, a: &[f64], b: &[f64]) -> f64 {
    let (a, b) = (test.arm("a", a).unwrap(), test.arm("b", b).unwrap());
    let mut places: Vec<f64> = a.sorted.iter().chain(&b.sorted).copied().collect();
    places.sort_by(f64::total_cmp);
    let between: Vec<f64> = places
        .windows(2)
        .map(|pair| (pair[0] + pair[1]) / 2.0)
        .collect();
    places.extend(between);
    places.extend([f64::MIN, f64::MAX]);
    places
        .iter()
        .map(|x| a.against(*x) + b.against(*x))
        .fold(f64::INFINITY, f64::min)
}

#[test]
fn an_empty_arm_and_values_that_are_none_are_refused() {
    assert_eq!(
        test(0.5).interval(&[], level(0.05)),
        Err(CannotCompute::EmptyArm.into())
    );
    assert_eq!(
        test(0.5).p_value(&[1.0], &[]),
        Err(CannotCompute::EmptyArm.into())
    );
    assert!(
        matches!(test(0.5).p_value(&[1.0], &[f64::NAN]), Err(Failure::Invalid(invalid)) if invalid.field == "b")
    );
    assert!(matches!(
        test(0.5).compare(&[1.0, 0.0], &[1.0], Comparison::Ratio, level(0.05)),
        Err(Failure::Invalid(invalid)) if invalid.field == "a"
    ));
    assert!(matches!(
        test(0.5).compare(&[1.0], &[-1.0], Comparison::Ratio, level(0.05)),
        Err(Failure::Invalid(invalid)) if invalid.field == "b"
    ));
    for bad in [0.0, 1.0, f64::NAN] {
        assert_eq!(QuantileTest::new(bad, TUNING).unwrap_err().field, "q");
    }
    assert!(
        QuantileTest::new(
            0.5,
            Tuning {
                v_opt: -1.0,
                ..TUNING
            }
        )
        .is_err()
    );
}

#[test]
fn a_sample_too_small_bounds_nothing() {
    let few = test(0.5).interval(&[1.0, 2.0, 3.0], level(0.05)).unwrap();
    assert_eq!(
        (few.estimate, few.interval.lo, few.interval.hi),
        (2.0, f64::NEG_INFINITY, f64::INFINITY)
    );
    let values: Vec<f64> = (1..=200).map(f64::from).collect();
    let high = test(0.99).interval(&values, level(0.05)).unwrap();
    assert_eq!(high.estimate, 198.0);
    assert!(high.interval.lo > 150.0 && high.interval.hi.is_infinite());
    let ratio = test(0.5)
        .compare(&[1.0, 2.0], &[3.0, 4.0], Comparison::Ratio, level(0.05))
        .unwrap();
    assert_eq!((ratio.interval.lo, ratio.interval.hi), (0.0, f64::INFINITY));
    let difference = test(0.5)
        .compare(
            &[1.0, 2.0],
            &[3.0, 4.0],
            Comparison::Difference,
            level(0.05),
        )
        .unwrap();
    assert_eq!(
        (difference.interval.lo, difference.interval.hi),
        (f64::NEG_INFINITY, f64::INFINITY)
    );
}

#[test]
fn equal_arms_are_equal_and_far_ones_are_not() {
    let a: Vec<f64> = (0..300).map(|i| f64::from(i * 7 % 300)).collect();
    let b: Vec<f64> = a.iter().map(|x| x + 150.0).collect();
    assert_eq!(test(0.5).p_value(&a, &a).unwrap(), 1.0);
    assert!(test(0.5).p_value(&a, &b).unwrap() < 1e-6);
    let change = test(0.5)
        .compare(&a, &b, Comparison::Difference, level(0.05))
        .unwrap();
    assert_eq!(change.estimate, 150.0);
    assert!(
        change.interval.lo > 80.0 && change.interval.hi < 220.0,
        "{change:?}"
    );
}

#[test]
fn a_count_at_the_threshold_itself_is_outside() {
    let values: Vec<f64> = (0..40).map(f64::from).collect();
    let arm = test(0.4).arm("a", &values).unwrap();
    for count in 5..15 {
        assert_eq!(arm.fewest_below(arm.evidence(count as f64)), count + 1);
    }
    for count in 17..30 {
        assert_eq!(arm.most_below(arm.evidence(count as f64)), count - 1);
    }
}

/// The least y − x of places x in a and y in b that both arms together do not speak against.
fn least_change_by_trying(a: &Arm, b: &Arm, threshold: f64) -> f64 {
    let far = 1e6;
    let places = |arm: &Arm| [arm.sorted.as_slice(), &[-far, far]].concat();
    let mut least = f64::INFINITY;
    for x in places(a) {
        for y in places(b) {
            if a.against(x) + b.against(y) < threshold {
                least = least.min(y - x);
            }
        }
    }
    if least < -far / 2.0 {
        f64::NEG_INFINITY
    } else {
        least
    }
}

#[test]
fn where_one_arm_has_spent_nearly_all_the_other_still_bounds_nothing() {
    // What is left for b lies between its least evidence and that of every whole count.
    let tuning = Tuning {
        v_opt: 62.842_088_992,
        ..TUNING
    };
    let test = QuantileTest::new(0.870_200_867, tuning).unwrap();
    let (a, b) = (test.arm("a", &[3.0; 6]), test.arm("b", &[3.0; 2]));
    let (a, b) = (a.unwrap(), b.unwrap());
    let threshold = -0.985_091_833_f64.ln();
    let found = least_change(&a, &b, threshold, Comparison::Difference);
    assert_eq!(found, f64::NEG_INFINITY);
    assert_eq!(found, least_change_by_trying(&a, &b, threshold));
}

fn values() -> impl Strategy<Value = Vec<f64>> {
    (prop::collection::vec(1..1_000_u32, 1..60), 1..3_u32).prop_map(|(values, grid)| {
        values
            .into_iter()
            .map(|x| f64::from(x / (1 + 49 * (grid - 1)) + 1))
            .collect()
    })
}

proptest! {
    #[test]
    fn the_least_evidence_is_found(a in values(), b in values(), q in 0.1..0.9_f64) {
        let (left, right) = (test(q).arm("a", &a).unwrap(), test(q).arm("b", &b).unwrap());
        let got = least_common_evidence(&left, &right);
        prop_assert!((got - least_by_trying(test(q), &a, &b)).abs() < 1e-9);
    }

    #[test]
    fn the_least_change_is_found(
        a in prop::collection::vec(0..1_000, 1..9),
        b in prop::collection::vec(0..1_000, 1..9),
        v_opt in 1.0..300.0_f64,
        q in 0.1..0.9_f64,
        alpha in 0.05..0.999_f64,
    ) {
        let test = QuantileTest::new(q, Tuning { v_opt, ..TUNING }).unwrap();
        let arm = |values: &[i32]| test.arm("a", &values.iter().map(|x| f64::from(*x)).collect::<Vec<_>>()).unwrap();
        let (a, b) = (arm(&a), arm(&b));
        let threshold = -alpha.ln();
        let found = least_change(&a, &b, threshold, Comparison::Difference);
        prop_assert_eq!(found, least_change_by_trying(&a, &b, threshold));
    }

    #[test]
    fn exchanging_the_arms_mirrors_everything(a in values(), b in values(), q in 0.1..0.9_f64) {
        let (one, other) = (test(q).p_value(&a, &b).unwrap(), test(q).p_value(&b, &a).unwrap());
        prop_assert!((one - other).abs() < 1e-9);
        let of = |a: &[f64], b: &[f64], comparison| test(q).compare(a, b, comparison, level(0.2)).unwrap();
        let (one, other) = (of(&a, &b, Comparison::Difference), of(&b, &a, Comparison::Difference));
        prop_assert_eq!(one.interval.lo, -other.interval.hi);
        prop_assert_eq!(one.estimate, -other.estimate);
    }

    #[test]
    fn the_interval_of_a_change_holds_what_the_test_accepts(a in values(), b in values(), q in 0.1..0.9_f64, by in -900..900_i32, alpha in 0.05..0.6_f64) {
        let by = f64::from(by) + 0.5;
        let found = test(q).compare(&a, &b, Comparison::Difference, level(alpha)).unwrap();
        let moved: Vec<f64> = b.iter().map(|x| x - by).collect();
        let p = test(q).p_value(&a, &moved).unwrap();
        prop_assume!((p / alpha - 1.0).abs() > 1e-9);
        prop_assert_eq!(found.interval.contains(by), p > alpha, "p {} {:?}", p, found);
    }

    #[test]
    fn the_interval_of_one_quantile_holds_what_is_not_against(a in values(), q in 0.1..0.9_f64, x in 0..1_000_u32, alpha in 0.05..0.6_f64) {
        let x = f64::from(x) + 0.5;
        let found = test(q).interval(&a, level(alpha)).unwrap();
        let arm = test(q).arm("a", &a).unwrap();
        let margin = arm.against(x) + alpha.ln();
        prop_assume!(margin.abs() > 1e-9);
        prop_assert_eq!(found.interval.contains(x), margin < 0.0);
        prop_assert!(found.interval.contains(found.estimate));
    }

    #[test]
    fn nothing_depends_on_the_unit(a in values(), b in values(), power in -300..300_i32) {
        let unit = 2_f64.powi(power);
        let scaled = |v: &[f64]| v.iter().map(|x| x * unit).collect::<Vec<_>>();
        prop_assert_eq!(test(0.4).p_value(&a, &b), test(0.4).p_value(&scaled(&a), &scaled(&b)));
        let of = |a: &[f64], b: &[f64]| test(0.4).compare(a, b, Comparison::Ratio, level(0.3)).unwrap();
        prop_assert_eq!(of(&a, &b), of(&scaled(&a), &scaled(&b)));
    }
}
