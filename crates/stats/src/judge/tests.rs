use super::*;
use proptest::prelude::*;

/// A deterministic source of numbers, uniform on (0, 1).
struct Noise(u64);

impl Noise {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / 9_007_199_254_740_992.0 + 1e-17
    }

    /// Latencies around 100 with a long tail.
    fn latencies(&mut self, n: usize) -> Vec<f64> {
        (0..n)
            .map(|_| {
                let normal = crate::numeric::normal_quantile(self.uniform());
                100.0 * libm::exp(0.3 * normal)
            })
            .collect()
    }
}

fn continuous(control: &[f64], canary: &[f64], rule: &Rule) -> Judgement {
    judge(&Observed::Continuous { control, canary }, rule).unwrap()
}

fn rates(control: (u64, u64), canary: (u64, u64), rule: &Rule) -> Judgement {
    let trials = |(x, n)| Trials { x, n };
    judge(
        &Observed::Rate {
            control: trials(control),
            canary: trials(canary),
        },
        rule,
    )
    .unwrap()
}

fn counted(control: (u64, f64), canary: (u64, f64), rule: &Rule) -> Judgement {
    let events = |(count, exposure)| Events { count, exposure };
    judge(
        &Observed::Count {
            control: events(control),
            canary: events(canary),
        },
        rule,
    )
    .unwrap()
}

fn once() -> Rule {
    Rule {
        looks: Looks::One,
        ..Rule::default()
    }
}

#[test]
fn no_data_is_inconclusive_whatever_the_kind() {
    let values = [1.0; 30];
    for (control, canary) in [(&[][..], &values[..]), (&values, &[]), (&[], &[])] {
        let continuous = continuous(control, canary, &Rule::default());
        assert_eq!(
            (continuous.verdict, continuous.reason),
            (Verdict::Inconclusive, Reason::NoData)
        );
        assert_eq!((continuous.effect, continuous.interval), (None, None));
        let quantile = judge(
            &Observed::Quantile {
                q: 0.5,
                control,
                canary,
            },
            &Rule::default(),
        )
        .unwrap();
        assert_eq!(
            (quantile.verdict, quantile.reason),
            (Verdict::Inconclusive, Reason::NoData)
        );
    }
    for (control, canary) in [((0, 0), (5, 100)), ((5, 100), (0, 0)), ((0, 0), (0, 0))] {
        assert_eq!(
            rates(control, canary, &Rule::default()).reason,
            Reason::NoData
        );
    }
}

#[test]
fn counts_without_an_event_have_their_exposure_for_data() {
    let found = counted((0, 10.0), (0, 100.0), &Rule::default());
    assert_eq!(found.verdict, Verdict::Inconclusive);
    // While nothing happened a rate is below ln(1/α) over the exposure.
    let Reason::NoCounts { bound } = found.reason else {
        panic!("{:?}", found.reason);
    };
    assert!((bound * 100.0 - 20_f64.ln()).abs() < 1e-12, "{bound}");
    assert_eq!((found.n, found.effect), ([0, 0], None));
}

#[test]
fn counts_that_no_double_holds_are_refused_by_name() {
    let one = Events {
        count: 1,
        exposure: 1.0,
    };
    let many = Events {
        count: u64::MAX,
        ..one
    };
    let count = |control, canary| {
        judge(&Observed::Count { control, canary }, &Rule::default())
            .unwrap_err()
            .field
    };
    assert_eq!(count(many, one), "control.count");
    assert_eq!(count(one, many), "canary.count");
    let few = Trials { x: 1, n: 100 };
    let all = Trials {
        x: u64::MAX,
        n: u64::MAX,
    };
    let rate = |control, canary| {
        judge(&Observed::Rate { control, canary }, &Rule::default())
            .unwrap_err()
            .field
    };
    assert_eq!(rate(all, few), "control.n");
    assert_eq!(rate(few, all), "canary.n");
}

#[test]
fn too_small_a_sample_is_inconclusive_and_still_shows_its_figures() {
    let control: Vec<f64> = (0..19).map(|i| 100.0 + f64::from(i)).collect();
    let canary: Vec<f64> = control.iter().map(|x| 5.0 * x).collect();
    let found = continuous(&control, &canary, &Rule::default());
    assert_eq!(found.verdict, Verdict::Inconclusive);
    assert_eq!(
        found.reason,
        Reason::TooFew {
            least: 19,
            wanted: 20
        }
    );
    assert!(found.effect.unwrap() > 3.0);
    let less = Rule {
        min_sample: 19,
        ..Rule::default()
    };
    assert_eq!(continuous(&control, &canary, &less).verdict, Verdict::Fail);
    let found = rates((0, 19), (19, 400), &Rule::default());
    assert_eq!(
        found.reason,
        Reason::TooFew {
            least: 19,
            wanted: 20
        }
    );
    let found = counted((3, 1.0), (16, 1.0), &Rule::default());
    assert_eq!(
        found.reason,
        Reason::TooFew {
            least: 19,
            wanted: 20
        }
    );
    assert_eq!(counted((3, 1.0), (17, 1.0), &Rule::default()).n, [3, 17]);
    let quantile = Observed::Quantile {
        q: 0.5,
        control: &control,
        canary: &canary,
    };
    assert_eq!(
        judge(&quantile, &Rule::default()).unwrap().reason,
        Reason::TooFew {
            least: 19,
            wanted: 20
        }
    );
}

#[test]
fn a_shift_beyond_the_tolerance_fails_and_one_within_passes() {
    let mut noise = Noise(5);
    let control = noise.latencies(2_000);
    let same = noise.latencies(2_000);
    let slower: Vec<f64> = noise.latencies(2_000).iter().map(|x| x * 1.3).collect();
    for rule in [Rule::default(), once()] {
        let fail = continuous(&control, &slower, &rule);
        assert_eq!(fail.verdict, Verdict::Fail, "{}", fail.reason);
        assert!((fail.effect.unwrap() - 0.3).abs() < 0.05);
        let interval = fail.interval.unwrap();
        assert!(interval.lo > 0.2 && interval.hi < 0.4 && interval.contains(fail.effect.unwrap()));
        assert_eq!((fail.n, fail.method), ([2_000, 2_000], Method::MannWhitney));
        assert_eq!(continuous(&control, &same, &rule).verdict, Verdict::Pass);
        let lower_is_fine = continuous(&slower, &control, &rule);
        assert_eq!(
            lower_is_fine.verdict,
            Verdict::Pass,
            "{}",
            lower_is_fine.reason
        );
        let lower = Rule {
            worse: Worse::Lower,
            ..rule
        };
        assert_eq!(continuous(&slower, &control, &lower).verdict, Verdict::Fail);
        assert_eq!(continuous(&control, &slower, &lower).verdict, Verdict::Pass);
        let either = Rule {
            worse: Worse::Either,
            ..rule
        };
        assert_eq!(
            continuous(&slower, &control, &either).verdict,
            Verdict::Fail
        );
        assert_eq!(
            continuous(&control, &slower, &either).verdict,
            Verdict::Fail
        );
        assert_eq!(continuous(&control, &same, &either).verdict, Verdict::Pass);
        let tolerant = Rule {
            tolerance: 0.5,
            ..rule
        };
        assert_eq!(
            continuous(&control, &slower, &tolerant).verdict,
            Verdict::Pass
        );
        let strict = Rule {
            tolerance: 0.0,
            ..rule
        };
        let found = continuous(&control, &same, &strict);
        assert_eq!(found.verdict, Verdict::Inconclusive, "{}", found.reason);
    }
}

#[test]
fn seven_points_of_ten_at_a_hundred_times_do_not_pass() {
    // spinnaker/spinnaker#6278
    let control: Vec<f64> = (0..10).map(|i| 1.0 + f64::from(i) / 100.0).collect();
    let canary: Vec<f64> = (0..10)
        .map(|i| {
            if i < 7 {
                100.0 + f64::from(i)
            } else {
                1.0 + f64::from(i) / 100.0
            }
        })
        .collect();
    let few = Rule {
        min_sample: 10,
        ..once()
    };
    let found = continuous(&control, &canary, &few);
    assert_eq!(found.verdict, Verdict::Fail);
    assert_eq!(
        found.reason,
        Reason::Tail(TailChange {
            q: 0.9,
            beyond: 7,
            of: 10
        })
    );
    let any = continuous(
        &control,
        &canary,
        &Rule {
            looks: Looks::Any,
            ..few
        },
    );
    assert_ne!(any.verdict, Verdict::Pass);
    // The same the other way up.
    let turned = |values: &[f64]| values.iter().map(|x| -x).collect::<Vec<_>>();
    let lower = Rule {
        worse: Worse::Lower,
        ..few
    };
    let found = continuous(&turned(&control), &turned(&canary), &lower);
    assert_eq!(
        found.reason,
        Reason::Tail(TailChange {
            q: 0.1,
            beyond: 7,
            of: 10
        })
    );
    let either = Rule {
        worse: Worse::Either,
        ..few
    };
    assert_eq!(
        continuous(&turned(&control), &turned(&canary), &either).verdict,
        Verdict::Fail
    );
    assert_eq!(
        continuous(&control, &canary, &either).verdict,
        Verdict::Fail
    );
}

#[test]
fn more_variance_alone_does_not_pass() {
    // kayenta#780
    let mut noise = Noise(7);
    let control = noise.latencies(3_000);
    let wider: Vec<f64> = noise
        .latencies(3_000)
        .iter()
        .map(|x| 100.0 * libm::pow(x / 100.0, 4.0))
        .collect();
    for rule in [Rule::default(), once()] {
        let found = continuous(&control, &wider, &rule);
        assert_eq!(found.verdict, Verdict::Fail);
        assert!(matches!(found.reason, Reason::Tail(_)), "{}", found.reason);
    }
    let little = continuous(
        &control[..400],
        &wider[..60],
        &Rule {
            tolerance: 0.6,
            ..Rule::default()
        },
    );
    assert_eq!(little.verdict, Verdict::Inconclusive);
}

#[test]
fn a_doubtful_tail_withholds_a_pass() {
    let control: Vec<f64> = (0..200).map(|i| 100.0 + f64::from(i % 10) / 10.0).collect();
    let mut canary = control.clone();
    for value in canary.iter_mut().take(34) {
        *value = 200.0;
    }
    let rule = Rule {
        tolerance: 0.2,
        ..Rule::default()
    };
    assert_eq!(continuous(&control, &control, &rule).verdict, Verdict::Pass);
    let found = continuous(&control, &canary, &rule);
    assert_eq!(found.verdict, Verdict::Inconclusive);
    assert_eq!(
        found.reason,
        Reason::TailInDoubt(TailChange {
            q: 0.9,
            beyond: 34,
            of: 200
        })
    );
    assert_eq!(
        continuous(
            &control,
            &canary,
            &Rule {
                looks: Looks::One,
                ..rule
            }
        )
        .verdict,
        Verdict::Inconclusive
    );
}

#[test]
fn constant_arms_get_a_verdict_without_noise() {
    let same = continuous(&[5.0; 40], &[5.0; 30], &Rule::default());
    assert_eq!(
        (same.verdict, same.reason, same.effect),
        (Verdict::Pass, Reason::Constant, Some(0.0))
    );
    assert_eq!(
        continuous(&[5.0; 40], &[6.0; 40], &Rule::default()).verdict,
        Verdict::Fail
    );
    assert_eq!(
        continuous(&[5.0; 40], &[5.2; 40], &Rule::default()).verdict,
        Verdict::Pass
    );
    assert_eq!(
        continuous(&[5.0; 40], &[4.0; 40], &Rule::default()).verdict,
        Verdict::Pass
    );
    let from_zero = continuous(&[0.0; 40], &[6.0; 40], &Rule::default());
    assert_eq!(
        (from_zero.verdict, from_zero.effect),
        (Verdict::Fail, Some(f64::INFINITY))
    );
    assert_eq!(
        continuous(&[0.0; 40], &[0.0; 40], &Rule::default()).verdict,
        Verdict::Pass
    );
}

#[test]
fn errors_are_judged_by_their_counts() {
    let fail = rates((10, 10_000), (60, 10_000), &Rule::default());
    assert_eq!(
        (fail.verdict, fail.method),
        (Verdict::Fail, Method::SequentialCounts)
    );
    assert_eq!(fail.effect, Some(5.0));
    let pass = rates((100_000, 1_000_000), (100_000, 1_000_000), &Rule::default());
    assert_eq!(pass.verdict, Verdict::Pass);
    let sparse = rates((0, 500), (3, 500), &Rule::default());
    assert_eq!(
        sparse.verdict,
        Verdict::Inconclusive,
        "kayenta#426: sparse counts are no pass"
    );
    assert_eq!(sparse.effect, Some(f64::INFINITY));
    let unequal = rates((10, 10_000), (1, 1_000), &Rule::default());
    assert!(unequal.effect.unwrap().abs() < 1e-12, "{unequal:?}");
    assert_eq!(
        rates(
            (60, 10_000),
            (10, 10_000),
            &Rule {
                worse: Worse::Lower,
                ..Rule::default()
            }
        )
        .verdict,
        Verdict::Fail
    );
}

#[test]
fn no_error_anywhere_is_no_pass_and_says_how_much_is_known() {
    for (control, canary) in [(20, 20), (50_000, 20_000), (2_000_000, 100_000)] {
        for worse in [Worse::Higher, Worse::Lower, Worse::Either] {
            let rule = Rule {
                worse,
                ..Rule::default()
            };
            let found = rates((0, control), (0, canary), &rule);
            assert_eq!(found.verdict, Verdict::Inconclusive, "{}", found.reason);
            let Reason::NoEvents { bound, margin } = found.reason else {
                panic!("{:?}", found.reason);
            };
            // While there was none, (1 − p)^n is at least α.
            let still = (1.0 - bound).powf(canary as f64);
            assert!((still - 0.05).abs() < 1e-6, "{bound}");
            assert_eq!((margin, found.effect), (None, None));
        }
    }
}

fn margin(margin: f64) -> Rule {
    Rule {
        margin: Some(margin),
        ..Rule::default()
    }
}

#[test]
fn a_margin_lets_a_canary_without_errors_pass_once_enough_was_seen() {
    let clean = rates((0, 2_000_000), (0, 100_000), &margin(1e-4));
    assert_eq!(clean.verdict, Verdict::Pass, "{}", clean.reason);
    let Reason::NoEvents { bound, margin: of } = clean.reason else {
        panic!("{:?}", clean.reason);
    };
    assert!((bound - 3e-5).abs() < 1e-6 && of == Some(1e-4), "{bound}");
    for few in [20, 1_000, 20_000] {
        let early = rates((0, 2_000_000), (0, few), &margin(1e-4));
        assert_eq!(early.verdict, Verdict::Inconclusive, "{}", early.reason);
    }
    // Below the smallest sample no margin helps.
    assert_eq!(
        rates((0, 100), (0, 19), &margin(1.0)).verdict,
        Verdict::Inconclusive
    );
    // Where fewer are worse it is the baseline's rate that has to be known: nothing falls by more.
    for (worse, control, canary, want) in [
        (Worse::Lower, 2_000_000, 100, Verdict::Pass),
        (Worse::Lower, 100, 2_000_000, Verdict::Inconclusive),
        (Worse::Either, 2_000_000, 2_000_000, Verdict::Pass),
        (Worse::Either, 2_000_000, 100, Verdict::Inconclusive),
        (Worse::Either, 100, 2_000_000, Verdict::Inconclusive),
    ] {
        let rule = Rule {
            worse,
            ..margin(1e-4)
        };
        let found = rates((0, control), (0, canary), &rule);
        assert_eq!(found.verdict, want, "{worse:?} {}", found.reason);
        // The sentence says what the verdict does.
        let said = found.reason.to_string().contains("within the accepted");
        assert_eq!(said, want == Verdict::Pass, "{}", found.reason);
    }
}

#[test]
fn a_margin_accepts_what_is_much_of_little_and_never_what_is_beyond_it() {
    let (control, canary) = ((0, 2_000_000), (40, 1_000_000));
    assert_eq!(
        rates(control, canary, &Rule::default()).verdict,
        Verdict::Fail
    );
    let pass = rates(control, canary, &margin(1e-3));
    assert_eq!(pass.verdict, Verdict::Pass);
    let Reason::WithinMargin { points, .. } = pass.reason else {
        panic!("{:?}", pass.reason);
    };
    assert!(points.contains(4e-5) && points.hi < 1e-3, "{points:?}");
    let open = rates(control, canary, &margin(4e-5));
    assert_eq!(open.verdict, Verdict::Inconclusive);
    assert!(matches!(open.reason, Reason::MarginOpen { .. }));
    let beyond = rates((1_000, 1_000_000), (60_000, 1_000_000), &margin(1e-3));
    assert_eq!(beyond.verdict, Verdict::Fail);
    assert!(matches!(beyond.reason, Reason::Beyond { .. }));
    // The tolerance alone is as good as before.
    let same = rates((100_000, 1_000_000), (100_000, 1_000_000), &margin(0.0));
    assert!(matches!(same.reason, Reason::Within { .. }), "{same:?}");
    // Also the other way up.
    let lower = |margin| Rule {
        worse: Worse::Lower,
        margin: Some(margin),
        ..Rule::default()
    };
    assert_eq!(rates(canary, control, &lower(1e-3)).verdict, Verdict::Pass);
    assert_eq!(
        rates((60_000, 1_000_000), (1_000, 1_000_000), &lower(1e-3)).verdict,
        Verdict::Fail
    );
}

#[test]
fn a_margin_is_a_rates_and_not_negative() {
    let one = Events {
        count: 30,
        exposure: 1.0,
    };
    let values = [1.0; 30];
    for observed in [
        Observed::Count {
            control: one,
            canary: one,
        },
        Observed::Continuous {
            control: &values,
            canary: &values,
        },
        Observed::Quantile {
            q: 0.5,
            control: &values,
            canary: &values,
        },
    ] {
        assert_eq!(judge(&observed, &margin(0.1)).unwrap_err().field, "margin");
    }
    let trials = Trials { x: 1, n: 30 };
    for bad in [-0.1, f64::NAN, f64::INFINITY] {
        let observed = Observed::Rate {
            control: trials,
            canary: trials,
        };
        assert_eq!(judge(&observed, &margin(bad)).unwrap_err().field, "margin");
    }
}

#[test]
fn where_nearly_all_succeed_the_rates_themselves_are_compared() {
    let rule = Rule {
        worse: Worse::Lower,
        tolerance: 0.02,
        ..Rule::default()
    };
    let good = rates((49_900, 50_000), (49_890, 50_000), &rule);
    assert_eq!(
        (good.verdict, good.method),
        (Verdict::Pass, Method::SequentialRates)
    );
    let bad = rates((49_900, 50_000), (45_000, 50_000), &rule);
    assert_eq!(bad.verdict, Verdict::Fail);
    assert!((bad.effect.unwrap() - (0.9 / 0.998 - 1.0)).abs() < 1e-12);
    assert!(bad.interval.unwrap().contains(bad.effect.unwrap()));
    assert_eq!(
        rates((50, 100), (50, 100), &rule).method,
        Method::SequentialCounts
    );
    assert_eq!(
        rates((50, 100), (51, 100), &rule).method,
        Method::SequentialRates
    );
}

#[test]
fn two_rates_share_the_level_between_them() {
    let found = rates((90, 100), (95, 100), &Rule::default())
        .interval
        .unwrap();
    let tuning = crate::sequential::Tuning {
        v_opt: 1_000.0,
        alpha_opt: 0.05,
    };
    let single = |x| {
        let half = Alpha::new(0.025).unwrap();
        crate::sequential::rate(x, 100, half, tuning)
            .unwrap()
            .interval
    };
    let (before, after) = (single(90), single(95));
    assert_eq!(found.lo, after.lo / before.hi - 1.0);
    assert_eq!(found.hi, after.hi / before.lo - 1.0);
}

#[test]
fn counts_are_compared_over_their_exposures() {
    let fail = counted((10, 100.0), (60, 100.0), &Rule::default());
    assert_eq!(
        (fail.verdict, fail.n, fail.effect),
        (Verdict::Fail, [10, 60], Some(5.0))
    );
    let same_rate = counted(
        (1_000, 10.0),
        (100_000, 1_000.0),
        &Rule {
            tolerance: 0.2,
            ..Rule::default()
        },
    );
    assert_eq!(same_rate.verdict, Verdict::Pass);
    assert!(
        counted((100, f64::MAX), (100, f64::MAX), &Rule::default())
            .effect
            .unwrap()
            .abs()
            < 1e-12
    );
}

#[test]
fn quantiles_are_compared_at_their_place() {
    let mut noise = Noise(3);
    let control = noise.latencies(6_000);
    let same = noise.latencies(6_000);
    // Only one value in twenty is slower: the median does not move, the 99th percentile does.
    let tail: Vec<f64> = noise
        .latencies(6_000)
        .iter()
        .enumerate()
        .map(|(i, x)| if i % 20 == 0 { x * 4.0 } else { *x })
        .collect();
    let at = |q: f64, canary: &[f64], rule: &Rule| {
        judge(
            &Observed::Quantile {
                q,
                control: &control,
                canary,
            },
            rule,
        )
        .unwrap()
    };
    let p99 = at(0.99, &tail, &Rule::default());
    assert_eq!(
        (p99.verdict, p99.method),
        (Verdict::Fail, Method::SequentialQuantile)
    );
    assert!(p99.effect.unwrap() > 0.5);
    assert_eq!(at(0.5, &tail, &Rule::default()).verdict, Verdict::Pass);
    assert_eq!(at(0.5, &same, &Rule::default()).verdict, Verdict::Pass);
    let negative: Vec<f64> = control.iter().map(|x| -x).collect();
    let turned: Vec<f64> = tail.iter().map(|x| -x).collect();
    let lower = Rule {
        worse: Worse::Lower,
        ..Rule::default()
    };
    let found = judge(
        &Observed::Quantile {
            q: 0.01,
            control: &negative,
            canary: &turned,
        },
        &lower,
    )
    .unwrap();
    assert_eq!(found.verdict, Verdict::Fail);
    assert!(
        (found.effect.unwrap() + p99.effect.unwrap()).abs() < 0.05,
        "{found:?}"
    );
}

#[test]
fn what_cannot_be_asked_is_refused_by_name() {
    let field = |observed: Observed<'_>, rule: Rule| judge(&observed, &rule).unwrap_err().field;
    let good = [1.0; 30];
    let values = |canary| Observed::Continuous {
        control: &good,
        canary,
    };
    assert_eq!(field(values(&[1.0, f64::NAN]), Rule::default()), "canary");
    assert_eq!(field(values(&[f64::INFINITY]), Rule::default()), "canary");
    assert_eq!(
        field(
            values(&good),
            Rule {
                tolerance: -0.1,
                ..Rule::default()
            }
        ),
        "tolerance"
    );
    assert_eq!(
        field(
            values(&good),
            Rule {
                tolerance: f64::NAN,
                ..Rule::default()
            }
        ),
        "tolerance"
    );
    let quantile = |q| Observed::Quantile {
        q,
        control: &good,
        canary: &good,
    };
    assert_eq!(field(quantile(1.0), Rule::default()), "q");
    let trials = |x, n| Trials { x, n };
    assert_eq!(
        field(
            Observed::Rate {
                control: trials(1, 2),
                canary: trials(3, 2)
            },
            Rule::default()
        ),
        "canary.x"
    );
    assert_eq!(
        field(
            Observed::Rate {
                control: trials(3, 2),
                canary: trials(1, 2)
            },
            Rule::default()
        ),
        "control.x"
    );
    let events = |exposure| Events { count: 1, exposure };
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert_eq!(
            field(
                Observed::Count {
                    control: events(bad),
                    canary: events(1.0)
                },
                Rule::default()
            ),
            "control.exposure"
        );
        assert_eq!(
            field(
                Observed::Count {
                    control: events(1.0),
                    canary: events(bad)
                },
                Rule::default()
            ),
            "canary.exposure"
        );
    }
    assert_eq!(
        field(
            Observed::Count {
                control: events(1e-300),
                canary: events(1e300)
            },
            Rule::default()
        ),
        "exposure"
    );
}

#[test]
fn equal_arms_are_hardly_ever_stopped_in_a_thousand_looks() {
    let (mut stops, arms) = (0, 40);
    for seed in 0..arms {
        let mut noise = Noise(1_000 + seed);
        let (control, canary) = (noise.latencies(600), noise.latencies(600));
        let rule = Rule {
            tolerance: 0.0,
            ..Rule::default()
        };
        let stopped = (20..600)
            .step_by(30)
            .any(|n| continuous(&control[..n], &canary[..n], &rule).verdict == Verdict::Fail);
        stops += u32::from(stopped);
    }
    assert!(stops <= 3, "{stops} of {arms}");
}

proptest! {
    #[test]
    fn the_unit_never_changes_a_judgement(
        seed in 0..u64::MAX,
        n in 20..60_usize,
        factor in 0.5..3.0_f64,
        power in -900..900_i32,
        looks in prop::bool::ANY,
        worse in 0..3_usize,
    ) {
        let mut noise = Noise(seed);
        let control = noise.latencies(n);
        let canary: Vec<f64> = noise.latencies(n).iter().map(|x| x * factor).collect();
        let rule = Rule {
            looks: if looks { Looks::Any } else { Looks::One },
            worse: [Worse::Higher, Worse::Lower, Worse::Either][worse],
            ..Rule::default()
        };
        let unit = 2_f64.powi(power);
        let scaled = |v: &[f64]| v.iter().map(|x| x * unit).collect::<Vec<_>>();
        let (far_control, far_canary) = (scaled(&control), scaled(&canary));
        prop_assert_eq!(continuous(&control, &canary, &rule), continuous(&far_control, &far_canary, &rule));
        let one = Observed::Quantile { q: 0.5, control: &control, canary: &canary };
        let other = Observed::Quantile { q: 0.5, control: &far_control, canary: &far_canary };
        prop_assert_eq!(judge(&one, &rule), judge(&other, &rule));
    }

    #[test]
    fn more_margin_never_fails_what_less_did_not(x in 0..300_u64, y in 0..300_u64, low in 0.0..0.05_f64, more in 0.0..0.05_f64) {
        let of = |margin| rates((x, 5_000), (y, 5_000), &Rule { margin, ..Rule::default() }).verdict;
        let (none, less, larger) = (of(None), of(Some(low)), of(Some(low + more)));
        prop_assert!(larger != Verdict::Fail || less == Verdict::Fail);
        prop_assert!(less != Verdict::Pass || larger == Verdict::Pass);
        prop_assert!(less != Verdict::Fail || none == Verdict::Fail);
        prop_assert!(none != Verdict::Pass || less == Verdict::Pass);
    }

    #[test]
    fn more_tolerance_never_fails_what_less_did_not(x in 0..300_u64, y in 0..300_u64, low in 0.0..1.0_f64, more in 0.0..1.0_f64) {
        let of = |tolerance| rates((x, 5_000), (y, 5_000), &Rule { tolerance, ..Rule::default() }).verdict;
        let (strict, tolerant) = (of(low), of(low + more));
        prop_assert!(tolerant != Verdict::Fail || strict == Verdict::Fail);
        prop_assert!(strict != Verdict::Pass || tolerant == Verdict::Pass);
    }
}
