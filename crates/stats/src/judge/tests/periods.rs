//! Rates and counts by period.

use super::*;

fn trials(each: &[(u64, u64)]) -> Vec<Trials> {
    each.iter().map(|&(x, n)| Trials { x, n }).collect()
}

fn events(each: &[(u64, f64)]) -> Vec<Events> {
    each.iter()
        .map(|&(count, exposure)| Events { count, exposure })
        .collect()
}

fn rates_by(control: &[(u64, u64)], canary: &[(u64, u64)], rule: &Rule) -> Judgement {
    let (control, canary) = (trials(control), trials(canary));
    let observed = Observed::RateByPeriod {
        control: &control,
        canary: &canary,
    };
    judge(&observed, rule).unwrap()
}

fn counted_by(control: &[(u64, f64)], canary: &[(u64, f64)], rule: &Rule) -> Judgement {
    let (control, canary) = (events(control), events(canary));
    let observed = Observed::CountByPeriod {
        control: &control,
        canary: &canary,
    };
    judge(&observed, rule).unwrap()
}

fn lower(tolerance: f64) -> Rule {
    Rule {
        worse: Worse::Lower,
        tolerance,
        ..Rule::default()
    }
}

fn with_margin(margin: f64) -> Rule {
    Rule {
        margin: Some(margin),
        ..Rule::default()
    }
}

#[test]
fn a_ramp_through_a_change_of_the_base_rate_stops_no_equal_canary() {
    // 0.1% while the canary has 5%, 1% while it has one half: equal at every moment.
    let (control, canary) = ([(95, 95_000), (500, 50_000)], [(5, 5_000), (500, 50_000)]);
    let added = rates((595, 145_000), (505, 55_000), &Rule::default());
    assert_eq!(added.verdict, Verdict::Fail, "the trap is one");
    let found = rates_by(&control, &canary, &Rule::default());
    assert_eq!(found.verdict, Verdict::Inconclusive, "{}", found.reason);
    assert_eq!(found.effect, Some(0.0), "{}", found.reason);
    assert_eq!(found.n, [145_000, 55_000]);
    let interval = found.interval.unwrap();
    // mpmath, with the belief of 4 events at the first period's split.
    assert!(
        (interval.lo + 0.208_230_047_298).abs() < 1e-9,
        "{interval:?}"
    );
    assert!(
        (interval.hi - 0.262_606_426_444).abs() < 1e-9,
        "{interval:?}"
    );
    let exposed = |arm: [(u64, u64); 2]| arm.map(|(x, n)| (x, n as f64));
    let counted = counted_by(&exposed(control), &exposed(canary), &Rule::default());
    assert_eq!(counted.interval, found.interval);
    assert_eq!((counted.verdict, counted.n), (found.verdict, [595, 505]));
}

#[test]
fn a_worse_canary_is_found_in_a_ramp_that_hides_it() {
    // Twice the errors at every moment, of a rate that falls: added up the canary looks better.
    let (control, canary) = ([(950, 95_000), (50, 50_000)], [(100, 5_000), (100, 50_000)]);
    let added = rates((1_000, 145_000), (200, 55_000), &Rule::default());
    assert!(added.effect.unwrap() < 0.0 && added.verdict == Verdict::Pass);
    let found = rates_by(&control, &canary, &Rule::default());
    assert_eq!(found.verdict, Verdict::Fail, "{}", found.reason);
    assert!((found.effect.unwrap() - 1.0).abs() < 1e-12);
}

#[test]
fn one_period_is_the_whole() {
    for (control, canary) in [
        ((10, 10_000), (60, 10_000)),
        ((0, 500), (3, 500)),
        ((0, 500), (0, 500)),
        ((900, 1_000), (95, 100)),
        ((0, 0), (5, 100)),
        ((3, 19), (3, 400)),
    ] {
        for rule in [Rule::default(), lower(0.0), with_margin(0.01)] {
            let whole = rates(control, canary, &rule);
            assert_eq!(rates_by(&[control], &[canary], &rule), whole);
        }
    }
    let (control, canary) = ((10, 100.0), (60, 100.0));
    assert_eq!(
        counted_by(&[control], &[canary], &Rule::default()),
        counted(control, canary, &Rule::default())
    );
}

#[test]
fn a_period_without_trials_of_one_arm_tells_nothing() {
    let rule = Rule::default();
    let only = rates((10, 10_000), (30, 10_000), &rule);
    let found = rates_by(&[(10, 10_000), (80, 900)], &[(30, 10_000), (0, 0)], &rule);
    assert_eq!(found, only);
    let nothing = rates_by(&[(10, 100), (0, 0)], &[(0, 0), (80, 900)], &rule);
    assert_eq!((nothing.reason, nothing.n), (Reason::NoData, [100, 900]));
}

#[test]
fn where_nearly_all_succeed_the_averages_are_of_the_same_times() {
    // Success falls from 99.9% to 90% for both.
    let (control, canary) = (
        [(94_905, 95_000), (45_000, 50_000)],
        [(4_995, 5_000), (45_000, 50_000)],
    );
    let added = rates((139_905, 145_000), (49_995, 55_000), &lower(0.02));
    assert_eq!(added.verdict, Verdict::Fail, "the trap is one");
    let found = rates_by(&control, &canary, &lower(0.02));
    assert_eq!(
        (found.verdict, found.method),
        (Verdict::Pass, Method::SequentialRates),
        "{}",
        found.reason
    );
    assert!(found.effect.unwrap().abs() < 1e-12);
    let worse = [(4_700, 5_000), (42_000, 50_000)];
    let fail = rates_by(&control, &worse, &lower(0.02));
    assert_eq!(fail.verdict, Verdict::Fail);
    // 46,700 of 55,000, and 999 of a thousand of 5,000 with nine tenths of 50,000.
    let want = 46_700.0 / (4_995.0 + 45_000.0) - 1.0;
    assert!((fail.effect.unwrap() - want).abs() < 1e-12);
    assert!(fail.interval.unwrap().contains(want));
}

#[test]
fn a_margin_is_held_against_the_difference_at_the_same_times() {
    // Twenty points worse at every moment of a rate that falls from 40% to 1%: added up the canary looks better.
    let (control, canary) = (
        [(38_000, 95_000), (500, 50_000)],
        [(3_000, 5_000), (10_500, 50_000)],
    );
    let whole = rates((38_500, 145_000), (13_500, 55_000), &with_margin(0.05));
    assert_eq!(whole.verdict, Verdict::Pass, "the trap is one");
    let found = rates_by(&control, &canary, &with_margin(0.05));
    assert_eq!(found.verdict, Verdict::Fail, "{}", found.reason);
    // Much of little, by period: accepted.
    let (control, canary) = ([(0, 500_000), (0, 500_000)], [(2, 10_000), (38, 490_000)]);
    assert_eq!(
        rates_by(&control, &canary, &Rule::default()).verdict,
        Verdict::Fail
    );
    let pass = rates_by(&control, &canary, &with_margin(1e-3));
    let Reason::WithinMargin { points, .. } = pass.reason else {
        panic!("{}", pass.reason);
    };
    assert!(points.contains(40.0 / 500_000.0), "{points:?}");
}

#[test]
fn periods_that_do_not_match_are_refused_by_name() {
    let field = |control: &[(u64, u64)], canary: &[(u64, u64)]| {
        let (control, canary) = (trials(control), trials(canary));
        let observed = Observed::RateByPeriod {
            control: &control,
            canary: &canary,
        };
        let invalid = judge(&observed, &Rule::default()).unwrap_err();
        assert!(invalid.remedy.starts_with("give"));
        invalid.field
    };
    assert_eq!(field(&[], &[]), "control.periods");
    assert_eq!(field(&[(1, 2)], &[]), "canary.periods");
    assert_eq!(field(&[(1, 2)], &[(1, 2), (1, 2)]), "canary.periods");
    assert_eq!(field(&[(1, 2), (3, 2)], &[(1, 2); 2]), "control.periods.x");
    assert_eq!(field(&[(1, 2); 2], &[(1, 2), (3, 2)]), "canary.periods.x");
    // Each within 2^53, but not together.
    let many = 1 << 53;
    assert_eq!(
        field(&[(0, many), (0, 1)], &[(1, 2); 2]),
        "control.periods.n"
    );
    assert_eq!(
        field(&[(1, 2); 2], &[(0, many), (0, 1)]),
        "canary.periods.n"
    );
    let field = |control: &[(u64, f64)], canary: &[(u64, f64)]| {
        let (control, canary) = (events(control), events(canary));
        let observed = Observed::CountByPeriod {
            control: &control,
            canary: &canary,
        };
        judge(&observed, &Rule::default()).unwrap_err().field
    };
    let good = [(1, 1.0); 2];
    assert_eq!(field(&[(1, 1.0)], &good), "canary.periods");
    assert_eq!(
        field(&[(1, 1.0), (1, 0.0)], &good),
        "control.periods.exposure"
    );
    assert_eq!(field(&good, &[(1, f64::MAX); 2]), "canary.periods.exposure");
    assert_eq!(
        field(&good, &[(many, 1.0), (1, 1.0)]),
        "canary.periods.count"
    );
    assert_eq!(field(&good, &[(1, 1.0), (1, 1e300)]), "exposure");
    let margin = Observed::CountByPeriod {
        control: &events(&good),
        canary: &events(&good),
    };
    assert_eq!(
        judge(&margin, &with_margin(0.1)).unwrap_err().field,
        "margin"
    );
}
