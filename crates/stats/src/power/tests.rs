use super::*;

#[test]
fn no_observations_have_only_the_chance_of_a_false_alarm() {
    let plan = Plan::mean(10.0, 2.0, Question::default()).unwrap();
    assert!((plan.power(0.5, 0).unwrap() - 0.05).abs() < 1e-15);
    assert!((plan.power(0.0, 1000).unwrap() - 0.05).abs() < 1e-15);
    assert_eq!(plan.power(-0.5, 30), plan.power(0.5, 30));
}

#[test]
fn a_plan_has_its_domain() {
    let question = Question::default();
    for bad in [0.0, 1.0, f64::NAN] {
        let refused = Plan::proportion(bad, question).unwrap_err();
        assert_eq!(refused.field, "baseline");
    }
    assert_eq!(
        Plan::mean(f64::NAN, 1.0, question).unwrap_err().field,
        "baseline"
    );
    assert_eq!(Plan::mean(1.0, 0.0, question).unwrap_err().field, "stddev");
    assert_eq!(
        Plan::mean(0.0, 1.0, question).unwrap_err().field,
        "baseline"
    );
    assert!(Plan::mean(0.0, 1.0, question.absolute()).is_ok());
    let plan = Plan::proportion(0.5, question.absolute()).unwrap();
    assert!(plan.power(0.5, 10).is_ok() && plan.power(-0.5, 10).is_ok());
    assert_eq!(plan.power(0.51, 10).unwrap_err().field, "effect");
    assert_eq!(plan.power(f64::NAN, 10).unwrap_err().field, "effect");
    // From 50% to 100% there is hardly a doubt, but one observation an arm compares nothing.
    assert_eq!(plan.n_per_arm(0.5, 0.06), Ok(2));
    let few = plan.minimum_effect(1, 0.8);
    assert_eq!(few, Err(Failure::CannotCompute(CannotCompute::TooFew)));
}

#[test]
fn progress_and_days_have_their_domain() {
    assert_eq!(progress(0.01, 0.02), Ok(0.25));
    assert_eq!(progress(0.02, 0.01), Ok(1.0));
    assert_eq!(progress(0.0, 0.01).unwrap_err().field, "target_half_width");
    assert_eq!(progress(0.01, f64::NAN).unwrap_err().field, "half_width");
    assert_eq!(days_left(0.5, 3.5), Ok(4));
    for bad in [0.0, 1.1, f64::NAN] {
        let Err(Failure::Invalid(refused)) = days_left(bad, 1.0) else {
            panic!("{bad}");
        };
        assert_eq!(refused.field, "progress");
    }
    assert!(matches!(days_left(0.5, 0.0), Err(Failure::Invalid(_))));
    let never = Err(Failure::CannotCompute(CannotCompute::Overflow));
    assert_eq!(days_left(1e-300, 7.0), never);
    assert_eq!(days_left(0.5, 365e6), Ok(365_000_000));
    assert_eq!(days_left(0.5, 366e6), never);
}

#[test]
fn the_least_level_and_an_effect_beyond_all_errors_have_a_power() {
    let question = Question {
        alpha: crate::Alpha::new(5e-324).unwrap(),
        ..Question::default()
    };
    let plan = Plan::mean(1.5, 2.2e-308, question).unwrap();
    assert_eq!(plan.power(0.999, 1_000_000_000), Ok(1.0));
    assert_eq!(plan.power(0.999, 0).map(|power| power < 1e-300), Ok(true));
}
