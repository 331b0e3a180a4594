use super::*;
use crate::numeric::normal_quantile;
use proptest::prelude::*;

fn two(alpha: f64) -> Alpha {
    Alpha::new(alpha).unwrap()
}

fn shift(a: &[f64], b: &[f64], alpha: f64) -> Shift {
    hodges_lehmann(a, b, two(alpha), Side::Two).unwrap()
}

/// U of a by comparing every pair.
fn counted(a: &[f64], b: &[f64]) -> f64 {
    a.iter()
        .flat_map(|a| {
            b.iter().map(move |b| {
                if a > b {
                    1.0
                } else if a == b {
                    0.5
                } else {
                    0.0
                }
            })
        })
        .sum()
}

#[test]
fn an_empty_arm_and_values_that_are_none_are_refused_by_name() {
    assert_eq!(
        mann_whitney(&[], &[1.0]),
        Err(CannotCompute::EmptyArm.into())
    );
    assert_eq!(
        mann_whitney(&[1.0], &[]),
        Err(CannotCompute::EmptyArm.into())
    );
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let Err(Failure::Invalid(invalid)) = mann_whitney(&[1.0], &[2.0, bad]) else {
            panic!("{bad}");
        };
        assert_eq!(invalid.field, "b");
    }
}

#[test]
fn arms_without_any_difference_at_all_cannot_be_ranked() {
    assert_eq!(
        mann_whitney(&[2.0; 5], &[2.0; 7]),
        Err(CannotCompute::NoVariance.into())
    );
    let shift = shift(&[2.0; 5], &[2.0; 7], 0.05);
    assert_eq!(
        (shift.estimate, shift.interval.lo, shift.interval.hi),
        (0.0, 0.0, 0.0)
    );
}

#[test]
fn constants_that_differ_are_told_apart_without_noise() {
    let test = mann_whitney(&[2.0; 20], &[1.0; 20]).unwrap();
    assert_eq!((test.u_a, test.u_b, test.cles), (400.0, 0.0, 1.0));
    assert!(test.asymptotic.two_sided < 1e-9 && test.asymptotic.greater < 1e-9);
    assert!(test.asymptotic.less > 0.999);
    assert_eq!(test.exact, None, "there are ties");
    let shift = shift(&[2.0; 20], &[1.0; 20], 0.05);
    assert_eq!((shift.interval.lo, shift.interval.hi), (1.0, 1.0));
}

#[test]
fn zero_and_minus_zero_are_one_value() {
    let test = mann_whitney(&[-0.0, 1.0], &[0.0, -1.0]).unwrap();
    assert_eq!(test.u_a, 3.5);
    assert_eq!(test.exact, None);
}

#[test]
fn exact_intervals_have_the_rank_and_level_of_r() {
    // wilcox.test(conf.int = TRUE): qwilcox(.025, 5, 5) is 3, so D₃ and D₂₃.
    let a = [1.0, 2.0, 4.0, 8.0, 16.0];
    let b = [0.1, 0.3, 0.7, 1.5, 3.1];
    let mut all: Vec<f64> = a
        .iter()
        .flat_map(|a| b.iter().map(move |b| a - b))
        .collect();
    all.sort_by(f64::total_cmp);
    let found = shift(&a, &b, 0.05);
    assert_eq!((found.interval.lo, found.interval.hi), (all[2], all[22]));
    assert_eq!(found.estimate, all[12]);
    assert_eq!(found.coverage, 1.0 - 2.0 * 4.0 / 252.0);
    let greater = hodges_lehmann(&a, &b, two(0.025), Side::Greater).unwrap();
    assert_eq!(
        (greater.interval.lo, greater.interval.hi),
        (all[2], f64::INFINITY)
    );
    assert_eq!(greater.coverage, 1.0 - 4.0 / 252.0);
    let less = hodges_lehmann(&a, &b, two(0.025), Side::Less).unwrap();
    assert_eq!(
        (less.interval.lo, less.interval.hi),
        (f64::NEG_INFINITY, all[22])
    );
}

#[test]
fn samples_too_small_for_the_level_say_what_level_they_have() {
    let found = shift(&[1.0, 2.0], &[3.0, 5.0], 0.05);
    let everything = (f64::NEG_INFINITY, f64::INFINITY);
    assert_eq!((found.interval.lo, found.interval.hi), everything);
    assert_eq!(found.coverage, 1.0);
    let found = shift(&[1.0, 2.0], &[3.0, 5.0], 0.34);
    assert_eq!((found.interval.lo, found.interval.hi), (-4.0, -1.0));
    assert!((found.coverage - (1.0 - 2.0 / 6.0)).abs() < 1e-15);
    let wide = Pair::new(&[1.0, 2.0], &[3.0, 5.0])
        .unwrap()
        .shift_beyond(9.0, Side::Two);
    assert_eq!((wide.interval.lo, wide.interval.hi), (-4.0, -1.0));
    assert!(wide.coverage < 0.9);
}

#[test]
fn a_critical_value_that_is_no_number_rejects_nothing_it_could() {
    let pair = Pair::new(&[1.0, 2.0, 4.0], &[3.0, 5.0]).unwrap();
    assert_eq!(
        pair.shift_beyond(f64::NAN, Side::Two),
        pair.shift_beyond(f64::INFINITY, Side::Two)
    );
    // Of six differences the middle two, far below 0.
    let narrow = pair.shift_beyond(f64::NEG_INFINITY, Side::Two).interval;
    assert_eq!((narrow.lo, narrow.hi), (-2.0, -1.0));
}

#[test]
fn coverage_beyond_a_critical_value_is_that_of_the_rank_it_takes() {
    // mn/2 = 8 and σ² = 16·9/12 = 12. z = 1.5 takes C = ⌈7.5 − 5.196⌉ = 3, so U ≤ 2: (8 − 2.5)/√12 = 1.5877.
    let pair = Pair::new(&[1.0, 2.0, 4.0, 8.0], &[0.5, 3.0, 5.0, 6.5]).unwrap();
    // scipy.stats.norm.sf
    let tail = 0.056_175_598_845_231_926;
    let both = pair.shift_beyond(1.5, Side::Two);
    assert!((both.coverage - (1.0 - 2.0 * tail)).abs() < 1e-14);
    for side in [Side::Greater, Side::Less] {
        let one = pair.shift_beyond(1.5, side);
        assert!((one.coverage - (1.0 - tail)).abs() < 1e-14);
    }
    // With a value in both arms the exact distribution of U does not hold, whichever way they meet.
    for (a, b) in [
        ([1.0, 2.0, 4.0, 8.0], [0.5, 2.0, 5.0, 6.5]),
        ([1.0, 2.0, 2.0, 8.0], [0.5, 3.0, 5.0, 6.5]),
        ([1.0, 2.0, 4.0, 8.0], [0.5, 3.0, 3.0, 6.5]),
    ] {
        let tied = Pair::new(&a, &b).unwrap();
        let z = -normal_quantile(0.1);
        assert_eq!(
            tied.shift(two(0.2), Side::Two),
            tied.shift_beyond(z, Side::Two)
        );
    }
    assert_ne!(
        pair.shift(two(0.2), Side::Two),
        pair.shift_beyond(-normal_quantile(0.1), Side::Two)
    );
}

#[test]
fn an_even_number_of_differences_takes_the_mean_of_the_middle_two() {
    assert_eq!(shift(&[1.0, 2.0], &[0.0], 0.05).estimate, 1.5);
    assert_eq!(
        shift(&[f64::MAX, f64::MAX], &[0.0], 0.05).estimate,
        f64::MAX
    );
}

#[test]
fn from_fifty_values_on_the_interval_is_that_of_the_normal_approximation() {
    let a: Vec<f64> = (0..50).map(|i| (f64::from(i) * 1.7).sin()).collect();
    let b: Vec<f64> = (0..20).map(|i| (f64::from(i) * 2.3).cos()).collect();
    let pair = Pair::new(&a, &b).unwrap();
    let z = -normal_quantile(0.025);
    assert_eq!(
        pair.shift(two(0.05), Side::Two),
        pair.shift_beyond(z, Side::Two)
    );
    // ⌈1000/2 − ½ − z·√(1000·71/12)⌉
    let rank = 349;
    let mut all: Vec<f64> = a
        .iter()
        .flat_map(|a| b.iter().map(move |b| a - b))
        .collect();
    all.sort_by(f64::total_cmp);
    let found = pair.shift(two(0.05), Side::Two).interval;
    assert_eq!((found.lo, found.hi), (all[rank - 1], all[1000 - rank]));
    let small = Pair::new(&a[..49], &b).unwrap();
    assert_ne!(
        small.shift(two(0.05), Side::Two).coverage,
        small.shift_beyond(z, Side::Two).coverage
    );
}

/// Samples as metrics have them: smooth, rounded, or hardly varying.
fn sample() -> impl Strategy<Value = Vec<f64>> {
    (prop::collection::vec(-50.0..50.0_f64, 1..60), 0..3_u8).prop_map(|(values, grid)| {
        values
            .into_iter()
            .map(|value| match grid {
                0 => value,
                1 => value.round(),
                _ => (value / 25.0).round(),
            })
            .collect()
    })
}

proptest! {
    #[test]
    fn u_counts_pairs(a in sample(), b in sample()) {
        if let Ok(test) = mann_whitney(&a, &b) {
            prop_assert_eq!(test.u_a, counted(&a, &b));
            prop_assert_eq!(test.u_b, counted(&b, &a));
            prop_assert_eq!(test.cles, test.u_a / (a.len() * b.len()) as f64);
        } else {
            prop_assert!(a.iter().chain(&b).all(|x| *x == a[0]));
        }
    }

    #[test]
    fn exchanging_the_arms_mirrors_everything(a in sample(), b in sample()) {
        if let (Ok(one), Ok(other)) = (mann_whitney(&a, &b), mann_whitney(&b, &a)) {
            prop_assert_eq!(one.u_a, other.u_b);
            prop_assert_eq!(one.asymptotic.two_sided, other.asymptotic.two_sided);
            prop_assert_eq!(one.asymptotic.greater, other.asymptotic.less);
            if let (Some(one), Some(other)) = (one.exact, other.exact) {
                prop_assert_eq!(one.greater, other.less);
                prop_assert_eq!(one.two_sided, other.two_sided);
                prop_assert!((one.two_sided - (2.0 * one.greater.min(one.less)).min(1.0)).abs() < 1e-12);
            }
        }
        let (one, other) = (shift(&a, &b, 0.05), shift(&b, &a, 0.05));
        prop_assert_eq!(one.estimate, -other.estimate);
        prop_assert_eq!(one.interval.lo, -other.interval.hi);
        prop_assert_eq!(one.interval.hi, -other.interval.lo);
    }

    #[test]
    fn nothing_depends_on_the_unit(a in sample(), b in sample(), power in -900..900_i32) {
        let unit = 2_f64.powi(power);
        let scaled = |v: &[f64]| v.iter().map(|x| x * unit).collect::<Vec<_>>();
        prop_assert_eq!(mann_whitney(&scaled(&a), &scaled(&b)), mann_whitney(&a, &b));
        let (one, other) = (shift(&a, &b, 0.05), shift(&scaled(&a), &scaled(&b), 0.05));
        prop_assert_eq!(one.estimate * unit, other.estimate);
        prop_assert_eq!(one.interval.lo * unit, other.interval.lo);
        prop_assert_eq!(one.interval.hi * unit, other.interval.hi);
    }

    #[test]
    fn a_common_shift_changes_nothing(a in prop::collection::vec(-500..500_i32, 2..40), b in prop::collection::vec(-500..500_i32, 2..40), by in -1_000_000..1_000_000_i32) {
        let moved = |v: &[i32], by: i32| v.iter().map(|x| f64::from(x + by)).collect::<Vec<_>>();
        let (one, other) = (shift(&moved(&a, 0), &moved(&b, 0), 0.1), shift(&moved(&a, by), &moved(&b, by), 0.1));
        prop_assert_eq!(one, other);
        let only = shift(&moved(&a, by), &moved(&b, 0), 0.1);
        prop_assert_eq!(only.estimate, one.estimate + f64::from(by));
    }

    #[test]
    fn a_smaller_alpha_never_narrows(a in sample(), b in sample(), low in 0.0001..0.5_f64, factor in 0.01..1.0_f64) {
        let (wide, narrow) = (shift(&a, &b, low * factor), shift(&a, &b, low));
        prop_assert!(wide.interval.lo <= narrow.interval.lo && narrow.interval.hi <= wide.interval.hi);
        prop_assert!(wide.coverage >= narrow.coverage);
        prop_assert!(narrow.interval.lo <= narrow.estimate && narrow.estimate <= narrow.interval.hi);
    }

    #[test]
    fn the_exact_interval_holds_the_shifts_that_the_exact_test_accepts(
        a in prop::collection::btree_set(0..4000_i32, 3..12),
        b in prop::collection::btree_set(0..4000_i32, 3..12),
        candidate in -4000..4000_i32,
    ) {
        // Odd against even values, so that no shift by a whole number makes a tie.
        let a: Vec<f64> = a.into_iter().map(|x| f64::from(2 * x + 1)).collect();
        let b: Vec<f64> = b.into_iter().map(|x| f64::from(2 * x)).collect();
        let by = f64::from(2 * candidate);
        let found = shift(&a, &b, 0.1);
        prop_assume!(found.coverage >= 0.9);
        let moved: Vec<f64> = a.iter().map(|x| x - by).collect();
        let p = mann_whitney(&moved, &b).unwrap().exact.unwrap().two_sided;
        prop_assume!((p - 0.1).abs() > 1e-9);
        prop_assert_eq!(found.interval.contains(by), p > 0.1, "p {} in {:?}", p, found);
    }
}
