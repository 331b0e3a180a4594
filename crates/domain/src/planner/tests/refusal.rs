//! What is not planned.

use super::*;

#[test]
fn a_cloud_that_lacks_something_gets_no_plan_that_needs_it() {
    let env = environment("");
    let none = Capabilities {
        weights: false,
        sticky: false,
        headers: false,
    };
    for (strategy, can, is_planned) in [
        (Strategy::Canary, none, false),
        (Strategy::Rolling, none, false),
        (Strategy::Ab, none, false),
        (Strategy::BlueGreen, none, true),
        (
            Strategy::Canary,
            Capabilities {
                weights: true,
                ..none
            },
            true,
        ),
        (
            Strategy::Rolling,
            Capabilities {
                weights: true,
                ..none
            },
            true,
        ),
        (
            Strategy::Ab,
            Capabilities {
                weights: true,
                ..none
            },
            false,
        ),
        (
            Strategy::Ab,
            Capabilities {
                sticky: true,
                ..none
            },
            false,
        ),
    ] {
        let answer = ask(&env, strategy, Some(old(&env, 1)), can);
        match answer {
            Ok(plan) => {
                assert!(is_planned, "{strategy}");
                let previews = plan.steps().any(|(_, step)| {
                    matches!(&step.action, Action::SetTraffic { routes } if routes.preview.is_some())
                });
                assert!(
                    can.headers || !previews,
                    "{strategy} previews by a header that the cloud cannot route"
                );
            }
            Err(error) => assert!(
                !is_planned && matches!(error, PlanError::Unsupported { .. }),
                "{strategy}: {error}"
            ),
        }
    }
}

#[test]
fn a_rollout_of_too_many_instances_is_refused_before_it_starts() {
    let env = Environment {
        instances: 1_000,
        ..environment("")
    };
    let answer = ask(
        &env,
        Strategy::BlueGreen,
        Some(old(&env, 1_000)),
        Capabilities::ALL,
    );
    assert!(matches!(answer, Err(PlanError::TooLarge { .. })));
}

#[test]
fn weights_that_do_not_rise_cannot_be_declared() {
    for weights in ["[50, 25, 100]", "[25, 25, 100]", "[0, 100]", "[101]", "[]"] {
        let toml = format!(
            "[application]\nname = \"site\"\n[[environment]]\nname = \"prod\"\nlisten = \"127.0.0.1:8103\"\n[environment.canary]\nweights = {weights}\n"
        );
        assert!(Application::from_toml(&toml).is_err(), "{weights}");
    }
}
