use super::*;
use proptest::prelude::*;

fn period(control: u64, treatment: u64, share: f64) -> Period {
    Period {
        counts: [control, treatment],
        shares: [1.0 - share, share],
    }
}

fn at(periods: &[Period], prior: [f64; 2], alpha: f64) -> PeriodsAnswer {
    counts_by_period(periods, prior, Alpha::new(alpha).unwrap()).unwrap()
}

#[track_caller]
fn close(got: f64, want: f64, tolerance: f64) {
    let off = (got - want).abs() / (1.0 + want.abs());
    assert!(
        got == want || off <= tolerance,
        "got {got:e}, want {want:e}"
    );
}

#[track_caller]
fn same(one: &PeriodsAnswer, other: &PeriodsAnswer, tolerance: f64) {
    close(one.log_e, other.log_e, tolerance);
    let figures = |of: &PeriodsAnswer| {
        let Interval { lo, hi } = of.rate_ratio_interval;
        [of.rate_ratio, lo, hi]
    };
    for (one, other) in figures(one).into_iter().zip(figures(other)) {
        assert!(one.is_nan() == other.is_nan());
        if !one.is_nan() {
            close(one, other, tolerance);
        }
    }
}

/// Periods, prior and α; ln E(1), the likeliest ratio, and the ends of its interval.
type Case<'a> = (&'a [Period], [f64; 2], f64, [f64; 4]);

#[test]
fn the_figures_are_those_of_the_integral() {
    // mpmath, 40 digits.
    let infinite = f64::INFINITY;
    let cases: [Case<'_>; 7] = [
        (
            &[period(95, 5, 0.05), period(500, 500, 0.5)],
            [3.8, 0.2],
            0.05,
            [
                -3.924_029_274_368_393_7,
                1.0,
                0.791_769_952_701_632_8,
                1.262_606_426_444_461_7,
            ],
        ),
        (
            &[
                period(95, 5, 0.05),
                period(500, 500, 0.5),
                period(30, 120, 0.75),
            ],
            [3.8, 0.2],
            0.05,
            [
                -3.876_472_073_454_824_6,
                1.026_881_999_407_410_5,
                0.822_480_524_943_271_1,
                1.283_059_505_620_589_4,
            ],
        ),
        (
            &[period(10, 3, 0.1), period(0, 7, 0.5)],
            [1.0, 1.0],
            0.01,
            [
                2.748_067_859_562_112_4,
                4.431_098_884_280_702,
                0.720_352_051_569_924_5,
                25.729_834_708_979_796,
            ],
        ),
        (
            &[period(12, 0, 0.01), period(9, 0, 0.5)],
            [3.96, 0.04],
            0.05,
            [6.138_806_895_097_089, 0.0, 0.0, 0.421_415_952_977_602_3],
        ),
        (
            &[period(0, 4, 0.25), period(0, 9, 0.5)],
            [3.0, 1.0],
            0.05,
            [
                6.853_917_858_584_985,
                infinite,
                1.791_993_283_911_262,
                infinite,
            ],
        ),
        (
            &[
                period(950_000_000, 50_000_000, 0.05),
                period(500_000_000, 500_010_000, 0.5),
            ],
            [3.8, 0.2],
            0.05,
            [
                -10.867_200_383_568_838,
                1.000_016_806_702_392_4,
                0.999_711_104_931_301_7,
                1.000_322_597_475_329_9,
            ],
        ),
        (
            &[period(3, 0, 1e-9), period(40, 35, 0.5)],
            [4.0, 4e-9],
            0.05,
            [
                -19.711_259_306_559_482,
                0.874_999_999_876_953_1,
                0.163_817_270_652_826_53,
                4.411_681_094_435_185,
            ],
        ),
    ];
    for (periods, prior, alpha, [log_e, ratio, lo, hi]) in cases {
        let want = PeriodsAnswer {
            log_e,
            p: 0.0,
            rate_ratio: ratio,
            rate_ratio_interval: Interval { lo, hi },
        };
        same(&at(periods, prior, alpha), &want, 1e-11);
    }
}

#[test]
fn what_is_no_question_is_refused_by_name() {
    let field = |periods: &[Period], prior| {
        counts_by_period(periods, prior, Alpha::default())
            .unwrap_err()
            .field
    };
    let good = period(1, 1, 0.5);
    assert_eq!(field(&[], [1.0, 1.0]), "periods");
    for bad in [0.0, 1e-201, 1e16, -1.0, f64::NAN] {
        assert_eq!(field(&[good], [bad, 1.0]), "prior");
        assert_eq!(field(&[good, good], [1.0, bad]), "prior");
    }
    assert_eq!(
        field(&[good, period(1, 1, 0.0)], [1.0, 1.0]),
        "assignment_share"
    );
    let odd = Period {
        shares: [0.5, 0.6],
        ..good
    };
    assert_eq!(field(&[good, odd], [1.0, 1.0]), "assignment_share");
    // Each is within 2^53, their sum is not.
    let many = period(1 << 53, 0, 0.25);
    assert_eq!(field(&[many, good], [1.0, 1.0]), "counts");
}

#[test]
fn without_events_everything_is_possible() {
    let none = at(&[period(0, 0, 0.1), period(0, 0, 0.5)], [1.0, 1.0], 0.05);
    assert_eq!((none.log_e, none.p), (0.0, 1.0));
    let Interval { lo, hi } = none.rate_ratio_interval;
    assert!((lo, hi) == (0.0, f64::INFINITY) && none.rate_ratio.is_nan());
}

/// The chance of `yes` of `n` where each has the chance `p`.
fn binomial(yes: u64, n: u64, p: f64) -> f64 {
    crate::numeric::binomial_pmf(yes, n, p)
}

#[test]
fn under_equal_rates_the_mean_of_e_is_one() {
    // All outcomes of three periods with fixed numbers of events.
    for (prior, sizes) in [([1.9, 0.1], [4, 6, 3]), ([1.0, 1.0], [7, 2, 5])] {
        let shares = [0.05, 0.5, 0.2];
        let mut mean = 0.0;
        for a in 0..=sizes[0] {
            for b in 0..=sizes[1] {
                for c in 0..=sizes[2] {
                    let yes = [a, b, c];
                    let periods: Vec<Period> = (0..3)
                        .map(|k| period(sizes[k] - yes[k], yes[k], shares[k]))
                        .collect();
                    let chance: f64 = (0..3)
                        .map(|k| binomial(yes[k], sizes[k], shares[k]))
                        .product();
                    mean += chance * at(&periods, prior, 0.05).log_e.exp();
                }
            }
        }
        assert!((mean - 1.0).abs() < 1e-11, "{mean}");
    }
}

fn some_periods() -> impl Strategy<Value = Vec<Period>> {
    let one = (0..300_u64, 0..300_u64, 0.01..0.99_f64);
    prop::collection::vec(one.prop_map(|(x, y, share)| period(x, y, share)), 2..5)
}

proptest! {
    #[test]
    fn a_split_that_hardly_changes_is_one_that_does_not(
        counts in prop::collection::vec((0..2_000_u64, 0..2_000_u64), 2..5), share in 0.02..0.98_f64, prior in 0.05..40.0_f64,
    ) {
        // The last digit of a share makes it another period; the answer is by the integral.
        let periods: Vec<Period> = counts.iter().enumerate()
            .map(|(k, (x, y))| period(*x, *y, if k == 1 { share * (1.0 + f64::EPSILON) } else { share }))
            .collect();
        prop_assume!(periods[0].shares != periods[1].shares);
        let total: [u64; 2] = [0, 1].map(|arm| periods.iter().map(|p| p.counts[arm]).sum());
        let whole = period(total[0], total[1], share);
        same(&at(&periods, [prior, 2.0], 0.05), &at(&[whole], [prior, 2.0], 0.05), 1e-9);
    }

    #[test]
    fn how_the_events_of_one_split_are_told_apart_plays_no_role(periods in some_periods(), part in 0..300_u64) {
        let whole = at(&periods, [1.0, 1.0], 0.05);
        let mut split = periods.clone();
        let last = split.last_mut().unwrap();
        let later = Period { counts: last.counts.map(|count| count - count.min(part)), ..*last };
        last.counts = last.counts.map(|count| count.min(part));
        split.push(later);
        same(&at(&split, [1.0, 1.0], 0.05), &whole, 1e-11);
        // All but the first, whose split the prior is about, may come in any order.
        split[1..].reverse();
        same(&at(&split, [1.0, 1.0], 0.05), &whole, 1e-11);
    }

    #[test]
    fn exchanging_the_arms_inverts_the_ratio(periods in some_periods()) {
        let swap = |[a, b]: [f64; 2]| [b, a];
        let exchanged: Vec<Period> = periods.iter()
            .map(|p| Period { counts: [p.counts[1], p.counts[0]], shares: swap(p.shares) })
            .collect();
        let (one, other) = (at(&periods, [2.0, 3.0], 0.05), at(&exchanged, [3.0, 2.0], 0.05));
        close(one.log_e, other.log_e, 1e-10);
        let inverse = |a: f64, b: f64| a == 1.0 / b || (a * b - 1.0).abs() < 1e-9;
        let (near, far) = (one.rate_ratio_interval, other.rate_ratio_interval);
        prop_assert!(inverse(near.lo, far.hi) && inverse(near.hi, far.lo));
        prop_assert!(one.rate_ratio.is_nan() || inverse(one.rate_ratio, other.rate_ratio));
    }

    #[test]
    fn the_interval_holds_exactly_the_ratios_that_the_test_accepts(
        periods in some_periods(), log_ratio in -3.0..3.0_f64, alpha in 0.001..0.5_f64,
    ) {
        let ratio = log_ratio.exp();
        let found = at(&periods, [1.5, 0.5], alpha);
        // A ratio is equal rates over shares that already have it.
        let against: Vec<Period> = periods.iter().map(|p| {
            let odds = p.shares[1] / p.shares[0] * ratio;
            Period { shares: [1.0 / (1.0 + odds), odds / (1.0 + odds)], ..*p }
        }).collect();
        let margin = at(&against, [1.5, 0.5], alpha).log_e + alpha.ln();
        prop_assume!(margin.abs() > 1e-8);
        prop_assert_eq!(found.rate_ratio_interval.contains(ratio), margin < 0.0);
        prop_assert!(found.rate_ratio.is_nan() || found.rate_ratio_interval.contains(found.rate_ratio));
    }

    #[test]
    fn the_likeliest_ratio_has_evidence_of_at_most_one(periods in some_periods()) {
        let found = at(&periods, [1.0, 1.0], 0.05);
        prop_assume!(found.rate_ratio > 0.0 && found.rate_ratio.is_finite());
        let there: Vec<Period> = periods.iter().map(|p| {
            let odds = p.shares[1] / p.shares[0] * found.rate_ratio;
            Period { shares: [1.0 / (1.0 + odds), odds / (1.0 + odds)], ..*p }
        }).collect();
        prop_assert!(at(&there, [1.0, 1.0], 0.05).log_e <= 1e-9);
    }
}

#[test]
fn the_farthest_inputs_have_an_answer_with_its_ends_in_order() {
    let most = 1 << 53;
    for (counts, prior) in [
        ([[0, 1], [1, 0]], [1e-200, 1e-200]),
        ([[most, 0], [0, most]], [1.0, 1.0]),
        ([[most / 2, most / 2], [most / 2, 3]], [9e15, 1e-200]),
        ([[0, 0], [0, 1]], [9e15, 9e15]),
        ([[5, 0], [7, 0]], [1e-200, 1.0]),
        ([[0, most], [0, 0]], [1e-6, 1e6]),
    ] {
        for shares in [[1e-200, 0.5], [0.5, 1e-12], [0.3, 0.300_000_1]] {
            let periods = [0, 1].map(|k| Period {
                counts: counts[k],
                shares: [1.0 - shares[k], shares[k]],
            });
            let found = at(&periods, prior, 0.05);
            let Interval { lo, hi } = found.rate_ratio_interval;
            assert!(
                found.log_e.is_finite() && (0.0..=1.0).contains(&found.p),
                "{found:?}"
            );
            assert!(
                lo <= found.rate_ratio && found.rate_ratio <= hi && lo < hi,
                "{found:?}"
            );
        }
    }
}
