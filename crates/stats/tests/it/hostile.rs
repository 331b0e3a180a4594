//! What somebody might ask who means no good, or who has hardly any data.

use proptest::prelude::*;
use stats::bayes::{self, BetaPrior, Prior, beta_binomial};
use stats::count::{Events, central, poisson_rates};
use stats::effect::{self, Proportion, QuantileArm};
use stats::power::Plan;
use stats::rank::Pair;
use stats::sequential::{CountsQuestion, RatioMismatch, Stitching, asymptotic, counts};
use stats::{Alpha, Better, CannotCompute, Failure, Moments, PairMoments, Question, Side};

/// The p that the interval of the shift belongs to.
fn p_of(pair: &Pair, side: Side) -> Option<f64> {
    let test = pair.mann_whitney().ok()?;
    let tails = test.exact.unwrap_or(test.asymptotic);
    Some(match side {
        Side::Two => tails.two_sided,
        Side::Greater => tails.greater,
        Side::Less => tails.less,
    })
}

#[track_caller]
fn interval_and_p_agree(a: &[f64], b: &[f64], alpha: f64, side: Side) {
    let pair = Pair::new(a, b).unwrap();
    let Some(p) = p_of(&pair, side) else { return };
    let shift = pair.shift(Alpha::new(alpha).unwrap(), side);
    let interval = shift.interval;
    // Where a value is in both arms an end may be open and lie at 0.
    let at_end = (interval.lo == 0.0 || interval.hi == 0.0) && a.iter().any(|x| b.contains(x));
    assert!(
        interval.contains(0.0) == (p > alpha) || at_end && p <= alpha,
        "{a:?} {b:?} {alpha} {side:?}: p {p}, {shift:?}"
    );
    assert!(shift.interval.lo <= shift.interval.hi, "{a:?} {b:?}");
    assert!(
        shift.coverage >= 1.0 - alpha - 1e-12,
        "{a:?} {b:?} {shift:?}"
    );
}

fn few() -> impl Strategy<Value = Vec<f64>> {
    prop_oneof![
        prop::collection::vec((-3..4_i32).prop_map(f64::from), 1..9),
        prop::collection::vec((0..2_i32).prop_map(f64::from), 1..9),
        prop::collection::vec(-2.0..2.0_f64, 1..9),
    ]
}

fn side() -> impl Strategy<Value = Side> {
    prop_oneof![Just(Side::Two), Just(Side::Greater), Just(Side::Less)]
}

fn level() -> impl Strategy<Value = f64> {
    prop_oneof![
        prop::sample::select(vec![0.001, 0.01, 0.05, 0.1, 0.2, 0.4]),
        0.0005..0.5_f64,
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn the_shift_of_few_values_leaves_zero_out_exactly_where_p_does(
        a in few(), b in few(), move_by in 0..4_i32, alpha in level(), side in side(),
    ) {
        let a: Vec<f64> = a.iter().map(|x| x + f64::from(move_by)).collect();
        interval_and_p_agree(&a, &b, alpha, side);
    }
}

#[test]
fn a_level_that_so_few_values_cannot_reach_rejects_no_shift() {
    for (m, n) in [(1, 1), (1, 3), (2, 2), (3, 3), (3, 1), (1, 8)] {
        let a: Vec<f64> = (0..m).map(|i| 100.0 + f64::from(i)).collect();
        let b: Vec<f64> = (0..n).map(f64::from).collect();
        for side in [Side::Two, Side::Greater, Side::Less] {
            interval_and_p_agree(&a, &b, 0.05, side);
            interval_and_p_agree(&b, &a, 0.05, side);
        }
        let shift = Pair::new(&a, &b)
            .unwrap()
            .shift(Alpha::default(), Side::Two);
        assert_eq!(shift.interval.lo, f64::NEG_INFINITY, "{m} {n}");
        assert_eq!(shift.interval.hi, f64::INFINITY, "{m} {n}");
        assert_eq!(shift.coverage, 1.0);
    }
    // Four against four can: 2 of 70 arrangements.
    let shift = Pair::new(&[5.0, 6.0, 7.0, 8.0], &[1.0, 2.0, 3.0, 4.0]);
    let shift = shift.unwrap().shift(Alpha::default(), Side::Two);
    assert_eq!((shift.interval.lo, shift.interval.hi), (1.0, 7.0));
    // An attained level that is the one asked for, 2 of 20, is enough.
    interval_and_p_agree(&[4.0, 5.0, 6.0], &[1.0, 2.0, 3.0], 0.1, Side::Two);
}

#[test]
fn a_heavy_prior_makes_chances_that_are_chances() {
    let arm = |x, n| Proportion::new(x, n).unwrap();
    for exponent in [0, 5, 9, 12, 15, 16, 17, 20, 30, 50, 100, 155, 200, 250, 299] {
        let weight = 10f64.powi(exponent);
        for (a, b) in [
            (weight, weight),
            (weight, 1.0),
            (1e-6, weight),
            (weight, 3.0 * weight),
        ] {
            let prior = BetaPrior::new(a, b).unwrap();
            let found = beta_binomial(arm(100, 1_000), arm(120, 1_000), prior).unwrap();
            let p = found.p_treatment_beats_control;
            assert!((0.5 - 1e-12..1.0).contains(&p), "{a:e} {b:e}: {p}");
            let (treatment, control) = (
                found.expected_loss_choose_treatment,
                found.expected_loss_choose_control,
            );
            assert!(
                0.0 < treatment && treatment <= control * (1.0 + 1e-11),
                "{a:e} {b:e} {found:?}"
            );
            let other = beta_binomial(arm(120, 1_000), arm(100, 1_000), prior).unwrap();
            assert!((p + other.p_treatment_beats_control - 1.0).abs() < 1e-12);
        }
    }
    for bad in [0.0, 1e-7, -1.0, 1e301, f64::INFINITY, f64::NAN] {
        assert_eq!(BetaPrior::new(bad, 1.0).unwrap_err().field, "a", "{bad}");
        assert_eq!(BetaPrior::new(1.0, bad).unwrap_err().field, "b", "{bad}");
    }
}

#[test]
fn a_light_prior_keeps_what_lies_next_to_zero() {
    // Two arms without a success: even whatever the prior, and nearly nothing to lose.
    let arm = Proportion::new(0, 50).unwrap();
    for a in [1e-6, 1e-3, 0.1, 1.0] {
        let found = beta_binomial(arm, arm, BetaPrior::new(a, 1.0).unwrap()).unwrap();
        assert!(
            (found.p_treatment_beats_control - 0.5).abs() < 1e-8,
            "{a} {found:?}"
        );
        let mean = a / (a + 51.0);
        let loss = found.expected_loss_choose_control;
        assert!(loss > 0.3 * mean && loss < mean, "{a} {found:?}");
    }
}

fn events(count: u64, exposure: f64) -> Events {
    Events { count, exposure }
}

#[test]
fn rates_of_exposures_worlds_apart_are_right_or_refused() {
    let alpha = Alpha::default();
    for (here, there) in [
        (1e-300, 1e300),
        (1e-200, 1e120),
        (1e300, 1e-300),
        (1e-308, 2.0),
    ] {
        for (control, treatment) in [(5, 5), (0, 5), (5, 0), (1 << 53, 1 << 53)] {
            let (control, treatment) = (events(control, here), events(treatment, there));
            for told in [
                poisson_rates(control, treatment, alpha)
                    .map(|rates| (rates.rate_ratio, rates.interval_score)),
                central(control, treatment, alpha).map(|rates| (rates.rate_ratio, rates.interval)),
            ] {
                match told {
                    Err(Failure::CannotCompute(CannotCompute::Overflow)) => {}
                    Ok((ratio, interval)) => {
                        assert_eq!(
                            ratio == 0.0 || interval.lo == 0.0,
                            treatment.count == 0,
                            "{ratio} {interval:?}"
                        );
                        assert_eq!(
                            ratio.is_infinite() || interval.hi.is_infinite(),
                            control.count == 0
                        );
                    }
                    Err(other) => panic!("{other}"),
                }
            }
        }
    }
    let huge = poisson_rates(events(5, 1e-300), events(5, 1e300), alpha);
    assert_eq!(huge.unwrap_err(), CannotCompute::Overflow.into());
}

#[test]
fn rates_do_not_depend_on_which_arm_is_called_the_treatment() {
    let alpha = Alpha::default();
    let close = |a: f64, b: f64| a == b || (a / b - 1.0).abs() < 1e-9;
    for over in [
        1e-100, 1e-25, 1e-12, 1e-3, 1.0, 7.0, 1e5, 1e14, 1e20, 1e60, 1e130,
    ] {
        for (y_c, y_t) in [(1, 5), (5, 1), (0, 3), (3, 0), (20, 21)] {
            let (control, treatment) = (events(y_c, 3.0), events(y_t, 3.0 * over));
            let one = poisson_rates(control, treatment, alpha).unwrap();
            let other = poisson_rates(treatment, control, alpha).unwrap();
            assert!(
                close(one.exact.greater, other.exact.less),
                "{over} {y_c} {y_t} {one:?} {other:?}"
            );
            assert!(
                close(one.exact.less, other.exact.greater),
                "{over} {y_c} {y_t} {one:?} {other:?}"
            );
            assert!(
                close(one.exact.two_sided, other.exact.two_sided),
                "{over} {y_c} {y_t} {one:?} {other:?}"
            );
            assert!(
                close(one.score.greater, other.score.less),
                "{over} {y_c} {y_t}"
            );
            let (one, other) = (
                central(control, treatment, alpha).unwrap(),
                central(treatment, control, alpha).unwrap(),
            );
            assert!(
                close(one.p, other.p),
                "{over} {y_c} {y_t} {one:?} {other:?}"
            );
            assert!(
                close(one.interval.lo * other.interval.hi, 1.0) || y_t == 0,
                "{one:?} {other:?}"
            );
        }
    }
    // One event of the control against 5 of a treatment with 1e20 times its exposure: 6/(1e20 + 1).
    let rare = poisson_rates(events(1, 1.0), events(5, 1e20), alpha).unwrap();
    assert!((rare.exact.less / 6e-20 - 1.0).abs() < 1e-12, "{rare:?}");
}

#[test]
fn sums_that_no_observations_have_are_a_negative_variance() {
    let impossible = Failure::CannotCompute(CannotCompute::NegativeVariance);
    for (n, sum, sum_sq) in [
        (4, 8.0, 15.9),
        (2, 1e200, 1e300),
        (10, 1e-200, 0.0),
        (3, 6.0, 0.0),
        (3, 6.0, -1.0),
        (3, 0.0, -1e-300),
    ] {
        let found = Moments::from_sums(n, sum, sum_sq).unwrap_err();
        assert_eq!(found, impossible, "{n} {sum} {sum_sq}");
    }
    let bad = (8.0, 15.9);
    let good = (8.0, 20.0);
    for (x, y) in [(bad, good), (good, bad), (bad, bad)] {
        let found = PairMoments::from_sums(4, x, y, 16.0).unwrap_err();
        assert_eq!(found, impossible, "{x:?} {y:?}");
    }
    // Both spreads are 4, so that Σxy − 16 lies between −4 and 4.
    for product in [12.0, 20.0] {
        assert!(PairMoments::from_sums(4, good, good, product).is_ok());
    }
    for product in [11.9, 20.1, 1e300, -1e300] {
        let found = PairMoments::from_sums(4, good, good, product).unwrap_err();
        assert_eq!(found, impossible, "{product}");
    }
    // Rounding alone is not held against anybody.
    assert!(Moments::from_sums(10, 0.1 * 10.0, 0.1 * 0.1 * 10.0 * (1.0 - 1e-16)).is_ok());
}

#[test]
fn a_spread_lost_in_sums_is_told_apart_from_none() {
    let question = Question::default();
    let seen = Moments::of([1.0, 2.0, 4.0]);
    let told = |sums: (u64, f64, f64)| {
        let moments = Moments::from_sums(sums.0, sums.1, sums.2).unwrap();
        effect::mean(&moments, &seen, question).unwrap_err()
    };
    assert_eq!(told((4, 8.0, 16.0)), CannotCompute::NoVariance);
    // A thousand values of 1e9 ± 1, and so many of 0.1.
    assert_eq!(
        told((1_000, 1e12, 1e21 + 1_000.0)),
        CannotCompute::LostPrecision
    );
    let tenths = (0..1_000).fold((0.0, 0.0), |(sum, sq), _| (sum + 0.1, sq + 0.1 * 0.1));
    assert_eq!(
        told((1_000, tenths.0, tenths.1)),
        CannotCompute::LostPrecision
    );
    // Kept centred there is nothing to lose.
    let values = (0..1_000).map(|i| 1e9 + f64::from(i % 2));
    assert!(effect::mean(&Moments::of(values), &seen, question).is_ok());
    let lost = PairMoments::from_sums(1_000, (2e3, 5e3), (1e12, 1e21), 2e12).unwrap();
    let adjusted = effect::cuped(&lost, &lost, question).unwrap_err();
    assert_eq!(adjusted, CannotCompute::LostPrecision);
}

#[test]
fn a_quantile_lies_between_its_bounds() {
    let of = |q| QuantileArm::new(1_000, 1_000, 0.5, q, 1.0, 3.0);
    for good in [1.0, 2.0, 3.0] {
        assert!(of(good).is_ok());
    }
    for bad in [0.999, 3.001] {
        assert_eq!(of(bad).unwrap_err().field, "q");
    }
}

#[test]
fn bounds_that_rounding_would_cross_stay_in_order() {
    let alpha = Alpha::new(1.0 - 1e-16).unwrap();
    for most in [1_000, 1_000_000_000, 1_000_000_000_000_000] {
        for seen in [[0, most], [most, 0], [most / 3, most]] {
            let question = CountsQuestion {
                prior: [0.05, 10.0],
                shares: [1.0 - 1e-6, 1e-6],
                alpha,
            };
            let found = counts(seen, &question).unwrap();
            let (share, ratio) = (found.share_interval, found.rate_ratio_interval);
            assert!(
                0.0 <= share.lo && share.lo <= share.hi && share.hi <= 1.0,
                "{found:?}"
            );
            assert!(0.0 <= ratio.lo && ratio.lo <= ratio.hi, "{found:?}");
            assert!(ratio.contains(found.rate_ratio), "{found:?}");
        }
    }
}

#[test]
fn beliefs_and_tunings_beyond_reason_are_refused() {
    let question = |prior, shares| CountsQuestion {
        prior,
        shares,
        alpha: Alpha::default(),
    };
    let field = |prior, shares| counts([3, 4], &question(prior, shares)).unwrap_err().field;
    assert_eq!(field([5e-324, 1.0], [0.5, 0.5]), "dirichlet_alpha");
    assert_eq!(field([1.0, 1.7e308], [0.5, 0.5]), "dirichlet_alpha");
    assert_eq!(field([1.0, 1.0], [1e-300, 1.0]), "assignment_share");
    for bad in [0.0, 5e-324, 1e301, f64::NAN] {
        assert!(RatioMismatch::new(&[0.5, 0.5], bad).is_err(), "{bad}");
    }
    assert!(RatioMismatch::new(&[1e-300, 1.0], 1e4).is_err());
    let mut split = RatioMismatch::new(&[0.5, 0.5], 1e-6).unwrap();
    assert!(
        split
            .observe(&[1 << 52, 3])
            .unwrap()
            .log_bayes_factor
            .is_finite()
    );
    let arm = |x| Proportion::new(x, 100).unwrap();
    let fixed = effect::proportion(arm(30), arm(50), Question::default()).unwrap();
    for bad in [0.0, 5e-324, 1e301, f64::NAN] {
        let refused = asymptotic(&fixed, Question::default(), bad).unwrap_err();
        assert_eq!(refused.field, "tuning", "{bad}");
    }
    let prior = Prior::normal(1.7e308, 1e-10).unwrap();
    let belief = bayes::effect(&fixed, prior, Better::Higher, Question::default());
    assert_eq!(belief.unwrap_err(), CannotCompute::Overflow);
    let stitching = Stitching {
        v_min: 1e-5,
        c: 2.0,
        s: 1.7e308,
        eta: 1.7,
    };
    assert_eq!(
        stitching.bound(0.6, Alpha::default()).unwrap_err().field,
        "v"
    );
    let plan = Plan::mean(0.4, 1e-9, Question::default()).unwrap();
    assert!((plan.power(1e300, 0).unwrap() - 0.05).abs() < 1e-12);
}

#[test]
fn no_events_at_all_have_no_rate_ratio() {
    let question = CountsQuestion {
        prior: [1.0, 1.0],
        shares: [0.5, 0.5],
        alpha: Alpha::default(),
    };
    let none = counts([0, 0], &question).unwrap();
    assert!(none.rate_ratio.is_nan());
    assert_eq!(none.p, 1.0);
    assert_eq!(counts([0, 3], &question).unwrap().rate_ratio, f64::INFINITY);
    assert_eq!(counts([3, 0], &question).unwrap().rate_ratio, 0.0);
}
