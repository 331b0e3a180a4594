//! What counts as another release than the one that is live.

use super::*;

#[test]
fn what_is_live_already_is_not_planned_again() {
    let env = environment("instances = 2\n");
    let same = Group {
        image: digest('b'),
        ..old(&env, 2)
    };
    let answer = ask(
        &env,
        Strategy::Canary,
        Some(same.clone()),
        Capabilities::ALL,
    );
    assert!(matches!(answer, Err(PlanError::AlreadyLive { .. })));
    let other_size = Group {
        size: 3,
        ..same.clone()
    };
    assert!(ask(&env, Strategy::Canary, Some(other_size), Capabilities::ALL).is_ok());
    let mut other_template = Template::clone(&same.template);
    other_template.limits.memory_mb = Some(64);
    let other_template = Group {
        template: Arc::new(other_template),
        ..same
    };
    assert!(
        ask(
            &env,
            Strategy::Canary,
            Some(other_template),
            Capabilities::ALL
        )
        .is_ok()
    );
}

#[test]
fn a_change_of_configuration_alone_is_a_rollout_that_says_what_it_changes() {
    let before = environment("instances = 2\n");
    let live = |template: Template| Group {
        image: digest('b'),
        version: Version::new("2.0.0").unwrap(),
        template: Arc::new(template),
        ..old(&before, 2)
    };
    let mut env = environment("instances = 3\nhealth = { path = \"/up\" }\n");
    env.listen = "127.0.0.1:9000".parse().unwrap();
    for strategy in Strategy::ALL {
        let from = live(Template::of(&before));
        let plan = ask(&env, strategy, Some(from), Capabilities::ALL).unwrap();
        let changes: Vec<_> = plan
            .configuration()
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            changes,
            [
                "listen 127.0.0.1:8103 → 127.0.0.1:9000",
                "instances 2 → 3",
                "health.path / → /up"
            ]
        );
        let told = plan.headline();
        assert!(
            told.ends_with(&format!("2.0.0: {}", changes.join(", "))),
            "{told}"
        );
        assert_eq!(plan.to.template.listen, Some(env.listen));
        assert_eq!(
            env.clone().as_released(plan.from.as_ref().unwrap()),
            before,
            "the way back declares what was released"
        );
    }
    // A release from before addresses were part of it is not taken for a change.
    let silent = live(Template {
        listen: None,
        ..Template::of(&before)
    });
    let answer = ask(
        &before,
        Strategy::Canary,
        Some(silent.clone()),
        Capabilities::ALL,
    );
    assert!(matches!(answer, Err(PlanError::AlreadyLive { .. })));
    // Nor is a group that was only found ever as declared.
    let found = Group {
        release: ReleaseNumber::FOUND,
        ..silent
    };
    let plan = ask(&before, Strategy::BlueGreen, Some(found), Capabilities::ALL).unwrap();
    assert_eq!(plan.headline(), "Blue/green 2.0.0 anew");
}
