//! Takes over what an earlier node process left running, so that its death is no one else's.

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
use crate::orphans;
use crate::process::{self, Process, signal_group};
use crate::state::Record;

/// Adopts the instances that live, ends the processes nobody asked for, opens the listeners, and asks
/// each adopted instance for its health once: all before the node answers anybody.
pub(crate) async fn adopt(node: &Arc<Node>) -> Result<(), NodeError> {
    let records = node
        .records
        .all()
        .map_err(NodeError::io("read", &node.records.0))?;
    let boot = process::boot();
    let mut adopted = Vec::new();
    for record in records {
        match take_over(node, &record, &boot) {
            Ok((environment, process)) => {
                node.living.adopt(&record.id, record.pid);
                adopted.push((environment, record, process));
            }
            Err(why) => lose(node, &record, &why, &boot),
        }
    }
    orphans::end(node).await;
    for (environment, record, _) in &adopted {
        let text = format!("{} was taken over as process {}", record.id, record.pid);
        node.events
            .note_of(record.about(), NodeEventKind::Adopted, text);
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

/// The process is the recorded one and can be looked after, or why not.
fn take_over(
    node: &Node,
    record: &Record,
    boot: &str,
) -> Result<(Arc<Environment>, Process), String> {
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
    is_recorded(node, record, boot)?;
    Ok((environment, process))
}

/// The process of this pid is the one of the record, and leads its process group; or why not.
fn is_recorded(node: &Node, record: &Record, boot: &str) -> Result<(), String> {
    let pid = record.pid;
    let facts = process::facts(pid).ok_or("its process ended")?;
    if facts.is_zombie {
        return Err("its process ended".to_owned());
    }
    let same_start = record.boot.is_empty() || record.boot == boot;
    if facts.started_ticks != record.started_ticks || !same_start {
        return Err(format!("process {pid} is another one now"));
    }
    // Programs that set their title write it over their environment: what is missing there says
    // nothing, what stands there has to be right.
    let variables = process::environment(pid).unwrap_or_default();
    let says = |name: &str, value: &str| variables.get(name).map(|said| said == value);
    let node_said = says("VIRIDIAN_NODE", &node.id);
    let instance_said = says("VIRIDIAN_INSTANCE", &record.id);
    if node_said == Some(false) || instance_said == Some(false) {
        return Err(format!("process {pid} is none of this node's"));
    }
    if says("VIRIDIAN_IMAGE", record.image.as_str()) == Some(false) {
        return Err(format!(
            "process {pid} runs another image than its record says"
        ));
    }
    if facts.group != pid {
        return Err(format!("process {pid} left its process group"));
    }
    // Within one start of the machine a pid and its start time are those of one process only. Without
    // knowing the start of the machine, more has to agree.
    let within = || process::working_folder(pid).is_some_and(|at| at.starts_with(&record.tree));
    let named = node_said.is_some() && instance_said.is_some();
    if record.boot.is_empty() && !named && !within() {
        return Err(format!("process {pid} cannot be told from another's"));
    }
    Ok(())
}

/// Takes an instance that is not taken over off the books, and ends what is left of it.
fn lose(node: &Node, record: &Record, why: &str, boot: &str) {
    node.records.remove(&record.id);
    let mut text = format!("{} was lost: {why}", record.id);
    if is_recorded(node, record, boot).is_ok() {
        signal_group(record.pid, Signal::KILL);
        text.push_str(&format!("; process group {} was ended", record.pid));
    }
    node.events
        .note_of(record.about(), NodeEventKind::Lost, text);
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
