use super::*;
use proptest::prelude::*;

fn question(prior: [f64; 2], shares: [f64; 2], alpha: f64) -> CountsQuestion {
    CountsQuestion {
        prior,
        shares,
        alpha: Alpha::new(alpha).unwrap(),
    }
}

#[test]
fn without_events_everything_is_possible() {
    let answer = counts([0, 0], &question([1.0, 1.0], [0.5, 0.5], 0.05)).unwrap();
    assert_eq!((answer.log_e, answer.p), (0.0, 1.0));
    assert_eq!(
        (answer.share_interval.lo, answer.share_interval.hi),
        (0.0, 1.0)
    );
    assert_eq!(
        (answer.rate_ratio_interval.lo, answer.rate_ratio_interval.hi),
        (0.0, f64::INFINITY)
    );
    assert!(answer.rate_ratio.is_nan());
}

#[test]
fn one_silent_arm_bounds_the_ratio_from_one_side() {
    let silent = counts([40, 0], &question([1.0, 1.0], [0.5, 0.5], 0.05)).unwrap();
    assert_eq!(
        (silent.rate_ratio, silent.rate_ratio_interval.lo),
        (0.0, 0.0)
    );
    assert!(silent.rate_ratio_interval.hi < 0.3);
    let loud = counts([0, 40], &question([1.0, 1.0], [0.5, 0.5], 0.05)).unwrap();
    assert_eq!(
        (loud.rate_ratio, loud.rate_ratio_interval.hi),
        (f64::INFINITY, f64::INFINITY)
    );
    assert!(loud.rate_ratio_interval.lo > 3.0);
}

#[test]
fn what_is_no_question_is_refused_by_name() {
    let field = |prior, shares| {
        counts([1, 1], &question(prior, shares, 0.05))
            .unwrap_err()
            .field
    };
    assert_eq!(field([0.0, 1.0], [0.5, 0.5]), "dirichlet_alpha");
    assert_eq!(field([1.0, f64::NAN], [0.5, 0.5]), "dirichlet_alpha");
    assert_eq!(field([1.0, 1.0], [0.0, 1.0]), "assignment_share");
    assert_eq!(field([1.0, 1.0], [0.5, 0.6]), "assignment_share");
    assert_eq!(field([1.0, 1.0], [9e-201, 1.0]), "assignment_share");
    assert!(counts([1, 1], &question([1.0, 1.0], [1e-200, 1.0], 0.05)).is_ok());
}

proptest! {
    #[test]
    fn the_interval_holds_exactly_what_the_test_accepts(
        control in 0..400_u64, treatment in 0..400_u64, prior in 0.05..40.0_f64, theta in 0.01..0.99_f64, alpha in 0.001..0.5_f64,
    ) {
        let asked = question([prior, prior], [0.5, 0.5], alpha);
        let answer = counts([control, treatment], &asked).unwrap();
        // The same counts, tested against the shares θ.
        let against = question([prior, prior], [1.0 - theta, theta], alpha);
        let log_e = counts([control, treatment], &against).unwrap().log_e;
        let margin = log_e + alpha.ln();
        prop_assume!(margin.abs() > 1e-9);
        prop_assert_eq!(answer.share_interval.contains(theta), margin < 0.0);
    }

    #[test]
    fn exchanging_the_arms_mirrors_the_answer(control in 0..5_000_u64, treatment in 0..5_000_u64, share in 0.05..0.95_f64) {
        let one = counts([control, treatment], &question([2.0, 3.0], [1.0 - share, share], 0.05)).unwrap();
        let other = counts([treatment, control], &question([3.0, 2.0], [share, 1.0 - share], 0.05)).unwrap();
        prop_assert!((one.log_e - other.log_e).abs() < 1e-9);
        let (lo, hi) = (one.rate_ratio_interval.lo, one.rate_ratio_interval.hi);
        prop_assert!((lo * other.rate_ratio_interval.hi - 1.0).abs() < 1e-9 || lo == 0.0);
        prop_assert!((hi * other.rate_ratio_interval.lo - 1.0).abs() < 1e-9 || hi.is_infinite());
        prop_assert!(one.rate_ratio.is_nan() || one.rate_ratio_interval.contains(one.rate_ratio));
    }

    #[test]
    fn a_smaller_alpha_never_narrows(control in 0..900_u64, treatment in 0..900_u64, alpha in 0.001..0.9_f64) {
        let wide = counts([control, treatment], &question([1.0, 1.0], [0.5, 0.5], alpha / 2.0)).unwrap().share_interval;
        let narrow = counts([control, treatment], &question([1.0, 1.0], [0.5, 0.5], alpha)).unwrap().share_interval;
        prop_assert!(wide.lo <= narrow.lo && narrow.hi <= wide.hi);
    }

    #[test]
    fn p_is_one_over_e(control in 0..900_u64, treatment in 0..900_u64) {
        let answer = counts([control, treatment], &question([1.0, 1.0], [0.5, 0.5], 0.05)).unwrap();
        prop_assert_eq!(answer.p, libm::exp(-answer.log_e).min(1.0));
        prop_assert_eq!(answer.p < 0.05, !answer.share_interval.contains(0.5));
    }
}
