//! The first rollout of an empty environment: there is nothing to return to, and nothing is left.

use super::dice::side_seeds;
use super::run::Sim;
use super::stage::{Stage, Weather};
use super::tally::Tally;
use domain::{Command, Strategy};

#[test]
fn a_first_rollout_serves_or_leaves_nothing() {
    let mut tally = Tally::default();
    for seed in 0..side_seeds() {
        let strategy = Strategy::ALL[usize::try_from(seed % 4).unwrap()];
        let calm = seed.is_multiple_of(10);
        let weather = if calm { Weather::Calm } else { Weather::Rough };
        let mut stage = Stage::set(strategy, seed);
        if !calm {
            stage.roughen(seed);
        }
        let plan = stage.plan(strategy, None, 2, 1);
        let mut sim = Sim::new(stage, seed, weather, plan);
        sim.run();
        sim.check_end();
        if calm {
            sim.has_succeeded();
        }
        tally.add(&sim);
    }
    println!("{tally:?}");
    tally.every_fault_fired(5);
    tally.ended(&["succeeded", "rolled_back", "cancelled"], 3);
    tally.commands_were_given(&[Command::Cancel], 3);
    tally.crashed_often();
}
