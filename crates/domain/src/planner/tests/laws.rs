//! What holds of every plan, whatever is declared.

use super::*;
use proptest::prelude::{prop, proptest};
use std::collections::BTreeMap;

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
