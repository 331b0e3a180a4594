//! Values by their bulk.

use super::*;

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

#[test]
fn a_single_zero_is_enough_for_a_shift_in_the_metrics_own_unit() {
    let from = |first: i32| -> Vec<f64> { (first..first + 60).map(f64::from).collect() };
    // One less than 1 to 60, whose median is 30.5; and one more than 0 to 59, whose median is 29.5.
    let lower = continuous(&from(1), &from(0), &once()).effect.unwrap();
    assert!((lower + 1.0 / 30.5).abs() < 1e-15, "{lower}");
    let higher = continuous(&from(0), &from(1), &once()).effect.unwrap();
    assert!((higher - 1.0 / 29.5).abs() < 1e-15, "{higher}");
}

#[test]
fn an_interval_that_has_just_its_level_is_told() {
    // Three against three: the widest interval has 1 − 2/20, and half of a level of 20% is what it needs.
    let at = |alpha| {
        let rule = Rule {
            alpha: Alpha::new(alpha).unwrap(),
            min_sample: 3,
            ..once()
        };
        let found = continuous(&[1.0, 2.0, 4.0], &[64.0, 128.0, 256.0], &rule);
        found.interval.unwrap()
    };
    let told = at(0.2);
    assert!((told.lo - 15.0).abs() < 1e-12 && (told.hi - 255.0).abs() < 1e-11);
    let untold = at(0.19);
    assert_eq!((untold.lo, untold.hi), (-1.0, f64::INFINITY));
}
