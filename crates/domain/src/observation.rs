//! What a cloud says is there: observed, never what was last asked for.

use crate::{Digest, Figures, GroupName, Routes, Time};
use serde::{Deserialize, Serialize};

/// One environment at one moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Observation {
    /// When the cloud was read.
    pub at: Time,
    pub groups: Vec<ObservedGroup>,
    /// The routing that is in force.
    pub routes: Routes,
}

/// A server group as it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ObservedGroup {
    pub name: GroupName,
    pub image: Digest,
    /// How many instances the cloud tries to keep.
    pub size: u32,
    pub instances: Vec<ObservedInstance>,
    /// Percent of the traffic that the routing in force gives it.
    pub weight: u32,
    /// Share (0 to 1) of the requests of the last moments that it really got; `None` without any.
    pub share: Option<f64>,
    /// Requests and open upgrades that it is still answering.
    pub in_flight: u64,
    /// Cumulative.
    pub figures: Figures,
    /// Instances that ended by themselves and were replaced, since the group was created.
    pub restarts: u32,
    /// Why its instances cannot run, where trying again will not help.
    pub broken: Option<String>,
}

/// One server, VM, pod, container or process.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ObservedInstance {
    pub id: String,
    pub health: Health,
    /// The image it was really started from.
    pub image: Digest,
    /// Where it answers, as the cloud names it.
    pub address: String,
    pub since: Time,
    /// Why it is not healthy, in the cloud's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Files that differ from the image: drift.
    pub drift: Vec<String>,
}

/// Health of an instance or a group; a separate thing from a rollout's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Health {
    Healthy,
    Progressing,
    Degraded,
    Unknown,
}

impl Health {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Progressing => "progressing",
            Self::Degraded => "degraded",
            Self::Unknown => "unknown",
        }
    }
}

impl Observation {
    #[must_use]
    pub fn group(&self, name: &GroupName) -> Option<&ObservedGroup> {
        self.groups.iter().find(|g| &g.name == name)
    }
}

impl ObservedGroup {
    /// Instances that pass their health check.
    #[must_use]
    pub fn healthy(&self) -> u32 {
        let healthy = self
            .instances
            .iter()
            .filter(|i| i.health == Health::Healthy)
            .count();
        u32::try_from(healthy).unwrap_or(u32::MAX)
    }

    /// Instances that exist, healthy or not.
    #[must_use]
    pub fn running(&self) -> u32 {
        u32::try_from(self.instances.len()).unwrap_or(u32::MAX)
    }

    #[must_use]
    pub fn health(&self) -> Health {
        if self.broken.is_some() {
            Health::Degraded
        } else if self.healthy() >= self.size {
            Health::Healthy
        } else if self.restarts > 0 || self.instances.iter().any(|i| i.health == Health::Degraded) {
            Health::Degraded
        } else {
            Health::Progressing
        }
    }

    /// Why an instance that is not healthy is not, where the cloud says so.
    #[must_use]
    pub fn ailment(&self) -> Option<&str> {
        let ill = self
            .instances
            .iter()
            .filter(|i| i.health != Health::Healthy);
        ill.filter_map(|i| i.reason.as_deref()).next()
    }

    /// Whether any instance differs from the image it was started from.
    #[must_use]
    pub fn has_drifted(&self) -> bool {
        self.instances
            .iter()
            .any(|i| !i.drift.is_empty() || i.image != self.image)
    }
}
