use super::*;
use crate::effect;
use crate::numeric::student_quantile;
use crate::{Alpha, Interval, sequential};
use proptest::prelude::*;

fn proportions(x: u64, of: u64, y: u64, among: u64) -> Share {
    let arm = |x, n| Proportion::new(x, n).unwrap();
    Share::of_proportions(arm(x, of), arm(y, among)).unwrap()
}

fn close(a: f64, b: f64, within: f64) -> bool {
    a == b || (a - b).abs() <= within * a.abs().max(b.abs())
}

/// Fieller's quadratic of p_c, p_t and their variances, solved in 40 digits.
#[test]
fn the_bounds_are_those_worked_out_apart() {
    const NONE: f64 = f64::INFINITY;
    for ((x, y), critical, lo, hi) in [
        (
            (100, 150),
            1.959_963_984_540_054,
            0.187_392_727_844_851_97,
            0.920_040_979_788_335_9,
        ),
        (
            (300, 100),
            2.0,
            -0.734_900_992_217_104_3,
            -0.592_151_497_683_038_8,
        ),
        (
            (500, 40),
            2.0,
            -0.945_029_720_860_503,
            -0.894_327_708_858_372_5,
        ),
        ((4, 5), 1.5, -0.630_877_069_290_037_1, 4.315_925_392_200_782),
        // A control that may be nothing: from the effect's side on, or everything.
        ((4, 60), 2.5, 5.080_168_370_803_803, NONE),
        ((3, 2), 2.0, -NONE, NONE),
    ] {
        let interval = proportions(x, 1_000, y, 1_000).within(critical);
        assert!(close(interval.lo, lo, 1e-11), "{x} {y}: {interval:?}");
        assert!(close(interval.hi, hi, 1e-11), "{x} {y}: {interval:?}");
    }
}

/// |m_t − m_c − θ|m_c|| = t(1 − α/2, df(θ))·√(v_t/n_t + (1 ± θ)²·v_c/n_c), solved by scipy's `brentq` and `t.ppf`.
#[test]
fn few_observations_have_the_degrees_of_freedom_of_the_share() {
    const NONE: f64 = f64::INFINITY;
    // n, mean and variance of the control, then of the treatment.
    for (control, treatment, alpha, lo, hi) in [
        (
            (5, 10.0, 4.0),
            (1_000, 200.0, 400.0),
            0.05,
            15.023_147_221_861_457,
            25.605_732_151_345_23,
        ),
        (
            (6, -10.0, 4.0),
            (4, -3.0, 9.0),
            0.05,
            0.250_859_000_137_395_6,
            1.174_728_194_720_367_4,
        ),
        (
            (5, 2.0, 1.0),
            (5, 9.0, 4.0),
            0.01,
            1.239_124_613_771_355_4,
            NONE,
        ),
        (
            (5, 2.0, 1.0),
            (5, 9.0, 4.0),
            0.001,
            0.557_691_635_255_706_8,
            NONE,
        ),
        // Welch's test alone would have a largest share, for the treatment's many observations.
        (
            (5, 1.0, 1.0),
            (500, 3.0, 4.0),
            0.05,
            0.342_649_422_506_459_24,
            NONE,
        ),
    ] {
        let of = |(n, mean, variance): (u64, f64, f64)| {
            let count = n as f64;
            let sum_sq = variance * (count - 1.0) + count * mean * mean;
            Moments::from_sums(n, count * mean, sum_sq).unwrap()
        };
        let share = Share::of_means(&of(control), &of(treatment)).unwrap();
        let interval = share.interval(Alpha::new(alpha).unwrap());
        assert!(close(interval.lo, lo, 1e-9), "{control:?} {interval:?}");
        assert!(close(interval.hi, hi, 1e-9), "{control:?} {interval:?}");
    }
}

#[test]
fn many_events_are_as_the_delta_method_has_it() {
    let arm = |x| Proportion::new(x, 10_000_000).unwrap();
    let (control, treatment) = (arm(5_000_000), arm(5_010_000));
    let delta = effect::proportion(control, treatment, Question::default()).unwrap();
    let share = Share::of_proportions(control, treatment).unwrap();
    let interval = share.interval(Alpha::default());
    assert!(close(share.effect(), delta.effect, 1e-12));
    assert!(close(interval.lo, delta.interval.lo, 1e-3));
    assert!(close(interval.hi, delta.interval.hi, 1e-3));
    assert_eq!(share.stderr(), delta.stderr);
}

#[test]
fn a_control_that_may_be_nothing_has_no_largest_share() {
    let less = proportions(3, 1_000, 2, 1_000);
    assert_eq!(
        less.interval(Alpha::default()),
        Interval {
            lo: f64::NEG_INFINITY,
            hi: f64::INFINITY
        }
    );
    let more = proportions(2, 1_000, 40, 1_000);
    let interval = more.interval(Alpha::new(0.01).unwrap());
    assert!(
        interval.lo > 0.0 && interval.hi == f64::INFINITY,
        "{interval:?}"
    );
    // And downwards, of a control below 0 with a huge spread.
    let control = Moments::of([-40.0, 39.0, -41.0, 41.9, -0.4, 0.1]);
    let treatment = Moments::of([-90.0, -91.0, -90.5, -91.2, -90.1, -90.2]);
    let share = Share::of_means(&control, &treatment).unwrap();
    let interval = share.interval(Alpha::default());
    assert!(
        interval.hi < 0.0 && interval.lo == f64::NEG_INFINITY,
        "{interval:?}"
    );
}

/// As above, of means: the arms' own variances, in 40 digits.
#[test]
fn the_bounds_of_means_are_those_worked_out_apart() {
    const NONE: f64 = f64::INFINITY;
    let below = [-4.0, -6.0, -5.0, -7.0, -3.5, -6.5];
    let anywhere = [-40.0, 39.0, -41.0, 41.9, -0.4, 0.1];
    for (control, treatment, lo, hi) in [
        (
            &below[..],
            &[-5.0, -8.0, -6.5, -9.0, -7.0][..],
            -0.792_549_846_759_396_9,
            0.001_395_055_604_605_725_7,
        ),
        (
            &below,
            &[-2.0, -3.0, -1.5, -4.0, -2.5],
            0.290_672_372_474_317,
            0.687_214_605_412_660_9,
        ),
        // Controls that may be nothing: from the effect's side on, up or down.
        (
            &anywhere,
            &[-90.0, -91.0, -90.5, -91.2, -90.1, -90.2],
            -NONE,
            -2.053_649_859_841_557_4,
        ),
        (
            &[2.1, -1.6, 1.9, -1.2],
            &[-2.0, -2.1, -1.9],
            -NONE,
            -1.878_797_598_479_529_5,
        ),
        (
            &[-2.1, 1.6, -1.9, 1.2],
            &[2.0, 2.1, 1.9],
            1.878_797_598_479_529_5,
            NONE,
        ),
    ] {
        let arm = |values: &[f64]| Moments::of(values.iter().copied());
        let share = Share::of_means(&arm(control), &arm(treatment)).unwrap();
        let interval = share.within(2.0);
        assert!(close(interval.lo, lo, 1e-12), "{interval:?}");
        assert!(close(interval.hi, hi, 1e-12), "{interval:?}");
    }
}

#[test]
fn a_control_of_nothing_but_rounding_is_a_control_of_zero() {
    // ±1 in turn, and a mean of so many of the smallest steps above 1.
    let about_zero = |steps: f64| {
        let mean = steps * f64::EPSILON;
        Moments::of((0..1_000).map(|at| mean + if at % 2 == 0 { 1.0 } else { -1.0 }))
    };
    let treatment = Moments::of([1.0, 2.0]);
    let refused = Share::of_means(&about_zero(8.0), &treatment);
    assert_eq!(refused, Err(CannotCompute::ZeroBaseline));
    assert!(Share::of_means(&about_zero(32.0), &treatment).is_ok());
}

#[test]
fn a_cuped_share_has_the_variance_of_what_is_left() {
    let pairs = |shift: f64, by: f64| {
        PairMoments::of((0..200).map(|at| {
            let before = f64::from(at % 17) + 3.0;
            (shift + by * before + f64::from(at * 7 % 5), before)
        }))
    };
    let (control, treatment) = (pairs(4.0, 1.0), pairs(5.0, 1.1));
    let (share, theta) = Share::of_cuped(&control, &treatment).unwrap();
    assert!(theta > 0.9);
    for at in [-0.5, 0.0, 0.3, 2.0] {
        // m_t − θ·before − ((1 + share)·m_c − θ·before), from the moments themselves.
        let stderr = treatment
            .stderr_of(1.0, theta)
            .hypot(control.stderr_of(1.0 + at, theta))
            / control.x().mean();
        let found = share.at(at).stderr;
        assert!(close(found, stderr, 1e-12), "{at}: {found} {stderr}");
    }
    let adjusted = effect::cuped(&control, &treatment, Question::default()).unwrap();
    assert!(close(share.effect(), adjusted.estimate.effect, 1e-12));
    let none = PairMoments::of([(1.0, 2.0), (3.0, 2.0), (4.0, 2.0)]);
    assert_eq!(Share::of_cuped(&none, &none).unwrap().1, 0.0);
}

#[test]
fn at_any_time_p_is_that_of_the_difference() {
    let share = proportions(500, 10_000, 620, 10_000);
    for alpha in [0.05, 0.01].map(|alpha| Alpha::new(alpha).unwrap()) {
        let (interval, p) = share.at_any_time(alpha, 5_000.0).unwrap();
        let question = Question::default().absolute().at(alpha.get()).unwrap();
        let absolute = sequential::asymptotic(share.absolute(), question, 5_000.0).unwrap();
        assert_eq!(p, absolute.p);
        assert_eq!(interval.lo > 0.0, absolute.interval.lo > 0.0);
        let fixed = share.interval(alpha);
        assert!(interval.lo < fixed.lo && interval.hi > fixed.hi);
    }
    let alpha = Alpha::default();
    assert_eq!(share.at_any_time(alpha, 0.0).unwrap_err().field, "tuning");
}

#[test]
fn what_a_relative_effect_refuses_is_refused() {
    let nothing = Proportion::new(0, 10).unwrap();
    let some = Proportion::new(3, 10).unwrap();
    let refused = Share::of_proportions(nothing, some);
    assert_eq!(refused, Err(CannotCompute::ZeroBaseline));
    let empty = Moments::new();
    assert_eq!(
        Share::of_means(&empty, &empty),
        Err(CannotCompute::EmptyArm)
    );
}

proptest! {
    /// Interval and p agree, whatever the arms: 0 is left out exactly where "no effect" is rejected, and
    /// each end is where the difference that is left reaches the critical value.
    #[test]
    fn interval_and_p_agree(
        control in prop::collection::vec(-50.0..100.0_f64, 3..40),
        treatment in prop::collection::vec(-50.0..100.0_f64, 3..40),
        power in -290..290_i32,
    ) {
        let scale = 10_f64.powi(power);
        let of = |values: &[f64]| Moments::of(values.iter().map(|x| x * scale));
        let (control, treatment) = (of(&control), of(&treatment));
        prop_assume!(control.mean() != 0.0 && control.varies() && treatment.varies());
        let share = Share::of_means(&control, &treatment).unwrap();
        let alpha = Alpha::default();
        let interval = share.interval(alpha);
        prop_assert!(interval.lo <= share.effect() && share.effect() <= interval.hi);
        let p = share.absolute().p;
        if (p - alpha.get()).abs() > 1e-9 {
            prop_assert_eq!(p < alpha.get(), !interval.contains(0.0), "{} {:?}", p, interval);
        }
        for end in [interval.lo, interval.hi] {
            if end.is_finite() && end.abs() < 1e6 {
                let there = share.at(end);
                let critical = -student_quantile(0.025, there.df);
                let apart = (there.effect - end).abs() / there.stderr;
                prop_assert!(close(apart, critical, 1e-5), "{} {}", apart, critical);
            }
        }
    }

    /// Bad of so much more is good of so much less: with the other sign of all values every share changes
    /// sign, and nothing else.
    #[test]
    fn the_sign_of_all_values_is_that_of_the_share(
        control in prop::collection::vec((0.5..90.0_f64, 1.0..9.0_f64), 3..30),
        treatment in prop::collection::vec((0.5..90.0_f64, 1.0..9.0_f64), 3..30),
    ) {
        let of = |pairs: &[(f64, f64)], sign: f64| PairMoments::of(pairs.iter().map(|(x, y)| (sign * x, *y)));
        let [as_is, mirrored] = [1.0, -1.0].map(|sign| {
            let (control, treatment) = (of(&control, sign), of(&treatment, sign));
            [
                Share::of_means(&control.x(), &treatment.x()).unwrap(),
                Share::of_ratios(&control, &treatment).unwrap(),
                Share::of_cuped(&control, &treatment).unwrap().0,
            ]
        });
        for (share, other) in as_is.iter().zip(&mirrored) {
            prop_assert!(close(share.effect(), -other.effect(), 1e-12));
            for critical in [0.5, 1.96, 4.0] {
                let (one, two) = (share.within(critical), other.within(critical));
                prop_assert!(close(one.lo, -two.hi, 1e-9) && close(one.hi, -two.lo, 1e-9), "{one:?} {two:?}");
            }
        }
    }

    /// Whether 0 is left out is told to the last bit of the critical value.
    #[test]
    fn an_end_next_to_no_effect_keeps_its_digits(x in 10..90_u64, y in 10..90_u64) {
        prop_assume!(x != y);
        let share = proportions(x, 100, y, 100);
        let z = share.absolute().effect / share.absolute().stderr;
        prop_assert!(!share.within(z.abs().next_down()).contains(0.0));
        prop_assert!(share.within(z.abs().next_up()).contains(0.0));
    }

    #[test]
    fn the_level_only_widens(x in 1..90_u64, y in 1..90_u64, alpha in 0.001..0.2_f64) {
        let share = proportions(x, 100, y, 100);
        let (strict, loose) = (share.interval(Alpha::new(alpha / 2.0).unwrap()), share.interval(Alpha::new(alpha).unwrap()));
        prop_assert!(strict.lo <= loose.lo && strict.hi >= loose.hi);
    }
}
