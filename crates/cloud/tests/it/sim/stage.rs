//! What a run begins with: an environment of the fake cloud, what runs there and what is to come.

use super::dice::Dice;
use super::run::Sim;
use crate::support::{digest, version};
use cloud::fake::{Answer, Chaos, Fault, ImageSettings, Kind, Settings, Verb, World};
use domain::plan::{Group, Plan, Role, Template};
use domain::planner::{Capabilities, Request, plan};
use domain::{
    AppName, Application, Environment, GroupName, ReleaseNumber, Routes, Strategy, Target, Time,
};
use std::sync::Arc;

/// How much goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weather {
    /// Nothing, and nobody clicks.
    Calm,
    /// Faults at random, and people at any moment.
    Rough,
}

/// The place of a run before anything is asked for.
pub(super) struct Stage {
    pub(super) dice: Dice,
    pub(super) world: World,
    pub(super) env: Environment,
    pub(super) target: Target,
    pub(super) now: Time,
}

pub(super) fn kinds() -> Vec<Kind> {
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

impl Stage {
    pub(super) fn set(strategy: Strategy, seed: u64) -> Self {
        let mut dice = Dice::of(seed.wrapping_mul(4).wrapping_add(strategy as u64));
        let target = Target {
            app: AppName::new("site").unwrap(),
            env: domain::EnvName::new("sim").unwrap(),
        };
        let env = environment(&mut dice, &target);
        let world = World::new(Settings {
            requests_per_s: 200,
            ..Settings::default()
        });
        Self {
            dice,
            world,
            env,
            target,
            now: Time(1_000_000),
        }
    }

    /// The group of this number that runs the image of the same number.
    pub(super) fn group(&self, number: u8) -> Group {
        Group {
            name: GroupName::numbered(&self.target.app, &self.target.env, number.into()),
            role: Role::Stable,
            image: digest(number),
            version: version(&format!("{number}.0.0")),
            release: ReleaseNumber(number.into()),
            size: self.env.instances,
            template: Arc::new(Template::of(&self.env)),
        }
    }

    /// Group 1 serves.
    pub(super) fn serving(&mut self) -> Group {
        let group = self.group(1);
        let (world, target) = (&mut self.world, &self.target);
        world
            .ensure_group(self.now, target, &group.name, &group.image, group.size)
            .unwrap();
        self.now = self.now.plus_ms(200);
        world
            .ensure_traffic(self.now, target, &Routes::all_on(&group.name))
            .unwrap();
        group
    }

    /// Makes image `number` one that answers many requests with errors.
    pub(super) fn spoil(&mut self, number: u8) {
        let errors = ImageSettings {
            error_rate: 0.4,
            ..ImageSettings::default()
        };
        self.world.set_image(digest(number), errors);
    }

    /// The plan that brings image `image` as group `number`.
    pub(super) fn plan(
        &self,
        strategy: Strategy,
        from: Option<Group>,
        image: u8,
        number: u32,
    ) -> Plan {
        let request = Request {
            app: &self.target.app,
            env: &self.env,
            strategy,
            image: digest(image),
            version: version(&format!("{image}.0.0")),
            release: ReleaseNumber(number),
            next_group: number,
            from,
            capabilities: Capabilities::ALL,
        };
        plan(&request).unwrap()
    }

    /// Faults at random, a few in each run.
    pub(super) fn roughen(&mut self, seed: u64) {
        // Groups are started too rarely for chance alone to spoil many of them.
        let fault = match self.dice.roll(8) {
            0 => {
                let after_ms = 300 + self.dice.roll(3_000);
                Some(Kind::Dies { after_ms })
            }
            1 => Some(Kind::HalfStart { healthy: 1 }),
            _ => None,
        };
        if let Some(kind) = fault {
            self.world.add_fault(Fault::once(Verb::EnsureGroup, kind));
        }
        self.world.set_chaos(chaos(seed));
    }
}

pub(super) fn chaos(seed: u64) -> Chaos {
    Chaos {
        seed,
        per_mille: 60,
        budget: 12,
        kinds: kinds(),
    }
}

impl Sim {
    /// Version 1 serves, version 2 is to come. Every tenth meets no trouble and has to succeed.
    pub(super) fn replacing(strategy: Strategy, seed: u64) -> Self {
        let weather = if seed.is_multiple_of(10) {
            Weather::Calm
        } else {
            Weather::Rough
        };
        let mut stage = Stage::set(strategy, seed);
        let from = stage.serving();
        if weather == Weather::Rough {
            if stage.dice.roll(5) == 0 {
                stage.spoil(2);
            }
            stage.roughen(seed);
        }
        let plan = stage.plan(strategy, Some(from), 2, 2);
        Sim::new(stage, seed, weather, plan)
    }
}
