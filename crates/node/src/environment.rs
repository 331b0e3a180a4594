//! One environment in memory: what is wanted, what runs, and the table that follows from both.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};

use domain::{GroupName, Health, Target};
use gateway::{Backend, Gateway, Override, Route, Sticky, Table};
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::node::Node;
use crate::state::{Record, Wanted};

/// Requests that carry this header reach the group it names, while that is previewed.
const PREVIEW_HEADER: &str = "x-viridian-group";

pub(crate) struct Environment {
    pub(crate) target: Target,
    /// Held by a verb from reading what is wanted until the new wish is on disk and in force.
    pub(crate) turn: tokio::sync::Mutex<()>,
    /// Held while the listener is opened.
    pub(crate) opening: tokio::sync::Mutex<()>,
    pub(crate) wake: Notify,
    inner: Mutex<Inner>,
}

pub(crate) struct Inner {
    pub(crate) wanted: Wanted,
    pub(crate) groups: BTreeMap<GroupName, Running>,
    pub(crate) gateway: Option<Gateway>,
    /// The addresses that are open, by those that are declared.
    pub(crate) doors: BTreeMap<SocketAddr, SocketAddr>,
    pub(crate) trouble: Option<String>,
    pub(crate) retry_listener_at: Option<Instant>,
    table_version: u64,
    /// How the last listener shared out visitors with an id, so that the next one does the same.
    unit_split: Option<Vec<(String, u32)>>,
    /// The node ends: nothing is started any more.
    pub(crate) closing: bool,
}

/// A group as it runs.
#[derive(Default)]
pub(crate) struct Running {
    pub(crate) restarts: u32,
    pub(crate) proven: bool,
    pub(crate) broken: Option<String>,
    /// Ends in a row of instances that were never healthy.
    pub(crate) failures: u32,
    /// Ends in a row of instances that did not serve for long.
    pub(crate) streak: u32,
    pub(crate) port_clashes: u32,
    pub(crate) next_start: Option<Instant>,
    /// Being started now.
    pub(crate) starting: usize,
    /// Why starting did not work last, in words.
    pub(crate) trouble: Option<String>,
    pub(crate) instances: BTreeMap<String, Instance>,
}

pub(crate) struct Instance {
    pub(crate) record: Record,
    pub(crate) health: Health,
    pub(crate) reason: Option<String>,
    pub(crate) drift: Vec<String>,
    pub(crate) adopted: bool,
    /// Tells the task that attends it to drain and end it.
    pub(crate) leave: CancellationToken,
}

impl Environment {
    pub(crate) fn new(wanted: Wanted) -> Self {
        let groups = wanted.groups.iter().map(|(name, group)| {
            let running = Running {
                restarts: group.restarts,
                proven: group.proven,
                ..Running::default()
            };
            (name.clone(), running)
        });
        Self {
            target: wanted.target.clone(),
            turn: tokio::sync::Mutex::default(),
            opening: tokio::sync::Mutex::default(),
            wake: Notify::new(),
            inner: Mutex::new(Inner {
                groups: groups.collect(),
                unit_split: wanted.unit_split.clone(),
                wanted,
                gateway: None,
                doors: BTreeMap::new(),
                trouble: None,
                retry_listener_at: None,
                table_version: 0,
                closing: false,
            }),
        }
    }

    /// Never held across an await.
    pub(crate) fn with<T>(&self, look: impl FnOnce(&mut Inner) -> T) -> T {
        look(&mut self.inner.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Stops starting anything and hands out the listener.
    pub(crate) fn close(&self) -> Option<Gateway> {
        self.with(|inner| {
            inner.closing = true;
            inner.doors.clear();
            inner.gateway.take()
        })
    }

    pub(crate) fn leave_all(&self, node: &Node) {
        self.with(|inner| {
            let names: Vec<_> = inner.all().map(|one| one.record.id.clone()).collect();
            for id in names {
                inner.let_go(node, &id);
            }
        });
    }

    /// Returns once no instance is left, nor one being started.
    pub(crate) async fn emptied(&self) {
        loop {
            let empty = self.with(|i| {
                i.groups
                    .values()
                    .all(|g| g.instances.is_empty() && g.starting == 0)
            });
            if empty {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    }

    /// Requests that an instance is still answering.
    pub(crate) fn in_flight(&self, group: &GroupName, id: &str) -> u64 {
        self.with(|inner| {
            let figures = inner.gateway.as_ref()?.figures();
            Some(
                figures
                    .groups
                    .get(group.as_str())?
                    .per_instance
                    .get(id)?
                    .in_flight,
            )
        })
        .unwrap_or(0)
    }
}

impl Inner {
    pub(crate) fn all(&self) -> impl Iterator<Item = &Instance> {
        self.groups
            .values()
            .flat_map(|group| group.instances.values())
    }

    pub(crate) fn instance(&mut self, id: &str) -> Option<&mut Instance> {
        self.groups
            .values_mut()
            .find_map(|group| group.instances.get_mut(id))
    }

    /// Where the gateway is to be open: wherever a group that stays is to be reached, so that while one
    /// release replaces another visitors come in by the old address and by the new.
    pub(crate) fn doors_wanted(&self, also: Option<SocketAddr>) -> BTreeSet<SocketAddr> {
        let groups = self.wanted.groups.values().filter(|group| !group.retiring);
        let listen = groups.map(|group| group.group.template.listen.unwrap_or(self.wanted.listen));
        let mut all: BTreeSet<_> = listen.chain(also).collect();
        if all.is_empty() {
            all.insert(self.wanted.listen);
        }
        all
    }

    /// Whether visitors come in at all: what is routed then is in force, also while another address of
    /// the environment is not to be had.
    pub(crate) fn is_open(&self) -> bool {
        let wanted = self.doors_wanted(None);
        self.gateway.is_some() && wanted.iter().any(|listen| self.doors.contains_key(listen))
    }

    /// What is to be written: the wish, with the counts that belong to it.
    pub(crate) fn to_save(&self, mut wanted: Wanted) -> Wanted {
        for (name, group) in &mut wanted.groups {
            if let Some(running) = self.groups.get(name) {
                group.restarts = running.restarts;
                group.proven = running.proven;
            }
        }
        wanted.bound = self.wanted.bound;
        wanted.unit_split.clone_from(&self.unit_split);
        wanted
    }

    /// Out of the table at once; its task drains and ends it.
    pub(crate) fn let_go(&mut self, node: &Node, id: &str) {
        let Some(instance) = self.instance(id) else {
            return;
        };
        if instance.record.leaving {
            return;
        }
        instance.record.leaving = true;
        node.records.write(&instance.record);
        let leave = instance.leave.clone();
        self.publish();
        leave.cancel();
    }

    /// Hands the gateway the table that follows from the routes and the instances.
    pub(crate) fn publish(&mut self) {
        let Some(gateway) = &self.gateway else { return };
        self.table_version += 1;
        let mut table = table(self.table_version, &self.wanted, &self.groups);
        if let Some(sticky) = &mut table.sticky {
            sticky.unit_split = self.unit_split.take();
        }
        gateway.set_table(table);
        let settled = gateway.table();
        let sticky = settled.sticky.as_ref();
        self.unit_split = sticky.and_then(|sticky| sticky.unit_split.clone());
    }
}

fn table(version: u64, wanted: &Wanted, groups: &BTreeMap<GroupName, Running>) -> Table {
    let routes = &wanted.routes;
    let pinned = routes
        .sticky
        .as_ref()
        .and_then(|sticky| sticky.pinned.as_ref());
    let mut names: BTreeSet<&GroupName> = routes.weights.keys().collect();
    names.extend(&routes.preview);
    names.extend(pinned.map(|(_, group)| group));
    let backends = |name: &GroupName| {
        let instances = groups
            .get(name)
            .into_iter()
            .flat_map(|group| group.instances.values());
        instances
            .filter(|one| !one.record.leaving)
            .map(|one| Backend {
                id: one.record.id.clone(),
                addr: one.record.address(),
                healthy: one.health == Health::Healthy,
            })
            .collect()
    };
    let preview = routes.preview.iter().map(|group| Override {
        header: PREVIEW_HEADER.to_owned(),
        value: group.to_string(),
        group: group.to_string(),
    });
    let pinned = pinned.map(|(header, group)| Override {
        header: header.name.clone(),
        value: header.value.clone(),
        group: group.to_string(),
    });
    Table {
        version,
        routes: names
            .iter()
            .map(|name| Route {
                group: name.to_string(),
                weight: routes.weight(name),
                backends: backends(name),
            })
            .collect(),
        sticky: routes.sticky.as_ref().map(|sticky| Sticky {
            // Browsers send the cookies of one host to all its ports, so each environment of this
            // machine needs a name of its own.
            cookie: format!("viridian_arm_{}_{}", wanted.target.app, wanted.target.env),
            unit_header: sticky.unit_header.clone(),
            ..Sticky::default()
        }),
        overrides: preview.chain(pinned).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Routes;

    #[tokio::test]
    async fn the_split_of_visitors_with_an_id_outlives_the_listener_and_the_node() {
        let (a, b): (GroupName, GroupName) = ("v1".parse().unwrap(), "v2".parse().unwrap());
        let anywhere: SocketAddr = "127.0.0.1:0".parse().unwrap();
        let target = Target {
            app: "shop".parse().unwrap(),
            env: "prod".parse().unwrap(),
        };
        let weighed = |of_a, of_b| Routes {
            sticky: Some(domain::plan::Sticky {
                unit_header: Some("x-user".to_owned()),
                pinned: None,
            }),
            ..Routes::of([(&a, of_a), (&b, of_b)])
        };
        let opened = async |environment: &Environment, routes: Routes| {
            let gateway = Gateway::bind(anywhere, gateway::Options::default()).await;
            environment.with(|inner| {
                inner.gateway = Some(gateway.unwrap());
                inner.wanted.routes = routes;
                inner.publish();
                let table = inner.gateway.as_ref().unwrap().table();
                table.sticky.as_ref().unwrap().unit_split.clone()
            })
        };
        let split = Some(vec![(a.to_string(), 70), (b.to_string(), 30)]);
        let first = Environment::new(Wanted::new(target, anywhere));
        assert_eq!(opened(&first, weighed(70, 30)).await, split);
        assert_eq!(opened(&first, weighed(0, 100)).await, split);

        let saved = first.with(|inner| inner.to_save(inner.wanted.clone()));
        let saved = serde_json::to_string(&saved).unwrap();
        let second = Environment::new(serde_json::from_str(&saved).unwrap());
        assert_eq!(opened(&second, weighed(0, 100)).await, split);
    }
}
