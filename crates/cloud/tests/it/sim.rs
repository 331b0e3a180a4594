//! The machine against the fake cloud, thousands of times: every strategy, faults at random, a crash
//! at every point, people who click at any moment, a clock that jumps. What must hold before each
//! effect and at the end is asserted; that each fault really happened, too.
//!
//! A longer run than that of every build:
//! `VIRIDIAN_SIM_SEEDS=100000 cargo test --release -p cloud --test it sim:: -- --nocapture`

mod back;
mod clock;
mod crashes;
mod dice;
mod first;
mod laws;
mod queue;
mod run;
mod stage;
mod tally;
mod wall;

use dice::seeds;
use domain::{Command, Strategy};
use run::Sim;
use stage::Weather;
use tally::Tally;

fn every_rollout_ends_well_whatever_goes_wrong(strategy: Strategy) {
    let mut tally = Tally::default();
    for seed in 0..seeds() {
        let mut sim = Sim::replacing(strategy, seed);
        sim.run();
        sim.check_end();
        if sim.weather == Weather::Calm {
            sim.has_succeeded();
        }
        tally.add(&sim);
    }
    println!("{strategy}: {tally:?}");
    tally.every_fault_fired(10);
    tally.ended(&["succeeded", "rolled_back", "cancelled"], 10);
    use Command::{Cancel, Pause, Promote, Resume, Rollback};
    tally.commands_were_given(&[Rollback, Cancel, Promote, Pause, Resume], 10);
    tally.crashed_often();
    assert!(tally.ignored > 10 && tally.effects > seeds(), "{tally:?}");
}

#[test]
fn every_blue_green_rollout_ends_well() {
    every_rollout_ends_well_whatever_goes_wrong(Strategy::BlueGreen);
}

#[test]
fn every_canary_rollout_ends_well() {
    every_rollout_ends_well_whatever_goes_wrong(Strategy::Canary);
}

#[test]
fn every_rolling_rollout_ends_well() {
    every_rollout_ends_well_whatever_goes_wrong(Strategy::Rolling);
}

#[test]
fn every_ab_rollout_ends_well() {
    every_rollout_ends_well_whatever_goes_wrong(Strategy::Ab);
}
