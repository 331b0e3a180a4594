//! Starts one instance of a group.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use cloud_local::wire::{About, NodeEventKind};
use domain::{Group, Health};
use image::ImageError;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::environment::{Environment, Instance};
use crate::error::chain;
use crate::health::Pulse;
use crate::instance::{self, backoff};
use crate::node::{Node, blocking, now};
use crate::process::{self, Program};
use crate::state::Record;
use crate::verbs;

/// Why an instance could not be started.
enum Obstacle {
    /// Trying again cannot help.
    Broken(String),
    Later(String),
}

/// Starts it and puts it under its task. Counted in `starting` by the caller until then.
pub(crate) async fn start(node: Arc<Node>, environment: Arc<Environment>, group: Group) {
    let launched = launch(&node, &environment, &group).await;
    let attend = environment.with(|inner| {
        let closing = inner.closing;
        let Some(running) = inner.groups.get_mut(&group.name) else {
            // Cannot be: a group is kept while anything of it is being started.
            return None;
        };
        running.starting = running.starting.saturating_sub(1);
        match launched {
            Ok((record, process)) => {
                running.trouble = None;
                let leave = CancellationToken::new();
                let mut record = record;
                if closing {
                    record.leaving = true;
                    leave.cancel();
                }
                let instance = Instance {
                    record: record.clone(),
                    health: Health::Progressing,
                    reason: Some("it was just started".to_owned()),
                    drift: Vec::new(),
                    adopted: false,
                    leave: leave.clone(),
                };
                running.instances.insert(record.id.clone(), instance);
                Some((record, process, leave))
            }
            Err(Obstacle::Broken(text)) => {
                let about = About {
                    target: environment.target.clone(),
                    group: Some(group.name.clone()),
                    version: Some(group.version.clone()),
                    instance: None,
                };
                node.events.note_of(
                    about,
                    NodeEventKind::Broken,
                    format!("{} cannot run: {text}", group.name),
                );
                running.broken = Some(text);
                None
            }
            Err(Obstacle::Later(text)) => {
                running.streak += 1;
                running.next_start = Some(Instant::now() + backoff(running.streak));
                tracing::warn!(group = %group.name, "An instance could not be started: {text}");
                running.trouble = Some(text);
                None
            }
        }
    });
    environment.wake.notify_one();
    if let Some((record, process, leave)) = attend {
        let text = format!(
            "{} started as process {} on port {}",
            record.id, record.pid, record.port
        );
        node.events
            .note_of(record.about(), NodeEventKind::Started, text);
        let check = group.template.health.clone();
        instance::attend(
            node,
            environment,
            record,
            process,
            leave,
            Pulse::new(false),
            check,
        )
        .await;
    }
}

async fn launch(
    node: &Arc<Node>,
    environment: &Environment,
    group: &Group,
) -> Result<(Record, process::Process), Obstacle> {
    let digest =
        verbs::in_store(&group.image).map_err(|error| Obstacle::Broken(error.to_string()))?;
    let working = Arc::clone(node);
    let prepared = blocking(move || {
        let command = working.images.show(&digest)?.command;
        let (tree, generation) = working.trees.clean(&digest)?;
        Ok::<_, ImageError>((command, tree, generation))
    });
    let (command, tree, generation) = match prepared.await {
        Some(Ok(prepared)) => prepared,
        Some(Err(error)) => return Err(of_image(&error)),
        None => {
            return Err(Obstacle::Later(
                "the image could not be unpacked".to_owned(),
            ));
        }
    };
    let port = node
        .ports
        .choose()
        .map_err(|error| Obstacle::Later(error.to_string()))?;
    let id = format!("{}-{:06x}", group.name, rand::random::<u32>() & 0xff_ffff);
    let program = Program {
        command: &command,
        tree: &tree,
        port,
        environment: variables(node, environment, group, &id, port),
        log: &node.records.log(&id),
        limits: &group.template.limits,
    };
    let (process, pid) = node
        .living
        .begin(&id, || process::start(&program))
        .map_err(|error| of_start(&error, &command, &tree))?;
    let started_ticks = process::facts(pid).map_or(0, |facts| facts.started_ticks);
    let record = Record {
        id,
        target: environment.target.clone(),
        group: group.name.clone(),
        image: group.image.clone(),
        version: Some(group.version.clone()),
        pid,
        started_ticks,
        boot: process::boot(),
        port,
        tree,
        generation,
        since: now(),
        healthy: false,
        proven: false,
        replace: false,
        leaving: false,
    };
    node.records.write(&record);
    Ok((record, process))
}

fn of_image(error: &ImageError) -> Obstacle {
    match error {
        ImageError::Io { .. } | ImageError::DiskFull { .. } | ImageError::Drifted { .. } => {
            Obstacle::Later(chain(error))
        }
        _ => Obstacle::Broken(chain(error)),
    }
}

fn of_start(error: &io::Error, command: &[String], tree: &Path) -> Obstacle {
    let name = command.first().map_or("", String::as_str);
    match error.kind() {
        _ if !tree.is_dir() => {
            Obstacle::Later(format!("the unpacked image {} is gone", tree.display()))
        }
        io::ErrorKind::NotFound => Obstacle::Broken(format!(
            "its entry point {name:?} does not exist, nor does the program that it names as its interpreter; bake the image with a command that is there"
        )),
        io::ErrorKind::PermissionDenied => Obstacle::Broken(format!(
            "its entry point {name:?} is not executable; set its executable bit and bake the image again"
        )),
        // ENOEXEC
        _ if error.raw_os_error() == Some(8) => Obstacle::Broken(format!(
            "its entry point {name:?} is no program of this machine; bake the image with one that is"
        )),
        _ => Obstacle::Later(format!("{name:?} could not be started: {error}")),
    }
}

/// The whole environment of an instance: nothing of the node's own leaks in, least of all secrets.
fn variables(
    node: &Node,
    environment: &Environment,
    group: &Group,
    id: &str,
    port: u16,
) -> BTreeMap<&'static str, String> {
    let path = std::env::var("PATH").unwrap_or_else(|_| "/usr/local/bin:/usr/bin:/bin".to_owned());
    [
        ("PATH", path),
        ("HOME", "/nonexistent".to_owned()),
        ("LANG", "C.UTF-8".to_owned()),
        // Python would put compiled files into the image's folder, where it may.
        ("PYTHONDONTWRITEBYTECODE", "1".to_owned()),
        ("PORT", port.to_string()),
        ("VIRIDIAN_APP", environment.target.app.to_string()),
        ("VIRIDIAN_ENV", environment.target.env.to_string()),
        ("VIRIDIAN_GROUP", group.name.to_string()),
        ("VIRIDIAN_INSTANCE", id.to_owned()),
        ("VIRIDIAN_IMAGE", group.image.to_string()),
        ("VIRIDIAN_VERSION", group.version.to_string()),
        ("VIRIDIAN_NODE", node.id.clone()),
    ]
    .into()
}

/// A fault that lasts is not met at full speed.
pub(crate) const BACKOFF_MAX: Duration = Duration::from_secs(30);
