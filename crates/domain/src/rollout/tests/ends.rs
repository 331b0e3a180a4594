//! Instances that end by themselves: how often is too often.

use super::scenarios::{after, find, resize, say, specimen};
use super::*;

const MINUTE: u64 = 60_000;
const DAY: u64 = 24 * 60 * MINUTE;

/// A rollout that somebody stopped while the new group serves with `size` instances, so that only what
/// befalls these can move it, and a look at it.
fn stopped(size: u32) -> (Rollout, Observation) {
    let rollout = specimen("in_progress, judging");
    let nothing_new = |(name, input)| match input {
        Input::Observed(seen) if name == "seen: nothing new" => Some(seen),
        _ => None,
    };
    let mut seen: Observation = inputs(&rollout).into_iter().find_map(nothing_new).unwrap();
    resize(&mut seen, &rollout.plan.to.name, size);
    (say(&rollout, Command::Pause, seen.at), seen)
}

/// Looks again and again; each look is its time after the first and the ends by then.
fn lives(
    rollout: &Rollout,
    seen: &Observation,
    looks: impl IntoIterator<Item = (u64, u32)>,
) -> Rollout {
    let start = seen.at;
    looks
        .into_iter()
        .fold(rollout.clone(), |state, (ms, restarts)| {
            let mut seen = seen.clone();
            seen.at = start.plus_ms(ms);
            find(&mut seen, &rollout.plan.to.name).restarts = restarts;
            after(&state, &Input::Observed(seen))
        })
}

#[test]
fn three_ends_within_minutes_send_a_small_group_back() {
    let (rollout, seen) = stopped(2);
    let looks = [(0, 0), (MINUTE, 1), (4 * MINUTE, 2)];
    let on = lives(&rollout, &seen, looks);
    assert_eq!(on.status, rollout.status);
    let back = lives(&on, &seen, [(9 * MINUTE, 3)]);
    let why = back.going_back.unwrap().why;
    assert!(
        why.contains("ended by themselves 3 times within 10 min"),
        "{why}"
    );
}

#[test]
fn many_ends_over_a_year_do_not() {
    let (paused, seen) = stopped(2);
    let on = lives(
        &paused,
        &seen,
        (1..=365).map(|day| (u64::from(day) * DAY, day)),
    );
    assert_eq!(on.status, paused.status);
    assert_eq!(on.ends_total, 365);
    assert!(on.ends.len() <= 2, "the past is forgotten: {:?}", on.ends);
    let burst = (1..=2).map(|n| (366 * DAY + u64::from(n) * MINUTE, 365 + n));
    let on = lives(&on, &seen, burst);
    assert_eq!(on.status, paused.status);
    let back = lives(&on, &seen, [(366 * DAY + 3 * MINUTE, 368)]);
    assert_eq!(back.status, Status::RollingBack);
}

#[test]
fn a_group_of_a_thousand_may_lose_three_but_not_a_tenth() {
    let (rollout, seen) = stopped(1_000);
    let on = lives(&rollout, &seen, [(1, 3), (2, 99)]);
    assert_eq!(on.status, rollout.status);
    assert_eq!(lives(&on, &seen, [(3, 100)]).status, Status::RollingBack);
}

#[test]
fn ends_before_it_served_are_not_held_against_it_for_ever() {
    let starting = specimen("in_progress, starting");
    let (serving, seen) = stopped(2);
    // Seen while it started, an hour before it serves.
    let mut early = seen.clone();
    early.at = Time(seen.at.0 - 3_600_000);
    early.routes = Routes::all_on(&starting.plan.from.as_ref().unwrap().name);
    find(&mut early, &starting.plan.to.name).restarts = 2;
    let started = after(&starting, &Input::Observed(early));
    assert_eq!(started.ends_total, 2);
    let serving = Rollout {
        ends_total: started.ends_total,
        ends: started.ends,
        ..serving
    };
    let on = lives(&serving, &seen, [(0, 2), (1, 3), (2, 4)]);
    assert_eq!(on.status, serving.status);
    assert_eq!(lives(&on, &seen, [(3, 5)]).status, Status::RollingBack);
}

#[test]
fn a_cloud_that_counts_from_zero_again_is_believed() {
    let (rollout, seen) = stopped(2);
    let on = lives(
        &rollout,
        &seen,
        [(0, 2), (20 * MINUTE, 0), (21 * MINUTE, 2)],
    );
    assert_eq!(on.status, rollout.status);
    assert_eq!(
        lives(&on, &seen, [(22 * MINUTE, 3)]).status,
        Status::RollingBack
    );
}

#[test]
fn what_was_seen_is_told_once() {
    let (rollout, mut seen) = stopped(2);
    find(&mut seen, &rollout.plan.to.name).restarts = 1;
    let told = |events: &[Event]| {
        let ended = |event: &&Event| matches!(event.what, What::InstancesEnded { total: 1, .. });
        events.iter().filter(ended).count()
    };
    let events = decide(&rollout, &Input::Observed(seen.clone())).unwrap();
    assert_eq!(told(&events), 1, "{events:?}");
    let state = after(&rollout, &Input::Observed(seen.clone()));
    let events = decide(&state, &Input::Observed(seen)).unwrap();
    assert_eq!(told(&events), 0, "{events:?}");
}

#[test]
fn ends_of_a_time_in_which_nobody_looked_are_only_where_the_count_begins() {
    let (paused, seen) = stopped(2);
    let night = 8 * 60 * MINUTE;
    let journals = [vec![(MINUTE, 1), (night, 6)], vec![(night, 6)]];
    for looks in journals {
        let on = lives(&paused, &seen, looks);
        assert_eq!(on.status, paused.status);
        assert_eq!(on.ends_total, 6);
        let on = lives(&on, &seen, [(night + MINUTE, 8)]);
        assert_eq!(on.status, paused.status);
        let back = lives(&on, &seen, [(night + 2 * MINUTE, 9)]);
        let why = back.going_back.unwrap().why;
        assert!(why.contains("3 times"), "{why}");
    }
}

#[test]
fn all_ends_of_a_group_that_has_hardly_begun_are_held_against_it() {
    let (paused, seen) = stopped(2);
    let back = lives(&paused, &seen, [(0, 3)]);
    assert_eq!(back.status, Status::RollingBack);
}

#[test]
fn a_group_that_keeps_ending_before_it_serves_does_not_fill_the_journal() {
    let (rollout, mut seen) = stopped(2);
    let to = rollout.plan.to.name.clone();
    let home = Routes::all_on(&rollout.plan.from.as_ref().unwrap().name);
    let (serving, start) = (seen.routes.clone(), seen.at);
    let mut look = |state: &Rollout, ms: u64, routes: &Routes| {
        seen.at = start.plus_ms(ms);
        seen.routes = routes.clone();
        find(&mut seen, &to).restarts = u32::try_from(ms / 31_000).unwrap();
        decide(state, &Input::Observed(seen.clone())).unwrap()
    };
    let (mut state, mut told) = (rollout.clone(), 0);
    let hour = 60 * MINUTE;
    for ms in (0..hour).step_by(1_000) {
        let events = look(&state, ms, &home);
        told += events.len();
        state = events.iter().fold(state, evolve);
    }
    assert!((50..=60).contains(&told), "{told} in an hour");
    assert_eq!(state.status, rollout.status);
    // As soon as it serves, what was not told yet is.
    let events = look(&state, hour, &serving);
    let first = events.first().map(|event| &event.what);
    assert!(
        matches!(first, Some(What::InstancesEnded { total: 116, .. })),
        "{events:?}"
    );
    let state = events.iter().fold(state, evolve);
    assert_eq!(state.status, Status::RollingBack);
}
