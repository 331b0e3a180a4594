use super::stitching::zeta;
use super::*;
use proptest::prelude::*;

const TUNING: Tuning = Tuning {
    v_opt: 100.0,
    alpha_opt: 0.05,
};

fn level(alpha: f64) -> Alpha {
    Alpha::new(alpha).unwrap()
}

fn all() -> [Mixture; 6] {
    let (one, two) = (
        TUNING.one_sided_rho().unwrap(),
        TUNING.two_sided_rho().unwrap(),
    );
    [
        Mixture::two_sided_normal(two).unwrap(),
        Mixture::one_sided_normal(one).unwrap(),
        Mixture::gamma_exponential(one, 2.0).unwrap(),
        Mixture::gamma_poisson(one, 2.0).unwrap(),
        Mixture::beta_binomial(TUNING, 0.2, 0.8, Sides::Two).unwrap(),
        Mixture::beta_binomial(TUNING, 0.2, 0.8, Sides::One).unwrap(),
    ]
}

/// The figures of `confseq`'s own tests, from a reference implementation in R.
#[test]
fn mixtures_and_boundaries_are_those_of_confseq() {
    let logs = [
        -0.651_005_2,
        -0.065_023_91,
        -0.249_016_5,
        -0.069_912_19,
        -0.694_101_2,
        -0.071_340_19,
    ];
    let bounds = [
        30.352_09, 27.660_71, 33.020_17, 30.194_9, 31.430_8, 28.412_38,
    ];
    assert!((TUNING.two_sided_rho().unwrap() - 12.600_56).abs() < 1e-5);
    for ((mixture, log), bound) in all().iter().zip(logs).zip(bounds) {
        assert!(
            (mixture.log(10.0, 100.0).unwrap() - log).abs() < 1e-5,
            "{mixture:?}"
        );
        assert!(
            (mixture.bound(100.0, level(0.05)).unwrap() - bound).abs() < 1e-4,
            "{mixture:?}"
        );
    }
    let stitching = Stitching {
        v_min: 10.0,
        c: -1.0,
        s: 1.4,
        eta: 2.0,
    };
    assert!((stitching.bound(100.0, level(0.05)).unwrap() - 28.993_89).abs() < 1e-5);
    assert_eq!(
        stitching.bound(3.0, level(0.05)),
        stitching.bound(10.0, level(0.05))
    );
}

#[test]
fn zeta_has_its_known_values() {
    let pi = std::f64::consts::PI;
    assert!((zeta(2.0) - pi * pi / 6.0).abs() < 1e-14);
    assert!((zeta(4.0) - pi.powi(4) / 90.0).abs() < 1e-14);
    assert!(
        (zeta(1.4) - 3.105_547_277_977_580_4).abs() < 1e-13,
        "{}",
        zeta(1.4)
    );
    assert!(
        (zeta(1.01) - 100.577_943_338_496_87).abs() < 1e-10,
        "{}",
        zeta(1.01)
    );
}

#[test]
fn a_process_at_rest_is_no_evidence() {
    for mixture in all() {
        assert!(mixture.log(0.0, 0.0).unwrap().abs() < 1e-12, "{mixture:?}");
        assert!(mixture.log(0.0, 50.0).unwrap() < 0.0, "{mixture:?}");
    }
}

#[test]
fn a_bernoulli_process_cannot_pass_its_highest_value() {
    let mixture = Mixture::beta_binomial(TUNING, 0.5, 0.5, Sides::Two).unwrap();
    assert_eq!(mixture.bound(0.3, level(0.001)).unwrap(), 0.6);
    assert_eq!(mixture.bound(0.0, level(0.001)).unwrap(), 0.0);
    assert_eq!(mixture.log(1e9, 1.0).unwrap_err().field, "s");
}

#[test]
fn a_mixture_tuned_for_less_than_one_step_keeps_a_prior() {
    let hasty = Tuning {
        v_opt: 1e-3,
        ..TUNING
    };
    for sides in [Sides::One, Sides::Two] {
        assert_eq!(
            Mixture::beta_binomial(hasty, 0.2, 0.8, sides),
            Mixture::beta_binomial_with(1e-3 * 0.2 * 0.8, 0.2, 0.8, sides)
        );
    }
}

#[test]
fn at_the_ends_of_the_floats_there_is_an_answer() {
    let lopsided = Mixture::beta_binomial_with(0.1, 1e155, 1e-155, Sides::One).unwrap();
    assert!(lopsided.log(0.0, 0.0).is_ok());
    let sure = Alpha::new(1.0f64.next_down()).unwrap();
    for rho in [5e-324, 1e-300, 1e300, f64::MAX] {
        let mixture = Mixture::one_sided_normal(rho).unwrap();
        for v in [0.0, 1e-300, 1e300] {
            match mixture.bound(v, sure) {
                Ok(bound) => assert!(
                    bound >= 0.0 && bound.is_finite(),
                    "{rho:e}, {v:e}: {bound:e}"
                ),
                Err(refused) => assert_eq!(refused.field, "v"),
            }
        }
    }
}

#[test]
fn what_is_no_boundary_is_refused_by_name() {
    let of = |result: Result<Mixture, InvalidInput>| result.unwrap_err().field;
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert_eq!(of(Mixture::two_sided_normal(bad)), "rho");
        assert_eq!(of(Mixture::one_sided_normal(bad)), "rho");
        assert_eq!(of(Mixture::gamma_exponential(bad, 1.0)), "rho");
        assert_eq!(of(Mixture::gamma_exponential(1.0, bad)), "c");
        assert_eq!(of(Mixture::gamma_poisson(bad, 1.0)), "rho");
        assert_eq!(of(Mixture::gamma_poisson(1.0, bad)), "c");
        assert_eq!(
            of(Mixture::beta_binomial(TUNING, bad, 1.0, Sides::Two)),
            "g"
        );
        assert_eq!(
            of(Mixture::beta_binomial(TUNING, 1.0, bad, Sides::One)),
            "h"
        );
        assert_eq!(
            of(Mixture::beta_binomial_with(bad, 1.0, 1.0, Sides::One)),
            "r"
        );
        assert_eq!(
            Tuning {
                v_opt: bad,
                ..TUNING
            }
            .two_sided_rho()
            .unwrap_err()
            .field,
            "v_opt"
        );
        assert_eq!(
            Tuning {
                v_opt: bad,
                ..TUNING
            }
            .one_sided_rho()
            .unwrap_err()
            .field,
            "v_opt"
        );
        assert_eq!(
            Tuning {
                alpha_opt: bad,
                ..TUNING
            }
            .two_sided_rho()
            .unwrap_err()
            .field,
            "alpha_opt"
        );
    }
    assert_eq!(
        Tuning {
            alpha_opt: 0.5,
            ..TUNING
        }
        .one_sided_rho()
        .unwrap_err()
        .field,
        "alpha_opt"
    );
    assert!(
        Tuning {
            alpha_opt: 0.5,
            ..TUNING
        }
        .two_sided_rho()
        .is_ok()
    );
    let mixture = Mixture::two_sided_normal(1.0).unwrap();
    assert_eq!(mixture.log(1.0, -1.0).unwrap_err().field, "v");
    assert_eq!(mixture.log(f64::NAN, 1.0).unwrap_err().field, "s");
    assert_eq!(
        mixture.bound(f64::INFINITY, level(0.05)).unwrap_err().field,
        "v"
    );
    let stitching = Stitching {
        v_min: 1.0,
        c: 0.0,
        s: 1.4,
        eta: 2.0,
    };
    let field = |stitching: Stitching, v| stitching.bound(v, level(0.05)).unwrap_err().field;
    assert_eq!(
        field(
            Stitching {
                v_min: 0.0,
                ..stitching
            },
            1.0
        ),
        "v_min"
    );
    assert_eq!(
        field(
            Stitching {
                s: 1.0,
                ..stitching
            },
            1.0
        ),
        "s"
    );
    assert_eq!(
        field(
            Stitching {
                eta: 1.0,
                ..stitching
            },
            1.0
        ),
        "eta"
    );
    assert_eq!(
        field(
            Stitching {
                c: f64::NAN,
                ..stitching
            },
            1.0
        ),
        "c"
    );
    assert_eq!(field(stitching, -1.0), "v");
}

proptest! {
    #[test]
    fn the_mixture_at_its_boundary_is_one_over_alpha(v in 0.5..5_000.0_f64, alpha in 0.001..0.5_f64, which in 0..6_usize) {
        let mixture = all()[which];
        let bound = mixture.bound(v, level(alpha)).unwrap();
        let log = mixture.log(bound, v).unwrap();
        let highest = v / 0.2;
        if which >= 4 && bound == highest {
            prop_assert!(log <= -alpha.ln() + 1e-9);
        } else {
            prop_assert!((log + alpha.ln()).abs() < 1e-8, "{} {}", log, -alpha.ln());
        }
        prop_assert!(mixture.bound(v, level(alpha / 2.0)).unwrap() >= bound);
    }

    #[test]
    fn however_large_the_steps_the_mixture_is_one_over_alpha_at_its_boundary(v in 0.5..5_000.0_f64, power in -6..6_i32, poisson in prop::bool::ANY) {
        let c = 10_f64.powi(power);
        let mixture = if poisson { Mixture::gamma_poisson(12.0, c) } else { Mixture::gamma_exponential(12.0, c) }.unwrap();
        let log = mixture.log(mixture.bound(v, level(0.05)).unwrap(), v).unwrap();
        prop_assert!((log - 20_f64.ln()).abs() < 1e-8, "{log}");
    }

    #[test]
    fn boundaries_do_not_depend_on_the_unit(v in 1.0..1_000.0_f64, power in -200..200_i32, which in 0..4_usize) {
        let unit = 2_f64.powi(power);
        let at = |unit: f64| {
            let tuning = Tuning { v_opt: 100.0 * unit * unit, alpha_opt: 0.05 };
            let (one, two) = (tuning.one_sided_rho().unwrap(), tuning.two_sided_rho().unwrap());
            let mixture = match which {
                0 => Mixture::two_sided_normal(two),
                1 => Mixture::one_sided_normal(one),
                2 => Mixture::gamma_exponential(one, 2.0 * unit),
                _ => Mixture::gamma_poisson(one, 2.0 * unit),
            };
            mixture.unwrap().bound(v * unit * unit, level(0.05)).unwrap() / unit
        };
        prop_assert!((at(unit) / at(1.0) - 1.0).abs() < 1e-9);
    }
}
