use super::*;
use domain::{Digest, Figures, Routes};

fn group() -> GroupName {
    GroupName::new("site-prod-v001").unwrap()
}

fn digest(n: u8) -> Digest {
    Digest::new(format!("sha256:{n:064x}")).unwrap()
}

/// A group of two at a second, its instances by number and whether they differ.
fn seen(at_s: i64, instances: &[(u32, bool)]) -> Observation {
    let instances = instances.iter().map(|(number, differs)| ObservedInstance {
        id: format!("i{number}"),
        health: Health::Healthy,
        image: digest(1),
        address: String::new(),
        since: Time(0),
        reason: None,
        drift: differs
            .then(|| "etc/motd changed".to_owned())
            .into_iter()
            .collect(),
    });
    Observation {
        at: Time(at_s * 1_000),
        groups: vec![ObservedGroup {
            name: group(),
            image: digest(1),
            size: 2,
            instances: instances.collect(),
            weight: 100,
            share: None,
            in_flight: 0,
            figures: Figures::default(),
            restarts: 0,
            broken: None,
        }],
        routes: Routes::default(),
    }
}

fn acts(drift: &mut Drift, policy: DriftPolicy, seen: &Observation) -> Option<(String, Act)> {
    let step = drift.next(policy, seen)?;
    Some((step.instance, step.act))
}

fn replace(drift: &mut Drift, seen: &Observation) -> Option<(String, Act)> {
    acts(drift, DriftPolicy::Replace, seen)
}

#[test]
fn one_instance_is_asked_for_once_however_long_its_successor_takes() {
    let mut drift = Drift::default();
    assert_eq!(
        replace(&mut drift, &seen(0, &[(1, true), (2, false)])),
        None
    );
    let asked = replace(&mut drift, &seen(2, &[(1, true), (2, false)]));
    assert_eq!(asked, Some(("i1".to_owned(), Act::Replace)));
    let mut again = 0;
    for at in 3..=120 {
        let beside = seen(at, &[(1, true), (2, false), (3, false)]);
        match replace(&mut drift, &beside) {
            None => {}
            Some((_, Act::AskAgain)) => again += 1,
            other => panic!("{other:?} at {at} s"),
        }
    }
    assert_eq!(again, 3, "every 30 s, in case the first word was lost");
    let standing = drift.standing(DriftPolicy::Replace, &seen(120, &[(1, true), (2, false)]));
    let asked = Mending::Asked {
        instance: "i1".to_owned(),
        since: Time(2_000),
    };
    assert_eq!(standing[&group()], asked);
}

#[test]
fn a_word_that_did_not_reach_the_cloud_is_said_again_at_once() {
    let mut drift = Drift::default();
    let differing = |at| seen(at, &[(1, true), (2, false)]);
    drift.next(DriftPolicy::Replace, &differing(0));
    let step = drift.next(DriftPolicy::Replace, &differing(2)).unwrap();
    drift.failed(&step);
    assert_eq!(
        replace(&mut drift, &differing(3)),
        Some(("i1".to_owned(), Act::AskAgain))
    );
}

#[test]
fn all_instances_of_a_spoiled_tree_are_one_round() {
    let mut drift = Drift::default();
    let mut asked = Vec::new();
    // The two are replaced one after the other by 3 and 4.
    for at in 0..20 {
        let now = match asked.len() {
            0 => [(1, true), (2, true)],
            1 => [(2, true), (3, false)],
            _ => [(3, false), (4, false)],
        };
        asked.extend(replace(&mut drift, &seen(at, &now)));
    }
    let both = ["i1", "i2"].map(|id| (id.to_owned(), Act::Replace));
    assert_eq!(asked, both);
    assert_eq!(drift.groups[&group()].rounds, 1);
    assert!(
        drift
            .standing(DriftPolicy::Replace, &seen(20, &[(3, false), (4, false)]))
            .is_empty()
    );
}

#[test]
fn what_differs_again_and_again_is_replaced_ever_later_and_then_left_to_a_person() {
    let mut drift = Drift::default();
    let mut number = 1;
    let mut told = Vec::new();
    for at in 0..600 {
        if let Some((instance, act)) = replace(&mut drift, &seen(at, &[(number, true), (0, false)]))
        {
            assert_eq!(instance, format!("i{number}"));
            told.push((at, act));
            // The one in its place has changed its files by the next look.
            number += 1;
        }
    }
    let acts: Vec<_> = told.iter().map(|(_, act)| *act).collect();
    assert_eq!(
        acts,
        [Act::Replace, Act::Replace, Act::Replace, Act::GiveUp]
    );
    let at: Vec<_> = told.iter().map(|(at, _)| *at).collect();
    assert!(at[2] - at[1] > at[1] - at[0], "{at:?}");
    let standing = |policy| drift.standing(policy, &seen(600, &[(9, true), (0, false)]));
    assert_eq!(
        standing(DriftPolicy::Replace)[&group()],
        Mending::GivenUp { rounds: ROUNDS_MAX }
    );

    // Ten minutes without any difference, and it is believed again.
    for at in 600..1_300 {
        assert_eq!(
            replace(&mut drift, &seen(at, &[(9, false), (0, false)])),
            None
        );
    }
    assert!(drift.groups.is_empty());
}

#[test]
fn a_group_that_can_spare_none_waits() {
    let mut drift = Drift::default();
    for at in 0..60 {
        assert_eq!(replace(&mut drift, &seen(at, &[(1, true)])), None);
    }
    let standing = drift.standing(DriftPolicy::Replace, &seen(60, &[(1, true)]));
    assert_eq!(standing[&group()], Mending::Due);
}

#[test]
fn one_on_its_way_out_is_left_alone() {
    let mut drift = Drift::default();
    for at in 0..60 {
        let mut now = seen(at, &[(1, true), (2, false), (3, false)]);
        now.groups[0].instances[0].health = Health::Unknown;
        assert_eq!(replace(&mut drift, &now), None);
    }
}

#[test]
fn what_is_only_reported_is_told_once_and_never_touched() {
    let mut drift = Drift::default();
    let told: Vec<_> = (0..60)
        .filter_map(|at| {
            acts(
                &mut drift,
                DriftPolicy::Report,
                &seen(at, &[(1, true), (2, true)]),
            )
        })
        .collect();
    assert_eq!(told, ["i1", "i2"].map(|id| (id.to_owned(), Act::Report)));
    let now = seen(60, &[(1, true), (2, true)]);
    assert_eq!(
        drift.standing(DriftPolicy::Report, &now)[&group()],
        Mending::Reported
    );
    // Declared otherwise, it is put right.
    replace(&mut drift, &now);
    let later = seen(62, &[(1, true), (2, true)]);
    assert_eq!(
        replace(&mut drift, &later),
        Some(("i1".to_owned(), Act::Replace))
    );
}

#[test]
fn a_difference_names_the_image_and_the_first_files() {
    let mut now = seen(0, &[(1, true), (2, false)]);
    let group = &mut now.groups[0];
    group.instances[0].drift = ["a", "b", "c", "d", "e"]
        .map(|f| format!("{f} added"))
        .into();
    group.instances[0].image = digest(2);
    let told = differences(group, &group.instances[0]);
    assert!(told.starts_with("it runs "), "{told}");
    assert!(
        told.ends_with("a added, b added, c added, 2 more"),
        "{told}"
    );
}

/// What is told of a group that differs again and again, and when; each step fails to be told as often.
fn told(policy: DriftPolicy, failures: u32) -> Vec<(i64, String, Act)> {
    let mut drift = Drift::default();
    let (mut number, mut failed, mut told) = (1, 0, Vec::new());
    let mut late = 0;
    for at in 0..600 {
        let now = seen(at, &[(number, true), (0, false)]);
        let Some(step) = drift.next(policy, &now) else {
            continue;
        };
        if failed < failures {
            drift.untold(&step);
            failed += 1;
            late += 1;
            let standing = &drift.standing(policy, &now)[&group()];
            let untouched = matches!(standing, Mending::Due | Mending::Reported);
            assert!(untouched, "{standing:?}");
            continue;
        }
        (failed, number) = (0, number + 1);
        told.push((at - late, step.instance, step.act));
    }
    told
}

#[test]
fn a_step_that_did_not_come_into_the_journal_comes_again_as_if_for_the_first_time() {
    for policy in [DriftPolicy::Replace, DriftPolicy::Report] {
        let undisturbed = told(policy, 0);
        for failures in 1..=3 {
            assert_eq!(told(policy, failures)[..4], undisturbed[..4], "{policy:?}");
        }
    }
    let last = told(DriftPolicy::Replace, 2).pop().unwrap();
    assert_eq!(last.2, Act::GiveUp);
}
