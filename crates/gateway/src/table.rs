//! What the caller hands in: which groups get which share of the requests.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

/// A whole routing table. Replaced as one value, never edited in place.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Default)]
#[serde(default)]
pub struct Table {
    /// The caller's number for this table; shown again in [`crate::Figures::table_version`].
    pub version: u64,
    pub routes: Vec<Route>,
    pub sticky: Option<Sticky>,
    pub overrides: Vec<Override>,
}

/// One group and its share.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Default)]
#[serde(default)]
pub struct Route {
    pub group: String,
    /// Share relative to the other routes, usually a percentage. A group of weight 0 is reachable
    /// by an override or a sticky cookie only.
    pub weight: u32,
    pub backends: Vec<Backend>,
}

/// One address that serves requests of a group.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
pub struct Backend {
    pub id: String,
    pub addr: SocketAddr,
    pub healthy: bool,
}

/// Keeps a visitor on the group that served them first.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(default)]
pub struct Sticky {
    /// Name of the cookie whose value is the visitor's arm, that is the group's name at the time of
    /// the first visit.
    pub cookie: String,
    /// Name of a request header that carries a stable id of the visitor. A request that has it and
    /// no cookie gets its arm from a hash of that id, so that any gateway gives the same answer.
    pub unit_header: Option<String>,
    /// Arm name → group that serves this arm now. Keeps visitors on their arm when a later group
    /// takes it over.
    pub aliases: BTreeMap<String, String>,
    pub max_age_seconds: u64,
}

impl Default for Sticky {
    fn default() -> Self {
        Self {
            cookie: "viridian_arm".to_owned(),
            unit_header: None,
            aliases: BTreeMap::new(),
            max_age_seconds: 90 * 24 * 60 * 60,
        }
    }
}

/// Requests whose `header` equals `value` go to `group`, whatever its weight.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Default)]
#[serde(default)]
pub struct Override {
    pub header: String,
    pub value: String,
    pub group: String,
}
