//! The engine dies at one point and again while it recovers, at every pair of points.

use super::run::{Crashes, Sim};
use super::stage::{Stage, Weather};
use domain::{Status, Strategy};

#[derive(Clone, Copy, Debug)]
enum Story {
    Succeeds,
    /// The gate sends it back.
    TurnsBack,
    /// There is nothing before it.
    First,
}

fn told(strategy: Strategy, story: Story, crashes: Vec<u64>) -> Sim {
    let mut stage = Stage::set(strategy, 7);
    let from = match story {
        Story::Succeeds => Some(stage.serving()),
        Story::TurnsBack => {
            stage.spoil(2);
            Some(stage.serving())
        }
        Story::First => None,
    };
    let plan = stage.plan(strategy, from, 2, 2);
    let mut sim = Sim::new(stage, 7, Weather::Calm, plan);
    sim.crashing = Crashes::At(crashes);
    sim.run();
    sim.check_end();
    sim
}

fn every_pair(strategy: Strategy) {
    for story in [Story::Succeeds, Story::TurnsBack, Story::First] {
        let whole = told(strategy, story, Vec::new());
        let end = match story {
            Story::Succeeds | Story::First => Status::Succeeded,
            Story::TurnsBack => Status::RolledBack,
        };
        assert_eq!(whole.rollout.status, end, "{strategy} {story:?}");
        let (mut both, mut pairs) = (0, 0);
        for first in 1..=whole.points {
            for second in first + 1..=whole.points {
                let sim = told(strategy, story, vec![first, second]);
                let at = format!("{strategy} {story:?}, crashes at {first} and {second}");
                assert_eq!(sim.rollout.status, end, "{at}");
                pairs += 1;
                // With the first crash there may be one point less: a turn that was lost need not
                // have had anything to do.
                let came = sim.points >= second;
                assert_eq!(sim.crashes, 1 + u64::from(came), "{at}");
                both += u64::from(came);
            }
        }
        println!(
            "{strategy} {story:?}: {} points, {pairs} pairs, both crashes in {both}",
            whole.points
        );
        assert!(
            both * 10 > pairs * 9,
            "{strategy} {story:?}: {both} of {pairs}"
        );
    }
}

#[test]
fn blue_green_survives_a_crash_at_every_pair_of_points() {
    every_pair(Strategy::BlueGreen);
}

#[test]
fn canary_survives_a_crash_at_every_pair_of_points() {
    every_pair(Strategy::Canary);
}

#[test]
fn rolling_survives_a_crash_at_every_pair_of_points() {
    every_pair(Strategy::Rolling);
}

#[test]
fn ab_survives_a_crash_at_every_pair_of_points() {
    every_pair(Strategy::Ab);
}
