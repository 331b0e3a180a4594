//! A canary that waits for an approval.

use super::*;
use domain::gate::Reading;

pub(super) fn view_group(
    n: u32,
    v: &str,
    role: Role,
    weight: u32,
    size: u32,
    incoming: bool,
) -> GroupView {
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
        action: if text.starts_with("Wait for an") {
            "pause".into()
        } else {
            "set_traffic".into()
        },
        text: text.into(),
        state,
        since: took.map(|(since, _)| ago(since)),
        until: took.and_then(|(_, until)| (until > 0).then(|| ago(until))),
        note: String::new(),
        weight_asked: weight,
        weight_observed: weight.filter(|_| state != StepState::Next),
    }
}

pub(super) fn steps(fresh: bool) -> Vec<StepView> {
    use StepState::{Done, Next, Now};
    let mut steps = vec![
        step(
            0,
            "prepare",
            "Start 1.2.0 (v042), 2 instances",
            Done,
            Some((744, 706)),
            None,
        ),
        step(
            1,
            "prepare",
            "Start the baseline (v043), 2 instances",
            Done,
            Some((706, 700)),
            None,
        ),
        step(
            2,
            "prepare",
            "Wait until 2 of 1.2.0 (v042) are healthy",
            Done,
            Some((700, 685)),
            None,
        ),
        step(
            3,
            "5%",
            "Traffic: 5% to 1.2.0 (v042)",
            Done,
            Some((685, 684)),
            Some(5),
        ),
        step(
            4,
            "5%",
            "Judge 1.2.0 (v042) over at least 2 min",
            Done,
            Some((684, 565)),
            None,
        ),
        step(
            5,
            "10%",
            "Traffic: 10% to 1.2.0 (v042)",
            Done,
            Some((565, 564)),
            Some(10),
        ),
        step(
            6,
            "25%",
            "Traffic: 25% to 1.2.0 (v042)",
            Done,
            Some((265, 264)),
            Some(25),
        ),
        step(
            7,
            "25%",
            "Wait for an approval",
            Now,
            Some((264, 0)),
            Some(25),
        ),
        step(
            8,
            "100%",
            "Bring 1.2.0 (v042) to 6 instances",
            Next,
            None,
            None,
        ),
        step(
            9,
            "100%",
            "Traffic: 100% to 1.2.0 (v042)",
            Next,
            None,
            Some(100),
        ),
        step(
            10,
            "soak",
            "Keep 1.1.0 (v041) ready for 5 min",
            Next,
            None,
            None,
        ),
        step(11, "retire", "Retire 1.1.0 (v041)", Next, None, None),
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
            role: Role::Stable,
            incoming: false,
            points: points(false),
        },
        Series {
            group: group("storefront", "prod-eu", 43),
            version: version("1.1.0"),
            role: Role::Baseline,
            incoming: false,
            points: points(true)
                .into_iter()
                .map(|point| Point {
                    requests_per_s: 25.0,
                    ..point
                })
                .collect(),
        },
        Series {
            group: group("storefront", "prod-eu", 42),
            version: version("1.2.0"),
            role: Role::Canary,
            incoming: true,
            points: points(true),
        },
    ]
}

pub(super) fn waiting(id: i64, as_of: Time, said: Option<Command>) -> RolloutView {
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
        reason: Some("approval".into()),
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
            entry(73, 700, "viridian", "Done: Start the baseline (v043), 2 instances"),
            entry(72, 706, "viridian", "Done: Start 1.2.0 (v042), 2 instances"),
            entry(71, 744, "viridian", "It is its turn: it begins"),
            entry(70, 748, "ada", "Asked to bring 1.2.0 to storefront/prod-eu by canary, in place of 1.1.0"),
        ],
        extra_instance_hours: 1.42,
        how_back: "One traffic switch to storefront-prod-eu-v041, which keeps running for 5 min after promotion. Later, it is started again from its image.".into(),
        as_of,
        seq: 88,
        observed_at: Some(as_of),
    }
}
