//! One environment of the fake: its groups, its routing and the traffic that flows through it.

use super::group::Group;
use super::world::{ImageSettings, Settings};
use domain::{Digest, GroupName, Observation, Routes, Time};
use std::collections::HashMap;

#[derive(Debug, Default)]
pub(super) struct Environment {
    /// What has happened up to here is done.
    at: Time,
    pub(super) groups: Vec<Group>,
    pub(super) routes: Routes,
    /// Traffic changes on their way, with their landing.
    pub(super) late: Vec<(Time, Routes)>,
    /// Requests that no healthy instance was there for.
    pub(super) lost: u64,
    pub(super) previous: Option<Box<Observation>>,
}

pub(super) fn of_image<'a>(
    images: &'a HashMap<Digest, ImageSettings>,
    settings: &'a Settings,
    digest: &Digest,
) -> &'a ImageSettings {
    images.get(digest).unwrap_or(&settings.image)
}

impl Environment {
    pub(super) fn starting(at: Time) -> Self {
        Self {
            at,
            ..Self::default()
        }
    }

    pub(super) fn group(&mut self, name: &GroupName) -> Option<&mut Group> {
        self.groups.iter_mut().find(|group| &group.name == name)
    }

    /// Lets the time pass, from change to change, with the traffic between them.
    pub(super) fn catch_up(
        &mut self,
        now: Time,
        images: &HashMap<Digest, ImageSettings>,
        settings: &Settings,
    ) {
        while self.at < now {
            let changes = self
                .groups
                .iter()
                .filter_map(|group| group.next_change(self.at));
            let landings = self.late.iter().map(|(at, _)| *at);
            let next = changes
                .chain(landings)
                .filter(|at| *at > self.at)
                .min()
                .unwrap_or(now)
                .min(now);
            self.flow(next, images, settings);
            self.at = next;
            self.settle(images, settings);
        }
        // What was changed at this very moment: a death or a landing without any time between.
        self.settle(images, settings);
    }

    fn settle(&mut self, images: &HashMap<Digest, ImageSettings>, settings: &Settings) {
        let now = self.at;
        for group in &mut self.groups {
            let image = of_image(images, settings, &group.image);
            group.bury(now, image);
            group.relieve(now);
        }
        while let Some(due) = self.late.iter().position(|(at, _)| *at <= now) {
            let (_, routes) = self.late.remove(due);
            // A write that names a group which is gone by now comes to nothing.
            if routes
                .weights
                .keys()
                .all(|name| self.groups.iter().any(|group| &group.name == name))
            {
                self.route(routes, settings);
            }
        }
    }

    fn flow(&mut self, until: Time, images: &HashMap<Digest, ImageSettings>, settings: &Settings) {
        let ms = until.since_ms(self.at);
        if settings.requests_per_s == 0 || ms == 0 {
            return;
        }
        for group in &mut self.groups {
            let weight = self.routes.weight(&group.name);
            if weight == 0 {
                continue;
            }
            let image = of_image(images, settings, &group.image);
            let is_up = group.healthy(self.at) > 0;
            // requests/s × ms × percent is in 1/100,000 of a request
            let requests = group.serve(
                settings.requests_per_s * ms * u64::from(weight),
                image,
                is_up,
            );
            if !is_up {
                self.lost += requests;
            }
        }
    }

    /// Puts a routing in force.
    pub(super) fn route(&mut self, routes: Routes, settings: &Settings) {
        for group in &mut self.groups {
            let (before, after) = (self.routes.weight(&group.name), routes.weight(&group.name));
            if after > 0 {
                group.busy_until = None;
            } else if before > 0 {
                group.busy_until = Some(self.at.plus_ms(settings.drain_ms));
            }
        }
        self.routes = routes;
    }

    pub(super) fn retire(&mut self, name: &GroupName) {
        self.groups.retain(|group| &group.name != name);
        self.routes.weights.remove(name);
        if self.routes.preview.as_ref() == Some(name) {
            self.routes.preview = None;
        }
    }

    pub(super) fn observed(&self, settings: &Settings) -> Observation {
        let now = self.at;
        let groups = self.groups.iter().map(|group| {
            let weight = self.routes.weight(&group.name);
            let draining = group.busy_until.is_some_and(|until| until > now);
            let in_flight = if weight > 0 && settings.requests_per_s > 0 || draining {
                1
            } else {
                0
            };
            group.observed(now, weight, in_flight)
        });
        Observation {
            at: now,
            groups: groups.collect(),
            routes: self.routes.clone(),
        }
    }
}
