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
