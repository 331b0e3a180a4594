//! What there is to judge, and what is refused.

use super::*;

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
