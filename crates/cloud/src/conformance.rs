//! The conformance suite every provider passes.
//!
//! It drives a provider through the contract alone and waits on conditions, so it runs against the
//! in-memory fake in microseconds and against a real cloud in minutes. What the suite needs to know
//! of a cloud (places, images, how long to wait) comes from a [`Kit`].

use crate::{CloudError, Place, Provider};
use async_trait::async_trait;
use domain::plan::{Sticky, Template};
use domain::{
    Digest, Group, GroupName, Observation, ObservedGroup, ReleaseNumber, Role, Routes, Version,
};
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

mod checks;

/// What the suite needs to know of the cloud under test.
#[async_trait]
pub trait Kit: Send + Sync {
    /// An environment with nothing in it, another one at every call.
    async fn place(&self) -> Place;

    /// Two images that differ and whose instances become healthy.
    fn good_images(&self) -> [(Digest, Version); 2];

    /// An image whose instances start and never become healthy; `None` leaves its check out.
    fn bad_image(&self) -> Option<(Digest, Version)>;

    /// An image that the cloud does not have.
    fn missing_image(&self) -> Digest;

    /// Lets a little time pass, as long as it is worth to wait before the next look.
    async fn tick(&self);

    /// After so many looks a condition is given up.
    fn patience(&self) -> u32 {
        200
    }
}

/// What a provider did otherwise than the contract says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    pub check: &'static str,
    pub problem: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.check, self.problem)
    }
}

/// How a provider did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Names of the checks that held.
    pub passed: Vec<&'static str>,
    pub failed: Vec<Failure>,
    /// Names of the checks that the cloud's capabilities or the kit leave out.
    pub left_out: Vec<&'static str>,
}

impl Report {
    /// # Panics
    /// With every failure by name, when there is one.
    pub fn assert_passed(&self) {
        let failures: Vec<_> = self.failed.iter().map(ToString::to_string).collect();
        assert!(
            failures.is_empty(),
            "the provider breaks its contract:\n{}",
            failures.join("\n")
        );
    }
}

/// Runs every check, each in a place of its own, and goes on after a failure.
pub async fn run(provider: &dyn Provider, kit: &dyn Kit) -> Report {
    let suite = Suite { provider, kit };
    let mut report = Report::default();
    checks::all(&suite, &mut report).await;
    report
}

type Checked = Result<Outcome, String>;

enum Outcome {
    Held,
    LeftOut,
}

struct Suite<'a> {
    provider: &'a dyn Provider,
    kit: &'a dyn Kit,
}

impl Suite<'_> {
    fn group(&self, place: &Place, number: u32, image: (Digest, Version), size: u32) -> Group {
        Group {
            name: GroupName::numbered(&place.target.app, &place.target.env, number),
            role: Role::Stable,
            image: image.0,
            version: image.1,
            release: ReleaseNumber(number),
            size,
            template: Arc::new(Template {
                health: place.environment.health.clone(),
                limits: place.environment.limits.clone(),
                listen: Some(place.environment.listen),
            }),
        }
    }

    fn first_group(&self, place: &Place, size: u32) -> Group {
        let [image, _] = self.kit.good_images();
        self.group(place, 1, image, size)
    }

    fn second_group(&self, place: &Place, size: u32) -> Group {
        let [_, image] = self.kit.good_images();
        self.group(place, 2, image, size)
    }

    /// A healthy group of `size`, of the first good image.
    async fn running(&self, place: &Place, size: u32) -> Result<Group, String> {
        let group = self.first_group(place, size);
        self.start(place, &group).await?;
        Ok(group)
    }

    async fn start(&self, place: &Place, group: &Group) -> Result<(), String> {
        let done = self.provider.ensure_group(place, group, group.size).await;
        done.map_err(|error| format!("ensure_group failed: {error}"))?;
        self.until(
            place,
            &format!("{} has {} healthy instances", group.name, group.size),
            |seen| {
                seen.group(&group.name)
                    .is_some_and(|g| g.healthy() == group.size && g.running() == group.size)
            },
        )
        .await
        .map(drop)
    }

    async fn route(&self, place: &Place, routes: &Routes) -> Result<Observation, String> {
        let done = self.provider.ensure_traffic(place, routes).await;
        done.map_err(|error| format!("ensure_traffic({routes}) failed: {error}"))?;
        self.until(place, &format!("the routing is {routes}"), |seen| {
            &seen.routes == routes
        })
        .await
    }

    async fn observe(&self, place: &Place) -> Result<Observation, String> {
        self.provider
            .observe(place)
            .await
            .map_err(|error| format!("observe failed: {error}"))
    }

    /// Looks until `holds`, at most as often as the kit has patience.
    async fn until(
        &self,
        place: &Place,
        what: &str,
        holds: impl Fn(&Observation) -> bool + Send,
    ) -> Result<Observation, String> {
        let mut last = None;
        for _ in 0..self.kit.patience() {
            match self.provider.observe(place).await {
                Ok(seen) if holds(&seen) => return Ok(seen),
                Ok(seen) => last = Some(brief(&seen)),
                Err(error) if error.is_worth_retrying() => last = Some(error.to_string()),
                Err(error) => return Err(format!("observe failed: {error}")),
            }
            self.kit.tick().await;
        }
        let last = last.unwrap_or_else(|| "nothing was observed".to_owned());
        Err(format!("never came true: {what}; last seen: {last}"))
    }
}

fn brief(seen: &Observation) -> String {
    let groups = seen.groups.iter().map(|g| {
        format!(
            "{} {}/{} healthy of {}, weight {}",
            g.name,
            g.healthy(),
            g.running(),
            g.size,
            g.weight
        )
    });
    format!(
        "[{}] routes {}",
        groups.collect::<Vec<_>>().join("; "),
        seen.routes
    )
}

fn ids(group: &ObservedGroup) -> BTreeSet<String> {
    group
        .instances
        .iter()
        .map(|instance| instance.id.clone())
        .collect()
}

fn expect(holds: bool, problem: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(problem()) }
}

fn expect_not_found(verb: &str, answer: Result<(), CloudError>) -> Result<(), String> {
    match answer {
        Err(CloudError::NotFound(_)) => Ok(()),
        other => Err(format!(
            "{verb} should answer NotFound, but answered {other:?}"
        )),
    }
}

fn expect_conflict(verb: &str, answer: Result<(), CloudError>) -> Result<(), String> {
    match answer {
        Err(CloudError::Conflict(_)) => Ok(()),
        other => Err(format!(
            "{verb} should answer Conflict, but answered {other:?}"
        )),
    }
}

fn sticky() -> Sticky {
    Sticky {
        unit_header: Some("x-user".to_owned()),
        pinned: None,
    }
}
