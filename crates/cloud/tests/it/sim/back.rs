//! Back to a release whose server group is gone: from the plan and the image alone.

use super::dice::side_seeds;
use super::run::Sim;
use super::stage::{Stage, Weather, chaos};
use super::tally::Tally;
use domain::plan::PhaseKind;
use domain::{Command, RolloutId, Status, Strategy};

/// A rollout is over and its old group retired; what takes it back starts that release anew.
#[test]
fn a_finished_rollout_is_taken_back_by_a_new_group_of_the_old_image() {
    let mut tally = Tally::default();
    for seed in 0..side_seeds() / 2 {
        let strategy = Strategy::ALL[usize::try_from(seed % 4).unwrap()];
        let mut stage = Stage::set(strategy, seed);
        let old = stage.serving();
        let there = stage.plan(strategy, Some(old.clone()), 2, 2);
        let back = stage.plan(Strategy::BlueGreen, Some(there.to.clone()), 1, 4);
        let mut sim = Sim::new(stage, seed, Weather::Calm, there);
        sim.run();
        sim.has_succeeded();
        assert!(
            sim.world
                .truth(sim.now, &sim.target)
                .group(&old.name)
                .is_none()
        );
        sim.next(RolloutId(2), back);
        sim.world.set_chaos(chaos(seed));
        sim.weather = Weather::Rough;
        sim.run();
        sim.check_end();
        if sim.rollout.status == Status::Succeeded {
            let truth = sim.world.truth(sim.now, &sim.target);
            assert_eq!(truth.groups[0].image, old.image, "{}", sim.at());
        }
        tally.add(&sim);
    }
    println!("{tally:?}");
    tally.ended(&["succeeded", "rolled_back"], 10);
    tally.fault_fired("lost_reply", 10);
    tally.fault_fired("stale", 10);
}

/// The old group vanishes while the new one serves, and then somebody rolls back.
#[test]
fn a_rollback_brings_back_a_group_that_somebody_removed() {
    let (mut tally, mut removed) = (Tally::default(), 0);
    for seed in 0..side_seeds() / 2 {
        let strategy = Strategy::ALL[usize::try_from(seed % 4).unwrap()];
        let mut stage = Stage::set(strategy, seed);
        let old = stage.serving();
        let plan = stage.plan(strategy, Some(old.clone()), 2, 2);
        let mut sim = Sim::new(stage, seed, Weather::Calm, plan);
        sim.admit();
        let is_out = |sim: &Sim| {
            let kind = sim.rollout.current().map(|(phase, _)| phase.kind);
            matches!(kind, Some(PhaseKind::Soak | PhaseKind::Retire))
                || sim.rollout.status.is_terminal()
        };
        sim.run_until(is_out);
        let gone = sim.world.ensure_retired(sim.now, &sim.target, &old.name);
        if sim.rollout.status.is_terminal() || gone.is_err() {
            continue;
        }
        removed += 1;
        sim.world.set_chaos(chaos(seed));
        while sim.rollout.status != Status::RollingBack {
            sim.say(Command::Rollback);
        }
        sim.weather = Weather::Rough;
        sim.run_until(|sim| sim.rollout.status.is_terminal());
        sim.check_end();
        tally.add(&sim);
    }
    println!("{removed} removed, {tally:?}");
    assert!(removed > side_seeds() / 8, "{tally:?}");
    tally.ended(&["rolled_back"], removed / 2);
    tally.fault_fired("lost_reply", 10);
}
