//! What a verdict hangs on, to the last step: equality, shares of the level, fences and ranks.

use stats::count::Events;
use stats::judge::{
    Judgement, Looks, Method, Observed, Reason, Rule, Trials, Verdict, Worse, judge,
};
use stats::kayenta::{Bounds, Classification, Rules, classify};
use stats::non_inferiority::{self, non_inferiority};
use stats::rank::hodges_lehmann;
use stats::sequential::{Comparison, QuantileTest, Tuning, rate};
use stats::{Alpha, Better, Interval, Moments, Question, Side, effect};

fn continuous(control: &[f64], canary: &[f64], rule: &Rule) -> Judgement {
    judge(&Observed::Continuous { control, canary }, rule).unwrap()
}

fn quantile(q: f64, control: &[f64], canary: &[f64], rule: &Rule) -> Judgement {
    let observed = Observed::Quantile { q, control, canary };
    judge(&observed, rule).unwrap()
}

fn whole(range: std::ops::Range<i32>) -> Vec<f64> {
    range.map(f64::from).collect()
}

#[test]
fn the_words_of_reports() {
    for (verdict, word) in [
        (Verdict::Pass, "pass"),
        (Verdict::Fail, "fail"),
        (Verdict::Inconclusive, "inconclusive"),
    ] {
        assert_eq!(verdict.name(), word);
    }
    for (method, word) in [
        (Method::MannWhitney, "mann_whitney"),
        (Method::SequentialQuantile, "sequential_quantile"),
        (Method::SequentialCounts, "sequential_counts"),
        (Method::SequentialRates, "sequential_rates"),
    ] {
        assert_eq!(method.name(), word);
    }
}

#[test]
fn a_p_of_exactly_alpha_shows_nothing() {
    let (a, b) = (
        Moments::of([1.0, 2.0, 3.0, 4.0, 7.0]),
        Moments::of([1.5, 2.5, 2.0, 4.5, 6.0]),
    );
    let estimate = effect::mean(&a, &b, Question::default().absolute()).unwrap();
    let ask = |margin, alpha: f64| {
        let alpha = Alpha::new(alpha).unwrap();
        non_inferiority(&estimate, margin, Better::Higher, alpha).unwrap()
    };
    let inside = ask(1.0, 0.05).p;
    assert!(inside < 0.5);
    use non_inferiority::Verdict::{Inconclusive, Inferior, NonInferior};
    assert_eq!(ask(1.0, inside).verdict, Inconclusive);
    assert_eq!(ask(1.0, inside * 1.000_001).verdict, NonInferior);
    // The other way round by swapped arms: worse by more than the margin.
    let worse = effect::mean(
        &Moments::of([21.0, 22.0, 23.0, 24.0, 27.0]),
        &b,
        Question::default().absolute(),
    )
    .unwrap();
    let at = |alpha: f64| {
        let alpha = Alpha::new(alpha).unwrap();
        non_inferiority(&worse, 15.0, Better::Higher, alpha).unwrap()
    };
    // Its chance is that of the mirrored question with the margin taken off.
    let t = (worse.effect + 15.0) / worse.stderr;
    let beyond = stats::numeric::student_sf(-t, worse.df);
    assert!(beyond < 0.5);
    assert_eq!(at(beyond).verdict, Inconclusive);
    assert_eq!(at(beyond * 1.000_001).verdict, Inferior);
}

#[test]
fn the_clock_of_the_ranks_is_the_number_of_values_in_both_arms() {
    // 100 values at half of 5%, tightest at 4·25: √(2(t + 1)/t·(½ln(t + 1) − ln 0.025)) is 3.27921 with
    // t = −2ln 0.025 + ln(1 − 2ln 0.025), so C = ⌈1200 − ½ − 3.27921·√(2400·101/12)⌉.
    let rank = 734;
    let of = |value: f64| 100.0 + value;
    let control: Vec<f64> = whole(0..40).iter().map(|i| of((i * 1.7).sin())).collect();
    let canary: Vec<f64> = whole(0..60).iter().map(|i| of((i * 2.3).cos())).collect();
    // The ratios in order are the differences of the logarithms.
    let mut all: Vec<f64> = canary
        .iter()
        .flat_map(|a| control.iter().map(move |b| a / b))
        .collect();
    all.sort_by(f64::total_cmp);
    let found = continuous(&control, &canary, &Rule::default())
        .interval
        .unwrap();
    assert!((found.lo + 1.0 - all[rank - 1]).abs() < 1e-12);
    assert!((found.hi + 1.0 - all[2400 - rank]).abs() < 1e-12);
}

#[test]
fn arms_too_small_for_the_level_bound_nothing() {
    let rule = Rule {
        min_sample: 2,
        ..Rule::default()
    };
    for looks in [Looks::One, Looks::Any] {
        let found = continuous(&[1.0, 2.0], &[30.0, 50.0], &Rule { looks, ..rule });
        assert_eq!(found.verdict, Verdict::Inconclusive, "{}", found.reason);
        let interval = found.interval.unwrap();
        // Nothing that is above 0 falls by more than all of it.
        assert!(interval.lo <= -1.0 && interval.hi == f64::INFINITY);
    }
}

#[test]
fn two_tails_share_what_one_has_alone() {
    // scipy.stats.hypergeom.cdf(5, 100, 50, 19) is 0.01976: between a quarter of 5% and a half.
    let control = whole(1..51);
    let mut canary = whole(1..37);
    canary.extend(whole(1_000..1_014));
    let rule = Rule {
        looks: Looks::One,
        tolerance: 0.9,
        ..Rule::default()
    };
    let one = continuous(&control, &canary, &rule);
    assert!(
        matches!(one.reason, Reason::Tail(change) if change.beyond == 14 && change.of == 50),
        "{}",
        one.reason
    );
    let both = continuous(
        &control,
        &canary,
        &Rule {
            worse: Worse::Either,
            ..rule
        },
    );
    assert_ne!(both.verdict, Verdict::Fail, "{}", both.reason);
}

#[test]
fn the_baselines_median_is_the_middle_one() {
    // The shift of all values by 5 is a tenth of 50, the third of five; one of them is not above 0.
    let rule = Rule {
        looks: Looks::One,
        ..Rule::default()
    };
    let control: Vec<f64> = [-10.0, 20.0, 50.0, 70.0, 90.0].repeat(5);
    let canary: Vec<f64> = control.iter().map(|x| x + 5.0).collect();
    let found = continuous(&control, &canary, &rule);
    assert!((found.effect.unwrap() - 0.1).abs() < 1e-15, "{found:?}");
}

/// Values of which some are negative, with a quantile that is well above 0, and the same moved up.
fn of_both_signs() -> (Vec<f64>, Vec<f64>) {
    let control: Vec<f64> = whole(0..900)
        .iter()
        .map(|i| i * 7.0 % 901.0 - 5.0)
        .collect();
    let canary = whole(0..850)
        .iter()
        .map(|i| i * 11.0 % 853.0 + 120.5)
        .collect();
    (control, canary)
}

/// The shares of a positive baseline in `size` that a rise in `change` may be.
fn shares(change: Interval, size: Interval) -> (f64, f64) {
    assert!(change.lo > 0.0 && size.lo > 0.0);
    (change.lo / size.hi, change.hi / size.lo)
}

#[test]
fn a_shift_and_the_median_it_is_a_share_of_have_a_quarter_of_the_level_each() {
    let (control, canary) = of_both_signs();
    for min_sample in [20, 400] {
        let rule = Rule {
            looks: Looks::One,
            min_sample,
            ..Rule::default()
        };
        let quarter = Alpha::new(0.0125).unwrap();
        let tuning = Tuning {
            v_opt: 4.0 * min_sample.max(25) as f64,
            alpha_opt: 0.05,
        };
        let median = QuantileTest::new(0.5, tuning).unwrap();
        let size = median.interval(&control, quarter).unwrap().interval;
        let shift = hodges_lehmann(&canary, &control, quarter, Side::Two).unwrap();
        let found = continuous(&control, &canary, &rule).interval.unwrap();
        assert_eq!((found.lo, found.hi), shares(shift.interval, size));
    }
}

#[test]
fn the_difference_of_quantiles_and_what_it_is_a_share_of_have_half_of_the_level_each() {
    let (control, canary) = of_both_signs();
    let half = Alpha::new(0.025).unwrap();
    let tuning = Tuning {
        v_opt: 100.0,
        alpha_opt: 0.05,
    };
    let median = QuantileTest::new(0.5, tuning).unwrap();
    let size = median.interval(&control, half).unwrap().interval;
    let change = median.compare(&control, &canary, Comparison::Difference, half);
    let found = quantile(0.5, &control, &canary, &Rule::default());
    let interval = found.interval.unwrap();
    let wanted = shares(change.unwrap().interval, size);
    assert_eq!((interval.lo, interval.hi), wanted);
}

#[test]
fn a_quantile_is_watched_most_closely_with_fifty_values_beyond_it() {
    let control: Vec<f64> = whole(0..700)
        .iter()
        .map(|i| 300.0 + (i * 7.0) % 701.0)
        .collect();
    let canary: Vec<f64> = whole(0..650)
        .iter()
        .map(|i| 310.0 + (i * 11.0) % 653.0)
        .collect();
    for (q, min_sample, v_opt) in [
        (0.5, 20, 100.0),
        (0.9, 20, 500.0),
        (0.1, 20, 500.0),
        (0.3, 20, 500.0 / 3.0),
        (0.5, 250, 1_000.0),
    ] {
        let rule = Rule {
            min_sample,
            ..Rule::default()
        };
        let tuning = Tuning {
            v_opt,
            alpha_opt: 0.05,
        };
        let wanted = QuantileTest::new(q, tuning)
            .unwrap()
            .compare(&control, &canary, Comparison::Ratio, rule.alpha)
            .unwrap();
        let found = quantile(q, &control, &canary, &rule);
        let interval = found.interval.unwrap();
        assert_eq!(interval.lo, wanted.interval.lo - 1.0, "{q} {min_sample}");
        assert_eq!(interval.hi, wanted.interval.hi - 1.0, "{q} {min_sample}");
        assert_eq!(found.effect, Some(wanted.estimate - 1.0));
    }
}

#[test]
fn a_quantile_of_values_with_a_zero_is_compared_by_its_difference() {
    let control = whole(0..300);
    let canary = whole(40..340);
    let found = quantile(0.5, &control, &canary, &Rule::default());
    // The medians are the 150th of each: 149 and 189.
    assert!((found.effect.unwrap() - 40.0 / 149.0).abs() < 1e-15);
}

#[test]
fn a_quantile_at_its_smallest_sample_is_judged() {
    let rule = Rule::default();
    let of = |n| quantile(0.5, &whole(1..n + 1), &whole(1..n + 1), &rule);
    assert!(matches!(of(19).reason, Reason::TooFew { least: 19, .. }));
    let enough = of(20);
    assert!(
        matches!(enough.reason, Reason::Open { .. }),
        "{}",
        enough.reason
    );
}

#[test]
fn the_points_of_a_margin_share_the_level_between_the_arms() {
    let (control, canary) = (
        Trials {
            x: 40,
            n: 1_000_000,
        },
        Trials {
            x: 90,
            n: 1_000_000,
        },
    );
    let rule = Rule {
        margin: Some(1e-3),
        ..Rule::default()
    };
    let found = judge(&Observed::Rate { control, canary }, &rule).unwrap();
    let Reason::WithinMargin { points, .. } = found.reason else {
        panic!("{}", found.reason);
    };
    let tuning = Tuning {
        v_opt: 1_000.0,
        alpha_opt: 0.05,
    };
    let single = |trials: Trials| {
        let half = Alpha::new(0.025).unwrap();
        rate(trials.x, trials.n, half, tuning).unwrap().interval
    };
    assert_eq!(points.lo, single(canary).lo - single(control).hi);
    assert_eq!(points.hi, single(canary).hi - single(control).lo);
}

#[test]
fn the_prior_of_counts_weighs_four_events() {
    // mpmath: the θ at which the evidence of 10 against 60 with prior (2, 2) is 20, as odds.
    let of = |count| Events {
        count,
        exposure: 7.0,
    };
    let observed = Observed::Count {
        control: of(10),
        canary: of(60),
    };
    let found = judge(&observed, &Rule::default()).unwrap();
    let interval = found.interval.unwrap();
    assert!(((interval.lo + 1.0) / 2.178_318_178_902_997_6 - 1.0).abs() < 1e-12);
    assert!(((interval.hi + 1.0) / 22.668_148_820_645_263 - 1.0).abs() < 1e-12);
}

#[test]
fn the_level_of_kayentas_interval_is_two_sided() {
    // 100 differences, of which 21 are below 0: R's interval begins with the 19th at 98%
    // (⌈50 − ½ − 2.326·√(100·21/12)⌉), with the 24th at 95%.
    let control = whole(10..20);
    let experiment: Vec<f64> = control.iter().map(|x| x + 3.5).collect();
    let at = |conf_level| {
        let rules = Rules {
            tolerance: 0.0,
            conf_level,
            ..Rules::default()
        };
        classify(&control, &experiment, &rules)
            .unwrap()
            .classification
    };
    assert_eq!(at(0.98), Classification::Pass);
    assert_eq!(at(0.95), Classification::High);
}

#[test]
fn kayentas_decrease_is_one_to_or_below_the_bound() {
    let control = whole(100..120);
    let experiment: Vec<f64> = control.iter().map(|x| x / 2.0).collect();
    let at = |allowed: f64, fatal: f64| {
        let bounds = |decrease| {
            Some(Bounds {
                decrease,
                increase: 2.0,
            })
        };
        let rules = Rules {
            critical: true,
            effect_size: bounds(allowed),
            critical_thresholds: bounds(fatal),
            ..Rules::default()
        };
        let found = classify(&control, &experiment, &rules).unwrap();
        (found.classification, found.critical)
    };
    assert_eq!(at(0.5, 0.5), (Classification::Low, true));
    assert_eq!(at(0.5, 0.49), (Classification::Low, false));
    assert_eq!(at(0.49, 0.49), (Classification::Pass, false));
}

#[test]
fn constants_of_any_value_and_number_are_not_compared() {
    for value in [0.0, 3.0] {
        let found = classify(&[value; 2], &[value; 3], &Rules::default()).unwrap();
        assert_eq!(
            (found.classification, found.deviation),
            (Classification::Pass, 1.0)
        );
    }
    // Nor is what is equal value by value: a mean of 0 has no ratio.
    let same = [-1.0, 0.0, 1.0];
    let found = classify(&same, &same, &Rules::default()).unwrap();
    assert_eq!(found.deviation, 1.0);
}

#[test]
fn outliers_lie_beyond_both_the_fence_and_the_percentile() {
    // Quartiles 1 and 5: with a factor of 3 the fences are at −11 and 17.
    let rules = Rules {
        outlier_factor: Some(3.0),
        ..Rules::default()
    };
    let deviation = |low: f64, high: f64| {
        let experiment = [low, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, high];
        classify(&[2.0, 3.0, 4.0, 5.0, 6.0], &experiment, &rules)
            .unwrap()
            .deviation
    };
    assert_eq!(deviation(-12.0, 20.0), 0.75, "the mean of 0 to 6 over 4");
    let kept = (21.0 - 10.5 + 16.75) / 9.0 / 4.0;
    assert!((deviation(-10.5, 16.75) - kept).abs() < 1e-15);
}

#[test]
fn the_mean_of_a_constant_is_that_constant() {
    for n in [10, 30, 70] {
        let found = classify(&vec![0.1; n], &vec![0.2; n], &Rules::default()).unwrap();
        assert_eq!(found.deviation, 2.0, "{n}");
    }
}
