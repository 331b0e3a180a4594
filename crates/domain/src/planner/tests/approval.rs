//! Whose agreement a plan waits for, and where.

use super::*;

#[test]
fn the_approval_stands_before_the_last_share_of_the_traffic() {
    for weights in [vec![5, 100], vec![5, 50], vec![99], vec![100]] {
        let mut env = environment("");
        (env.canary.weights, env.canary.approval) = (weights.clone(), ApprovalRule::AnotherPerson);
        let plan = ask(
            &env,
            Strategy::Canary,
            Some(old(&env, 1)),
            Capabilities::ALL,
        )
        .unwrap();
        let position = |wanted: &dyn Fn(&Action) -> bool| {
            plan.steps().position(|(_, step)| wanted(&step.action))
        };
        let approval = position(&|a| {
            *a == Action::Pause {
                until: Until::Approval,
            }
        });
        let whole = position(
            &|a| matches!(a, Action::SetTraffic { routes } if routes.weight(&plan.to.name) == 100),
        );
        assert!(
            approval.is_some() && approval < whole,
            "{weights:?}\n{}",
            text(&plan)
        );
        assert_eq!(plan.approval, ApprovalRule::AnotherPerson);
    }
}

#[test]
fn the_stricter_rule_of_environment_and_strategy_counts() {
    use ApprovalRule::{AnotherPerson, Anyone, None as No};
    for (environment_says, strategy_says, counts) in [
        (No, No, No),
        (No, Anyone, Anyone),
        (Anyone, No, Anyone),
        (AnotherPerson, No, AnotherPerson),
        (AnotherPerson, Anyone, AnotherPerson),
        (Anyone, AnotherPerson, AnotherPerson),
    ] {
        let mut env = environment("");
        env.approval = environment_says;
        env.canary.approval = strategy_says;
        env.blue_green.approval = strategy_says;
        env.rolling.approval = strategy_says;
        for strategy in [Strategy::Canary, Strategy::BlueGreen, Strategy::Rolling] {
            let plan = ask(&env, strategy, Some(old(&env, 1)), Capabilities::ALL).unwrap();
            assert_eq!(plan.approval, counts, "{strategy:?} of {env:?}");
        }
        let first = ask(&env, Strategy::Ab, None, Capabilities::ALL).unwrap();
        assert_eq!(first.approval, environment_says, "a first start");
    }
}
