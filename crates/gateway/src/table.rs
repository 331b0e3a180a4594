//! What the caller hands in: which groups get which share of the requests.

use std::collections::{BTreeMap, BTreeSet};
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
    /// only by an override and by the visitors that are kept on it.
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
    /// Arm name and weight: the split that ids are assigned by, whatever the weights are now, so that
    /// an id keeps its arm when one arm is given all the weight. [`crate::Gateway::set_table`] fills
    /// it in and [`crate::Gateway::table`] shows it; whoever sets the table of a new gateway hands
    /// it on. A split by the weights overrules it, and it ends with the arms it names.
    pub unit_split: Option<Vec<(String, u32)>>,
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
            unit_split: None,
            aliases: BTreeMap::new(),
            max_age_seconds: 90 * 24 * 60 * 60,
        }
    }
}

impl Table {
    /// Settles the split that ids are assigned by, where `before` is the table that this one replaces.
    pub(crate) fn settle_units(&mut self, before: &Self) {
        let Some(mut sticky) = self.sticky.take() else {
            return;
        };
        if sticky.unit_header.is_none() {
            sticky.unit_split = None;
        } else if self.weighted().count() > 1 {
            let arms = self
                .weighted()
                .map(|route| (sticky.arm_of(&route.group).to_owned(), route.weight));
            sticky.unit_split = Some(arms.collect());
        } else {
            let earlier = before.sticky.as_ref();
            let earlier = earlier.filter(|earlier| earlier.unit_header == sticky.unit_header);
            let split = sticky.unit_split.take();
            let split = split.or_else(|| earlier?.unit_split.clone());
            sticky.unit_split = split.filter(|split| self.continues(&sticky, split));
        }
        self.sticky = Some(sticky);
    }

    fn weighted(&self) -> impl Iterator<Item = &Route> {
        self.routes.iter().filter(|route| route.weight > 0)
    }

    /// One of the arms has won and another is still listed. Otherwise nobody is left to be kept, or
    /// a group that is no arm has taken over.
    fn continues(&self, sticky: &Sticky, split: &[(String, u32)]) -> bool {
        let groups: BTreeSet<&str> = split.iter().map(|(arm, _)| sticky.serving(arm)).collect();
        let is_arm = |route: &&Route| groups.contains(route.group.as_str());
        self.routes.iter().filter(is_arm).count() > 1 && self.weighted().all(|one| is_arm(&one))
    }
}

impl Sticky {
    /// Follows the aliases from an arm to the group that serves it now.
    pub(crate) fn serving<'t>(&'t self, arm: &'t str) -> &'t str {
        let mut group = arm;
        // No chain is longer than the map; a loop ends anywhere in it, at a name that is no group.
        for _ in 0..self.aliases.len() {
            match self.aliases.get(group) {
                Some(next) => group = next,
                None => break,
            }
        }
        group
    }

    /// The name that ids are hashed with: a group that serves an arm for an earlier group inherits
    /// that group's place in the hash, so that ids stay on the arm.
    pub(crate) fn arm_of<'t>(&'t self, group: &'t str) -> &'t str {
        let is_first = |arm: &str| !self.aliases.values().any(|later| later == arm);
        let mut arms = self.aliases.keys().map(String::as_str);
        let inherited = arms.find(|arm| is_first(arm) && self.serving(arm) == group);
        inherited.unwrap_or(group)
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
