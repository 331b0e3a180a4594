//! What must hold whatever the figures.

use proptest::prelude::*;
use stats::adjust;
use stats::bayes::{self, BetaPrior, Prior};
use stats::effect::{self, Proportion, QuantileArm};
use stats::non_inferiority::{Verdict, non_inferiority};
use stats::power::Plan;
use stats::{
    Alpha, Better, CannotCompute, Difference, Estimate, Failure, Moments, PairMoments, Question,
    Side, sequential,
};

fn near(a: f64, b: f64, tolerance: f64) -> bool {
    a == b || (a - b).abs() <= tolerance * a.abs().max(b.abs())
}

fn sample(n: std::ops::Range<usize>) -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(-10.0..30.0f64, n)
}

fn pairs(n: std::ops::Range<usize>) -> impl Strategy<Value = Vec<(f64, f64)>> {
    prop::collection::vec((1.0..30.0f64, 1.0..9.0f64), n)
}

fn side() -> impl Strategy<Value = Side> {
    prop_oneof![Just(Side::Two), Just(Side::Greater), Just(Side::Less)]
}

fn asked(alpha: f64, difference: Difference, side: Side) -> Question {
    Question {
        alpha: Alpha::new(alpha).unwrap(),
        difference,
        side,
    }
}

fn difference() -> impl Strategy<Value = Difference> {
    prop_oneof![Just(Difference::Relative), Just(Difference::Absolute)]
}

/// p of {1, 2, 3, 4} against {2, 4, 4, 5}, relative: gbstats at its head, in mpmath.
const P_OF_QUARTETS: f64 = 0.320_617_548_193_762_02;

/// 0 lies inside the interval exactly where p is above α.
fn interval_and_p_agree(estimate: &Estimate, question: Question) -> bool {
    let alpha = question.alpha.get();
    near(estimate.p, alpha, 1e-9) || estimate.interval.contains(0.0) == (estimate.p > alpha)
}

proptest! {
    #[test]
    fn merged_moments_are_those_of_the_whole(a in sample(0..40), b in sample(0..40), scale in -250i32..250) {
        let unit = 10f64.powi(scale);
        let up = |values: &[f64]| -> Vec<f64> { values.iter().map(|x| x * unit).collect() };
        let (a, b) = (up(&a), up(&b));
        let mut merged = Moments::of(a.iter().copied());
        merged.merge(&Moments::of(b.iter().copied()));
        let whole = Moments::of(a.iter().chain(&b).copied());
        prop_assert_eq!(merged.n(), whole.n());
        prop_assert!((merged.mean() - whole.mean()).abs() <= 1e-13 * 30.0 * unit);
        prop_assert!(near(merged.stddev(), whole.stddev(), 1e-11) || whole.n() < 2);
    }

    #[test]
    fn merged_pairs_are_those_of_the_whole(a in pairs(0..40), b in pairs(0..40)) {
        let mut merged = PairMoments::of(a.iter().copied());
        merged.merge(&PairMoments::of(b.iter().copied()));
        let whole = PairMoments::of(a.iter().chain(&b).copied());
        prop_assert_eq!(merged.n(), whole.n());
        prop_assert!((merged.covariance() - whole.covariance()).abs() < 1e-11);
        prop_assert!((merged.slope() - whole.slope()).abs() < 1e-10);
        prop_assert!(near(merged.x().stddev(), whole.x().stddev(), 1e-11));
        prop_assert!(near(merged.y().mean(), whole.y().mean(), 1e-13));
        let mut other_way = PairMoments::of(b.iter().copied());
        other_way.merge(&PairMoments::of(a.iter().copied()));
        prop_assert!((merged.covariance() - other_way.covariance()).abs() < 1e-11);
    }

    #[test]
    fn sums_say_the_same_as_the_values(values in pairs(2..40)) {
        let n = values.len() as u64;
        let total = |f: fn(&(f64, f64)) -> f64| -> f64 { values.iter().map(f).sum() };
        let x = (total(|v| v.0), total(|v| v.0 * v.0));
        let y = (total(|v| v.1), total(|v| v.1 * v.1));
        let sums = PairMoments::from_sums(n, x, y, total(|v| v.0 * v.1)).unwrap();
        let plain = PairMoments::of(values.iter().copied());
        prop_assert!((sums.covariance() - plain.covariance()).abs() < 1e-9);
        prop_assert!((sums.x().variance() - plain.x().variance()).abs() < 1e-9);
        prop_assert!(near(sums.y().mean(), plain.y().mean(), 1e-13));
    }

    #[test]
    fn swapped_arms_mirror_the_absolute_answer(a in sample(2..30), b in sample(2..30), alpha in 0.001..0.3f64) {
        let (a, b) = (Moments::of(a), Moments::of(b));
        let one = effect::mean(&a, &b, asked(alpha, Difference::Absolute, Side::Two)).unwrap();
        let two = effect::mean(&b, &a, asked(alpha, Difference::Absolute, Side::Two)).unwrap();
        prop_assert_eq!(one.effect, -two.effect);
        prop_assert_eq!(one.p, two.p);
        prop_assert_eq!(one.interval.lo, -two.interval.hi);
        let greater = effect::mean(&a, &b, asked(alpha, Difference::Absolute, Side::Greater)).unwrap();
        let less = effect::mean(&b, &a, asked(alpha, Difference::Absolute, Side::Less)).unwrap();
        prop_assert_eq!(greater.p, less.p);
        prop_assert_eq!(greater.interval.lo, -less.interval.hi);
    }

    #[test]
    fn the_unit_does_not_matter(a in pairs(3..30), b in pairs(3..30), scale in -290i32..290, side in side(), difference in difference()) {
        let unit = 2f64.powi(scale * 3);
        let question = asked(0.05, difference, side);
        let up = |values: &[(f64, f64)]| PairMoments::of(values.iter().map(|(x, y)| (x * unit, *y)));
        let (small, large) = ((PairMoments::of(a.clone()), PairMoments::of(b.clone())), (up(&a), up(&b)));
        let rise = if difference == Difference::Absolute { unit } else { 1.0 };
        let answers = [
            (effect::mean(&small.0.x(), &small.1.x(), question), effect::mean(&large.0.x(), &large.1.x(), question)),
            (effect::ratio(&small.0, &small.1, question).map(|r| r.estimate), effect::ratio(&large.0, &large.1, question).map(|r| r.estimate)),
            (effect::cuped(&small.0, &small.1, question).map(|r| r.estimate), effect::cuped(&large.0, &large.1, question).map(|r| r.estimate)),
        ];
        for (small, large) in answers {
            let (small, large) = (small.unwrap(), large.unwrap());
            // Differences of means that nearly agree keep fewer digits than the rest.
            let off = (small.effect * rise - large.effect).abs();
            prop_assert!(off <= 1e-9 * small.stderr * rise);
            prop_assert!(near(small.stderr * rise, large.stderr, 1e-9));
            prop_assert!((small.p - large.p).abs() < 1e-8);
        }
    }

    #[test]
    fn a_shift_of_both_arms_keeps_the_absolute_answer(a in sample(3..30), b in sample(3..30), by in -1000.0..1000.0f64) {
        let question = Question::default().absolute();
        let moved = |values: &[f64]| Moments::of(values.iter().map(|x| x + by));
        let before = effect::mean(&Moments::of(a.clone()), &Moments::of(b.clone()), question).unwrap();
        let after = effect::mean(&moved(&a), &moved(&b), question).unwrap();
        prop_assert!((before.effect - after.effect).abs() < 1e-10);
        prop_assert!((before.stderr - after.stderr).abs() < 1e-10);
    }

    #[test]
    fn interval_and_p_say_the_same(a in sample(3..30), b in sample(3..30), alpha in 0.001..0.4f64, side in side(), tuning in 1.0..1e5f64) {
        let (a, b) = (Moments::of(a), Moments::of(b));
        let question = asked(alpha, Difference::Absolute, side);
        let fixed = effect::mean(&a, &b, question).unwrap();
        prop_assert!(interval_and_p_agree(&fixed, question), "{fixed:?}");
        let any_time = sequential::asymptotic(&fixed, question, tuning).unwrap();
        prop_assert!(interval_and_p_agree(&any_time, question), "{any_time:?}");
        prop_assert!(any_time.p >= fixed.p);
    }

    #[test]
    fn a_smaller_alpha_widens_and_never_moves(a in pairs(3..30), b in pairs(3..30), alpha in 0.001..0.2f64, side in side(), difference in difference()) {
        let (a, b) = (PairMoments::of(a), PairMoments::of(b));
        // Not so the confidence sequence: its ρ is chosen for its α.
        let ask = |alpha| {
            let ratio = effect::ratio(&a, &b, asked(alpha, difference, side));
            ratio.map(|ratio| ratio.estimate)
        };
        let (Ok(wide), Ok(narrow)) = (ask(alpha), ask(2.0 * alpha)) else {
            prop_assert_eq!(ask(alpha), Err(CannotCompute::NoVariance));
            return Ok(());
        };
        prop_assert_eq!(wide.p, narrow.p);
        prop_assert!(wide.interval.lo <= narrow.interval.lo);
        prop_assert!(wide.interval.hi >= narrow.interval.hi);
    }

    #[test]
    fn a_posterior_lies_between_prior_and_data(x in 10u64..90, y in 10u64..90, mean in -0.5..0.5f64, variance in 1e-6..10.0f64) {
        let (control, treatment) = (Proportion::new(x, 100).unwrap(), Proportion::new(y, 100).unwrap());
        let question = Question::default();
        let estimate = effect::proportion(control, treatment, question).unwrap();
        let prior = Prior::normal(mean, variance).unwrap();
        let up = bayes::effect(&estimate, prior, Better::Higher, question).unwrap();
        let (lo, hi) = (mean.min(estimate.effect), mean.max(estimate.effect));
        prop_assert!(lo <= up.expected + 1e-15 && up.expected <= hi + 1e-15);
        prop_assert!(up.stddev < estimate.stderr && up.stddev < variance.sqrt());
        // What the one choice loses more than the other is what is expected.
        prop_assert!((up.risk_control - up.risk_treatment - up.expected).abs() < 1e-12);
        let down = bayes::effect(&estimate, prior, Better::Lower, question).unwrap();
        prop_assert!((up.chance_to_win + down.chance_to_win - 1.0).abs() < 1e-14);
        prop_assert_eq!(up.risk_control, down.risk_treatment);
    }

    #[test]
    fn adjusting_only_ever_raises_p_and_widens(p in prop::collection::vec(0.0..=1.0f64, 1..12)) {
        let (holm, bh) = (adjust::holm(&p).unwrap(), adjust::benjamini_hochberg(&p).unwrap());
        let bonferroni = adjust::bonferroni(&p).unwrap();
        for i in 0..p.len() {
            prop_assert!(p[i] <= bh[i] && bh[i] <= holm[i] * (1.0 + 1e-15) && holm[i] <= bonferroni[i]);
        }
    }

    #[test]
    fn adjusted_intervals_follow_the_adjusted_p(a in sample(5..30), b in sample(5..30), factor in 1.0..20.0f64, side in side()) {
        let question = asked(0.05, Difference::Absolute, side);
        let estimate = effect::mean(&Moments::of(a), &Moments::of(b), question).unwrap();
        let p = (estimate.p * factor).min(1.0);
        let adjusted = adjust::interval(&estimate, p, question).unwrap();
        prop_assert!(adjusted.lo <= estimate.interval.lo && adjusted.hi >= estimate.interval.hi);
        let told = Estimate { p, interval: adjusted, ..estimate };
        prop_assert!(interval_and_p_agree(&told, question), "{told:?}");
    }

    #[test]
    fn non_inferiority_is_the_shifted_one_sided_test(a in sample(5..30), b in sample(5..30), margin in 0.01..20.0f64) {
        let (a, b) = (Moments::of(a), Moments::of(b));
        let question = asked(0.05, Difference::Absolute, Side::Greater);
        let estimate = effect::mean(&a, &b, question).unwrap();
        let answer = non_inferiority(&estimate, margin, Better::Higher, Alpha::default()).unwrap();
        prop_assert!(near(answer.bound, estimate.interval.lo, 1e-9) || answer.bound.abs() < 1e-9);
        prop_assert_eq!(answer.verdict == Verdict::NonInferior, answer.bound > -margin);
        let mirrored = effect::mean(&b, &a, question).unwrap();
        let other = non_inferiority(&mirrored, margin, Better::Lower, Alpha::default()).unwrap();
        prop_assert_eq!(answer.verdict, other.verdict);
        prop_assert!(near(answer.p, other.p, 1e-9));
    }

    #[test]
    fn the_needed_observations_are_the_fewest(rate in 0.05..0.6f64, effect in 0.05..0.5f64, power in 0.3..0.99f64, side in prop_oneof![Just(Side::Two), Just(Side::Greater)]) {
        let plan = Plan::proportion(rate, asked(0.05, Difference::Relative, side)).unwrap();
        let n = plan.n_per_arm(effect, power).unwrap();
        prop_assert!(plan.power(effect, n).unwrap() >= power - 1e-12);
        prop_assert!(n == 2 || plan.power(effect, n - 1).unwrap() < power);
        if let Ok(seen) = plan.minimum_effect(n, power) {
            prop_assert!(seen <= effect * (1.0 + 1e-9));
            prop_assert!((plan.power(seen, n).unwrap() - power).abs() < 1e-9);
        }
    }

    #[test]
    fn nothing_makes_a_comparison_panic(n in 0u64..5, m in 0u64..5, sum in any::<f64>(), sum_sq in any::<f64>(), side in side(), difference in difference()) {
        let question = asked(0.05, difference, side);
        let arms = (Moments::from_sums(n, sum, sum_sq), Moments::from_sums(m, sum_sq, sum));
        if let (Ok(a), Ok(b)) = arms
            && let Ok(answer) = effect::mean(&a, &b, question)
        {
            prop_assert!(answer.effect.is_finite() && answer.stderr > 0.0);
            prop_assert!((0.0..=1.0).contains(&answer.p));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn losses_differ_by_the_difference_of_the_means(xa in 0u64..200, xb in 0u64..2000, more in 1u64..3000, a in 0.3..5.0f64, b in 0.3..50.0f64) {
        let (control, treatment) = (Proportion::new(xa, xa + more).unwrap(), Proportion::new(xb, xb + 7).unwrap());
        let prior = BetaPrior::new(a, b).unwrap();
        let belief = bayes::beta_binomial(control, treatment, prior).unwrap();
        let mean = |p: Proportion| (a + p.x() as f64) / (a + b + p.n() as f64);
        let apart = belief.expected_loss_choose_control - belief.expected_loss_choose_treatment;
        prop_assert!((apart - (mean(treatment) - mean(control))).abs() < 1e-10, "{belief:?}");
        let swapped = bayes::beta_binomial(treatment, control, prior).unwrap();
        let sum = belief.p_treatment_beats_control + swapped.p_treatment_beats_control;
        prop_assert!((sum - 1.0).abs() < 1e-10);
        prop_assert!(near(belief.expected_loss_choose_control, swapped.expected_loss_choose_treatment, 1e-9));
    }
}

#[test]
fn from_the_smallest_to_the_largest_numbers() {
    for unit in [1e-300, 1e-150, 1.0, 1e150, 1e300] {
        let control = Moments::of([1.0, 2.0, 3.0, 4.0].map(|x| x * unit));
        let treatment = Moments::of([2.0, 4.0, 4.0, 5.0].map(|x| x * unit));
        assert!(near(control.mean(), 2.5 * unit, 1e-15));
        assert!(
            near(control.stddev(), (5.0f64 / 3.0).sqrt() * unit, 1e-15),
            "{unit}"
        );
        let answer = effect::mean(&control, &treatment, Question::default()).unwrap();
        assert!(near(answer.effect, 0.5, 1e-14), "{answer:?}");
        assert!(near(answer.p, P_OF_QUARTETS, 1e-9), "{answer:?}");
    }
    let tiny = Moments::of([1e-300, 2e-300]);
    let huge = Moments::of([1e300, 2e300]);
    let answer = effect::mean(&tiny, &huge, Question::default());
    assert_eq!(answer, Err(CannotCompute::Overflow));
    let mut both = tiny;
    both.merge(&huge);
    assert!(near(both.mean(), 0.75e300, 1e-15));
    assert!(
        near(both.stddev(), (11.0f64 / 12.0).sqrt() * 1e300, 1e-14),
        "{both:?}"
    );
    let pushed = Moments::of([1e-300, 2e-300, 1e300, 2e300]);
    assert!(near(pushed.stddev(), both.stddev(), 1e-14));
    let pairs = PairMoments::of([(1e-300, 1e300), (2e-300, 2e300), (0.0, 0.0)]);
    assert!(near(pairs.slope(), 0.0, 0.0) || pairs.slope() > 0.0);
    assert!(near(pairs.covariance(), 1.0, 1e-14));
}

#[test]
fn what_no_double_can_hold_is_said() {
    let around = |mean: f64, by: f64| Moments::of([mean - by, mean + by]);
    let ask = |a: &Moments, b: &Moments, alpha| {
        effect::mean(a, b, asked(alpha, Difference::Absolute, Side::Two))
    };
    // The effect alone, and the interval alone.
    let far = ask(&around(-1.6e308, 1e298), &around(1.6e308, 1e298), 0.05);
    assert_eq!(far, Err(CannotCompute::Overflow));
    let (a, b) = (around(1.0, 1e306), around(2.0, 1e306));
    assert!(ask(&a, &b, 0.05).is_ok());
    assert_eq!(ask(&a, &b, 1e-6), Err(CannotCompute::Overflow));
}

#[test]
fn constants_and_emptiness_are_said_not_computed() {
    let constant = |n| Moments::of(std::iter::repeat_n(0.1, n));
    let varied = Moments::of([1.0, 2.0]);
    let ask = |a: &Moments, b: &Moments| effect::mean(a, b, Question::default()).unwrap_err();
    assert_eq!(ask(&constant(1000), &varied), CannotCompute::NoVariance);
    assert_eq!(ask(&varied, &constant(1000)), CannotCompute::NoVariance);
    assert_eq!(ask(&Moments::new(), &varied), CannotCompute::EmptyArm);
    assert_eq!(ask(&varied, &constant(1)), CannotCompute::TooFew);
    assert_eq!(
        ask(&Moments::of([-1.0, 1.0]), &varied),
        CannotCompute::ZeroBaseline
    );
    // A thousand times 0.1 does not add up exactly: that is no spread.
    let sum: f64 = std::iter::repeat_n(0.1, 1000).sum();
    let sum_sq: f64 = std::iter::repeat_n(0.1 * 0.1, 1000).sum();
    let summed = Moments::from_sums(1000, sum, sum_sq).unwrap();
    assert_eq!(summed.stddev(), 0.0);
}

#[test]
fn sums_that_may_hide_what_was_before_adjust_nothing() {
    // Four times 0.1 before, of which the sums may have lost a spread, against four times 2.
    let after = (10.0, 30.0);
    let hidden = PairMoments::from_sums(4, after, (0.4, 4.0 * (0.1 * 0.1)), 1.0).unwrap();
    let constant = PairMoments::of([1.0, 2.0, 3.0, 5.0].map(|x| (x, 2.0)));
    for (control, treatment) in [(hidden, constant), (constant, hidden)] {
        let refused = effect::cuped(&control, &treatment, Question::default());
        assert_eq!(refused, Err(CannotCompute::LostPrecision));
    }
    let plain = effect::cuped(&constant, &constant, Question::default()).unwrap();
    assert_eq!((plain.theta, plain.estimate.effect), (0.0, 0.0));
}

#[test]
fn one_observation_does_not_vary_whatever_its_sums_say() {
    assert!(!Moments::from_sums(1, 3.0, 10.0).unwrap().varies());
    assert!(Moments::from_sums(2, 3.0, 10.0).unwrap().varies());
}

#[test]
fn a_spread_far_below_the_mean_is_kept() {
    let far = Moments::of([1.0, 2.0, 3.0].map(|x| x + 1e9));
    assert_eq!(far.variance(), 1.0);
    assert!(far.varies());
    let sums = Moments::from_sums(3, 6.0, 14.0).unwrap();
    assert_eq!(
        (sums.mean(), sums.variance(), sums.stderr()),
        (2.0, 1.0, 1.0 / 3f64.sqrt())
    );
    assert_eq!(Moments::new().mean(), 0.0);
    assert_eq!(Moments::of([5.0]).variance(), 0.0);
    assert_eq!(Moments::of([5.0]).stddev(), 0.0);
}

#[test]
fn what_is_not_finite_is_refused_or_shown() {
    assert!(Moments::of([1.0, f64::NAN]).mean().is_nan());
    assert!(Moments::of([1.0, f64::INFINITY]).stddev().is_nan());
    let field = |failure: Failure| match failure {
        Failure::Invalid(invalid) => invalid.field,
        Failure::CannotCompute(why) => panic!("{why}"),
    };
    let sums = |n, sum, sum_sq| field(Moments::from_sums(n, sum, sum_sq).unwrap_err());
    let pair = |x, y, product| field(PairMoments::from_sums(2, x, y, product).unwrap_err());
    let good = (3.0, 5.0);
    for bad in [f64::NAN, f64::INFINITY] {
        assert_eq!(sums(2, bad, 1.0), "sum");
        assert_eq!(sums(2, 1.0, bad), "sum_sq");
        assert_eq!(pair((bad, 5.0), good, 5.0), "x.sum");
        assert_eq!(pair((3.0, bad), good, 5.0), "x.sum_sq");
        assert_eq!(pair(good, (bad, 5.0), 5.0), "y.sum");
        assert_eq!(pair(good, (3.0, bad), 5.0), "y.sum_sq");
        assert_eq!(pair(good, good, bad), "sum_prod");
    }
    assert_eq!(sums(0, 1.0, 0.0), "n");
    assert_eq!(sums(0, 0.0, 1.0), "n");
    assert_eq!(sums((1 << 53) + 1, 1.0, 1.0), "n");
    assert!(Moments::from_sums(1 << 53, 1.0, 1.0).is_ok());
    assert_eq!(Moments::from_sums(0, 0.0, 0.0).unwrap(), Moments::new());
    // x and y alike: Σxy may be Σx² and no more.
    assert!(PairMoments::from_sums(2, good, good, 5.0).is_ok());
    assert!(PairMoments::from_sums(2, good, good, 5.1).is_err());
    assert!(PairMoments::from_sums(2, good, good, 3.9).is_err());
    let large = QuantileArm::new((1 << 53) + 1, 5, 0.5, 1.0, 1.0, 1.0).unwrap_err();
    assert_eq!(large.field, "n");
    let large = QuantileArm::new(1 << 53, (1 << 53) + 1, 0.5, 1.0, 1.0, 1.0).unwrap_err();
    assert_eq!(large.field, "n_star");
    assert!(QuantileArm::new(1 << 53, 1 << 53, 0.5, 1.0, 1.0, 1.0).is_ok());
    assert_eq!(Proportion::new(0, (1 << 53) + 1).unwrap_err().field, "n");
    assert!(Proportion::new(1 << 53, 1 << 53).is_ok());
}
