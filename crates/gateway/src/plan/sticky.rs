//! Which arm a visitor is kept on: by cookie, or by the hash of an id.

use std::collections::BTreeMap;

use http::header::{COOKIE, HeaderMap, HeaderName, HeaderValue};

use super::Route;
use crate::Table;
use crate::shares::{hash_of, rendezvous};

pub(super) struct Sticky {
    pub(super) cookie: String,
    pub(super) unit_header: Option<HeaderName>,
    /// Arm → index of the route that serves it.
    pub(super) arms: BTreeMap<String, usize>,
    pub(super) units: Vec<Share>,
}

/// What an arm gets of the visitors with an id.
pub(super) struct Share {
    hash: u64,
    weight: u32,
    /// `None` is an arm that is gone: its visitors choose anew.
    route: Option<usize>,
}

impl Sticky {
    pub(super) fn arm_of_unit(&self, unit: u64) -> Option<usize> {
        let shares = self.units.iter();
        shares
            .map(|share| (share.route, rendezvous(unit, share.hash, share.weight)))
            .max_by(|(_, a), (_, b)| a.total_cmp(b))
            .and_then(|(route, _)| route)
    }

    pub(super) fn arm(&self, headers: &HeaderMap) -> Option<usize> {
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
pub(super) fn arms(table: &Table, sticky: &crate::Sticky) -> BTreeMap<String, usize> {
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
pub(super) fn units(routes: &[Route], sticky: &crate::Sticky) -> Vec<Share> {
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

pub(super) fn hash_key<'t>(table: &'t Table, group: &'t str) -> &'t [u8] {
    let sticky = table.sticky.as_ref();
    sticky
        .map_or(group, |sticky| sticky.arm_of(group))
        .as_bytes()
}

pub(super) fn cookie(sticky: &crate::Sticky, group: &str) -> Option<HeaderValue> {
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

pub(super) fn parse_header(name: &str) -> Option<HeaderName> {
    let parsed = HeaderName::from_bytes(name.as_bytes());
    if parsed.is_err() {
        tracing::warn!(
            header = name,
            "Not a header name; rules about it are ignored."
        );
    }
    parsed.ok()
}
