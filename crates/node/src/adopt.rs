//! Takes over what an earlier node process left running, so that its death is no one else's.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cloud_local::wire::NodeEventKind;
use domain::Health;
use rustix::process::Signal;
use tokio_util::sync::CancellationToken;

use crate::NodeError;
use crate::environment::{Environment, Instance};
use crate::health::{self, Pulse};
use crate::instance;
use crate::listener;
use crate::node::Node;
use crate::process::{self, Process, signal_group};
use crate::state::Record;

/// Adopts the instances that live, ends the processes nobody asked for, opens the listeners, and asks
/// each adopted instance for its health once: all before the node answers anybody.
pub(crate) async fn adopt(node: &Arc<Node>) -> Result<(), NodeError> {
    let records = node
        .records
        .all()
        .map_err(NodeError::io("read", &node.records.0))?;
    let mut adopted = Vec::new();
    for record in records {
        match take_over(node, &record) {
            Ok((environment, process)) => adopted.push((environment, record, process)),
            Err(why) => {
                node.records.remove(&record.id);
                node.events.note(
                    NodeEventKind::Lost,
                    format!("{} was lost: {why}", record.id),
                );
                if let Some(environment) = node.environment(&record.target) {
                    environment.with(|inner| {
                        if let Some(running) = inner.groups.get_mut(&record.group)
                            && !record.leaving
                        {
                            running.restarts += 1;
                        }
                    });
                }
            }
        }
    }
    end_orphans(
        node,
        &adopted
            .iter()
            .map(|(_, record, _)| record.id.clone())
            .collect(),
    );
    for (environment, record, _) in &adopted {
        let text = format!("{} was taken over as process {}", record.id, record.pid);
        node.events.note(NodeEventKind::Adopted, text);
        enter(environment, record);
    }
    for environment in node.environments() {
        let is_used = environment.with(|inner| !inner.wanted.groups.is_empty());
        if is_used {
            // Told in the log and the status, and tried again by the loop.
            let _ = listener::ensure(node, &environment, None).await;
        }
    }
    // What was healthy stays in the traffic; one bad answer now only counts as the first.
    let first = adopted
        .iter()
        .map(|(environment, record, _)| first_look(environment, record));
    let first = futures::future::join_all(first).await;
    for ((environment, record, process), pulse) in adopted.into_iter().zip(first) {
        attend(node, environment, record, process, pulse);
    }
    for environment in node.environments() {
        node.tend(&environment);
    }
    Ok(())
}

/// The process is the recorded one, or why it is not.
fn take_over(node: &Node, record: &Record) -> Result<(Arc<Environment>, Process), String> {
    let environment = node
        .environment(&record.target)
        .ok_or("its environment is gone")?;
    let known = environment.with(|inner| inner.groups.contains_key(&record.group));
    if !known {
        return Err("its group is gone".to_owned());
    }
    // Opened before the facts are read, so that they are those of the process it holds.
    let process =
        Process::adopt(record.pid).map_err(|error| format!("process {}: {error}", record.pid))?;
    let facts = process::facts(record.pid).ok_or("its process ended")?;
    if facts.is_zombie {
        return Err("its process ended".to_owned());
    }
    if facts.started_ticks != record.started_ticks {
        return Err(format!("process {} is another one now", record.pid));
    }
    let variables = process::environment(record.pid).unwrap_or_default();
    if !is_of(&variables, node) || variables.get("VIRIDIAN_INSTANCE") != Some(&record.id) {
        return Err(format!("process {} is none of this node's", record.pid));
    }
    if variables.get("VIRIDIAN_IMAGE").map(String::as_str) != Some(record.image.as_str()) {
        return Err(format!(
            "process {} runs another image than its record says",
            record.pid
        ));
    }
    Ok((environment, process))
}

fn is_of(variables: &BTreeMap<String, String>, node: &Node) -> bool {
    variables.get("VIRIDIAN_NODE") == Some(&node.id)
}

/// Ends the process groups that carry this node's name and belong to no adopted instance.
fn end_orphans(node: &Node, adopted: &BTreeSet<String>) {
    let mut leaders = BTreeMap::new();
    for pid in process::pids() {
        let Some(variables) = process::environment(pid) else {
            continue;
        };
        let instance = variables
            .get("VIRIDIAN_INSTANCE")
            .cloned()
            .unwrap_or_default();
        if !is_of(&variables, node) || adopted.contains(&instance) {
            continue;
        }
        if let Some(leader) = process::group_leader(pid) {
            leaders.insert(leader, instance);
        }
    }
    for (leader, instance) in leaders {
        signal_group(leader, Signal::KILL);
        let text =
            format!("process group {leader} ({instance}) belonged to no instance and was ended");
        node.events.note(NodeEventKind::Orphan, text);
    }
}

fn enter(environment: &Environment, record: &Record) {
    environment.with(|inner| {
        let Some(running) = inner.groups.get_mut(&record.group) else {
            return;
        };
        running.proven |= record.proven;
        let instance = Instance {
            record: record.clone(),
            health: match (record.healthy, record.proven) {
                (true, _) => Health::Healthy,
                (false, true) => Health::Degraded,
                (false, false) => Health::Progressing,
            },
            reason: None,
            drift: Vec::new(),
            adopted: true,
            leave: CancellationToken::new(),
        };
        running.instances.insert(record.id.clone(), instance);
    });
}

async fn first_look(environment: &Environment, record: &Record) -> Pulse {
    let mut pulse = Pulse::new(record.healthy);
    if let Some(check) = check(environment, record) {
        let answer = health::probe(record.address(), &check).await;
        // A single answer turns nothing that takes several in a row; one that it does turn is met
        // again by the task's own first question.
        let mut counted = pulse.clone();
        if counted.count(answer.is_ok(), &check) == health::Turn::Same {
            pulse = counted;
        }
        environment.with(|inner| {
            if let Some(found) = inner.instance(&record.id) {
                found.reason = answer.err();
            }
        });
    }
    pulse
}

fn check(environment: &Environment, record: &Record) -> Option<domain::spec::HealthCheck> {
    environment.with(|inner| {
        Some(
            inner
                .wanted
                .groups
                .get(&record.group)?
                .group
                .template
                .health
                .clone(),
        )
    })
}

fn attend(
    node: &Arc<Node>,
    environment: Arc<Environment>,
    record: Record,
    process: Process,
    pulse: Pulse,
) {
    let leave =
        environment.with(|inner| inner.instance(&record.id).map(|found| found.leave.clone()));
    let (Some(leave), Some(check)) = (leave, check(&environment, &record)) else {
        return;
    };
    if record.leaving {
        leave.cancel();
    }
    let task = instance::attend(
        Arc::clone(node),
        environment,
        record,
        process,
        leave,
        pulse,
        check,
    );
    node.tasks.spawn(task);
}
