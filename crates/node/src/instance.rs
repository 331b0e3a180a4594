//! The life of one instance: asked for its health, drained, ended.

use std::sync::Arc;
use std::time::Duration;

use cloud_local::wire::NodeEventKind;
use domain::Health;
use domain::spec::HealthCheck;
use rustix::process::Signal;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::environment::{Environment, Running};
use crate::health::{self, Pulse, Turn};
use crate::logs;
use crate::node::{DRAIN_TIMEOUT, Node};
use crate::process::{Process, SUCCESS, signal_group};
use crate::start::BACKOFF_MAX;
use crate::state::Record;

/// From SIGTERM to SIGKILL.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);
const DRAIN_LOOK: Duration = Duration::from_millis(10);
/// One that served this long had no trouble starting.
const STEADY: Duration = Duration::from_secs(30);
/// Ends in a row, without any instance ever healthy, until a group is called broken.
const FAILURES_MAX: u32 = 3;
const PORT_CLASHES_MAX: u32 = 10;

enum End {
    Itself(String),
    Asked,
    /// The node goes; the process stays.
    Left,
}

/// Waits longer from one failure in a row to the next.
pub(crate) fn backoff(streak: u32) -> Duration {
    let doublings = streak.saturating_sub(1).min(16);
    (Duration::from_millis(100) * 2u32.pow(doublings)).min(BACKOFF_MAX)
}

pub(crate) async fn attend(
    node: Arc<Node>,
    environment: Arc<Environment>,
    record: Record,
    mut process: Process,
    leave: CancellationToken,
    mut pulse: Pulse,
    check: HealthCheck,
) {
    let began = Instant::now();
    let mut ask_at = began;
    let end = loop {
        let asked = async {
            tokio::time::sleep_until(ask_at).await;
            health::probe(record.address(), &check).await
        };
        let answer = tokio::select! {
            biased;
            () = node.ending.cancelled() => break End::Left,
            how = process.ended() => break End::Itself(how),
            () = leave.cancelled() => {
                drain(&environment, &record, &mut process).await;
                stop(&record, &mut process).await;
                break End::Asked;
            }
            answer = asked => answer,
        };
        let turn = pulse.count(answer.is_ok(), &check);
        note(&node, &environment, &record, turn, answer);
        ask_at = Instant::now() + pulse.interval(&check, began.elapsed());
    };
    let how = match end {
        End::Left => return,
        End::Itself(how) => Some(how),
        End::Asked => None,
    };
    // What it started itself goes with it, and what left its process group is looked for.
    signal_group(record.pid, Signal::KILL);
    node.living.end(record.pid);
    gone(&node, &environment, &record, how);
}

fn note(
    node: &Node,
    environment: &Environment,
    record: &Record,
    turn: Turn,
    answer: Result<(), String>,
) {
    let failing = environment.with(|inner| {
        let Some(instance) = inner.instance(&record.id) else {
            return false;
        };
        instance.reason = answer.err();
        match turn {
            Turn::Same => return false,
            Turn::Healthy => {
                instance.health = Health::Healthy;
                (instance.record.healthy, instance.record.proven) = (true, true);
            }
            Turn::Unhealthy => {
                instance.health = Health::Degraded;
                instance.record.healthy = false;
            }
        }
        node.records.write(&instance.record);
        let reason = instance.reason.clone();
        inner.publish();
        let Some(running) = inner.groups.get_mut(&record.group) else {
            return false;
        };
        match turn {
            Turn::Healthy => {
                (running.proven, running.failures, running.port_clashes) = (true, 0, 0);
                false
            }
            Turn::Unhealthy => {
                again_later(running, Duration::ZERO);
                let text = format!(
                    "{} is replaced, its health check fails: {}",
                    record.id,
                    reason.unwrap_or_default()
                );
                node.events
                    .note_of(record.about(), NodeEventKind::Ended, text);
                inner.let_go(node, &record.id);
                true
            }
            Turn::Same => false,
        }
    });
    if turn != Turn::Same {
        environment.wake.notify_one();
    }
    if failing {
        tracing::debug!(
            instance = record.id,
            "It was healthy before and is no more."
        );
    }
}

/// Counts an end that nobody asked for.
fn again_later(running: &mut Running, served: Duration) {
    running.restarts += 1;
    running.streak = if served >= STEADY {
        1
    } else {
        running.streak + 1
    };
    running.next_start = Some(Instant::now() + backoff(running.streak));
}

/// Until every request it has is answered. It is out of the table already.
async fn drain(environment: &Environment, record: &Record, process: &mut Process) {
    let until = Instant::now() + DRAIN_TIMEOUT;
    while environment.in_flight(&record.group, &record.id) > 0 && Instant::now() < until {
        tokio::select! {
            _ = process.ended() => return,
            () = tokio::time::sleep(DRAIN_LOOK) => {}
        }
    }
}

async fn stop(record: &Record, process: &mut Process) {
    signal_group(record.pid, Signal::TERM);
    if tokio::time::timeout(STOP_TIMEOUT, process.ended())
        .await
        .is_err()
    {
        tracing::warn!(instance = record.id, "It does not end on SIGTERM; killed.");
        signal_group(record.pid, Signal::KILL);
        process.ended().await;
    }
}

/// Takes it off the books; `how` it ended where nobody asked it to.
fn gone(node: &Node, environment: &Environment, record: &Record, how: Option<String>) {
    node.records.remove(&record.id);
    environment.with(|inner| {
        let Some(running) = inner.groups.get_mut(&record.group) else {
            return;
        };
        let Some(instance) = running.instances.remove(&record.id) else {
            return;
        };
        match how {
            Some(how) if !instance.record.leaving => {
                let served = if instance.record.proven {
                    let served = crate::node::now().since_ms(instance.record.since);
                    Duration::from_millis(served)
                } else {
                    Duration::ZERO
                };
                ended(node, running, &instance.record, &how, served);
            }
            _ => node.events.note_of(
                record.about(),
                NodeEventKind::Stopped,
                format!("{} was stopped", record.id),
            ),
        }
        inner.publish();
    });
    environment.wake.notify_one();
}

fn ended(node: &Node, running: &mut Running, record: &Record, how: &str, served: Duration) {
    let last = logs::last_lines(&node.records.log(&record.id), 5);
    let clash = !record.proven
        && running.port_clashes < PORT_CLASHES_MAX
        && (last.to_ascii_lowercase().contains("address already in use")
            || last.contains("EADDRINUSE"));
    if clash {
        // Somebody was faster than the instance: no fault of its image.
        running.port_clashes += 1;
        running.next_start = None;
        tracing::info!(
            instance = record.id,
            port = record.port,
            "Its port was taken; trying another."
        );
        return;
    }
    again_later(running, served);
    let mut said = if last.is_empty() {
        "it wrote nothing".to_owned()
    } else {
        format!("its last words:\n{last}")
    };
    if !record.proven && how == SUCCESS {
        said.push_str(
            "\nAn instance is the process that was started: a program that goes into the background has to be told to stay in the foreground",
        );
    }
    node.events.note_of(
        record.about(),
        NodeEventKind::Ended,
        format!("{} {how}; {said}", record.id),
    );
    running.trouble = Some(format!("{} {how}", record.id));
    if record.proven || running.proven {
        return;
    }
    running.failures += 1;
    if running.failures >= FAILURES_MAX && running.broken.is_none() {
        let text = format!(
            "{} instances in a row ended before they were ever healthy; the last one, {}, {how}; {said}",
            running.failures, record.id
        );
        node.events.note_of(
            record.about(),
            NodeEventKind::Broken,
            format!("{} cannot run: {text}", record.group),
        );
        running.broken = Some(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_in_a_row_are_met_more_and_more_slowly() {
        assert_eq!(backoff(1), Duration::from_millis(100));
        assert_eq!(backoff(4), Duration::from_millis(800));
        assert_eq!(backoff(100), BACKOFF_MAX);
    }
}
