use super::*;
use Classification::{High, Low, Nodata, NodataFailMetric, Pass};

const FIVE: [f64; 5] = [1.0, 2.0, 3.0, 4.0, 5.0];
const UP: [f64; 5] = [20.0, 22.0, 21.0, 25.0, 30.0];
const BASE: [f64; 5] = [1.0, 2.2, 1.1, 2.5, 3.0];

/// The settings of Kayenta's own tests.
fn rules() -> Rules {
    Rules {
        tolerance: 0.1,
        conf_level: 0.95,
        ..Rules::default()
    }
}

#[track_caller]
fn check(
    control: &[f64],
    experiment: &[f64],
    rules: Rules,
    want: Classification,
    critical: bool,
) -> f64 {
    let found = classify(control, experiment, &rules).unwrap();
    assert_eq!((found.classification, found.critical), (want, critical));
    found.deviation
}

fn bounds(decrease: f64, increase: f64) -> Option<Bounds> {
    Some(Bounds { decrease, increase })
}

#[test]
fn classifications_are_those_of_kayentas_own_tests() {
    let decrease = Rules {
        direction: Direction::Decrease,
        ..rules()
    };
    check(&[1.0; 2], &[1.0; 3], decrease, Pass, false);
    check(&[5.0, 4.0, 3.0, 2.0, 1.0], &FIVE, decrease, Pass, false);
    check(&[1.0; 5], &[0.0, 1.0, 1.0, 1.0, 1.0], decrease, Pass, false);
    check(&[1.0; 5], &[1.0, 1.0, 1.0, 1.0, 10.0], rules(), Pass, false);
    assert_eq!(check(&[1.0; 5], &[10.0; 5], rules(), High, false), 10.0);
    assert!(check(&[0.0; 5], &[10.0; 5], rules(), High, false).is_nan());
    check(&[10.0; 5], &[1.0; 5], rules(), Low, false);
    let critical = Rules {
        critical: true,
        ..rules()
    };
    check(&BASE, &UP, critical, High, true);
    check(
        &BASE,
        &UP,
        Rules {
            critical_thresholds: bounds(1.0, 1.2),
            ..critical
        },
        High,
        true,
    );
    check(
        &[10.0, 20.2, 10.1, 20.5, 30.0],
        &[2.0, 2.0, 2.0, 2.0, 3.0],
        Rules {
            critical_thresholds: bounds(1.2, 1.0),
            ..critical
        },
        Low,
        true,
    );
    let larger = Rules {
        effect_size: bounds(1.0, 5.0),
        critical_thresholds: bounds(1.0, 13.0),
        ..critical
    };
    check(&BASE, &UP, larger, High, false);
    let largest = Rules {
        effect_size: bounds(1.0, 13.0),
        critical_thresholds: bounds(1.0, 15.0),
        ..critical
    };
    check(&BASE, &UP, largest, Pass, false);
}

#[test]
fn missing_data_is_told_apart_by_strategy_and_duty() {
    let with = |nan_strategy, critical, must_have_data| Rules {
        nan_strategy,
        critical,
        must_have_data,
        ..rules()
    };
    for (control, experiment) in [(&FIVE[..], &[][..]), (&[], &FIVE), (&[], &[])] {
        check(
            control,
            experiment,
            with(Missing::Remove, false, false),
            Nodata,
            false,
        );
        check(
            control,
            experiment,
            with(Missing::Remove, true, false),
            Nodata,
            true,
        );
        check(
            control,
            experiment,
            with(Missing::Remove, false, true),
            NodataFailMetric,
            false,
        );
        check(
            control,
            experiment,
            with(Missing::Remove, true, true),
            Nodata,
            true,
        );
        for (critical, must) in [(false, false), (true, false), (false, true), (true, true)] {
            assert_eq!(
                check(
                    control,
                    experiment,
                    with(Missing::Replace, critical, must),
                    Pass,
                    false
                ),
                1.0
            );
        }
    }
    check(
        &FIVE,
        &[f64::NAN; 4],
        with(Missing::Remove, false, false),
        Nodata,
        false,
    );
    check(
        &[9.0; 8],
        &[f64::NAN; 8],
        with(Missing::Replace, false, false),
        Low,
        false,
    );
}

#[test]
fn the_direction_decides_what_fails() {
    for (direction, up, down) in [
        (Direction::Either, High, Low),
        (Direction::Increase, High, Pass),
        (Direction::Decrease, Pass, Low),
    ] {
        let rules = Rules {
            direction,
            ..rules()
        };
        check(&BASE, &UP, rules, up, false);
        check(&UP, &BASE, rules, down, false);
    }
}

#[test]
fn the_unit_does_not_change_the_verdict() {
    for unit in [1e-300, 1e-6, 1.0, 1e6, 1e300] {
        let scaled = |values: [f64; 5]| values.map(|value| value * unit);
        check(&scaled(BASE), &scaled(UP), rules(), High, false);
    }
}

#[test]
fn the_interval_must_clear_the_tolerance() {
    // Shifts from 17 to 29 around 21: clear of a quarter of it, not of nine tenths.
    check(
        &BASE,
        &UP,
        Rules {
            tolerance: 0.25,
            ..rules()
        },
        High,
        false,
    );
    check(
        &BASE,
        &UP,
        Rules {
            tolerance: 0.99,
            ..rules()
        },
        Pass,
        false,
    );
    check(
        &UP,
        &BASE,
        Rules {
            tolerance: 0.99,
            ..rules()
        },
        Pass,
        false,
    );
}

#[test]
fn cles_is_asked_where_it_is_the_measure() {
    let cles = |decrease, increase| Rules {
        measure: EffectSize::Cles,
        effect_size: bounds(decrease, increase),
        ..rules()
    };
    check(&BASE, &UP, cles(0.2, 1.0), High, false);
    check(&BASE, &UP, cles(0.2, 1.1), Pass, false);
    check(&UP, &BASE, cles(0.0, 0.8), Low, false);
    check(&UP, &BASE, cles(-0.1, 0.8), Pass, false);
    let default = Rules {
        measure: EffectSize::Cles,
        critical: true,
        ..rules()
    };
    check(&BASE, &UP, default, High, true);
    check(&UP, &BASE, default, Low, true);
}

#[test]
fn outliers_go_only_where_asked() {
    let mut spiked = vec![10.0; 30];
    for (i, value) in spiked.iter_mut().enumerate() {
        *value += (i % 5) as f64 / 10.0;
    }
    let mut experiment = spiked.clone();
    experiment[3] = 1e6;
    let kept = check(&spiked, &experiment, rules(), Pass, false);
    assert!(kept > 3000.0);
    let removed = check(
        &spiked,
        &experiment,
        Rules {
            outlier_factor: Some(3.0),
            ..rules()
        },
        Pass,
        false,
    );
    assert!((removed - 1.0).abs() < 0.01, "{removed}");
}

#[test]
fn percentiles_are_those_of_type_seven() {
    // numpy.percentile([1, 2, 4, 8], [25, 75, 1, 99])
    let sorted = [1.0, 2.0, 4.0, 8.0];
    for (q, want) in [
        (0.25, 1.75),
        (0.75, 5.0),
        (0.01, 1.03),
        (0.99, 7.88),
        (0.0, 1.0),
        (1.0, 8.0),
    ] {
        assert!((percentile(&sorted, q) - want).abs() < 1e-12, "{q}");
    }
}

#[test]
fn means_survive_the_largest_floats() {
    assert_eq!(mean(&[1e308, 1e308, 1e308]), 1e308);
    assert_eq!(mean(&[1.0, 2.0, 6.0]), 3.0);
}

#[test]
fn what_is_no_rule_is_refused() {
    let field = |rules: Rules| match classify(&FIVE, &BASE, &rules) {
        Err(Failure::Invalid(invalid)) => invalid.field,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        field(Rules {
            conf_level: 1.0,
            ..rules()
        }),
        "conf_level"
    );
    assert_eq!(
        field(Rules {
            tolerance: -0.1,
            ..rules()
        }),
        "tolerance"
    );
    assert_eq!(
        field(Rules {
            outlier_factor: Some(f64::NAN),
            ..rules()
        }),
        "outlier_factor"
    );
    assert_eq!(
        field(Rules {
            effect_size: bounds(f64::NAN, 1.0),
            ..rules()
        }),
        "effect_size"
    );
    assert_eq!(
        field(Rules {
            critical_thresholds: bounds(1.0, f64::NAN),
            ..rules()
        }),
        "critical_thresholds"
    );
    assert!(classify(&[1.0, f64::INFINITY], &FIVE, &rules()).is_err());
    assert!(classify(&FIVE, &[f64::NEG_INFINITY], &rules()).is_err());
}
