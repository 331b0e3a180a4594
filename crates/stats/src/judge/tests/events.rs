//! Rates and counts.

use super::*;

fn margin(margin: f64) -> Rule {
    Rule {
        margin: Some(margin),
        ..Rule::default()
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
fn where_most_succeed_rates_are_compared_and_not_counts() {
    let found = rates((900, 1_000), (1_960, 2_000), &Rule::default());
    assert_eq!(found.method, Method::SequentialRates);
    // 98% against 90%.
    let effect = found.effect.unwrap();
    assert!((effect - 8.0 / 90.0).abs() < 1e-15, "{effect}");
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
    assert_eq!(unequal.effect, Some(0.0), "{unequal:?}");
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
        let reason = found.reason.to_string();
        let said = reason.contains("within the accepted")
            || reason.contains("not worse by more than the accepted");
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
    // Beyond the margin it is the tolerance that leaves it open, and that is said.
    let open = rates((100_000, 1_000_000), (109_500, 1_000_000), &margin(0.0));
    assert!(matches!(open.reason, Reason::Open { .. }), "{open:?}");
    assert_eq!(open.verdict, Verdict::Inconclusive);
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
    for bad in [-0.1, f64::NAN, f64::INFINITY, 1.0f64.next_up(), 2.0] {
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
