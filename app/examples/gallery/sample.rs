//! Invented data with something of everything in it.

use app::view::*;
use domain::gate::Reading;
use domain::rollout::ActionOffer;
use domain::{
    AppName, Command, Digest, EnvName, GroupName, Health, Role, RolloutId, Strategy, Time, Version,
};

pub(crate) const BEGIN: Time = Time(1_795_269_802_000);

fn ago(s: i64) -> Time {
    Time(BEGIN.0 - s * 1_000)
}
fn app(name: &str) -> AppName {
    AppName::new(name).expect("a name")
}
fn env(name: &str) -> EnvName {
    EnvName::new(name).expect("a name")
}
fn version(name: &str) -> Version {
    Version::new(name).expect("a version")
}
fn digest(n: u64) -> Digest {
    let mixed = n.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(17);
    Digest::new(format!(
        "sha256:{mixed:016x}{:016x}{:016x}{n:016x}",
        !mixed,
        mixed ^ 0x55aa
    ))
    .expect("a digest")
}
fn group(app_name: &str, env_name: &str, n: u32) -> GroupName {
    GroupName::numbered(&app(app_name), &env(env_name), n)
}
fn share(group: GroupName, v: &str, weight: u32, incoming: bool) -> Share {
    let role = if incoming { Role::Canary } else { Role::Stable };
    Share {
        group,
        version: version(v),
        role,
        weight,
        incoming,
    }
}
fn span(name: &str, kind: SpanKind, s: u64) -> Span {
    Span {
        name: name.into(),
        kind,
        ms: s * 1_000,
    }
}
fn offer(name: Command, why: &str) -> ActionOffer {
    ActionOffer {
        name,
        allowed: why.is_empty(),
        why: why.into(),
    }
}

fn offers() -> Vec<ActionOffer> {
    vec![
        offer(Command::Promote, ""),
        offer(Command::Pause, "it is paused already; resume or promote it"),
        offer(
            Command::Resume,
            "it waits for an approval, not for you; promote it",
        ),
        offer(Command::Rollback, ""),
        offer(Command::Cancel, "traffic has moved; roll back instead"),
        offer(Command::Reject, "it has begun; roll back instead"),
    ]
}

fn square(env_name: &str, shares: Vec<Share>, since: i64) -> Cell {
    Cell {
        env: env(env_name),
        url: format!("http://127.0.0.1:81{:02}", env_name.len()),
        health: if shares.is_empty() {
            Health::Unknown
        } else {
            Health::Healthy
        },
        healthy: if shares.is_empty() { 0 } else { 6 },
        size: if shares.is_empty() { 0 } else { 6 },
        since: (!shares.is_empty()).then(|| ago(since)),
        shares,
        rollout: None,
        queued: 0,
        hold: None,
        drifted: 0,
        observed_at: Some(BEGIN),
    }
}

fn alone(app_name: &str, env_name: &str, v: &str, since: i64) -> Cell {
    square(
        env_name,
        vec![share(group(app_name, env_name, 41), v, 100, false)],
        since,
    )
}

fn timeline() -> Vec<Span> {
    vec![
        span("start", SpanKind::Done, 38),
        span("healthy", SpanKind::Done, 21),
        span("5%", SpanKind::Done, 120),
        span("10%", SpanKind::Done, 300),
        span("25% · waits for approval", SpanKind::Now, 265),
        span("50%", SpanKind::Next, 180),
        span("100%", SpanKind::Next, 120),
        span("keep the old for 5 min", SpanKind::Next, 300),
    ]
}

fn row(id: i64, app_name: &str, env_name: &str, state: (&str, &str), headline: &str) -> RolloutRow {
    RolloutRow {
        id: RolloutId(id),
        app: app(app_name),
        env: env(env_name),
        strategy: Strategy::Canary,
        state: state.0.into(),
        state_text: state.1.into(),
        reason: None,
        headline: headline.into(),
        from: Some(version("1.1.0")),
        to: version("1.2.0"),
        started_by: "ada".into(),
        created_at: ago(744),
        ended_at: None,
        step: 7,
        steps_total: 14,
        step_text: "Wait for an approval".into(),
        shares: vec![
            share(group(app_name, env_name, 41), "1.1.0", 75, false),
            share(group(app_name, env_name, 42), "1.2.0", 25, true),
        ],
        timeline: timeline(),
        actions: offers(),
    }
}

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

fn view_group(n: u32, v: &str, role: Role, weight: u32, size: u32, incoming: bool) -> GroupView {
    GroupView {
        name: group("storefront", "prod-eu", n),
        role,
        image: version(v),
        digest: digest(u64::from(n)),
        size,
        healthy: size,
        health: Health::Healthy,
        weight_asked: weight,
        weight_observed: weight,
        share: (weight > 0).then(|| f64::from(weight) / 100.0 + 0.004),
        incoming,
        requests: u64::from(weight) * 1_650,
        errors: u64::from(weight) * 2,
        p50_ms: Some(31.0),
        p95_ms: Some(182.0 - f64::from(n)),
        p99_ms: Some(312.0),
        in_flight: 4,
        restarts: 0,
        broken: None,
        instances: (0..size)
            .map(|i| InstanceView {
                id: format!(
                    "v{n:03}-{}",
                    ["k3x", "p9a", "w2m", "c7t", "h5d", "z1q"][i as usize % 6]
                ),
                health: Health::Healthy,
                address: format!("127.0.0.1:41{n}{i}"),
                since: ago(700),
                drift: if n == 41 && i == 3 {
                    vec!["theme.css changed".into()]
                } else {
                    vec![]
                },
            })
            .collect(),
    }
}

fn step(
    index: usize,
    phase: &str,
    text: &str,
    state: StepState,
    took: Option<(i64, i64)>,
    weight: Option<u32>,
) -> StepView {
    StepView {
        index,
        phase: phase.into(),
        action: "set_traffic".into(),
        text: text.into(),
        state,
        since: took.map(|(since, _)| ago(since)),
        until: took.and_then(|(_, until)| (until > 0).then(|| ago(until))),
        note: String::new(),
        weight_asked: weight,
        weight_observed: if state == StepState::Next {
            None
        } else {
            weight
        },
    }
}

fn steps(fresh: bool) -> Vec<StepView> {
    use StepState::{Done, Next, Now};
    let mut steps = vec![
        step(
            0,
            "prepare",
            "Start storefront-prod-eu-v042, 2 instances",
            Done,
            Some((744, 706)),
            None,
        ),
        step(
            1,
            "prepare",
            "Start storefront-prod-eu-v043, 2 instances",
            Done,
            Some((706, 700)),
            None,
        ),
        step(
            2,
            "prepare",
            "Wait until 2 of storefront-prod-eu-v042 are healthy",
            Done,
            Some((700, 685)),
            None,
        ),
        step(
            3,
            "shift",
            "Traffic: 5% to storefront-prod-eu-v042",
            Done,
            Some((685, 684)),
            Some(5),
        ),
        step(
            4,
            "shift",
            "Judge storefront-prod-eu-v042 over at least 2 min",
            Done,
            Some((684, 565)),
            None,
        ),
        step(
            5,
            "shift",
            "Traffic: 10% to storefront-prod-eu-v042",
            Done,
            Some((565, 564)),
            Some(10),
        ),
        step(
            6,
            "shift",
            "Traffic: 25% to storefront-prod-eu-v042",
            Done,
            Some((265, 264)),
            Some(25),
        ),
        step(
            7,
            "shift",
            "Wait for an approval",
            Now,
            Some((264, 0)),
            Some(25),
        ),
        step(
            8,
            "promote",
            "Bring storefront-prod-eu-v042 to 6 instances",
            Next,
            None,
            None,
        ),
        step(
            9,
            "promote",
            "Traffic: 100% to storefront-prod-eu-v042",
            Next,
            None,
            Some(100),
        ),
        step(
            10,
            "soak",
            "Keep storefront-prod-eu-v041 ready for 5 min",
            Next,
            None,
            None,
        ),
        step(
            11,
            "retire",
            "Retire storefront-prod-eu-v041",
            Next,
            None,
            None,
        ),
    ];
    steps[7].note = "analysis passed 3 of 3 · needs one approval, not from who asked".into();
    if fresh {
        for step in &mut steps {
            (step.state, step.since, step.until, step.weight_observed) = (Next, None, None, None);
            step.note.clear();
        }
    }
    steps
}

fn series(as_of: Time) -> Vec<Series> {
    let wave = |at: i64, phase: f64| {
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        let t = at as f64 / 1_000.0 % 10_000.0 + phase;
        (t * 1.7).sin() * 4.0 + (t * 0.6).sin() * 3.0
    };
    let points = |incoming: bool| {
        (0..150)
            .map(|i| as_of.0 / 2_000 * 2_000 - (149 - i) * 2_000)
            .filter(|at| !incoming || *at > as_of.0 - 240_000)
            .map(|at| {
                let new = at > as_of.0 - 150_000;
                let (base, phase) = match (incoming, new) {
                    (true, true) => (71.0, 9.0),
                    (true, false) => (25.0, 9.0),
                    (false, true) => (212.0, 0.0),
                    (false, false) => (258.0, 0.0),
                };
                Point {
                    at: Time(at),
                    requests_per_s: base + wave(at, phase),
                    error_rate: Some((0.0011 + wave(at, phase) / 30_000.0).max(0.0)),
                    p95_ms: Some(if incoming { 171.0 } else { 182.0 } + wave(at, phase) * 2.0),
                }
            })
            .collect()
    };
    vec![
        Series {
            group: group("storefront", "prod-eu", 41),
            version: version("1.1.0"),
            incoming: false,
            points: points(false),
        },
        Series {
            group: group("storefront", "prod-eu", 42),
            version: version("1.2.0"),
            incoming: true,
            points: points(true),
        },
    ]
}

pub(crate) fn rollout(id: i64, as_of: Time, said: Option<Command>) -> RolloutView {
    let back = said == Some(Command::Rollback) || id == 410;
    let mut timeline = timeline();
    if back {
        timeline.truncate(5);
        timeline[4].kind = SpanKind::Done;
        timeline.push(span("back to 1.1.0", SpanKind::Back, 30));
    }
    let reading = |figure: &str, value, bound, kept| Reading {
        figure: figure.into(),
        value,
        bound,
        n: 41_388,
        kept,
    };
    let entry = |seq, s, by: &str, text: &str| JournalRow {
        seq,
        at: ago(s),
        by: by.into(),
        what: String::new(),
        text: text.into(),
    };
    RolloutView {
        id: RolloutId(id),
        app: app("storefront"),
        env: env("prod-eu"),
        strategy: Strategy::Canary,
        state: if back { "rolling_back" } else { "paused" }.into(),
        state_text: if back { "rolling back" } else { "waits for approval" }.into(),
        reason: Some("approval: somebody other than ada".into()),
        headline: "Canary 1.1.0 → 1.2.0".into(),
        trouble: None,
        sentence: "25% of the traffic is served by 1.2.0, the rest by 1.1.0. It waits for an approval. Rolling back moves every visitor to 1.1.0 at once.".into(),
        from: Some(version("1.1.0")),
        to: version("1.2.0"),
        started_by: "ada".into(),
        created_at: ago(750),
        admitted_at: Some(ago(744)),
        ended_at: None,
        step: 7,
        steps: steps(false),
        groups: vec![view_group(41, "1.1.0", Role::Stable, 75, 6, false), view_group(42, "1.2.0", Role::Canary, 25, 2, true), view_group(43, "1.1.0", Role::Baseline, 0, 2, false)],
        actions: offers(),
        timeline,
        judgement: Some(JudgementView {
            at: ago(140),
            group: group("storefront", "prod-eu", 42),
            verdict: "pass".into(),
            sentence: "Every figure keeps its bound.".into(),
            readings: vec![reading("error rate", 0.001, 0.01, true), reading("p95 latency", 171.0, 250.0, true), reading("p99 latency", 402.0, 400.0, false)],
        }),
        series: series(as_of),
        journal: vec![
            entry(88, 140, "viridian", "Analysis passed: error rate 0.10% within the bound of 1.00% (n = 41388), p95 latency 171.0 ms within the bound of 250.0 ms"),
            entry(86, 264, "viridian", "Traffic 25% asked, observed after 0.2 s"),
            entry(74, 685, "viridian", "storefront-prod-eu-v042 is healthy, 2 of 2"),
            entry(71, 744, "ada", "Started the rollout of 1.2.0 from release 57"),
        ],
        extra_instance_hours: 1.42,
        how_back: "One traffic switch to storefront-prod-eu-v041, which keeps running for 5 min after promotion. Later, it is started again from its image.".into(),
        as_of,
        seq: 88,
        observed_at: Some(as_of),
    }
}

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
    }
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
    }];
    us.cell.hold = Some("1.0.0 was rolled back here".into());
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

pub(crate) fn images() -> Vec<ImageView> {
    let image = |n: u64, v: &str, parent: Option<u64>, live: &[(&str, u32)]| ImageView {
        digest: digest(n),
        app: app("storefront"),
        version: version(v),
        parent: parent.map(digest),
        command: ["./shop", "--port", "${PORT}"].map(String::from).to_vec(),
        baked_at: ago(900_000 - i64::try_from(n).unwrap_or(0) * 9_000),
        baked_by: "ada".into(),
        size_bytes: 14_800_000 + n * 31_337,
        files: 18 + n / 10,
        labels: vec![
            ("commit".into(), "8c1f02e".into()),
            ("branch".into(), "main".into()),
        ],
        live: live
            .iter()
            .map(|(name, weight)| LiveIn {
                app: app("storefront"),
                env: env(name),
                weight: *weight,
            })
            .collect(),
        vetoed_in: if v == "1.0.0" {
            vec![env("prod-us")]
        } else {
            vec![]
        },
        changes: vec![
            FileChangeView {
                path: "pages/catalogue.html".into(),
                kind: "changed".into(),
            },
            FileChangeView {
                path: "pages/offers.html".into(),
                kind: "added".into(),
            },
            FileChangeView {
                path: "pages/old.html".into(),
                kind: "removed".into(),
            },
        ],
    };
    vec![
        image(1, "base", None, &[]),
        image(40, "1.0.0", Some(1), &[]),
        image(41, "1.1.0", Some(1), &[("prod-eu", 75), ("prod-us", 100)]),
        image(42, "1.2.0", Some(41), &[("staging", 100), ("prod-eu", 25)]),
        image(43, "1.3.0", Some(42), &[("dev", 100)]),
        image(44, "1.4.0", Some(43), &[]),
        image(45, "1.2.1", Some(42), &[]),
    ]
}

pub(crate) fn history(as_of: Time, filter: &RolloutFilter) -> HistoryView {
    let states = [
        ("succeeded", "succeeded"),
        ("succeeded", "succeeded"),
        ("rolled_back", "rolled back"),
        ("succeeded", "succeeded"),
        ("failed", "failed"),
        ("cancelled", "cancelled"),
    ];
    let rows = (0..24)
        .map(|i: i64| {
            let state = states[usize::try_from(i).unwrap_or(0) % states.len()];
            let mut row = row(
                412 - i,
                ["storefront", "search", "billing"][usize::try_from(i).unwrap_or(0) % 3],
                ["prod-eu", "staging", "dev"][usize::try_from(i / 2).unwrap_or(0) % 3],
                state,
                "Canary 1.1.0 → 1.2.0",
            );
            row.created_at = ago(i * 7_000 + 900);
            row.ended_at = Some(ago(i * 7_000 + 300));
            row.reason =
                (state.0 == "rolled_back").then(|| "errors 4.1% over the bound of 1%".into());
            row
        })
        .filter(|row| {
            filter
                .state
                .as_ref()
                .is_none_or(|state| *state == row.state)
        })
        .filter(|row| filter.app.as_ref().is_none_or(|app| *app == row.app))
        .collect();
    HistoryView {
        as_of,
        seq: 88,
        rows,
        next: Some("388".into()),
        dora: Dora {
            days: 30,
            deployments: 142,
            per_day: 4.73,
            lead_time_ms: Some(5_520_000),
            failure_rate: Some(0.063),
            recovery_ms: Some(210),
            rework_rate: Some(0.021),
        },
    }
}
