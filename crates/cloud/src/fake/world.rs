//! The pure core of the fake: all environments, how images behave in them, and the faults.

use super::fault::{Answer, Call, Chaos, Fault, FaultId, Faults, Kind, Verb};
use super::group::Group;
use super::place::{Environment, of_image};
use crate::CloudError;
use domain::planner::Capabilities;
use domain::{Digest, GroupName, Observation, Routes, Target, Time};
use std::collections::{BTreeMap, HashMap, HashSet};

/// How the cloud behaves where nothing goes wrong.
#[derive(Clone, Debug)]
pub struct Settings {
    pub capabilities: Capabilities,
    /// For images of which nothing else is said.
    pub image: ImageSettings,
    /// Into every environment that has a routing; 0 is no traffic at all.
    pub requests_per_s: u64,
    /// How long the last requests of a group take once it gets no new ones.
    pub drain_ms: u64,
    pub replacing: Replacing,
}

/// How an instance is replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replacing {
    /// It is gone when the verb answers.
    AtOnce,
    /// Another one is started beside it, and it stays until that one is healthy.
    Beside,
}

/// How the instances of one image behave.
#[derive(Clone, Debug)]
pub struct ImageSettings {
    /// Until an instance is healthy.
    pub start_ms: u64,
    /// Whether one ever is.
    pub healthy: bool,
    /// How long an instance lives; `None` for ever.
    pub life_ms: Option<u64>,
    /// Share of failed requests, 0 to 1.
    pub error_rate: f64,
    pub latency_us: u64,
    /// How long after its start an instance has changed its own files; `None` for never.
    pub drifts_after_ms: Option<u64>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            capabilities: Capabilities::ALL,
            image: ImageSettings::default(),
            requests_per_s: 100,
            drain_ms: 50,
            replacing: Replacing::AtOnce,
        }
    }
}

impl Default for ImageSettings {
    fn default() -> Self {
        Self {
            start_ms: 100,
            healthy: true,
            life_ms: None,
            error_rate: 0.0,
            latency_us: 5_000,
            drifts_after_ms: None,
        }
    }
}

/// The fake cloud without a clock: every verb is told the time.
#[derive(Debug)]
pub struct World {
    pub settings: Settings,
    images: HashMap<Digest, ImageSettings>,
    missing: HashSet<Digest>,
    environments: HashMap<Target, Environment>,
    faults: Faults,
    calls: BTreeMap<Verb, u64>,
}

impl World {
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            images: HashMap::new(),
            missing: HashSet::new(),
            environments: HashMap::new(),
            faults: Faults::default(),
            calls: BTreeMap::new(),
        }
    }

    /// Says how instances of an image behave, those that run included.
    pub fn set_image(&mut self, digest: Digest, settings: ImageSettings) {
        self.images.insert(digest, settings);
    }

    /// The cloud does not have this image.
    pub fn remove_image(&mut self, digest: Digest) {
        self.missing.insert(digest);
    }

    pub fn add_fault(&mut self, fault: Fault) -> FaultId {
        self.faults.add(fault)
    }

    /// Ends a scripted fault; what it has done and how often stays known.
    pub fn take_back(&mut self, fault: FaultId) {
        self.faults.take_back(fault);
    }

    pub fn set_chaos(&mut self, chaos: Chaos) {
        self.faults.set_chaos(chaos);
    }

    /// Ends every fault, scripted or random.
    pub fn calm(&mut self) {
        self.faults.calm();
    }

    /// How often a scripted fault has happened.
    #[must_use]
    pub fn fired(&self, fault: FaultId) -> u64 {
        self.faults.fired(fault)
    }

    /// How often each kind of fault has happened, by [`Kind::as_str`].
    #[must_use]
    pub fn fired_by_kind(&self) -> &BTreeMap<&'static str, u64> {
        self.faults.fired_by_kind()
    }

    /// How often a verb was called, failed calls included.
    #[must_use]
    pub fn calls(&self, verb: Verb) -> u64 {
        self.calls.get(&verb).copied().unwrap_or(0)
    }

    /// Requests to an environment for which no healthy instance was there.
    #[must_use]
    pub fn lost_requests(&self, target: &Target) -> u64 {
        self.environments.get(target).map_or(0, |env| env.lost)
    }

    /// Kills an instance; the cloud starts another in its place and counts a restart.
    pub fn kill(&mut self, now: Time, target: &Target, group: &GroupName, instance: &str) -> bool {
        let env = self.caught_up(now, target);
        let found = env.group(group).zip(number_of(group, instance));
        found.is_some_and(|(group, number)| group.kill(number, now))
    }

    /// Changes a file of a running instance: drift.
    pub fn spoil(
        &mut self,
        target: &Target,
        group: &GroupName,
        instance: &str,
        file: &str,
    ) -> bool {
        let found = self
            .environments
            .get_mut(target)
            .and_then(|env| env.group(group));
        found
            .zip(number_of(group, instance))
            .is_some_and(|(group, number)| group.spoil(number, file))
    }

    /// What is there at `now`, whatever faults there are: the truth to hold answers against.
    #[must_use]
    pub fn truth(&mut self, now: Time, target: &Target) -> Observation {
        self.caught_up(now, target);
        self.environments
            .get(target)
            .map(|env| env.observed(&self.settings))
            .unwrap_or_default()
    }

    /// Whether a late write is still on its way to this environment.
    #[must_use]
    pub fn has_late_write(&self, target: &Target) -> bool {
        self.environments
            .get(target)
            .is_some_and(|env| !env.late.is_empty())
    }

    /// # Errors
    /// Injected ones alone.
    pub fn observe(&mut self, now: Time, target: &Target) -> Result<Observation, CloudError> {
        let fault = self.begin(Verb::Observe, Some(target), None)?;
        let keeps = self.faults.wants_stale();
        let mut seen = self.truth(now, target);
        seen.at = now;
        let Some(env) = self.environments.get_mut(target) else {
            return Ok(seen);
        };
        if let (Some(Kind::Stale), Some(previous)) = (fault, &env.previous) {
            return Ok((**previous).clone());
        }
        env.previous = keeps.then(|| Box::new(seen.clone()));
        Ok(seen)
    }

    /// # Errors
    /// [`CloudError::Conflict`] for another image, [`CloudError::Invalid`] for one that is not there.
    pub fn ensure_group(
        &mut self,
        now: Time,
        target: &Target,
        name: &GroupName,
        image: &Digest,
        size: u32,
    ) -> Result<(), CloudError> {
        let fault = self.begin(Verb::EnsureGroup, Some(target), Some(name))?;
        if self.missing.contains(image) {
            return Err(CloudError::Invalid(format!("there is no image {image}")));
        }
        self.caught_up(now, target);
        let Self {
            environments,
            images,
            settings,
            ..
        } = self;
        let env = environments
            .entry(target.clone())
            .or_insert_with(|| Environment::starting(now));
        if env.group(name).is_none() {
            env.groups.push(Group::new(name.clone(), image.clone()));
        }
        let Some(group) = env.group(name) else {
            return Err(unknown(name));
        };
        if &group.image != image {
            return Err(CloudError::Conflict(format!(
                "{name} runs {}, not {image}",
                group.image
            )));
        }
        let mut healthy = u32::MAX;
        match &fault {
            Some(Kind::HalfStart { healthy: n }) => healthy = *n,
            Some(Kind::Dies { after_ms }) => group.life_ms = Some(*after_ms),
            _ => {}
        }
        group.resize(size, now, of_image(images, settings, image), healthy);
        reply(fault)
    }

    /// # Errors
    /// [`CloudError::NotFound`] for a group that does not exist.
    pub fn ensure_size(
        &mut self,
        now: Time,
        target: &Target,
        name: &GroupName,
        size: u32,
    ) -> Result<(), CloudError> {
        let fault = self.begin(Verb::EnsureSize, Some(target), Some(name))?;
        self.caught_up(now, target);
        let Self {
            environments,
            images,
            settings,
            ..
        } = self;
        let group = environments
            .get_mut(target)
            .and_then(|env| env.group(name))
            .ok_or_else(|| unknown(name))?;
        let image = of_image(images, settings, &group.image);
        group.resize(size, now, image, u32::MAX);
        reply(fault)
    }

    /// # Errors
    /// [`CloudError::Invalid`] where the weights are no whole, [`CloudError::NotFound`] where they
    /// name a group that does not exist.
    pub fn ensure_traffic(
        &mut self,
        now: Time,
        target: &Target,
        routes: &Routes,
    ) -> Result<(), CloudError> {
        let fault = self.begin(Verb::EnsureTraffic, Some(target), None)?;
        if !routes.is_whole() {
            return Err(CloudError::Invalid(format!(
                "the weights of {routes} do not sum to 100"
            )));
        }
        self.caught_up(now, target);
        let Self {
            environments,
            settings,
            ..
        } = self;
        let env = environments
            .entry(target.clone())
            .or_insert_with(|| Environment::starting(now));
        let named = routes.weights.keys().chain(&routes.preview);
        if let Some(name) = named
            .into_iter()
            .find(|name| env.groups.iter().all(|group| &group.name != *name))
        {
            return Err(unknown(name));
        }
        if let Some(Kind::Late { by_ms, answer }) = fault {
            env.late.push((now.plus_ms(by_ms.max(1)), routes.clone()));
            return match answer {
                Answer::Accepted => Ok(()),
                Answer::TimesOut => Err(CloudError::Transient(
                    "no answer in time (injected)".to_owned(),
                )),
            };
        }
        env.route(routes.clone(), settings);
        reply(fault)
    }

    /// # Errors
    /// [`CloudError::Conflict`] while the group's weight is above 0.
    pub fn ensure_retired(
        &mut self,
        now: Time,
        target: &Target,
        name: &GroupName,
    ) -> Result<(), CloudError> {
        let fault = self.begin(Verb::EnsureRetired, Some(target), Some(name))?;
        let env = self.caught_up(now, target);
        let weight = env.routes.weight(name);
        if weight > 0 {
            return Err(CloudError::Conflict(format!(
                "{name} still gets {weight}% of the traffic"
            )));
        }
        env.retire(name);
        reply(fault)
    }

    /// # Errors
    /// [`CloudError::NotFound`] for a group or an instance that does not exist.
    pub fn replace_instance(
        &mut self,
        now: Time,
        target: &Target,
        name: &GroupName,
        instance: &str,
    ) -> Result<(), CloudError> {
        let fault = self.begin(Verb::ReplaceInstance, Some(target), Some(name))?;
        self.caught_up(now, target);
        let Self {
            environments,
            images,
            settings,
            ..
        } = self;
        let group = environments
            .get_mut(target)
            .and_then(|env| env.group(name))
            .ok_or_else(|| unknown(name))?;
        let image = of_image(images, settings, &group.image);
        let number =
            number_of(name, instance).filter(|number| group.numbers().any(|n| n == *number));
        let number =
            number.ok_or_else(|| CloudError::NotFound(format!("instance {instance} of {name}")))?;
        group.replace(number, now, image, settings.replacing);
        reply(fault)
    }

    /// # Errors
    /// Injected ones alone.
    pub fn has_image(&mut self, digest: &Digest) -> Result<bool, CloudError> {
        self.begin(Verb::HasImage, None, None)?;
        Ok(!self.missing.contains(digest))
    }

    fn caught_up(&mut self, now: Time, target: &Target) -> &mut Environment {
        let Self {
            environments,
            images,
            settings,
            ..
        } = self;
        let env = environments
            .entry(target.clone())
            .or_insert_with(|| Environment::starting(now));
        env.catch_up(now, images, settings);
        env
    }

    fn begin(
        &mut self,
        verb: Verb,
        target: Option<&Target>,
        group: Option<&GroupName>,
    ) -> Result<Option<Kind>, CloudError> {
        *self.calls.entry(verb).or_default() += 1;
        let previous = target.and_then(|target| self.environments.get(target)?.previous.as_ref());
        let has_previous = previous.is_some();
        let fault = self.faults.strike(&Call {
            verb,
            target,
            group,
            has_previous,
        });
        match fault.as_ref().and_then(Kind::refusal) {
            Some(refusal) => Err(refusal),
            None => Ok(fault),
        }
    }
}

fn unknown(name: &GroupName) -> CloudError {
    CloudError::NotFound(format!("server group {name}"))
}

fn number_of(group: &GroupName, instance: &str) -> Option<u32> {
    instance
        .strip_prefix(group.as_str())?
        .strip_prefix('-')?
        .parse()
        .ok()
}

/// The effect is done; whether the caller hears of it is another matter.
fn reply(fault: Option<Kind>) -> Result<(), CloudError> {
    match fault {
        Some(Kind::LostReply) => Err(CloudError::Transient(
            "the reply was lost (injected)".to_owned(),
        )),
        _ => Ok(()),
    }
}
