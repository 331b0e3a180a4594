use super::*;
use proptest::prelude::*;

mod events;

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

#[test]
fn a_change_of_scale_is_told_as_it_is() {
    let (mut told, mut held, arms) = (0.0, 0, 40);
    for seed in 0..arms {
        let mut noise = Noise(2_000 + seed);
        let control = noise.latencies(400);
        let canary: Vec<f64> = noise.latencies(400).iter().map(|x| 2.0 * x).collect();
        let judgement = continuous(&control, &canary, &once());
        told += judgement.effect.unwrap() / arms as f64;
        held += u32::from(judgement.interval.unwrap().contains(1.0));
    }
    assert!((told - 1.0).abs() < 0.02, "twice as slow is told as {told}");
    assert!(held >= 36, "{held} of {arms}");
}

#[test]
fn values_of_both_signs_are_held_against_a_baseline_that_is_estimated_too() {
    let control: Vec<f64> = (0..401).map(|at| f64::from(at) / 100.0 - 1.0).collect();
    let canary: Vec<f64> = control.iter().map(|x| x + 1.0).collect();
    for looks in [Looks::One, Looks::Any] {
        let rule = Rule {
            looks,
            ..Rule::default()
        };
        let judgement = continuous(&control, &canary, &rule);
        let interval = judgement.interval.unwrap();
        assert!((judgement.effect.unwrap() - 1.0).abs() < 1e-12);
        // The shift alone, over a median that were known, would be narrower on both sides.
        assert!(interval.lo < 0.8 && interval.hi > 1.2, "{interval:?}");
        assert_eq!(judgement.verdict, Verdict::Fail);
    }
    // Around a baseline of nothing no share is bounded from above.
    let around: Vec<f64> = control.iter().map(|x| x - 1.0).collect();
    let judgement = continuous(&around, &control, &Rule::default());
    assert_eq!(judgement.interval.unwrap().hi, f64::INFINITY);
    assert_eq!(judgement.verdict, Verdict::Fail);
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
        let near = continuous(&control, &canary, &rule);
        let far = continuous(&far_control, &far_canary, &rule);
        prop_assert_eq!(near.verdict, far.verdict);
        // The logarithms are those of other numbers, so the last digits may differ.
        let figures = |of: &Judgement| {
            let interval = of.interval.unwrap();
            [of.effect.unwrap(), interval.lo, interval.hi]
        };
        for (one, other) in figures(&near).into_iter().zip(figures(&far)) {
            prop_assert!(one == other || (one - other).abs() < 1e-11 * (1.0 + one.abs()), "{one} {other}");
        }
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

#[test]
fn exactly_what_is_tolerated_is_tolerated() {
    let at = |worse, lo, hi| {
        let rule = Rule {
            worse,
            tolerance: 0.25,
            ..Rule::default()
        };
        rule.held_against(0.5 * (lo + hi), Interval { lo, hi }).0
    };
    for (worse, sign) in [(Worse::Higher, 1.0), (Worse::Lower, -1.0)] {
        let of = |near: f64, far: f64| {
            at(
                worse,
                (sign * near).min(sign * far),
                (sign * near).max(sign * far),
            )
        };
        assert_eq!(of(0.25, 0.25), Verdict::Pass);
        assert_eq!(of(0.0, 0.25), Verdict::Pass);
        assert_eq!(of(0.25, 0.5), Verdict::Inconclusive);
        assert_eq!(of(0.26, 0.5), Verdict::Fail);
        assert_eq!(of(-9.0, 0.0), Verdict::Pass);
    }
    assert_eq!(at(Worse::Either, -0.25, 0.25), Verdict::Pass);
    assert_eq!(at(Worse::Either, -0.26, 0.25), Verdict::Inconclusive);
    assert_eq!(at(Worse::Either, -0.5, -0.26), Verdict::Fail);
}
