//! One run: an engine in miniature that looks, decides, journals and acts, and crashes in between.

use super::dice::Dice;
use super::stage::{Stage, Weather};
use super::wall::Wall;
use cloud::CloudError;
use cloud::fake::World;
use domain::plan::{Plan, Routes};
use domain::rollout::{Said, What, create, decide, evolve, next_effect, replay};
use domain::{
    Actor, Command, Effect, Event, Input, Observation, Rollout, RolloutId, Status, Target, Time,
};
use std::collections::BTreeMap;

const MAX_TURNS: u32 = 20_000;
/// How long the engine leaves looks aside that are stamped before its last write.
const STALE_MS: u64 = 5_000;

/// When the engine dies. Between what it decides, journals, does and hears it is always at a point.
pub(super) enum Crashes {
    AtRandom,
    /// At these points, counted from the start.
    At(Vec<u64>),
}

/// Alive, or dead and started again: the turn it was at is over.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Engine {
    Goes,
    Died,
}

pub(super) struct Sim {
    pub(super) seed: u64,
    pub(super) dice: Dice,
    pub(super) world: World,
    pub(super) target: Target,
    /// The time that really passes.
    pub(super) now: Time,
    pub(super) wall: Wall,
    pub(super) is_clock_steady: bool,
    pub(super) weather: Weather,
    pub(super) crashing: Crashes,
    pub(super) id: RolloutId,
    pub(super) journal: Vec<Event>,
    pub(super) rollout: Rollout,
    /// The last write, or else when the engine began: by the clock, and really. In memory only.
    wrote: (Time, Time),
    /// Looks in a row at a routing that the plan has not reached.
    pub(super) astray: u32,
    pub(super) points: u64,
    pub(super) crashes: u64,
    pub(super) ignored: u64,
    pub(super) effects: u64,
    pub(super) said: BTreeMap<&'static str, u64>,
}

impl Sim {
    pub(super) fn new(stage: Stage, seed: u64, weather: Weather, plan: Plan) -> Self {
        let created = created(stage.now, plan);
        let id = RolloutId(1);
        Self {
            seed,
            dice: stage.dice,
            world: stage.world,
            target: stage.target,
            now: stage.now,
            wall: Wall::default(),
            is_clock_steady: true,
            weather,
            crashing: Crashes::AtRandom,
            id,
            rollout: create(id, &created).unwrap(),
            journal: vec![created],
            wrote: (stage.now, stage.now),
            astray: 0,
            points: 0,
            crashes: 0,
            ignored: 0,
            effects: 0,
            said: BTreeMap::new(),
        }
    }

    pub(super) fn at(&self) -> String {
        format!(
            "seed {} of {}, rollout {}, turn at {}, step {}",
            self.seed, self.rollout.plan.strategy, self.id, self.now.0, self.rollout.step
        )
    }

    /// What the engine's clock shows.
    pub(super) fn clock(&self) -> Time {
        self.wall.at(self.now)
    }

    /// A moment at which the engine may die. What is in the journal makes the same state again.
    pub(super) fn point(&mut self) -> Engine {
        self.points += 1;
        let dies = match &self.crashing {
            Crashes::AtRandom => self.dice.roll(6) == 0,
            Crashes::At(points) => points.contains(&self.points),
        };
        if !dies {
            return Engine::Goes;
        }
        let again = replay(self.id, &self.journal).unwrap();
        assert_eq!(again, self.rollout, "{}", self.at());
        self.rollout = again;
        self.wrote = (self.clock(), self.now);
        self.crashes += 1;
        Engine::Died
    }

    /// Decides and journals. What is decided and not yet journalled dies with the engine.
    pub(super) fn give(&mut self, input: &Input) -> Engine {
        let Ok(events) = decide(&self.rollout, input) else {
            return Engine::Goes;
        };
        if events.is_empty() {
            return Engine::Goes;
        }
        if self.point() == Engine::Died {
            return Engine::Died;
        }
        for event in events {
            self.rollout = evolve(self.rollout.clone(), &event);
            self.journal.push(event);
        }
        self.point()
    }

    pub(super) fn say(&mut self, command: Command) -> Engine {
        let said = Said {
            by: Actor::new("grace").unwrap(),
            at: self.clock(),
            step: None,
        };
        let input = Input::Said { command, said };
        if decide(&self.rollout, &input).is_ok() {
            *self.said.entry(command.as_str()).or_default() += 1;
        }
        self.give(&input)
    }

    fn person(&mut self) -> Engine {
        if self.weather == Weather::Calm {
            return Engine::Goes;
        }
        let command = match self.dice.roll(400) {
            0 => Command::Rollback,
            1 => Command::Cancel,
            2 | 3 => Command::Promote,
            4 | 5 => Command::Pause,
            6 => Command::Reject,
            // whoever pauses resumes in the end
            _ if matches!(self.rollout.status, Status::Paused { .. })
                && self.dice.roll(20) == 0 =>
            {
                Command::Resume
            }
            _ => return Engine::Goes,
        };
        self.say(command)
    }

    /// One look at the cloud, if it answers with anything that can be believed.
    fn look(&mut self) -> Result<Observation, CloudError> {
        let mut seen = self.world.observe(self.now, &self.target)?;
        seen.at = self.wall.at(seen.at);
        Ok(seen)
    }

    /// As the engine judges it: not surely from after its last write, or from a time still to come.
    fn is_stale(&self, seen: &Observation) -> bool {
        let (at, really) = self.wrote;
        (seen.at <= at || seen.at > self.clock()) && self.now.since_ms(really) < STALE_MS
    }

    pub(super) fn turn(&mut self) -> Engine {
        self.now = self.now.plus_ms(20 + self.dice.roll(80));
        if !self.is_clock_steady {
            self.wall.perhaps_jump(self.now, &mut self.dice);
        }
        if self.person() == Engine::Died {
            return Engine::Died;
        }
        let seen = match self.look() {
            Ok(seen) => seen,
            Err(CloudError::Throttled { message, .. }) => {
                let at = self.clock();
                return self.give(&Input::Throttled { at, message });
            }
            Err(_) => return Engine::Goes,
        };
        if self.is_stale(&seen) {
            self.ignored += 1;
            return Engine::Goes;
        }
        if self.give(&Input::Observed(seen.clone())) == Engine::Died {
            return Engine::Died;
        }
        let Some(effect) = next_effect(&self.rollout, &seen) else {
            return Engine::Goes;
        };
        self.check_effect(&effect, &seen);
        if self.point() == Engine::Died {
            return Engine::Died;
        }
        self.wrote = (self.clock(), self.now);
        let done = self.act(&effect);
        // Dead now, it never hears the answer.
        if self.point() == Engine::Died {
            return Engine::Died;
        }
        let at = self.clock();
        match done {
            Ok(())
            | Err(CloudError::Transient(_) | CloudError::Conflict(_) | CloudError::NotFound(_)) => {
                Engine::Goes
            }
            Err(CloudError::Throttled { message, .. }) => {
                self.give(&Input::Throttled { at, message })
            }
            Err(error) => {
                let problem = error.to_string();
                self.give(&Input::EffectRefused { at, problem })
            }
        }
    }

    fn act(&mut self, effect: &Effect) -> Result<(), CloudError> {
        self.effects += 1;
        let Self {
            world, target, now, ..
        } = self;
        match effect {
            Effect::EnsureGroup { group, size } => {
                world.ensure_group(*now, target, &group.name, &group.image, *size)
            }
            Effect::EnsureSize { group, size } => world.ensure_size(*now, target, group, *size),
            Effect::EnsureTraffic { routes } => world.ensure_traffic(*now, target, routes),
            Effect::EnsureRetired { group } => world.ensure_retired(*now, target, group),
        }
    }

    /// Runs to the end, then lets what is late land.
    pub(super) fn run(&mut self) {
        self.admit();
        self.run_until(|sim| sim.rollout.status.is_terminal());
        self.stays_ended();
    }

    pub(super) fn admit(&mut self) {
        while !self.rollout.status.is_active() {
            let at = self.clock();
            self.give(&Input::Admit { at, plan: None });
        }
    }

    pub(super) fn run_until(&mut self, done: impl Fn(&Self) -> bool) {
        for _ in 0..MAX_TURNS {
            if done(self) {
                return;
            }
            self.turn();
            self.watch_traffic();
        }
        panic!(
            "{}: never gets there: {:?}\n{:?}",
            self.at(),
            self.rollout.status,
            self.world.truth(self.now, &self.target)
        );
    }

    pub(super) fn stays_ended(&mut self) {
        let ended = self.rollout.clone();
        for _ in 0..3 {
            self.now = self.now.plus_ms(500);
            let seen = self.world.truth(self.now, &self.target);
            self.give(&Input::Observed(seen.clone()));
            assert_eq!(next_effect(&self.rollout, &seen), None, "{}", self.at());
        }
        let at = self.at();
        assert_eq!(self.rollout, ended, "{at}: it leaves its end by itself");
    }

    /// Another rollout of the same place, created now.
    pub(super) fn next(&mut self, id: RolloutId, plan: Plan) {
        let created = created(self.clock(), plan);
        let rollout = create(id, &created).unwrap();
        self.take_over(id, vec![created], rollout);
    }

    /// Goes on with another rollout of the same place, which was created before.
    pub(super) fn take_over(&mut self, id: RolloutId, journal: Vec<Event>, rollout: Rollout) {
        (self.id, self.journal, self.rollout) = (id, journal, rollout);
        self.astray = 0;
    }

    pub(super) fn home(&self) -> Routes {
        let from = self.rollout.plan.from.as_ref();
        from.map_or_else(Routes::default, |from| Routes::all_on(&from.name))
    }
}

pub(super) fn created(at: Time, plan: Plan) -> Event {
    let what = What::Created {
        plan: Box::new(plan),
        needs_approval: false,
    };
    let by = Actor::new("ada").unwrap();
    Event { at, by, what }
}
