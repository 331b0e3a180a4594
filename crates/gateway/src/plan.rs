//! A table made ready for use: every choice a request needs is precomputed here.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use http::header::{COOKIE, HeaderMap, HeaderName, HeaderValue};

use crate::Table;
use crate::meter::Group;
use crate::pool::Upstream;
use crate::shares::{hash_of, rendezvous, schedule};

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

struct Sticky {
    cookie: String,
    unit_header: Option<HeaderName>,
    /// Arm → index of the route that serves it.
    arms: BTreeMap<String, usize>,
    units: Vec<Share>,
}

/// What an arm gets of the visitors with an id.
struct Share {
    hash: u64,
    weight: u32,
    /// `None` is an arm that is gone: its visitors choose anew.
    route: Option<usize>,
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

impl Sticky {
    fn arm_of_unit(&self, unit: u64) -> Option<usize> {
        let shares = self.units.iter();
        shares
            .map(|share| (share.route, rendezvous(unit, share.hash, share.weight)))
            .max_by(|(_, a), (_, b)| a.total_cmp(b))
            .and_then(|(route, _)| route)
    }

    fn arm(&self, headers: &HeaderMap) -> Option<usize> {
        let cookies = headers
            .get_all(COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok());
        let pairs = cookies.flat_map(|value| value.split(';'));
        let mut named = pairs.filter_map(|pair| {
            let (name, value) = pair.trim().split_once('=')?;
            (name == self.cookie).then(|| value.trim_matches('"'))
        });
        named.find_map(|arm| self.arms.get(arm).copied())
    }
}

/// Every name a cookie may hold: the groups of the table and, before them, the aliases.
fn arms(table: &Table, sticky: &crate::Sticky) -> BTreeMap<String, usize> {
    let find = |name: &str| table.routes.iter().position(|route| route.group == name);
    let mut arms = BTreeMap::new();
    for (at, route) in table.routes.iter().enumerate() {
        // A listed group without backends serves nobody: its visitors choose anew.
        if !route.backends.is_empty() {
            arms.entry(route.group.clone()).or_insert(at);
        }
    }
    for arm in sticky.aliases.keys() {
        if let Some(at) = find(sticky.serving(arm)) {
            arms.insert(arm.clone(), at);
        }
    }
    arms
}

/// How visitors with an id are shared out: by the split they came under, or else by the weights.
fn units(routes: &[Route], sticky: &crate::Sticky) -> Vec<Share> {
    let staffed = |at: &usize| routes[*at].staffed;
    match &sticky.unit_split {
        Some(split) => split
            .iter()
            .map(|(arm, weight)| Share {
                hash: hash_of(arm.as_bytes()),
                weight: *weight,
                route: routes
                    .iter()
                    .position(|route| route.group.name == sticky.serving(arm))
                    .filter(staffed),
            })
            .collect(),
        None => (0..routes.len())
            .filter(|at| routes[*at].weight > 0)
            .map(|at| Share {
                hash: routes[at].hash,
                weight: routes[at].weight,
                route: Some(at).filter(staffed),
            })
            .collect(),
    }
}

fn hash_key<'t>(table: &'t Table, group: &'t str) -> &'t [u8] {
    let sticky = table.sticky.as_ref();
    sticky
        .map_or(group, |sticky| sticky.arm_of(group))
        .as_bytes()
}

fn cookie(sticky: &crate::Sticky, group: &str) -> Option<HeaderValue> {
    let is_cookie_octet = |byte: u8| byte.is_ascii_graphic() && !b"\",;\\".contains(&byte);
    if sticky.cookie.is_empty() || !group.bytes().all(is_cookie_octet) {
        tracing::warn!(
            group,
            "This group's name cannot be a cookie value; its visitors are not kept."
        );
        return None;
    }
    let text = format!(
        "{}={group}; Path=/; HttpOnly; SameSite=Lax; Max-Age={}",
        sticky.cookie, sticky.max_age_seconds
    );
    HeaderValue::from_str(&text).ok()
}

fn parse_header(name: &str) -> Option<HeaderName> {
    let parsed = HeaderName::from_bytes(name.as_bytes());
    if parsed.is_err() {
        tracing::warn!(
            header = name,
            "Not a header name; rules about it are ignored."
        );
    }
    parsed.ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Backend;

    fn plan(groups: &[(&str, u32, bool)], sticky: Option<crate::Sticky>) -> Plan {
        let route = |(at, (name, weight, healthy)): (usize, &(&str, u32, bool))| crate::Route {
            group: (*name).to_owned(),
            weight: *weight,
            backends: vec![Backend {
                id: format!("{name}-1"),
                addr: ([127, 0, 0, 1], 1000 + at as u16).into(),
                healthy: *healthy,
            }],
        };
        let routes = groups.iter().enumerate().map(route).collect();
        let table = Table {
            routes,
            sticky,
            ..Table::default()
        };
        Plan::new(
            1,
            table,
            |name| Arc::new(Group::new(name)),
            |group, one| Arc::new(Upstream::new(one.addr, group.instance(&one.id))),
        )
    }

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn five_percent_is_five_of_any_hundred() {
        let plan = plan(&[("stable", 95, true), ("canary", 5, true)], None);
        let turns: Vec<_> = (0..1000u64)
            .map(|turn| plan.choose(&HeaderMap::new(), || turn).unwrap().route)
            .collect();
        for stretch in turns.windows(100) {
            assert_eq!(stretch.iter().filter(|route| **route == 1).count(), 5);
        }
        for stretch in turns.windows(20) {
            assert_eq!(stretch.iter().filter(|route| **route == 1).count(), 1);
        }
    }

    #[test]
    fn a_group_without_healthy_backends_gets_nothing() {
        let plan = plan(&[("a", 50, false), ("b", 50, true), ("c", 0, true)], None);
        assert!((0..100).all(|turn| plan.choose(&HeaderMap::new(), || turn).unwrap().route == 1));
    }

    #[test]
    fn units_move_only_as_far_as_the_weights() {
        let sticky = || {
            Some(crate::Sticky {
                unit_header: Some("x-unit".to_owned()),
                ..crate::Sticky::default()
            })
        };
        let arm = |plan: &Plan, unit: u32| {
            let headers = headers(&[("x-unit", &format!("user-{unit}"))]);
            plan.choose(&headers, || unreachable!("the unit decides"))
                .unwrap()
                .route
        };
        let even = plan(&[("a", 50, true), ("b", 50, true)], sticky());
        let skewed = plan(&[("a", 30, true), ("b", 70, true)], sticky());
        let units = 20_000;
        let (mut in_a, mut to_b, mut to_a) = (0, 0, 0);
        for unit in 0..units {
            match (arm(&even, unit), arm(&skewed, unit)) {
                (0, 1) => to_b += 1,
                (1, 0) => to_a += 1,
                (0, _) => in_a += 1,
                _ => {}
            }
        }
        let share = |count: i32| f64::from(count) / f64::from(units);
        assert_eq!(to_a, 0, "nobody moves against the weights");
        assert!((share(in_a + to_b) - 0.5).abs() < 0.015);
        assert!((share(to_b) - 0.2).abs() < 0.015);
    }

    #[test]
    fn an_alias_inherits_the_arm_of_cookies_and_units() {
        let sticky = |aliases: &[(&str, &str)]| {
            let aliases = aliases
                .iter()
                .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()));
            Some(crate::Sticky {
                unit_header: Some("x-unit".to_owned()),
                aliases: aliases.collect(),
                ..crate::Sticky::default()
            })
        };
        let before = plan(&[("a", 50, true), ("b", 50, true)], sticky(&[]));
        let after = plan(
            &[("a", 50, true), ("b3", 50, true)],
            sticky(&[("b", "b2"), ("b2", "b3")]),
        );
        for unit in 0..1000 {
            let headers = headers(&[("x-unit", &unit.to_string())]);
            let at = |plan: &Plan| plan.choose(&headers, || 0).unwrap().route;
            assert_eq!(at(&before), at(&after));
        }
        let kept = headers(&[("cookie", "theme=dark; viridian_arm=b; x=y")]);
        assert_eq!(
            after.choose(&kept, || 0),
            Ok(Choice {
                route: 1,
                pinned: true,
                set_cookie: false
            })
        );
    }

    #[test]
    fn a_loop_of_aliases_ends() {
        let aliases = [("x", "y"), ("y", "x")]
            .map(|(a, b)| (a.to_owned(), b.to_owned()))
            .into();
        let sticky = crate::Sticky {
            aliases,
            ..crate::Sticky::default()
        };
        let plan = plan(&[("a", 100, true)], Some(sticky));
        let choice = plan
            .choose(&headers(&[("cookie", "viridian_arm=x")]), || 0)
            .unwrap();
        assert!(choice.set_cookie);
    }
}
