//! A table made ready for use: every choice a request needs is precomputed here.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use http::header::{HeaderMap, HeaderName, HeaderValue};

use crate::Table;
use crate::meter::Group;
use crate::pool::Upstream;
use crate::shares::{hash_of, rendezvous, schedule};

mod sticky;

use sticky::{Sticky, arms, cookie, hash_key, parse_header, units};

pub(crate) struct Plan {
    pub(crate) generation: u64,
    pub(crate) table: Arc<Table>,
    pub(crate) routes: Vec<Route>,
    /// Routes with a weight and a healthy backend, in the order in which they take turns.
    schedule: Vec<u16>,
    sticky: Option<Sticky>,
    overrides: Vec<Override>,
}

pub(crate) struct Route {
    pub(crate) group: Arc<Group>,
    weight: u32,
    /// The healthy ones.
    backends: Vec<Arc<Upstream>>,
    /// Lists a backend, healthy or not.
    staffed: bool,
    set_cookie: Option<HeaderValue>,
    hash: u64,
}

struct Override {
    header: HeaderName,
    value: HeaderValue,
    /// `Err` holds the name of a group that the table does not list.
    route: Result<usize, String>,
}

/// Which route a request goes to and how firmly.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Choice {
    pub(crate) route: usize,
    pub(crate) pinned: bool,
    /// The visitor is new here and is to be told the arm.
    pub(crate) set_cookie: bool,
}

#[derive(Debug, PartialEq)]
pub(crate) enum Unroutable {
    NoHealthy,
    GroupWithoutHealthy(String),
    UnknownGroup(String),
}

impl Plan {
    pub(crate) fn new(
        generation: u64,
        table: Table,
        mut group: impl FnMut(&str) -> Arc<Group>,
        mut upstream: impl FnMut(&Arc<Group>, &crate::Backend) -> Arc<Upstream>,
    ) -> Self {
        let routes: Vec<_> = table
            .routes
            .iter()
            .map(|route| {
                let group = group(&route.group);
                let backends = route
                    .backends
                    .iter()
                    .map(|one| (one.healthy, upstream(&group, one)));
                let backends = backends
                    .filter(|(healthy, _)| *healthy)
                    .map(|(_, one)| one)
                    .collect();
                Route {
                    set_cookie: table
                        .sticky
                        .as_ref()
                        .and_then(|sticky| cookie(sticky, &route.group)),
                    hash: hash_of(hash_key(&table, &route.group)),
                    staffed: !route.backends.is_empty(),
                    weight: route.weight,
                    backends,
                    group,
                }
            })
            .collect();
        let find = |name: &str| table.routes.iter().position(|route| route.group == name);
        let sticky = table.sticky.as_ref().map(|sticky| Sticky {
            cookie: sticky.cookie.clone(),
            unit_header: sticky.unit_header.as_deref().and_then(parse_header),
            arms: arms(&table, sticky),
            units: units(&routes, sticky),
        });
        let overrides = table.overrides.iter().filter_map(|one| {
            Some(Override {
                header: parse_header(&one.header)?,
                value: HeaderValue::from_str(&one.value).ok()?,
                route: find(&one.group).ok_or_else(|| one.group.clone()),
            })
        });
        let eligible = routes
            .iter()
            .zip(0..)
            .filter(|(route, _)| !route.backends.is_empty());
        let eligible = eligible.map(|(route, at)| (at, route.weight));
        Self {
            generation,
            schedule: schedule(eligible),
            sticky,
            overrides: overrides.collect(),
            routes,
            table: Arc::new(table),
        }
    }

    pub(crate) fn upstreams(&self) -> impl Iterator<Item = &Arc<Upstream>> {
        self.routes.iter().flat_map(|route| &route.backends)
    }

    /// `turn` gives the request's place in the schedule and is asked only when it is needed.
    pub(crate) fn choose(
        &self,
        headers: &HeaderMap,
        turn: impl FnOnce() -> u64,
    ) -> Result<Choice, Unroutable> {
        for one in &self.overrides {
            if headers
                .get_all(&one.header)
                .iter()
                .any(|value| value == one.value)
            {
                let route = one.route.clone().map_err(Unroutable::UnknownGroup)?;
                if self.routes[route].backends.is_empty() {
                    let name = self.routes[route].group.name.clone();
                    return Err(Unroutable::GroupWithoutHealthy(name));
                }
                return Ok(Choice {
                    route,
                    pinned: true,
                    set_cookie: false,
                });
            }
        }
        let mut new_visitor = false;
        if let Some(sticky) = &self.sticky {
            match sticky.arm(headers) {
                Some(route) if !self.routes[route].backends.is_empty() => {
                    return Ok(Choice {
                        route,
                        pinned: true,
                        set_cookie: false,
                    });
                }
                // The arm has no healthy instance: another one helps out for this request, and the
                // cookie stays, so that the visitor is back on the arm as soon as it is.
                Some(_) => {}
                None => new_visitor = true,
            }
            let unit = sticky
                .unit_header
                .as_ref()
                .and_then(|name| headers.get(name));
            if let Some(unit) = unit.map(|unit| hash_of(unit.as_bytes())) {
                let arm = sticky.arm_of_unit(unit);
                let healthy = arm.filter(|route| !self.routes[*route].backends.is_empty());
                if let Some(route) = healthy.or_else(|| self.by_unit(unit)) {
                    return Ok(Choice {
                        route,
                        pinned: true,
                        // Nobody is told the arm that only helps out.
                        set_cookie: new_visitor && healthy == arm,
                    });
                }
            }
        }
        if self.schedule.is_empty() {
            return Err(Unroutable::NoHealthy);
        }
        let at = (turn() % self.schedule.len() as u64) as usize;
        let route = usize::from(self.schedule[at]);
        Ok(Choice {
            route,
            pinned: false,
            set_cookie: new_visitor,
        })
    }

    /// By the weights as they are now.
    fn by_unit(&self, unit: u64) -> Option<usize> {
        let eligible = self.routes.iter().enumerate();
        let eligible = eligible.filter(|(_, route)| route.weight > 0 && !route.backends.is_empty());
        eligible
            .map(|(at, route)| (at, rendezvous(unit, route.hash, route.weight)))
            .max_by(|(_, a), (_, b)| a.total_cmp(b))
            .map(|(at, _)| at)
    }

    /// A backend for a choice, none of those already tried, and the route it is of. Only a request
    /// that is not pinned may leave its route, and a backend that just refused a connection is the
    /// last resort.
    pub(crate) fn backend(
        &self,
        choice: Choice,
        tried: &[Arc<Upstream>],
        now_ms: u64,
        turn: usize,
    ) -> Option<(usize, &Arc<Upstream>)> {
        for admit_ejected in [false, true] {
            if let Some(found) = self.routes[choice.route].pick(tried, now_ms, turn, admit_ejected)
            {
                return Some((choice.route, found));
            }
            if choice.pinned {
                continue;
            }
            let mut others: Vec<_> = (0..self.routes.len())
                .filter(|at| *at != choice.route && self.routes[*at].weight > 0)
                .collect();
            others.sort_by_key(|at| std::cmp::Reverse(self.routes[*at].weight));
            for at in others {
                if let Some(found) = self.routes[at].pick(tried, now_ms, turn, admit_ejected) {
                    return Some((at, found));
                }
            }
        }
        None
    }

    pub(crate) fn route_of(&self, group: &Arc<Group>) -> Option<usize> {
        self.routes
            .iter()
            .position(|route| Arc::ptr_eq(&route.group, group))
    }

    pub(crate) fn set_cookie(&self, route: usize) -> Option<HeaderValue> {
        self.routes[route].set_cookie.clone()
    }
}

impl Route {
    /// The backend with the fewest requests in flight; among equals they take turns.
    fn pick(
        &self,
        tried: &[Arc<Upstream>],
        now_ms: u64,
        turn: usize,
        admit_ejected: bool,
    ) -> Option<&Arc<Upstream>> {
        let count = self.backends.len();
        if count == 0 {
            return None;
        }
        let start = turn % count;
        let in_turn = self.backends[start..].iter().chain(&self.backends[..start]);
        in_turn
            .filter(|one| admit_ejected || !one.is_ejected(now_ms))
            .filter(|one| !tried.iter().any(|other| Arc::ptr_eq(one, other)))
            .min_by_key(|one| one.in_flight.load(Relaxed))
    }
}

#[cfg(test)]
mod tests;
