//! Rollouts in the states that a day seldom shows, each under its own number.

use super::rollout::{view_group, waiting};
use super::*;

/// 412 waits for an approval, 410 goes back; the others are what `docs` of the gallery lists.
pub(crate) fn rollout(id: i64, as_of: Time, said: Option<Command>) -> RolloutView {
    let view = waiting(id, as_of, said);
    match id {
        420 => failed(view),
        421 => queued(view),
        422 => quarantined(view),
        423 => succeeded(view),
        424 => long_names(view),
        _ => view,
    }
}

fn failed(view: RolloutView) -> RolloutView {
    let mut timeline = timeline();
    timeline.truncate(5);
    timeline.push(span("Back", SpanKind::Back, 300));
    let mut steps = view.steps.clone();
    for step in &mut steps[7..] {
        step.state = StepState::Skipped;
    }
    RolloutView {
        state: "failed".into(),
        state_text: "failed".into(),
        reason: Some("failed".into()),
        sentence: "It needs a person: storefront-prod-eu-v041 cannot take the traffic back: the cloud says \"no capacity for 6 instances in zone b\". Free capacity there, then roll back again; until then storefront-prod-eu-v042 keeps its 25%.".into(),
        actions: vec![
            offer(Command::Promote, "it failed on its way back; roll back again"),
            offer(Command::Pause, "it failed; nothing moves"),
            offer(Command::Rollback, ""),
            offer(Command::Cancel, ""),
        ],
        ended_at: Some(ago(20)),
        timeline,
        steps,
        ..view
    }
}

fn queued(view: RolloutView) -> RolloutView {
    let steps = super::rollout::steps(true);
    RolloutView {
        state: "pending".into(),
        state_text: "waiting".into(),
        reason: Some("queue".into()),
        sentence: "Nothing has been done yet: it waits behind rollout 412, which owns prod-eu."
            .into(),
        admitted_at: None,
        step: 0,
        steps,
        groups: vec![],
        series: vec![],
        judgement: None,
        timeline: timeline()
            .into_iter()
            .map(|span| Span {
                kind: SpanKind::Next,
                ..span
            })
            .collect(),
        actions: vec![
            offer(Command::Promote, "it has not begun"),
            offer(Command::Pause, "it has not begun"),
            offer(
                Command::Rollback,
                "nothing has been done that could be taken back; cancel it",
            ),
            offer(Command::Cancel, ""),
        ],
        observed_at: None,
        ..view
    }
}

fn quarantined(view: RolloutView) -> RolloutView {
    let trouble = "its task ended unexpectedly and is quarantined; see the log";
    RolloutView {
        state: "in_progress".into(),
        state_text: "in progress".into(),
        reason: None,
        sentence: format!(
            "25% of the traffic is served by 1.2.0, the rest by 1.1.0. It is being judged. Rolling back moves every visitor to 1.1.0 at once. It is held up: {trouble}."
        ),
        trouble: Some(trouble.into()),
        ..view
    }
}

fn succeeded(view: RolloutView) -> RolloutView {
    let mut steps = view.steps.clone();
    for step in &mut steps {
        step.state = StepState::Done;
        step.since = step.since.or(Some(ago(60)));
        step.until = step.until.or(Some(ago(50)));
        step.weight_observed = step.weight_asked;
    }
    RolloutView {
        state: "succeeded".into(),
        state_text: "succeeded".into(),
        reason: None,
        sentence: "1.2.0 has replaced 1.1.4 and serves all visitors.".into(),
        ended_at: Some(ago(10)),
        timeline: timeline()
            .into_iter()
            .map(|span| Span {
                kind: SpanKind::Done,
                ..span
            })
            .collect(),
        actions: vec![
            offer(Command::Promote, "it is over: succeeded"),
            offer(Command::Rollback, ""),
        ],
        groups: vec![view_group(42, "1.2.0", Role::Stable, 100, 6, false)],
        series: vec![],
        steps,
        ..view
    }
}

fn long_names(view: RolloutView) -> RolloutView {
    let (app, env) = (app(&"a".repeat(40)), env(&"e".repeat(40)));
    let (old, new) = (
        "1.1.0-rc.12.build.20261121140322",
        "1.2.0-rc.1.build.20261121140323",
    );
    let mut groups = view.groups.clone();
    for (nth, group) in groups.iter_mut().enumerate() {
        let number = u32::try_from(nth).unwrap_or(0) + 998;
        group.name = GroupName::numbered(&app, &env, number);
        group.image = version(if group.incoming { new } else { old });
        group.requests = 123_456_789_012;
        group.restarts = 12_345;
        group.broken =
            (nth == 1).then(|| "it ended with exit code 127: bin/storefront: not found".to_owned());
    }
    let mut series = view.series.clone();
    for one in &mut series {
        one.version = version(if one.incoming { new } else { old });
        for point in &mut one.points {
            point.requests_per_s *= 98_765.4;
        }
    }
    RolloutView {
        headline: format!("Canary {old} → {new}"),
        sentence: format!(
            "25% of the traffic is served by {new}, the rest by {old}. It waits for an approval."
        ),
        from: Some(version(old)),
        to: version(new),
        started_by: "release-bot-of-the-platform-team".into(),
        app,
        env,
        groups,
        series,
        ..view
    }
}
