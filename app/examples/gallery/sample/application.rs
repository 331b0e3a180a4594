//! A promotion path, and the plan of a rollout on it.

use super::rollout::{steps, view_group};
use super::*;

pub(crate) fn plan(request: StartRequest) -> PlanView {
    let change = |path: &str, kind: &str| FileChangeView {
        path: path.into(),
        kind: kind.into(),
    };
    PlanView {
        headline: format!(
            "{} 1.2.0 → {}",
            app::format::sentence_case(&request.strategy.to_string()),
            request.image
        ),
        app: request.app,
        env: request.env,
        strategy: request.strategy,
        steps: steps(true),
        extra_instance_hours: 0.31,
        declared_wait_ms: 420_000,
        how_back: "One traffic switch to the group that serves now.".into(),
        changes: vec![
            change("pages/catalogue.html", "changed"),
            change("theme.css", "changed"),
            change("pages/offers.html", "added"),
        ],
        behind: Vec::new(),
        note: String::new(),
    }
}

fn befell() -> Vec<NodeNote> {
    let note = |s, kind: &str, text: &str, detail: Option<&str>| NodeNote {
        at: ago(s),
        kind: kind.into(),
        text: text.into(),
        detail: detail.map(Into::into),
        instances: vec!["storefront-staging-v041-3f2a91".into()],
    };
    let lost = "storefront-staging-v041-3f2a91 was lost: its process ended";
    vec![
        note(540, "started", "1 instance of 1.1.0 started", None),
        note(
            541,
            "adopted",
            "5 instances of 1.1.0 ran on while the node was down, and were taken over",
            None,
        ),
        note(
            541,
            "lost",
            "1 instance of 1.1.0 was lost while the node was down; replaced",
            Some(lost),
        ),
        note(90_400, "stopped", "6 instances of 1.0.0 were stopped", None),
    ]
}

pub(crate) fn application(as_of: Time) -> ApplicationView {
    let candidate = |v: &str, n, s, why: &str| Candidate {
        version: version(v),
        digest: digest(n),
        baked_at: ago(s),
        allowed: why.is_empty(),
        why: why.into(),
    };
    let candidates = vec![
        candidate("1.4.0", 44, 600, ""),
        candidate("1.3.0", 43, 90_000, ""),
        candidate("1.2.0", 42, 180_000, "it runs here already"),
        candidate(
            "1.0.0",
            40,
            900_000,
            "vetoed since it was rolled back on 2026-11-12",
        ),
    ];
    let ended = |id, state: (&str, &str), headline: &str, s: i64| {
        let mut row = row(id, "storefront", "staging", state, headline);
        row.ended_at = Some(ago(s));
        row
    };
    let environment = |cell: Cell, groups, active: Option<RolloutRow>| EnvironmentView {
        cell,
        cloud: "local".into(),
        groups,
        active,
        queue: vec![],
        recent: vec![
            ended(
                405,
                ("succeeded", "succeeded"),
                "Canary 1.1.0 → 1.2.0",
                90_000,
            ),
            ended(
                398,
                ("rolled_back", "rolled back"),
                "Blue/green 1.1.0 → 1.0.0",
                780_000,
            ),
        ],
        notes: vec![],
        node: befell(),
        drift: None,
        hold: None,
        vetoes: vec![],
        candidates: candidates.clone(),
    };
    let mut eu = square(
        "prod-eu",
        vec![
            share(group("storefront", "prod-eu", 41), "1.1.0", 75, false),
            share(group("storefront", "prod-eu", 42), "1.2.0", 25, true),
        ],
        744,
    );
    eu.rollout = Some(RolloutId(412));
    let mut prod = environment(
        eu,
        vec![
            view_group(41, "1.1.0", Role::Stable, 75, 6, false),
            view_group(42, "1.2.0", Role::Canary, 25, 2, true),
        ],
        Some(row(
            412,
            "storefront",
            "prod-eu",
            ("paused", "waits for approval"),
            "Canary 1.1.0 → 1.2.0",
        )),
    );
    prod.queue = vec![row(
        414,
        "storefront",
        "prod-eu",
        ("pending", "waits for its turn"),
        "Rolling 1.2.0 → 1.3.0",
    )];
    let mut us = environment(
        alone("storefront", "prod-us", "1.1.0", 777_600),
        vec![view_group(17, "1.1.0", Role::Stable, 100, 4, false)],
        None,
    );
    us.vetoes = vec![Veto {
        digest: digest(40),
        version: version("1.0.0"),
        why: "rolled back: errors 4.1% over the bound of 1%".into(),
        by: "viridian".into(),
        at: ago(780_000),
        rollout: Some(RolloutId(398)),
        remove: Offer {
            allowed: false,
            why: "ada is an operator here; to remove a veto takes an approver".into(),
        },
    }];
    us.cell.hold = Some("1.0.0 was rolled back: errors 4.1% over the bound of 1%".into());
    us.hold = Some(Hold {
        why: "1.0.0 was rolled back: errors 4.1% over the bound of 1%".into(),
        by: "viridian".into(),
        at: ago(780_000),
        rollout: Some(RolloutId(398)),
        remove: Offer {
            allowed: true,
            why: String::new(),
        },
    });
    us.notes = vec![JournalRow {
        seq: 61,
        at: ago(860_000),
        by: "ada".into(),
        what: "veto_removed".into(),
        text: "Veto of 0.9.8 removed".into(),
    }];
    ApplicationView {
        name: app("storefront"),
        as_of,
        seq: 88,
        environments: vec![
            environment(
                alone("storefront", "dev", "1.3.0", 7_300),
                vec![view_group(55, "1.3.0", Role::Stable, 100, 1, false)],
                None,
            ),
            environment(
                alone("storefront", "staging", "1.2.0", 90_000),
                vec![view_group(12, "1.2.0", Role::Stable, 100, 2, false)],
                None,
            ),
            prod,
            us,
        ],
    }
}
