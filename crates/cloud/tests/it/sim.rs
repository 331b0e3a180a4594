//! The machine against the fake cloud, thousands of times: every strategy, faults at random, a crash
//! after every boundary, people who click at any moment. What must hold before each effect and at
//! the end is asserted; that each fault really happened, too.

use crate::support::{digest, version};
use cloud::CloudError;
use cloud::fake::{Answer, Chaos, Fault, ImageSettings, Kind, Settings, Verb, World};
use domain::plan::{Action, Group, Plan, Role, Template};
use domain::planner::{Capabilities, Request, plan};
use domain::rollout::{Pause, Said, What, create, decide, evolve, next_effect, replay};
use domain::{
    Actor, AppName, Application, Command, Effect, Environment, Event, GroupName, Input,
    Observation, ReleaseNumber, Rollout, RolloutId, Routes, Status, Strategy, Target, Time,
};
use std::collections::BTreeMap;
use std::sync::Arc;

const SEEDS: u64 = 1_500;
const MAX_TURNS: u32 = 20_000;

struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

struct Sim {
    seed: u64,
    dice: Dice,
    world: World,
    target: Target,
    now: Time,
    journal: Vec<Event>,
    rollout: Rollout,
    /// When the world was last written to or the journal grew: an older look proves nothing.
    changed: Time,
    ignored: u64,
    crashes: u64,
    /// Looks in a row at a routing that the plan has not reached.
    astray: u32,
    calm: bool,
    said: BTreeMap<&'static str, u64>,
}

fn environment(dice: &mut Dice, target: &Target) -> Environment {
    let instances = 1 + dice.roll(5);
    let (surge, unavailable) =
        [(1, 0), (0, 1), (2, 1), (1, 1)][usize::try_from(dice.roll(4)).unwrap()];
    let toml = format!(
        "[application]\nname = \"site\"\n[[environment]]\nname = \"{}\"\nlisten = \"127.0.0.1:8103\"\ninstances = {instances}\n\
         health = {{ start_timeout_ms = 5000 }}\n\
         [environment.canary]\npause_ms = 500\nmin_requests = 5\nretain_ms = 500\nbaseline = {}\n\
         [environment.blue_green]\npreview_ms = 300\nretain_ms = 500\n\
         [environment.rolling]\nmax_surge = {surge}\nmax_unavailable = {unavailable}\npause_ms = 200\nmin_requests = 5\n\
         [environment.ab]\nrun_ms = 2000\nretain_ms = 500\n",
        target.env,
        dice.roll(2) == 0,
    );
    Application::from_toml(&toml)
        .unwrap()
        .environments
        .remove(0)
}

fn kinds() -> Vec<Kind> {
    vec![
        Kind::Throttled { retry_after: None },
        Kind::Transient,
        Kind::Denied,
        Kind::LostReply,
        Kind::LostReply,
        Kind::Late {
            by_ms: 150,
            answer: Answer::TimesOut,
        },
        Kind::Late {
            by_ms: 900,
            answer: Answer::Accepted,
        },
        Kind::HalfStart { healthy: 0 },
        Kind::HalfStart { healthy: 1 },
        Kind::Dies { after_ms: 900 },
        Kind::Stale,
    ]
}

impl Sim {
    fn new(strategy: Strategy, seed: u64) -> Self {
        let mut dice =
            Dice(seed.wrapping_mul(4).wrapping_add(strategy as u64) ^ 0x5851_f42d_4c95_7f2d);
        let app = AppName::new("site").unwrap();
        let target = Target {
            app: app.clone(),
            env: domain::EnvName::new("sim").unwrap(),
        };
        let env = environment(&mut dice, &target);
        let mut world = World::new(Settings {
            requests_per_s: 200,
            ..Settings::default()
        });
        let mut now = Time(1_000_000);
        let from = Group {
            name: GroupName::numbered(&app, &env.name, 1),
            role: Role::Stable,
            image: digest(1),
            version: version("1.0.0"),
            release: ReleaseNumber(1),
            size: env.instances,
            template: Arc::new(Template::default()),
        };
        world
            .ensure_group(now, &target, &from.name, &from.image, from.size)
            .unwrap();
        now = now.plus_ms(200);
        world
            .ensure_traffic(now, &target, &Routes::all_on(&from.name))
            .unwrap();
        // Every tenth meets no trouble at all, and has to succeed.
        let calm = seed.is_multiple_of(10);
        if !calm && dice.roll(5) == 0 {
            world.set_image(
                digest(2),
                ImageSettings {
                    error_rate: 0.4,
                    ..ImageSettings::default()
                },
            );
        }
        let request = Request {
            app: &app,
            env: &env,
            strategy,
            image: digest(2),
            version: version("2.0.0"),
            release: ReleaseNumber(2),
            next_group: 2,
            from: Some(from),
            capabilities: Capabilities::ALL,
        };
        let what = What::Created {
            plan: Box::new(plan(&request).unwrap()),
            needs_approval: false,
        };
        let created = Event {
            at: now,
            by: Actor::new("ada").unwrap(),
            what,
        };
        let rollout = create(RolloutId(1), &created).unwrap();
        // Groups are started too rarely for chance alone to spoil many of them.
        match dice.roll(8) {
            _ if calm => {}
            0 => {
                _ = world.add_fault(Fault::once(
                    Verb::EnsureGroup,
                    Kind::Dies {
                        after_ms: 300 + dice.roll(3_000),
                    },
                ))
            }
            1 => {
                _ = world.add_fault(Fault::once(
                    Verb::EnsureGroup,
                    Kind::HalfStart { healthy: 1 },
                ))
            }
            _ => {}
        }
        if !calm {
            world.set_chaos(Chaos {
                seed,
                per_mille: 60,
                budget: 12,
                kinds: kinds(),
            });
        }
        Self {
            seed,
            dice,
            world,
            target,
            now,
            journal: vec![created],
            rollout,
            changed: now,
            ignored: 0,
            crashes: 0,
            astray: 0,
            calm,
            said: BTreeMap::new(),
        }
    }

    fn at(&self) -> String {
        format!(
            "seed {} of {}, turn at {}, step {}",
            self.seed, self.rollout.plan.strategy, self.now.0, self.rollout.step
        )
    }

    /// Decides, journals and evolves, as an engine does; then perhaps crashes.
    fn give(&mut self, input: &Input) {
        let Ok(events) = decide(&self.rollout, input) else {
            return;
        };
        for event in events {
            self.rollout = evolve(self.rollout.clone(), &event);
            self.journal.push(event);
            self.changed = self.now;
        }
        self.crash();
    }

    fn crash(&mut self) {
        if self.dice.roll(4) == 0 {
            let again = replay(RolloutId(1), &self.journal).unwrap();
            assert_eq!(again, self.rollout, "{}", self.at());
            self.rollout = again;
            self.crashes += 1;
        }
    }

    fn person(&mut self) {
        if self.calm {
            return self.nobody();
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
            _ => return,
        };
        let said = Said {
            by: Actor::new("grace").unwrap(),
            at: self.now,
            step: None,
        };
        let input = Input::Said { command, said };
        if decide(&self.rollout, &input).is_ok() {
            *self.said.entry(command.as_str()).or_default() += 1;
        }
        self.give(&input);
    }

    /// Where no person speaks, none has paused it.
    fn nobody(&mut self) {
        let pause = matches!(
            self.rollout.status,
            Status::Paused {
                pause: Pause::Person { .. }
            }
        );
        assert!(!pause, "{}: nobody paused it", self.at());
    }

    /// A routing that the plan has not reached is put right soon, whatever the step.
    fn watch_traffic(&mut self) {
        let truth = self.world.truth(self.now, &self.target);
        let plan = Arc::clone(&self.rollout.plan);
        let routes = |action: &Action| match action {
            Action::SetTraffic { routes } => Some(routes.clone()),
            _ => None,
        };
        let upto = plan
            .steps()
            .take(self.rollout.step + 1)
            .filter_map(|(_, step)| routes(&step.action));
        let home = Routes::all_on(&plan.from.as_ref().unwrap().name);
        let (mut before, mut reached) = (home.clone(), home.clone());
        for next in upto {
            before = std::mem::replace(&mut reached, next);
        }
        let weights = |routes: &Routes| {
            truth
                .groups
                .iter()
                .map(|g| routes.weight(&g.name))
                .collect::<Vec<_>>()
        };
        let now = weights(&truth.routes);
        let moving = self
            .rollout
            .current()
            .is_some_and(|(_, step)| routes(&step.action).is_some());
        let expected = match self.rollout.status {
            // What serves goes on serving until the old group, perhaps started again, can take over.
            Status::RollingBack => {
                let old = plan.from.as_ref().unwrap();
                let whole = truth
                    .group(&old.name)
                    .is_some_and(|g| g.healthy() >= old.size);
                now == weights(&home) || !whole
            }
            Status::Paused { .. } => now == weights(&reached) || moving && now == weights(&before),
            _ => now == weights(&reached) || moving,
        };
        self.astray = if expected { 0 } else { self.astray + 1 };
        assert!(
            self.astray < 150,
            "{}: traffic stays astray: {}, {:?}",
            self.at(),
            truth.routes,
            self.rollout.status
        );
    }

    fn turn(&mut self) {
        self.now = self.now.plus_ms(20 + self.dice.roll(80));
        self.person();
        let seen = match self.world.observe(self.now, &self.target) {
            Ok(seen) => seen,
            Err(CloudError::Throttled { message, .. }) => {
                return self.give(&Input::Throttled {
                    at: self.now,
                    message,
                });
            }
            Err(_) => return,
        };
        if seen.at < self.changed {
            self.ignored += 1;
            return;
        }
        self.give(&Input::Observed(seen.clone()));
        let Some(effect) = next_effect(&self.rollout, &seen) else {
            return;
        };
        self.check(&effect, &seen);
        self.crash();
        let done = self.act(&effect);
        self.changed = self.now.plus_ms(1);
        self.crash();
        match done {
            Ok(())
            | Err(CloudError::Transient(_) | CloudError::Conflict(_) | CloudError::NotFound(_)) => {
            }
            Err(CloudError::Throttled { message, .. }) => self.give(&Input::Throttled {
                at: self.now,
                message,
            }),
            Err(error) => self.give(&Input::EffectRefused {
                at: self.now,
                problem: error.to_string(),
            }),
        }
    }

    fn act(&mut self, effect: &Effect) -> Result<(), CloudError> {
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

    /// The invariants of the design that protect traffic, held against the truth and not against
    /// what the machine was shown.
    fn check(&mut self, effect: &Effect, seen: &Observation) {
        let truth = self.world.truth(self.now, &self.target);
        let at = self.at();
        let serving = |other: &GroupName| {
            truth
                .groups
                .iter()
                .any(|g| &g.name != other && g.weight > 0 && g.healthy() > 0)
        };
        match effect {
            Effect::EnsureGroup { .. } => {}
            Effect::EnsureTraffic { routes } => {
                assert!(routes.is_whole(), "{at}: {routes}");
                for (name, weight) in &routes.weights {
                    if *weight <= truth.routes.weight(name) {
                        continue;
                    }
                    let group = truth
                        .group(name)
                        .unwrap_or_else(|| panic!("{at}: {name} is not there"));
                    // On the way back what is proven takes everything at once, also shrunk (ADR 5).
                    let needed = match self.rollout.status {
                        Status::RollingBack => 1,
                        _ => group.size,
                    };
                    assert!(group.healthy() >= needed, "{at}: {routes}, {truth:?}");
                }
            }
            Effect::EnsureSize { group, size } => {
                let found = truth
                    .group(group)
                    .unwrap_or_else(|| panic!("{at}: {group} is not there"));
                if *size < found.size && found.weight > 0 {
                    assert!(
                        *size > 0 && found.healthy() >= *size,
                        "{at}: {group} to {size}, {truth:?}"
                    );
                }
            }
            Effect::EnsureRetired { group } => {
                assert_eq!(truth.routes.weight(group), 0, "{at}: {group} still serves");
                let last = self.rollout.plan.from.is_some() && !serving(group);
                assert!(
                    !last,
                    "{at}: {group} is the last that serves, {truth:?}, seen {seen:?}"
                );
            }
        }
    }

    /// Runs to the end, then lets what is late land.
    fn run(&mut self) {
        self.give(&Input::Admit {
            at: self.now,
            plan: None,
        });
        let mut turns = 0;
        while !self.rollout.status.is_terminal() {
            self.turn();
            self.watch_traffic();
            turns += 1;
            assert!(
                turns < MAX_TURNS,
                "{}: never ends: {:?}\n{:?}",
                self.at(),
                self.rollout.status,
                self.world.truth(self.now, &self.target)
            );
        }
        let ended = self.rollout.clone();
        for _ in 0..3 {
            self.turn_of_the_finished();
        }
        assert_eq!(
            self.rollout,
            ended,
            "{}: it leaves a terminal state by itself",
            self.at()
        );
    }

    fn turn_of_the_finished(&mut self) {
        self.now = self.now.plus_ms(500);
        let seen = self.world.truth(self.now, &self.target);
        self.give(&Input::Observed(seen.clone()));
        assert_eq!(next_effect(&self.rollout, &seen), None, "{}", self.at());
    }

    fn check_end(&mut self) {
        let at = self.at();
        let plan: Arc<Plan> = Arc::clone(&self.rollout.plan);
        let old = plan.from.as_ref().unwrap();
        let truth = self.world.truth(self.now, &self.target);
        let only = |group: &Group| {
            assert_eq!(truth.routes.weight(&group.name), 100, "{at}: {truth:?}");
            let names: Vec<_> = truth.groups.iter().map(|g| &g.name).collect();
            assert_eq!(names, [&group.name], "{at}: orphans");
        };
        assert!(
            !self.calm || self.rollout.status == Status::Succeeded,
            "{at}: {:?}",
            self.rollout.going_back
        );
        match &self.rollout.status {
            Status::Succeeded => only(&plan.to),
            Status::RolledBack | Status::Cancelled => only(old),
            Status::Failed { problem } => {
                let names_the_group = plan
                    .groups()
                    .any(|group| problem.contains(group.name.as_str()));
                assert!(
                    names_the_group && problem.contains("again") || problem.contains("by hand"),
                    "{at}: {problem}"
                );
            }
            other => panic!("{at}: ended as {other:?}"),
        }
    }
}

#[test]
fn every_rollout_ends_well_whatever_goes_wrong() {
    let mut fired: BTreeMap<&str, u64> = BTreeMap::new();
    let mut ends: BTreeMap<(Strategy, &str), u64> = BTreeMap::new();
    let mut said: BTreeMap<&str, u64> = BTreeMap::new();
    let (mut crashes, mut ignored) = (0, 0);
    for strategy in Strategy::ALL {
        for seed in 0..SEEDS {
            let mut sim = Sim::new(strategy, seed);
            sim.run();
            sim.check_end();
            for (kind, n) in sim.world.fired_by_kind() {
                *fired.entry(kind).or_default() += n;
            }
            for (command, n) in sim.said {
                *said.entry(command).or_default() += n;
            }
            *ends
                .entry((strategy, sim.rollout.status.as_str()))
                .or_default() += 1;
            (crashes, ignored) = (crashes + sim.crashes, ignored + sim.ignored);
        }
    }
    println!(
        "fired {fired:?}\nends {ends:?}\nsaid {said:?}\ncrashes {crashes}, stale looks ignored {ignored}"
    );
    for kind in kinds() {
        assert!(
            fired.get(kind.as_str()).is_some_and(|n| *n > 10),
            "{} hardly happened: {fired:?}",
            kind.as_str()
        );
    }
    for command in [
        Command::Rollback,
        Command::Cancel,
        Command::Promote,
        Command::Pause,
        Command::Resume,
    ] {
        assert!(
            said.get(command.as_str()).is_some_and(|n| *n > 10),
            "{said:?}"
        );
    }
    for strategy in Strategy::ALL {
        for end in ["succeeded", "rolled_back"] {
            assert!(
                ends.get(&(strategy, end)).is_some_and(|n| *n > 10),
                "{strategy} hardly {end}: {ends:?}"
            );
        }
    }
    assert!(
        crashes > 10_000 && ignored > 10,
        "crashes {crashes}, ignored {ignored}"
    );
}
