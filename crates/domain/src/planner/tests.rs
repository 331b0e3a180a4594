use super::*;
use crate::Application;
use crate::plan::{Inverse, duration};
use proptest::prelude::{prop, proptest};
use std::collections::BTreeMap;
use std::fmt::Write;

fn digest(digit: char) -> Digest {
    Digest::new(format!("sha256:{}", digit.to_string().repeat(64))).unwrap()
}

fn environment(settings: &str) -> Environment {
    let toml = format!(
        "[application]\nname = \"site\"\n[[environment]]\nname = \"prod\"\nlisten = \"127.0.0.1:8103\"\n{settings}"
    );
    Application::from_toml(&toml)
        .unwrap_or_else(|error| panic!("{toml}: {error}"))
        .environments
        .remove(0)
}

fn old(env: &Environment, size: u32) -> Group {
    Group {
        name: GroupName::new("site-prod-v001").unwrap(),
        role: Role::Stable,
        image: digest('a'),
        version: Version::new("1.0.0").unwrap(),
        release: ReleaseNumber(1),
        size,
        template: Arc::new(Template::of(env)),
    }
}

fn ask(
    env: &Environment,
    strategy: Strategy,
    from: Option<Group>,
    capabilities: Capabilities,
) -> Result<Plan, PlanError> {
    let app = AppName::new("site").unwrap();
    let (image, version) = (digest('b'), Version::new("2.0.0").unwrap());
    plan(&Request {
        app: &app,
        env,
        strategy,
        image,
        version,
        release: ReleaseNumber(2),
        next_group: 2,
        from,
        capabilities,
    })
}

fn planned(settings: &str, strategy: Strategy) -> Plan {
    let env = environment(settings);
    let from = old(&env, env.instances);
    ask(&env, strategy, Some(from), Capabilities::ALL).unwrap()
}

fn text(plan: &Plan) -> String {
    let mut text = String::new();
    for phase in &plan.phases {
        let _ = writeln!(text, "{} [{:?}]", phase.name, phase.kind);
        for step in &phase.steps {
            let undo = match &step.inverse {
                Inverse::Nothing => "nothing".to_owned(),
                Inverse::Retire { group } => format!("retire {group}"),
                Inverse::SetTraffic { routes } => format!("traffic {routes}"),
                Inverse::Resize { group, size } => format!("{group} to {size}"),
                Inverse::Provision { group } => format!("start {group} again"),
            };
            let limit = step
                .timeout_ms
                .map_or_else(|| "no limit".to_owned(), duration);
            let _ = writeln!(text, "  {} ({limit}; undo: {undo})", step.action);
        }
    }
    let _ = writeln!(
        text,
        "waits {}, costs {} instance-seconds",
        duration(plan.declared_wait_ms()),
        plan.extra_instance_ms() / 1_000
    );
    text
}

#[test]
fn plans_read_as_agreed() {
    for (name, strategy, settings) in [
        ("blue_green", Strategy::BlueGreen, "instances = 3\n"),
        (
            "blue_green_approved",
            Strategy::BlueGreen,
            "[environment.blue_green]\npreview_ms = 5000\napproval = \"another_person\"\nretain_ms = 0\n",
        ),
        ("canary", Strategy::Canary, "instances = 4\n"),
        (
            "canary_single",
            Strategy::Canary,
            "[environment.canary]\nweights = [100]\npause_ms = 0\n",
        ),
        (
            "canary_approved_alone",
            Strategy::Canary,
            "instances = 10\n[environment.canary]\nweights = [1, 10, 100]\nbaseline = false\napproval = \"anyone\"\n",
        ),
        ("rolling", Strategy::Rolling, "instances = 4\n"),
        (
            "rolling_no_surge",
            Strategy::Rolling,
            "instances = 4\n[environment.rolling]\nmax_surge = 0\nmax_unavailable = 1\n",
        ),
        (
            "rolling_single",
            Strategy::Rolling,
            "[environment.rolling]\napproval = \"anyone\"\npause_ms = 1000\n",
        ),
        (
            "ab",
            Strategy::Ab,
            "instances = 2\n[environment.ab]\nweight = 30\nunit_header = \"x-user\"\nheader = { name = \"x-beta\", value = \"1\" }\n",
        ),
        (
            "ab_bounded",
            Strategy::Ab,
            "[environment.ab]\nrun_ms = 3600000\n",
        ),
    ] {
        insta::assert_snapshot!(name, text(&planned(settings, strategy)));
    }
}

#[test]
fn the_first_rollout_only_starts_and_serves() {
    let env = environment("instances = 2\n");
    for strategy in Strategy::ALL {
        let plan = ask(&env, strategy, None, Capabilities::ALL).unwrap();
        let actions: Vec<_> = plan
            .steps()
            .map(|(_, step)| step.action.to_string())
            .collect();
        assert_eq!(
            actions,
            [
                "Start site-prod-v002, 2 instances",
                "Wait until 2 of site-prod-v002 are healthy",
                "Traffic: 100% to site-prod-v002"
            ]
        );
        assert!(plan.gate.is_none() && plan.from.is_none());
    }
}

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

/// Carries a plan out on paper and checks its laws on the way.
fn check_laws(plan: &Plan, floor: u32) {
    let from = plan.from.as_ref().unwrap();
    let mut routes = Routes::all_on(&from.name);
    let mut sizes: BTreeMap<GroupName, u32> = [(from.name.clone(), from.size)].into();
    let shown = text(plan);
    for (_, step) in plan.steps() {
        match (&step.action, &step.inverse) {
            (Action::Provision { group, size }, Inverse::Retire { group: undone }) => {
                assert!(
                    group == undone && *size > 0 && sizes.insert(group.clone(), *size).is_none(),
                    "{shown}"
                );
            }
            (Action::AwaitHealthy { group, size }, Inverse::Nothing) => {
                assert_eq!(sizes.get(group), Some(size), "{shown}")
            }
            (Action::SetTraffic { routes: next }, Inverse::SetTraffic { routes: before }) => {
                assert!(next.is_whole() && !next.weights.is_empty(), "{shown}");
                assert_eq!(before, &routes, "{shown}");
                assert!(
                    next.weight(&plan.to.name) >= routes.weight(&plan.to.name),
                    "the new group's weight falls\n{shown}"
                );
                assert!(
                    next.weights.keys().all(|name| sizes.contains_key(name)),
                    "{shown}"
                );
                routes.clone_from(next);
            }
            (
                Action::Resize { group, size },
                Inverse::Resize {
                    group: undone,
                    size: before,
                },
            ) => {
                assert!(group == undone && *size > 0, "{shown}");
                let was = sizes.insert(group.clone(), *size);
                assert_eq!(was, Some(*before), "{shown}");
            }
            (Action::Retire { group }, Inverse::Provision { group: undone }) => {
                assert!(group == undone && routes.weight(group) == 0, "{shown}");
                assert!(sizes.remove(group).is_some(), "{shown}");
            }
            (
                Action::Pause { .. }
                | Action::Analyze { .. }
                | Action::Drain { .. }
                | Action::Retain { .. },
                Inverse::Nothing,
            ) => {}
            (action, inverse) => panic!("{action:?} is not taken back by {inverse:?}"),
        }
        // The old group counts in full until it is let go for good.
        let capacity: u32 = sizes.values().sum();
        assert!(
            capacity >= floor,
            "capacity falls to {capacity} under {floor}\n{shown}"
        );
        let serving: u32 = sizes
            .iter()
            .filter(|(name, _)| routes.weight(name) > 0)
            .map(|(_, size)| size)
            .sum();
        assert!(serving > 0, "{shown}");
    }
    assert_eq!(routes, Routes::all_on(&plan.to.name), "{shown}");
    assert_eq!(
        sizes,
        [(plan.to.name.clone(), plan.to.size)].into(),
        "{shown}"
    );
}

proptest! {
    #[test]
    fn every_plan_keeps_the_laws(
        strategy in prop::sample::select(Strategy::ALL.to_vec()),
        instances in 1_u32..=12,
        from_size in 1_u32..=12,
        rises in prop::collection::btree_set(1_u32..100, 0..6),
        pause_ms in prop::sample::select(vec![0_u64, 1_000]),
        retain_ms in prop::sample::select(vec![0_u64, 1_000]),
        baseline in proptest::bool::ANY,
        (surge, unavailable) in (0_u32..4, 0_u32..4),
        weight in 1_u32..100,
    ) {
        let mut env = environment("");
        env.instances = instances;
        env.canary.weights = rises.into_iter().chain([100]).collect();
        (env.canary.pause_ms, env.canary.retain_ms, env.canary.baseline) = (pause_ms, retain_ms, baseline);
        (env.rolling.max_surge, env.rolling.max_unavailable) = (surge.max(u32::from(unavailable == 0)), unavailable);
        (env.rolling.pause_ms, env.rolling.retain_ms) = (pause_ms, retain_ms);
        env.blue_green.retain_ms = retain_ms;
        env.ab.weight = weight;
        let from = old(&env, from_size);
        let plan = ask(&env, strategy, Some(from), Capabilities::ALL).unwrap();
        let floor = instances.saturating_sub(unavailable).max(1).min(from_size);
        check_laws(&plan, floor);
    }
}

#[test]
fn rolling_at_every_size_surge_and_unavailability_stays_between_its_bounds() {
    for full in 1..=12 {
        for surge in 0..=full {
            for unavailable in 0..=full {
                if surge + unavailable == 0 {
                    continue;
                }
                let mut env = environment("");
                env.instances = full;
                (env.rolling.max_surge, env.rolling.max_unavailable) = (surge, unavailable);
                let plan = ask(
                    &env,
                    Strategy::Rolling,
                    Some(old(&env, full)),
                    Capabilities::ALL,
                )
                .unwrap();
                check_laws(&plan, full.saturating_sub(unavailable).max(1));
                assert!(
                    plan.phases.len() <= usize::try_from(full).unwrap() + 1,
                    "{}",
                    text(&plan)
                );
                let mut sizes = (full, 0);
                for (_, step) in plan.steps() {
                    match &step.action {
                        Action::Provision { size, .. } => sizes.1 = *size,
                        Action::Resize { group, size } if *group == plan.to.name => sizes.1 = *size,
                        Action::Resize { size, .. } => sizes.0 = *size,
                        _ => {}
                    }
                    // One instance of each group must be there for a moment, whatever the surge.
                    let most = (full + surge).max(full + 1);
                    assert!(
                        sizes.0 + sizes.1 <= most,
                        "{full} +{surge} -{unavailable}: {sizes:?}\n{}",
                        text(&plan)
                    );
                }
            }
        }
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
