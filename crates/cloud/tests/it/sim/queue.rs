//! Invariant 5: of several rollouts that are asked for in one environment, one is active; the others
//! wait for their turn, say behind whom, and begin in order.

use super::dice::side_seeds;
use super::run::{Sim, created};
use super::stage::{Stage, Weather, chaos};
use super::tally::Tally;
use domain::rollout::{Waiting, create, decide, evolve, replay};
use domain::{Event, Group, Input, Rollout, RolloutId, Status, Strategy};

struct Waits {
    id: RolloutId,
    journal: Vec<Event>,
    rollout: Rollout,
}

impl Waits {
    fn give(&mut self, input: &Input) {
        for event in decide(&self.rollout, input).unwrap() {
            self.rollout = evolve(self.rollout.clone(), &event);
            self.journal.push(event);
        }
        let again = replay(self.id, &self.journal).unwrap();
        assert_eq!(again, self.rollout, "what waits outlives a crash");
    }
}

#[test]
fn rollouts_of_one_environment_take_turns_in_order() {
    let (mut tally, mut waited) = (Tally::default(), 0);
    for seed in 0..side_seeds() / 4 {
        let strategy = Strategy::ALL[usize::try_from(seed % 4).unwrap()];
        let mut stage = Stage::set(strategy, seed);
        let old = stage.serving();
        let plans: Vec<_> = [2, 3, 4]
            .map(|image| stage.plan(strategy, Some(old.clone()), image, u32::from(image) * 2))
            .into();
        let again = |image: u8, from: Group| {
            let stage = Stage::set(strategy, seed);
            stage.plan(strategy, Some(from), image, u32::from(image) * 2)
        };
        stage.world.set_chaos(chaos(seed));
        let mut queue: Vec<_> = plans[1..]
            .iter()
            .zip(2..)
            .map(|(plan, id)| {
                let created = created(stage.now, plan.clone());
                Waits {
                    id: RolloutId(id),
                    rollout: create(RolloutId(id), &created).unwrap(),
                    journal: vec![created],
                }
            })
            .collect();
        let mut sim = Sim::new(stage, seed, Weather::Rough, plans[0].clone());
        let mut order = Vec::new();
        let mut stable = old;
        loop {
            sim.admit();
            order.push(sim.id);
            let behind = sim.id;
            for one in &mut queue {
                let waiting = Waiting::Queue { behind };
                let at = sim.clock();
                one.give(&Input::Wait {
                    at,
                    waiting: waiting.clone(),
                });
                one.give(&Input::Wait {
                    at,
                    waiting: waiting.clone(),
                });
                assert_eq!(one.rollout.status, Status::Pending { waiting });
                waited += 1;
            }
            sim.run_until(|sim| {
                let others = queue.iter().filter(|one| one.rollout.status.is_active());
                assert_eq!(others.count(), 0, "{}", sim.at());
                sim.rollout.status.is_terminal()
            });
            sim.check_end();
            tally.add(&sim);
            match &sim.rollout.status {
                Status::Succeeded => stable = sim.rollout.plan.to.clone(),
                // What a person has to mend stops the queue of this test, too.
                Status::Failed { .. } => break,
                _ => {}
            }
            if queue.is_empty() {
                assert_eq!(order, [RolloutId(1), RolloutId(2), RolloutId(3)]);
                break;
            }
            // What runs may be another group than the one it was planned against.
            let next = queue.remove(0);
            let image = u8::try_from(next.id.0 + 1).unwrap();
            let plan = again(image, stable.clone());
            let at = sim.clock();
            sim.take_over(next.id, next.journal, next.rollout);
            while !sim.rollout.status.is_active() {
                let plan = Some(Box::new(plan.clone()));
                sim.give(&Input::Admit { at, plan });
            }
            assert_eq!(
                sim.rollout.plan.from.as_ref(),
                Some(&stable),
                "{}",
                sim.at()
            );
        }
    }
    println!("waited {waited}, {tally:?}");
    tally.ended(&["succeeded", "rolled_back"], 10);
    assert!(waited > side_seeds() / 4, "{tally:?}");
}
