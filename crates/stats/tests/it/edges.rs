//! The places where one step further gives another answer.

use stats::bayes::{self, Prior};
use stats::count::Events;
use stats::effect::{self, Proportion, pooled_test};
use stats::judge::{Observed, Reason, Rule, Verdict, judge};
use stats::kayenta::{Rules, classify};
use stats::sequential::{self, Mixture, QuantileTest, Sides, Tuning};
use stats::{Better, CannotCompute, Estimate, Interval, Moments, PairMoments, Question, Side};

#[test]
fn a_count_at_its_smallest_sample_is_judged() {
    let rule = Rule::default();
    let of = |count: u64| {
        let control = Events {
            count: 0,
            exposure: 1.0,
        };
        let canary = Events {
            count,
            exposure: 1.0,
        };
        judge(&Observed::Count { control, canary }, &rule).unwrap()
    };
    let enough = of(rule.min_sample);
    assert_eq!(enough.verdict, Verdict::Fail, "{}", enough.reason);
    let too_few = of(rule.min_sample - 1);
    assert_eq!(too_few.verdict, Verdict::Inconclusive);
    assert!(matches!(too_few.reason, Reason::TooFew { least, .. } if least == rule.min_sample - 1));
}

#[test]
fn values_that_are_no_outliers_stay() {
    let control = [1.0, 2.0, 3.0, 4.0, 5.0];
    let experiment = [2.0, 3.0, 4.0, 5.0, 6.0];
    let kept = Rules {
        outlier_factor: Some(3.0),
        ..Rules::default()
    };
    let plain = classify(&control, &experiment, &Rules::default()).unwrap();
    assert_eq!(classify(&control, &experiment, &kept).unwrap(), plain);
    assert_eq!(plain.deviation, 4.0 / 3.0);
    // One far out on either side is one.
    let high = [1.0, 2.0, 3.0, 4.0, 5.0, 1e6];
    let cut = classify(&high, &experiment, &kept).unwrap();
    assert_eq!(cut.deviation, 4.0 / 3.0);
    let low = [-1e6, 1.0, 2.0, 3.0, 4.0, 5.0];
    let cut = classify(&low, &experiment, &kept).unwrap();
    assert_eq!(cut.deviation, 4.0 / 3.0);
}

#[test]
fn pairs_of_any_magnitude_keep_their_correlation() {
    let plain = [(1.0, 2.0), (2.0, 4.5), (3.0, 5.0), (5.0, 11.0)];
    let whole = PairMoments::of(plain);
    let slope = whole.covariance() / whole.y().variance();
    for up in [-600, -450, 450, 600] {
        let unit = 2f64.powi(up);
        let scaled = PairMoments::of(plain.map(|(x, y)| (x * unit, y * unit)));
        assert_eq!(scaled.x().mean(), whole.x().mean() * unit, "2^{up}");
        assert_eq!(scaled.y().stddev(), whole.y().stddev() * unit, "2^{up}");
        // Mixed: one series far away, the other plain.
        let mixed = PairMoments::of(plain.map(|(x, y)| (x * unit, y)));
        let tilted = mixed.covariance() / mixed.y().variance();
        assert!((tilted / unit / slope - 1.0).abs() < 1e-14, "2^{up}");
    }
}

#[test]
fn a_quantile_of_a_distribution_that_is_none_is_not_a_number() {
    use stats::numeric::chi_squared_quantile;
    for (p, df) in [(0.0, 0.0), (0.0, -1.0), (1.0, -1.0), (0.5, -1.0)] {
        assert!(chi_squared_quantile(p, df).is_nan(), "{p} {df}");
    }
    for p in [-0.5, 1.5, f64::NAN] {
        assert!(chi_squared_quantile(p, 3.0).is_nan(), "{p}");
    }
}

#[test]
fn poisson_chances_are_the_sums_of_their_terms() {
    use stats::numeric::{poisson_cdf, poisson_sf};
    for mean in [0.1_f64, 1.0, 4.5, 20.0] {
        let mut term = (-mean).exp();
        let mut sum = term;
        for k in 0..30_u64 {
            assert!(
                (poisson_cdf(k, mean) / sum - 1.0).abs() < 1e-12,
                "{k} {mean}"
            );
            let both = poisson_cdf(k, mean) + poisson_sf(k, mean);
            assert!((both - 1.0).abs() < 1e-14, "{k} {mean}");
            term *= mean / (k + 1) as f64;
            sum += term;
        }
    }
}

#[test]
fn a_pair_far_above_those_before_it_finds_room() {
    let far = 2f64.powi(600);
    let pairs = PairMoments::of([(1.0, 1.0), (far, far), (2.0 * far, 3.0 * far)]);
    assert!(pairs.x().stddev().is_finite() && pairs.y().stddev().is_finite());
    assert!((pairs.x().stddev() / far - 1.0).abs() < 1e-15);
}

#[test]
fn zeros_before_what_is_tiny_take_no_digits_of_it() {
    // Squares of 1e-200 are below every double: zeros must not fix the scale.
    let tiny = [1e-200, 3e-200];
    let (mean, stddev) = (1e-200, 2f64.sqrt() * 1e-200);
    let near = |got: f64, want: f64| (got / want - 1.0).abs() < 1e-14;
    let pushed = Moments::of([0.0, 0.0].into_iter().chain(tiny));
    assert!(near(pushed.mean(), mean));
    assert!(near(pushed.stddev(), stddev), "{pushed:?}");
    let mut merged = Moments::from_sums(2, 0.0, 0.0).unwrap();
    merged.merge(&Moments::of(tiny));
    assert!(near(merged.stddev(), stddev), "{merged:?}");
    let pairs = PairMoments::of([(0.0, 0.0), (0.0, 0.0), (1e-200, 3e-200), (3e-200, 1e-200)]);
    assert!(near(pairs.x().stddev(), stddev) && near(pairs.y().stddev(), stddev));
    // Σxy − nx̄ȳ is 6 − 4, over 10 − 4 for each alone.
    assert!(near(pairs.slope(), 1.0 / 3.0), "{pairs:?}");
}

#[test]
fn zeros_do_not_vary_and_variances_of_whole_numbers_are_exact() {
    assert!(!Moments::of([0.0; 5]).varies());
    assert!(!Moments::of([-3.0]).varies());
    for n in 2..60_i32 {
        // 0, 2, 4, …: the variance is n(n + 1)/3, which the square of a rounded root is not.
        let moments = Moments::of((0..n).map(|i| f64::from(2 * i)));
        let exact = f64::from(n * (n + 1)) / 3.0;
        assert!((moments.variance() - exact).abs() <= 1e-15 * exact, "{n}");
    }
    assert_eq!(Moments::of([1.0, 2.0, 3.0, 4.0]).variance(), 5.0 / 3.0);
    assert_eq!(Moments::of([0.0, 2.0, 4.0, 6.0]).variance(), 20.0 / 3.0);
}

#[test]
fn two_pairs_have_a_covariance() {
    let two = PairMoments::of([(1.0, 2.0), (3.0, 5.0)]);
    assert_eq!((two.covariance(), two.slope()), (3.0, 2.0 / 3.0));
}

#[test]
fn a_product_of_sums_is_held_against_cauchy_and_schwarz_in_any_unit() {
    for unit in [1e-12, 1e-4, 1.0, 1e5, 1e11] {
        let sums = |product: f64| {
            let series = (3.0 * unit, 5.0 * unit * unit);
            PairMoments::from_sums(2, series, series, product * unit * unit)
        };
        assert!(sums(5.0).is_ok(), "{unit:e}");
        for wrong in [5.1, 3.9] {
            assert_eq!(
                sums(wrong).unwrap_err(),
                CannotCompute::NegativeVariance.into(),
                "{unit:e}"
            );
        }
    }
}

#[test]
fn the_width_of_an_interval_is_a_difference() {
    let interval = Interval { lo: -1.0, hi: 3.0 };
    assert_eq!(interval.width(), 4.0);
}

#[test]
fn one_empty_arm_is_enough_for_there_to_be_no_test() {
    let arm = |x, n| Proportion::new(x, n).unwrap();
    for (control, treatment) in [((0, 0), (3, 9)), ((3, 9), (0, 0)), ((0, 0), (0, 0))] {
        let refused = pooled_test(
            arm(control.0, control.1),
            arm(treatment.0, treatment.1),
            Side::Two,
        );
        assert_eq!(refused, Err(CannotCompute::EmptyArm));
    }
    for same in [0, 9] {
        let refused = pooled_test(arm(same, 9), arm(same, 9), Side::Two);
        assert_eq!(refused, Err(CannotCompute::NoVariance));
    }
}

#[test]
fn an_arm_that_is_explained_entirely_has_no_variance_left() {
    // x = 2y in one arm; in the other the residuals ∓1 do not depend on y, so that θ is 2 in all.
    let explained = PairMoments::of([(-2.0, -1.0), (2.0, 1.0)]);
    let varied = PairMoments::of([(-3.0, -1.0), (-1.0, -1.0), (1.0, 1.0), (3.0, 1.0)]);
    let question = Question::default().absolute();
    for (control, treatment) in [(&explained, &varied), (&varied, &explained)] {
        let refused = effect::cuped(control, treatment, question);
        assert_eq!(refused, Err(CannotCompute::NoVariance));
    }
}

#[test]
fn behaviour_before_that_varies_in_one_arm_alone_still_explains() {
    let still = PairMoments::of([(9.0, 5.0), (10.0, 5.0), (11.0, 5.0)]);
    let moving = PairMoments::of([(9.0, 4.0), (10.0, 5.0), (12.0, 6.0)]);
    for (control, treatment) in [(&still, &moving), (&moving, &still)] {
        let answer = effect::cuped(control, treatment, Question::default()).unwrap();
        // Least squares over both arms: Σ(y − 5)(x − x̄) is 3, over 2.
        assert!((answer.theta - 1.5).abs() < 1e-15, "{}", answer.theta);
    }
}

#[test]
fn a_belief_far_wider_or_narrower_than_the_data_leaves_the_doubles_alone() {
    let of = |stderr: f64| Estimate {
        effect: 3.0 * stderr,
        interval: Interval { lo: 0.0, hi: 0.0 },
        p: 0.5,
        stderr,
        df: f64::INFINITY,
        n: 100,
        baseline: 1.0,
        signal: 10.0,
    };
    let believe = |stderr| {
        let prior = Prior::normal(1.0, 1.0).unwrap();
        bayes::effect(&of(stderr), prior, Better::Higher, Question::default()).unwrap()
    };
    let narrow = believe(1e-200);
    assert_eq!((narrow.expected, narrow.stddev), (3e-200, 1e-200));
    let wide = believe(1e200);
    assert_eq!((wide.expected, wide.stddev), (1.0, 1.0));
}

#[test]
fn minus_zero_is_zero_for_every_rank() {
    let with = |zero: f64| [zero, 1.0, 2.5, -3.0, 4.5];
    let other = [0.0, 0.75, -1.25, 7.0];
    let ask = |a: &[f64], b: &[f64]| {
        stats::rank::hodges_lehmann(a, b, stats::Alpha::default(), Side::Two).unwrap()
    };
    assert_eq!(ask(&with(-0.0), &other), ask(&with(0.0), &other));
    assert_eq!(ask(&other, &with(-0.0)), ask(&other, &with(0.0)));
    let tuning = Tuning {
        v_opt: 100.0,
        alpha_opt: 0.05,
    };
    let quantile = QuantileTest::new(0.5, tuning).unwrap();
    let found = quantile
        .interval(&[-0.0; 90], stats::Alpha::default())
        .unwrap();
    for zero in [found.estimate, found.interval.lo, found.interval.hi] {
        assert!(zero == 0.0 && zero.is_sign_positive());
    }
    // A shift of nothing has no sign.
    for (a, b) in [([-0.0; 4], [0.0; 4]), ([0.0; 4], [-0.0; 4])] {
        let shift = ask(&a, &b);
        for zero in [shift.estimate, shift.interval.lo, shift.interval.hi] {
            assert!(zero == 0.0 && zero.is_sign_positive());
        }
    }
}

#[test]
fn a_one_sided_sequence_needs_a_level_below_a_half() {
    let arm = |x| Proportion::new(x, 1_000).unwrap();
    let fixed = effect::proportion(arm(100), arm(140), Question::default()).unwrap();
    for side in [Side::Greater, Side::Less] {
        for alpha in [0.5, 0.7] {
            let question = Question::default().side(side).at(alpha).unwrap();
            let refused = sequential::asymptotic(&fixed, question, 5_000.0).unwrap_err();
            assert_eq!(refused.field, "alpha");
        }
    }
    // There is no t in it: it stands on normal limits.
    let any_time = sequential::asymptotic(&fixed, Question::default(), 5_000.0).unwrap();
    assert_eq!(any_time.df, f64::INFINITY);
    assert!(fixed.df.is_finite());
}

#[test]
fn a_bernoulli_mixture_does_not_depend_on_the_unit() {
    let at = |unit: f64, sides| {
        let tuning = Tuning {
            v_opt: 100.0 * unit * unit,
            alpha_opt: 0.05,
        };
        let mixture = Mixture::beta_binomial(tuning, 0.2 * unit, 0.8 * unit, sides).unwrap();
        let bound = mixture.bound(100.0 * unit * unit, stats::Alpha::default());
        let log = mixture.log(10.0 * unit, 100.0 * unit * unit);
        (log.unwrap(), bound.unwrap() / unit)
    };
    for sides in [Sides::One, Sides::Two] {
        let (log, bound) = at(1.0, sides);
        for unit in [0.125, 0.3, 3.0, 64.0] {
            let scaled = at(unit, sides);
            assert!((scaled.0 - log).abs() < 1e-10, "{unit} {sides:?}");
            assert!((scaled.1 / bound - 1.0).abs() < 1e-10, "{unit} {sides:?}");
        }
    }
}

#[test]
fn ties_within_one_arm_narrow_the_interval_of_the_shift() {
    // SciPy's rule for equal values: σ² = mn/12·(N + 1 − Σ(t³ − t)/(N(N − 1))). With 60 values in three
    // twenties and 51 without, C = ⌈1530 − ½ − 1.959964·√(255·(112 − 23940/12210))⌉, and 1199 without them.
    let tied: Vec<f64> = (0..60).map(|i| f64::from(i / 20) * 17.9 + 0.5).collect();
    let plain: Vec<f64> = (0..51).map(|i| f64::from(i) * 1.3).collect();
    let mut all: Vec<f64> = tied
        .iter()
        .flat_map(|a| plain.iter().map(move |b| a - b))
        .collect();
    all.sort_by(f64::total_cmp);
    let rank = 1_202;
    let found =
        stats::rank::hodges_lehmann(&tied, &plain, stats::Alpha::default(), Side::Two).unwrap();
    assert_eq!(found.interval.lo, all[rank - 1]);
    assert_eq!(found.interval.hi, all[3_060 - rank]);
}
