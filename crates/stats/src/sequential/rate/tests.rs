use super::*;
use proptest::prelude::*;

const TUNING: Tuning = Tuning {
    v_opt: 1_000.0,
    alpha_opt: 0.05,
};

fn at(x: u64, n: u64, alpha: f64) -> Rate {
    rate(x, n, Alpha::new(alpha).unwrap(), TUNING).unwrap()
}

#[test]
fn no_trial_and_more_successes_than_trials_are_told_apart() {
    assert_eq!(
        rate(0, 0, Alpha::default(), TUNING),
        Err(CannotCompute::EmptyArm.into())
    );
    let Err(Failure::Invalid(invalid)) = rate(3, 2, Alpha::default(), TUNING) else {
        panic!();
    };
    assert_eq!(invalid.field, "x");
    assert!(
        rate(
            1,
            2,
            Alpha::default(),
            Tuning {
                v_opt: 0.0,
                ..TUNING
            }
        )
        .is_err()
    );
    assert!(
        rate(
            1,
            2,
            Alpha::default(),
            Tuning {
                alpha_opt: 1.0,
                ..TUNING
            }
        )
        .is_err()
    );
}

#[test]
fn extremes_touch_their_end() {
    let none = at(0, 500, 0.05);
    assert_eq!((none.estimate, none.interval.lo), (0.0, 0.0));
    assert!(none.interval.hi > 0.001 && none.interval.hi < 0.05);
    let all = at(500, 500, 0.05);
    assert_eq!((all.estimate, all.interval.hi), (1.0, 1.0));
    assert!((all.interval.lo + none.interval.hi - 1.0).abs() < 1e-9);
    let one = at(1, 1, 0.05);
    assert_eq!(one.interval.lo, 0.0);
    assert_eq!(one.interval.hi, 1.0);
}

proptest! {
    #[test]
    fn the_interval_holds_exactly_the_rates_it_accepts(x in 0..300_u64, more in 0..300_u64, p in 0.001..0.999_f64, alpha in 0.001..0.5_f64) {
        prop_assume!(x + more > 0);
        let found = at(x, x + more, alpha);
        let kappa = prior_weight(TUNING).unwrap();
        let margin = log_e_at(kappa, x as f64, more as f64, (p / (1.0 - p)).ln()) + alpha.ln();
        prop_assume!(margin.abs() > 1e-7);
        prop_assert_eq!(found.interval.contains(p), margin < 0.0);
        prop_assert!(found.interval.contains(found.estimate));
    }

    #[test]
    fn failures_mirror_successes(x in 0..300_u64, more in 0..300_u64) {
        prop_assume!(x + more > 0);
        let (one, other) = (at(x, x + more, 0.05), at(more, x + more, 0.05));
        prop_assert!((one.interval.lo + other.interval.hi - 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_smaller_alpha_never_narrows(x in 0..300_u64, more in 1..300_u64, alpha in 0.001..0.5_f64) {
        let (wide, narrow) = (at(x, x + more, alpha / 3.0).interval, at(x, x + more, alpha).interval);
        prop_assert!(wide.lo <= narrow.lo && narrow.hi <= wide.hi);
    }
}

#[test]
fn rates_far_from_one_half_have_all_their_digits_at_both_ends() {
    // mpmath, 60 digits.
    for (x, n, lo, hi) in [
        (0, 1_000_000, 0.0, 2.999_098_645_641_821e-6),
        (0, 1_000_000_000_000, 0.0, 2.995_732_282_090_221e-12),
        (0, 1_000_000_000_000_000, 0.0, 2.995_732_273_565_114e-15),
        (0, 1 << 53, 0.0, 3.325_930_945_713_781e-16),
        (
            3,
            1_000_000_000_000_000,
            1.118_059_138_726_053_6e-22,
            3.935_842_287_784_931e-14,
        ),
        (
            1_000,
            1 << 53,
            8.570_192_546_706_575e-14,
            1.406_371_788_892_756e-13,
        ),
        (
            5,
            10_000,
            3.777_936_477_954_134e-5,
            1.576_945_597_302_029_2e-3,
        ),
    ] {
        let found = at(x, n, 0.05).interval;
        for (got, want) in [(found.lo, lo), (found.hi, hi)] {
            assert!(
                (got - want).abs() <= 1e-12 * want,
                "{x} of {n}: {got:e} {want:e}"
            );
        }
    }
    let sure = at(1 << 53, 1 << 53, 0.05).interval;
    assert_eq!((sure.lo, sure.hi), (1.0 - 3.325_930_945_713_781e-16, 1.0));
}
