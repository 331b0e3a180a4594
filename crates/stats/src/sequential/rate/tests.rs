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
