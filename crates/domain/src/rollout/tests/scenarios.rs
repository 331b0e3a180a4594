//! Ways in which rollouts have taken services down elsewhere, and what this machine does instead.

use super::*;

pub(super) fn specimen(name: &str) -> Rollout {
    states()
        .into_iter()
        .find(|(found, _)| *found == name)
        .unwrap_or_else(|| panic!("no state {name}"))
        .1
}

/// What the goal of the current step looks like once it is reached.
fn reached(rollout: &Rollout) -> Observation {
    let found = inputs(rollout)
        .into_iter()
        .find_map(|(name, input)| match input {
            Input::Observed(seen) if name == "seen: goal reached" => Some(seen),
            _ => None,
        });
    found.unwrap()
}

fn old(rollout: &Rollout) -> GroupName {
    rollout.plan.from.as_ref().unwrap().name.clone()
}

fn route(seen: &mut Observation, routes: Routes) {
    for group in &mut seen.groups {
        group.weight = routes.weight(&group.name);
    }
    seen.routes = routes;
}

pub(super) fn find<'a>(seen: &'a mut Observation, name: &GroupName) -> &'a mut ObservedGroup {
    seen.groups
        .iter_mut()
        .find(|group| &group.name == name)
        .unwrap()
}

pub(super) fn resize(seen: &mut Observation, name: &GroupName, size: u32) {
    let group = find(seen, name);
    group.size = size;
    let one = group.instances[0].clone();
    group.instances = (0..size).map(|_| one.clone()).collect();
}

pub(super) fn after(rollout: &Rollout, input: &Input) -> Rollout {
    decide(rollout, input)
        .unwrap()
        .iter()
        .fold(rollout.clone(), evolve)
}

pub(super) fn say(rollout: &Rollout, command: Command, at: Time) -> Rollout {
    let said = Said {
        by: Actor::new("grace").unwrap(),
        at,
        step: None,
    };
    after(rollout, &Input::Said { command, said })
}

/// argo-rollouts#1292.
#[test]
fn an_abort_never_scales_the_stable_group_down() {
    let judging = specimen("in_progress, judging");
    let from = old(&judging);
    let seen = reached(&judging);
    let back = say(&judging, Command::Rollback, seen.at);
    for weights in [
        Routes::of([(&from, 50), (&back.plan.to.name, 50)]),
        Routes::all_on(&from),
    ] {
        for size in 1..=3 {
            let mut seen = seen.clone();
            route(&mut seen, weights.clone());
            resize(&mut seen, &from, size);
            match next_effect(&back, &seen) {
                Some(Effect::EnsureSize {
                    group,
                    size: wanted,
                }) => {
                    assert!(group == from && wanted == 2);
                    assert!(
                        seen.routes == Routes::all_on(&from),
                        "traffic comes before sizes"
                    );
                }
                Some(Effect::EnsureRetired { group }) => assert_ne!(group, from),
                Some(Effect::EnsureTraffic { routes }) => assert_eq!(routes, Routes::all_on(&from)),
                other => panic!("{other:?}"),
            }
        }
    }
}

/// A rolling update that turns back has most of its capacity in the new group.
#[test]
fn a_shrunk_stable_group_takes_the_traffic_back_at_once_and_then_grows() {
    let judging = specimen("promoting, judging");
    let (from, to) = (old(&judging), judging.plan.to.name.clone());
    let mut seen = reached(&judging);
    route(&mut seen, Routes::of([(&from, 0), (&to, 100)]));
    resize(&mut seen, &from, 1);
    let back = say(&judging, Command::Rollback, seen.at);
    let home = Routes::all_on(&from);
    let routes = home.clone();
    assert_eq!(
        next_effect(&back, &seen),
        Some(Effect::EnsureTraffic { routes })
    );
    route(&mut seen, home);
    let grown = Effect::EnsureSize {
        group: from.clone(),
        size: 2,
    };
    assert_eq!(next_effect(&back, &seen), Some(grown));

    // Nothing of it healthy: it has to grow before it can serve.
    route(&mut seen, Routes::of([(&from, 0), (&to, 100)]));
    for instance in &mut find(&mut seen, &from).instances {
        instance.health = crate::Health::Degraded;
    }
    let grown = Effect::EnsureSize {
        group: from,
        size: 2,
    };
    assert_eq!(next_effect(&back, &seen), Some(grown));
}

/// argo-rollouts#4221.
#[test]
fn a_restart_in_the_middle_of_an_update_goes_on_where_it_was() {
    for (name, rollout) in states() {
        let seen = reached(&rollout);
        let text = serde_json::to_string(&rollout.status).unwrap();
        let again: Status = serde_json::from_str(&text).unwrap();
        let restarted = Rollout {
            status: again,
            ..rollout.clone()
        };
        assert_eq!(
            next_effect(&restarted, &seen),
            next_effect(&rollout, &seen),
            "{name}"
        );
    }
}

/// argo-rollouts#3774.
#[test]
fn a_second_abort_changes_nothing() {
    let judging = specimen("in_progress, judging");
    let back = say(&judging, Command::Rollback, judging.step_since);
    for command in [Command::Rollback, Command::Cancel] {
        let said = Said {
            by: Actor::new("ada").unwrap(),
            at: back.step_since.plus_ms(5),
            step: None,
        };
        assert!(decide(&back, &Input::Said { command, said }).is_err());
    }
}

/// argo-rollouts#3333, #2235.
#[test]
fn the_old_group_is_not_retired_before_the_weight_has_moved() {
    let retiring = specimen("soaking, retiring the old group");
    let (from, to) = (old(&retiring), retiring.plan.to.name.clone());
    let mut seen = inputs(&retiring)
        .into_iter()
        .find_map(|(name, input)| match input {
            Input::Observed(seen) if name == "seen: nothing new" => Some(seen),
            _ => None,
        })
        .unwrap();
    assert_eq!(
        next_effect(&retiring, &seen),
        Some(Effect::EnsureRetired {
            group: from.clone()
        })
    );
    route(&mut seen, Routes::of([(&from, 1), (&to, 99)]));
    let effect = next_effect(&retiring, &seen);
    assert_eq!(
        effect,
        Some(Effect::EnsureTraffic {
            routes: Routes::all_on(&to)
        }),
        "and the late write is put right"
    );
}

/// A write that was given up on lands after the traffic has come back.
#[test]
fn a_late_write_after_a_rollback_is_put_right_at_the_next_look() {
    let judging = specimen("in_progress, judging");
    let (from, to) = (old(&judging), judging.plan.to.name.clone());
    let mut seen = reached(&judging);
    let back = say(&judging, Command::Rollback, seen.at);
    route(&mut seen, Routes::all_on(&from));
    let back = after(&back, &Input::Observed(seen.clone()));
    assert_eq!(
        next_effect(&back, &seen),
        Some(Effect::EnsureRetired { group: to.clone() })
    );
    route(&mut seen, Routes::of([(&from, 50), (&to, 50)]));
    assert_eq!(
        next_effect(&back, &seen),
        Some(Effect::EnsureTraffic {
            routes: Routes::all_on(&from)
        })
    );
}

#[test]
fn a_late_write_in_a_wait_or_a_pause_is_put_right_at_the_next_look() {
    for name in [
        "in_progress, judging",
        "paused without a verdict",
        "paused by a person",
        "soaking, keeping the old group",
    ] {
        let rollout = specimen(name);
        let (from, to) = (old(&rollout), rollout.plan.to.name.clone());
        let mut seen = reached(&rollout);
        let reached = seen.routes.clone();
        assert_eq!(next_effect(&rollout, &seen), None, "{name}");
        route(&mut seen, Routes::of([(&from, 95), (&to, 5)]));
        assert_eq!(
            next_effect(&rollout, &seen),
            Some(Effect::EnsureTraffic { routes: reached }),
            "{name}"
        );
    }
}

#[test]
fn a_pause_longer_than_the_steps_limit_does_not_send_it_back() {
    let shifting = specimen("in_progress, shifting");
    let paused = say(&shifting, Command::Pause, shifting.step_since);
    let hour = shifting.step_since.plus_ms(3_600_000);
    let resumed = say(&paused, Command::Resume, hour);
    let mut seen = reached(&shifting);
    (seen.at, seen.routes) = (hour.plus_ms(1), Routes::all_on(&old(&shifting)));
    assert_eq!(
        after(&resumed, &Input::Observed(seen)).status,
        Status::InProgress
    );
}

#[test]
fn a_new_group_that_falls_over_while_the_old_one_is_let_go_is_sent_back() {
    let retiring = specimen("soaking, retiring the old group");
    let mut seen = inputs(&retiring)
        .into_iter()
        .find_map(|(name, input)| match input {
            Input::Observed(seen) if name == "seen: nothing new" => Some(seen),
            _ => None,
        })
        .unwrap();
    find(&mut seen, &retiring.plan.to.name).broken = Some("exits at once".to_owned());
    assert_eq!(
        after(&retiring, &Input::Observed(seen)).status,
        Status::RollingBack
    );
}

#[test]
fn the_only_serving_group_shrinks_where_enough_of_it_stays_healthy() {
    let mut rollout = specimen("in_progress, starting");
    let from = old(&rollout);
    let mut plan = (*rollout.plan).clone();
    plan.phases[0].steps[0].action = Action::Resize {
        group: from.clone(),
        size: 1,
    };
    rollout.plan = std::sync::Arc::new(plan);
    let mut seen = reached(&rollout);
    resize(&mut seen, &from, 2);
    assert_eq!(
        next_effect(&rollout, &seen),
        Some(Effect::EnsureSize {
            group: from.clone(),
            size: 1
        })
    );
    for instance in &mut find(&mut seen, &from).instances {
        instance.health = crate::Health::Progressing;
    }
    assert_eq!(next_effect(&rollout, &seen), None);
}

#[test]
fn a_second_click_does_not_promote_the_next_step() {
    let judging = specimen("in_progress, judging");
    let said = |step| Said {
        by: Actor::new("grace").unwrap(),
        at: judging.step_since,
        step: Some(step),
    };
    let click = Input::Said {
        command: Command::Promote,
        said: said(judging.step),
    };
    let promoted = after(&judging, &click);
    assert!(decide(&promoted, &click).is_err());
    let mut seen = reached(&promoted);
    find(&mut seen, &promoted.plan.to.name).figures = Figures::default();
    let moved = after(&promoted, &Input::Observed(seen));
    assert!(moved.step > promoted.step);
    assert!(decide(&moved, &click).is_err());
}

#[test]
fn an_approval_waits_for_ever_and_for_another_person() {
    let waiting = specimen("paused for an approval");
    let is_approval = |a: &Action| {
        matches!(
            a,
            Action::Pause {
                until: Until::Approval
            }
        )
    };
    assert!(
        waiting
            .current()
            .is_some_and(|(_, step)| is_approval(&step.action))
    );
    let mut seen = reached(&waiting);
    seen.at = waiting.step_since.plus_ms(90 * 86_400_000);
    assert_eq!(
        after(&waiting, &Input::Observed(seen.clone())).status,
        waiting.status
    );
    let own = Said {
        by: waiting.started_by.clone(),
        at: seen.at,
        step: None,
    };
    assert!(
        decide(
            &waiting,
            &Input::Said {
                command: Command::Promote,
                said: own
            }
        )
        .is_err()
    );
    let approved = say(&waiting, Command::Promote, seen.at);
    assert!(after(&approved, &Input::Observed(seen)).step > waiting.step);
}

#[test]
fn a_text_in_words_names_versions_and_numbers() {
    let plan = specimen("promoting, judging").plan;
    let from = plan.from.clone().unwrap();
    let text = format!("90% to {}, 10% to {}", from.name, plan.to.name);
    let words = plan.in_words(&text);
    assert!(
        words.starts_with(&format!("90% to {} (v", from.version)),
        "{words}"
    );
    assert!(!words.contains(from.name.as_str()), "{words}");
    let instance = format!("{}-3f2a91", from.name);
    assert_eq!(
        plan.in_words(&instance),
        instance,
        "one asks for it by this"
    );
}

#[test]
fn what_was_replaced_is_named_and_a_first_start_replaces_nothing() {
    let mut over = specimen("succeeded");
    let said = |rollout: &Rollout| sentence(rollout, None, Time(0));
    let (new, old) = (&over.plan.to.version, &over.plan.from);
    let old = &old.as_ref().unwrap().version;
    assert_eq!(
        said(&over),
        format!("{new} has replaced {old} and serves all visitors.")
    );
    let later = Observation::default();
    assert_eq!(
        sentence(&over, Some(&later), Time(0)),
        format!("{new} had replaced {old}; it no longer serves.")
    );
    let first = format!("{new} serves all visitors; nothing ran here before.");
    std::sync::Arc::make_mut(&mut over.plan).from = None;
    assert_eq!(said(&over), first);
}
