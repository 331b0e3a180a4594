//! The first page on an ordinary day.

use super::*;

pub(crate) fn now(as_of: Time) -> NowView {
    let mut mail = row(
        413,
        "mail",
        "dev",
        ("in_progress", "waiting for health"),
        "Blue/green 0.9.4 → 0.9.5",
    );
    mail.timeline = vec![
        span("start", SpanKind::Done, 9),
        span("healthy", SpanKind::Now, 11),
        span("switch", SpanKind::Next, 2),
        span("keep the old for 1 min", SpanKind::Next, 60),
    ];
    mail.shares = vec![
        share(group("mail", "dev", 8), "0.9.4", 100, false),
        share(group("mail", "dev", 9), "0.9.5", 0, true),
    ];
    (mail.step, mail.steps_total, mail.step_text) =
        (1, 6, "Wait until 3 of mail-dev-v009 are healthy".into());
    mail.created_at = ago(20);
    let mut back = row(
        410,
        "search",
        "prod-us",
        ("rolling_back", "rolling back"),
        "Canary 3.8.1 → 3.9.0",
    );
    back.timeline = vec![
        span("start", SpanKind::Done, 40),
        span("5%", SpanKind::Done, 60),
        span("back", SpanKind::Back, 12),
    ];
    back.reason = Some("errors 4.1% over the bound of 1%".into());
    back.actions = vec![offer(Command::Rollback, "it is on its way back already")];
    let mut paused = square(
        "staging",
        vec![
            share(group("search", "staging", 7), "3.8.1", 95, false),
            share(group("search", "staging", 8), "3.9.0", 5, true),
        ],
        4_000,
    );
    paused.rollout = Some(RolloutId(411));
    paused.health = Health::Progressing;
    let mut moving = square(
        "prod-eu",
        vec![
            share(group("storefront", "prod-eu", 41), "1.1.0", 75, false),
            share(group("storefront", "prod-eu", 42), "1.2.0", 25, true),
        ],
        744,
    );
    moving.rollout = Some(RolloutId(412));
    moving.queued = 1;
    let mut held = alone("billing", "prod-eu", "7.0.1", 1_814_400);
    held.hold = Some("7.0.2 was rolled back here".into());
    let mut drifted = alone("billing", "prod-us", "7.0.1", 1_814_400);
    (drifted.drifted, drifted.health, drifted.healthy) = (1, Health::Degraded, 5);
    let mut starting = alone("mail", "dev", "0.9.4", 20);
    starting
        .shares
        .push(share(group("mail", "dev", 9), "0.9.5", 0, true));
    starting.rollout = Some(RolloutId(413));
    let need = |kind,
                app_name: &str,
                env_name: &str,
                id: Option<i64>,
                title: &str,
                detail: &str,
                actions| Need {
        kind,
        app: app(app_name),
        env: env(env_name),
        rollout: id.map(RolloutId),
        title: title.into(),
        detail: detail.into(),
        actions,
        step: 7,
    };
    NowView {
        as_of,
        seq: 88,
        needs: vec![
            need(
                NeedKind::Approval,
                "storefront",
                "prod-eu",
                Some(412),
                "promote 1.2.0 to 100%",
                "healthy on 25% for 12 min · asked 4 min ago by ada · you may approve",
                vec![offer(Command::Promote, ""), offer(Command::Rollback, "")],
            ),
            need(
                NeedKind::NoVerdict,
                "search",
                "staging",
                Some(411),
                "too few requests to judge (38 of 50)",
                "paused, all traffic safe on 3.8.1 · goes on by itself after 12 more",
                vec![
                    offer(Command::Promote, "no verdict yet; roll back, or wait"),
                    offer(Command::Rollback, ""),
                ],
            ),
            need(
                NeedKind::Drift,
                "billing",
                "prod-us",
                None,
                "1 of 6 instances differs from its image",
                "replaced in 42 s by policy · /srv/billing/rates.json changed",
                vec![],
            ),
        ],
        moving: vec![
            row(
                412,
                "storefront",
                "prod-eu",
                ("paused", "waits for approval"),
                "Canary 1.1.0 → 1.2.0",
            ),
            mail,
            back,
        ],
        environments: ["dev", "staging", "prod-eu", "prod-us"].map(env).to_vec(),
        applications: vec![
            MatrixRow {
                app: app("storefront"),
                cells: vec![
                    Some(alone("storefront", "dev", "1.3.0", 7_300)),
                    Some(alone("storefront", "staging", "1.2.0", 90_000)),
                    Some(moving),
                    Some(alone("storefront", "prod-us", "1.1.0", 777_600)),
                ],
            },
            MatrixRow {
                app: app("search"),
                cells: vec![
                    Some(alone("search", "dev", "3.9.0", 2_400)),
                    Some(paused),
                    Some(alone("search", "prod-eu", "3.8.1", 345_600)),
                    Some(alone("search", "prod-us", "3.8.1", 345_600)),
                ],
            },
            MatrixRow {
                app: app("billing"),
                cells: vec![
                    Some(alone("billing", "dev", "7.0.2", 432_000)),
                    Some(alone("billing", "staging", "7.0.2", 432_000)),
                    Some(held),
                    Some(drifted),
                ],
            },
            MatrixRow {
                app: app("mail"),
                cells: vec![
                    Some(starting),
                    Some(alone("mail", "staging", "0.9.4", 259_200)),
                    Some(square("prod-eu", vec![], 0)),
                    None,
                ],
            },
        ],
    }
}
