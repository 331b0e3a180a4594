//! Values by their tails.

use super::*;

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
