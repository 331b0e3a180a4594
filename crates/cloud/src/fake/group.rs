//! A server group of the fake: instances that take their time, die and are replaced.

use super::world::{ImageSettings, Replacing};
use domain::{Digest, Figures, GroupName, Health, ObservedGroup, ObservedInstance, Time};

#[derive(Clone, Debug)]
pub(super) struct Instance {
    pub(super) number: u32,
    since: Time,
    /// `None`: never.
    healthy_at: Option<Time>,
    dies_at: Option<Time>,
    drift: Vec<String>,
    drifts_at: Option<Time>,
    /// To go as soon as others are enough.
    replaced: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Group {
    pub(super) name: GroupName,
    pub(super) image: Digest,
    pub(super) size: u32,
    instances: Vec<Instance>,
    next_number: u32,
    /// How long its instances live; `None` for ever.
    pub(super) life_ms: Option<u64>,
    pub(super) figures: Figures,
    /// Parts of a request (in 1/100,000) and of an error that are not yet whole.
    request_parts: u64,
    error_parts: f64,
    restarts: u32,
    /// Until when its last requests take, once it gets no new ones.
    pub(super) busy_until: Option<Time>,
}

impl Group {
    pub(super) fn new(name: GroupName, image: Digest) -> Self {
        Self {
            name,
            image,
            size: 0,
            instances: Vec::new(),
            next_number: 0,
            life_ms: None,
            figures: Figures::default(),
            request_parts: 0,
            error_parts: 0.0,
            restarts: 0,
            busy_until: None,
        }
    }

    /// Starts or stops instances until there are `size`. Of those started at most `healthy` ever are.
    pub(super) fn resize(&mut self, size: u32, now: Time, image: &ImageSettings, healthy: u32) {
        self.size = size;
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        let mut good = healthy;
        while self.instances.len() < size {
            let instance = self.start(now, image, good > 0);
            self.instances.push(instance);
            good = good.saturating_sub(1);
        }
        while self.instances.len() > size {
            // What does not serve goes first, then the youngest.
            let last = self.instances.len() - 1;
            let idle = self
                .instances
                .iter()
                .rposition(|i| !i.is_healthy(now))
                .unwrap_or(last);
            self.instances.remove(idle);
        }
    }

    fn start(&mut self, now: Time, image: &ImageSettings, can_be_healthy: bool) -> Instance {
        let number = self.next_number;
        self.next_number += 1;
        Instance {
            number,
            since: now,
            healthy_at: (image.healthy && can_be_healthy).then(|| now.plus_ms(image.start_ms)),
            dies_at: self.life_ms.or(image.life_ms).map(|ms| now.plus_ms(ms)),
            drift: Vec::new(),
            drifts_at: image.drifts_after_ms.map(|ms| now.plus_ms(ms)),
            replaced: false,
        }
    }

    /// Asking again for one that is about to be replaced changes nothing.
    pub(super) fn replace(
        &mut self,
        number: u32,
        now: Time,
        image: &ImageSettings,
        how: Replacing,
    ) {
        let Some(at) = self.instances.iter().position(|i| i.number == number) else {
            return;
        };
        match how {
            Replacing::AtOnce => self.instances[at] = self.start(now, image, true),
            Replacing::Beside if self.instances[at].replaced => {}
            Replacing::Beside => {
                self.instances[at].replaced = true;
                let other = self.start(now, image, true);
                self.instances.push(other);
            }
        }
    }

    /// Lets go of what was replaced, once as many as there are to be serve without it.
    pub(super) fn relieve(&mut self, now: Time) {
        let serving = self
            .instances
            .iter()
            .filter(|i| !i.replaced && i.is_healthy(now));
        if u32::try_from(serving.count()).unwrap_or(u32::MAX) >= self.size {
            self.instances.retain(|i| !i.replaced);
        }
    }

    /// The earliest moment after `from` at which something changes by itself.
    pub(super) fn next_change(&self, from: Time) -> Option<Time> {
        let moments = self
            .instances
            .iter()
            .flat_map(|i| [i.healthy_at, i.dies_at, i.drifts_at]);
        moments.flatten().filter(|at| *at > from).min()
    }

    /// Replaces what has died by now.
    pub(super) fn bury(&mut self, now: Time, image: &ImageSettings) {
        for at in 0..self.instances.len() {
            if self.instances[at].dies_at.is_some_and(|dies| dies <= now) {
                self.instances[at] = self.start(now, image, true);
                self.restarts += 1;
            }
        }
    }

    pub(super) fn healthy(&self, now: Time) -> u32 {
        u32::try_from(self.instances.iter().filter(|i| i.is_healthy(now)).count())
            .unwrap_or(u32::MAX)
    }

    /// Takes a share of the traffic: `parts` 1/100,000 of a request.
    pub(super) fn serve(&mut self, parts: u64, image: &ImageSettings, is_up: bool) -> u64 {
        self.request_parts += parts;
        let requests = self.request_parts / 100_000;
        self.request_parts %= 100_000;
        #[expect(
            clippy::cast_precision_loss,
            reason = "a stretch of time holds far fewer than 2^53 requests"
        )]
        let failed = if is_up {
            requests as f64 * image.error_rate
        } else {
            requests as f64
        };
        self.error_parts += failed;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "never negative, far below 2^53"
        )]
        let errors = (self.error_parts.floor() as u64).min(requests);
        #[expect(
            clippy::cast_precision_loss,
            reason = "a stretch of time holds far fewer than 2^53 errors"
        )]
        let whole = errors as f64;
        self.error_parts -= whole;
        self.figures.requests += requests;
        self.figures.errors += errors;
        *self.figures.latency.0.entry(image.latency_us).or_default() += requests;
        requests
    }

    /// Kills the instance of this number now.
    pub(super) fn kill(&mut self, number: u32, now: Time) -> bool {
        let found = self.instances.iter_mut().find(|i| i.number == number);
        found.map(|i| i.dies_at = Some(now)).is_some()
    }

    pub(super) fn spoil(&mut self, number: u32, file: &str) -> bool {
        let found = self.instances.iter_mut().find(|i| i.number == number);
        found.map(|i| i.drift.push(file.to_owned())).is_some()
    }

    pub(super) fn numbers(&self) -> impl Iterator<Item = u32> {
        self.instances.iter().map(|i| i.number)
    }

    pub(super) fn observed(&self, now: Time, weight: u32, in_flight: u64) -> ObservedGroup {
        let instances = self.instances.iter().map(|i| ObservedInstance {
            id: format!("{}-{}", self.name, i.number),
            health: if i.is_healthy(now) {
                Health::Healthy
            } else {
                Health::Progressing
            },
            image: self.image.clone(),
            address: format!("fake:{}", i.number),
            since: i.since,
            reason: None,
            drift: i.drift_at(now),
        });
        ObservedGroup {
            name: self.name.clone(),
            image: self.image.clone(),
            size: self.size,
            instances: instances.collect(),
            weight,
            share: (self.figures.requests > 0).then(|| f64::from(weight) / 100.0),
            in_flight,
            figures: self.figures.clone(),
            restarts: self.restarts,
            broken: None,
        }
    }
}

impl Instance {
    fn drift_at(&self, now: Time) -> Vec<String> {
        let by_itself = self.drifts_at.is_some_and(|at| at <= now);
        let own = by_itself.then(|| "data/own added".to_owned());
        self.drift.iter().cloned().chain(own).collect()
    }

    fn is_healthy(&self, now: Time) -> bool {
        self.healthy_at.is_some_and(|at| at <= now) && self.dies_at.is_none_or(|at| at > now)
    }
}
