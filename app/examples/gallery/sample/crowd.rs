//! More of everything than anybody wants: thirty environments, forty applications, two hundred groups,
//! names as long as names may be.

use super::rollout::view_group;
use super::*;

const ENVIRONMENTS: usize = 30;
const APPLICATIONS: usize = 40;
const GROUPS: u32 = 200;

fn environments() -> Vec<String> {
    let mut names: Vec<_> = (1..ENVIRONMENTS)
        .map(|n| format!("region-{n:02}"))
        .collect();
    names.push("e".repeat(40));
    names
}

fn applications() -> Vec<String> {
    let mut names: Vec<_> = (1..APPLICATIONS)
        .map(|n| format!("service-{n:02}"))
        .collect();
    names.push("a".repeat(40));
    names
}

pub(crate) fn crowded_now(as_of: Time) -> NowView {
    let ordinary = super::now::now(as_of);
    let mut moving = ordinary.moving.clone();
    for (nth, name) in applications().into_iter().enumerate() {
        let id = 500 + i64::try_from(nth).unwrap_or(0);
        let mut row = row(
            id,
            &name,
            "region-07",
            ("in_progress", "in progress"),
            "Canary 1.1.0 → 1.2.0",
        );
        row.step_text =
            "Wait until 64 of 1.2.0-rc.1.build.20261121140323 (v042) are healthy".into();
        moving.push(row);
    }
    NowView {
        environments: environments().iter().map(|name| env(name)).collect(),
        applications: applications()
            .iter()
            .map(|name| MatrixRow {
                app: app(name),
                cells: environments()
                    .iter()
                    .enumerate()
                    .map(|(nth, place)| {
                        (nth % 7 != 3).then(|| alone(name, place, "1.1.0-rc.12", 90_000))
                    })
                    .collect(),
            })
            .collect(),
        moving,
        ..ordinary
    }
}

pub(crate) fn crowded_application(as_of: Time) -> ApplicationView {
    let ordinary = super::application::application(as_of);
    let template = ordinary.environments[0].clone();
    let mut all: Vec<_> = environments()
        .iter()
        .map(|name| EnvironmentView {
            cell: alone("storefront", name, "1.3.0", 7_300),
            ..template.clone()
        })
        .collect();
    all[0].groups = (1..=GROUPS)
        .map(|n| {
            view_group(
                n,
                "1.3.0",
                Role::Retained,
                u32::from(n == 150) * 100,
                64,
                false,
            )
        })
        .collect();
    ApplicationView {
        name: app(&"a".repeat(40)),
        environments: all,
        ..ordinary
    }
}
