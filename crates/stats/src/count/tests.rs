use super::*;
use proptest::prelude::*;

fn at(control: (u64, f64), treatment: (u64, f64), alpha: f64) -> Result<PoissonRates, Failure> {
    let events = |(count, exposure)| Events { count, exposure };
    poisson_rates(
        events(control),
        events(treatment),
        Alpha::new(alpha).unwrap(),
    )
}

#[test]
fn no_event_at_all_is_too_few() {
    assert_eq!(
        at((0, 1.0), (0, 2.0), 0.05),
        Err(CannotCompute::TooFew.into())
    );
}

#[test]
fn exposures_are_positive_and_finite() {
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(
            matches!(at((1, bad), (1, 1.0), 0.05), Err(Failure::Invalid(invalid)) if invalid.field == "control.exposure")
        );
        assert!(
            matches!(at((1, 1.0), (1, bad), 0.05), Err(Failure::Invalid(invalid)) if invalid.field == "treatment.exposure")
        );
    }
}

#[test]
fn counts_above_two_to_the_53_are_refused_by_name() {
    let most = 1_u64 << 53;
    let events = |count| Events {
        count,
        exposure: 1.0,
    };
    let refused = |failure| match failure {
        Failure::Invalid(invalid) => invalid.field,
        Failure::CannotCompute(cannot) => cannot.code(),
    };
    for ask in [
        |a, b| poisson_rates(a, b, Alpha::default()).map(|_| ()),
        |a, b| central(a, b, Alpha::default()).map(|_| ()),
    ] {
        for count in [most + 1, u64::MAX] {
            let (control, treatment) = (
                ask(events(count), events(1)).unwrap_err(),
                ask(events(1), events(count)).unwrap_err(),
            );
            assert_eq!(refused(control), "control.count");
            assert_eq!(refused(treatment), "treatment.count");
        }
        assert_eq!(ask(events(most), events(most)), Ok(()));
    }
}

#[test]
fn a_ratio_or_bound_that_no_double_holds_is_an_overflow() {
    let most = 1 << 53;
    for (control, treatment) in [
        // The ratio of the exposures is below the normal doubles, or its inverse is.
        ((5, 1.0), (5, 1e308)),
        ((5, 1e308), (5, 1.0)),
        // The lower bound is 1e-17 of 1e-308, the upper 80 of 1e307.
        ((most, 1.0), (1, 4e307)),
        ((1, 1.0), (15, 1e-307)),
        // Without an event of the control the upper bound is infinite, the lower must not be.
        ((0, 1.0), (most, 1e-307)),
    ] {
        let events = |(count, exposure)| Events { count, exposure };
        let (control, treatment) = (events(control), events(treatment));
        let overflow = Failure::from(CannotCompute::Overflow);
        let score = poisson_rates(control, treatment, Alpha::default());
        assert_eq!(score, Err(overflow.clone()), "{control:?} {treatment:?}");
        let exact = central(control, treatment, Alpha::default());
        assert_eq!(exact, Err(overflow), "{control:?} {treatment:?}");
    }
    // Without one of the treatment the upper bound is above 0, but for the doubles.
    let none = at((most, 1.0), (0, 4.4e307), 0.9);
    assert_eq!(none, Err(CannotCompute::Overflow.into()));
}

#[test]
fn a_silent_arm_leaves_one_end_open() {
    let silent_control = at((0, 1.0), (5, 1.0), 0.05).unwrap();
    assert_eq!(
        (silent_control.rate_ratio, silent_control.interval_score.hi),
        (f64::INFINITY, f64::INFINITY)
    );
    assert!(silent_control.interval_score.lo > 1.0);
    let silent_treatment = at((5, 1.0), (0, 1.0), 0.05).unwrap();
    assert_eq!(
        (
            silent_treatment.rate_ratio,
            silent_treatment.interval_score.lo
        ),
        (0.0, 0.0)
    );
    assert!(silent_treatment.interval_score.hi < 1.0);
}

#[test]
fn equal_counts_over_equal_exposures_are_no_surprise() {
    let same = at((7, 3.0), (7, 3.0), 0.05).unwrap();
    assert_eq!(
        (same.rate_ratio, same.exact.two_sided, same.score.two_sided),
        (1.0, 1.0, 1.0)
    );
    assert!(same.exact.greater > 0.5 && same.exact.less > 0.5);
}

proptest! {
    #[test]
    fn the_two_sided_chance_adds_up_what_is_no_more_likely(k in 0..60_u64, more in 0..60_u64, p in 0.02..0.98_f64) {
        let n = k + more;
        let found = binomial_tails(k, n, p);
        let seen = binomial_pmf(k, n, p) * EQUALLY_LIKELY;
        let sum: f64 = (0..=n).map(|y| binomial_pmf(y, n, p)).filter(|chance| *chance <= seen).sum();
        prop_assert!((found.two_sided - sum.min(1.0)).abs() < 1e-11, "{} {}", found.two_sided, sum);
        let greater: f64 = (k..=n).map(|y| binomial_pmf(y, n, p)).sum();
        prop_assert!((found.greater - greater).abs() < 1e-11);
        let less: f64 = (0..=k).map(|y| binomial_pmf(y, n, p)).sum();
        prop_assert!((found.less - less).abs() < 1e-11);
    }

    #[test]
    fn the_interval_holds_exactly_the_ratios_that_the_score_test_accepts(
        y_c in 0..80_u64, y_t in 0..80_u64, e_c in 0.1..9.0_f64, e_t in 0.1..9.0_f64, ratio in 0.05..20.0_f64, alpha in 0.01..0.5_f64,
    ) {
        prop_assume!(y_c + y_t > 0);
        let found = at((y_c, e_c), (y_t, e_t), alpha).unwrap();
        // Testing for this ratio is testing for equality with the treatment's exposure multiplied by it.
        let p = at((y_c, e_c), (y_t, e_t * ratio), alpha).unwrap().score.two_sided;
        prop_assume!((p / alpha - 1.0).abs() > 1e-9);
        prop_assert_eq!(found.interval_score.contains(ratio), p > alpha);
    }

    #[test]
    fn exchanging_the_arms_mirrors_everything(y_c in 0..200_u64, y_t in 0..200_u64, e_c in 0.1..9.0_f64, e_t in 0.1..9.0_f64) {
        prop_assume!(y_c + y_t > 0);
        let (one, other) = (at((y_c, e_c), (y_t, e_t), 0.05).unwrap(), at((y_t, e_t), (y_c, e_c), 0.05).unwrap());
        prop_assert!((one.exact.greater - other.exact.less).abs() < 1e-12);
        prop_assert!((one.exact.two_sided - other.exact.two_sided).abs() < 1e-9);
        prop_assert!((one.score.greater - other.score.less).abs() < 1e-12);
        prop_assert!((one.interval_score.lo * other.interval_score.hi - 1.0).abs() < 1e-9 || y_t == 0);
    }

    #[test]
    fn the_unit_of_exposure_does_not_matter(y_c in 0..200_u64, y_t in 1..200_u64, power in -900..900_i32) {
        let unit = 2_f64.powi(power);
        prop_assert_eq!(at((y_c, 3.0), (y_t, 5.0), 0.05), at((y_c, 3.0 * unit), (y_t, 5.0 * unit), 0.05));
    }
}
