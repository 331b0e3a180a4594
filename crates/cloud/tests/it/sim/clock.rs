//! The clock of the machine is set forth and back by hours while a rollout is under way. Waits may
//! shift; what protects traffic holds, and every rollout ends.

use super::dice::side_seeds;
use super::run::Sim;
use super::tally::Tally;
use domain::Strategy;

#[test]
fn a_clock_that_jumps_by_hours_breaks_nothing() {
    for strategy in Strategy::ALL {
        let mut tally = Tally::default();
        for seed in 0..side_seeds() / 4 {
            let mut sim = Sim::replacing(strategy, seed);
            sim.is_clock_steady = false;
            sim.run();
            sim.check_end();
            tally.add(&sim);
        }
        println!("{strategy}: {tally:?}");
        tally.ended(&["succeeded", "rolled_back"], 5);
        assert!(tally.jumps > side_seeds() / 8, "{tally:?}");
        assert!(tally.jumps_back > 10, "{tally:?}");
    }
}
