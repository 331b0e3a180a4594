//! The loop of an environment: looks at what is wanted and what runs, and does what is missing.

use std::sync::Arc;
use std::time::Duration;

use domain::{Group, GroupName, Health};
use tokio::time::Instant;

use crate::environment::{Environment, Inner, Running};
use crate::node::Node;
use crate::state::WantedGroup;
use crate::{listener, start, verbs};

/// Level-triggered: whatever wake was lost, the next look heals it.
const PERIOD: Duration = Duration::from_millis(250);

pub(crate) async fn run(node: Arc<Node>, environment: Arc<Environment>) {
    loop {
        pass(&node, &environment).await;
        let until = environment.with(|inner| {
            let starts = inner.groups.values().filter_map(|group| group.next_start);
            let now = Instant::now();
            starts
                .filter(|at| *at > now)
                .min()
                .map_or(PERIOD, |at| PERIOD.min(at - now))
        });
        tokio::select! {
            () = environment.wake.notified() => {}
            () = tokio::time::sleep(until) => {}
            () = node.ending.cancelled() => return,
        }
    }
}

async fn pass(node: &Arc<Node>, environment: &Arc<Environment>) {
    if environment.with(|inner| inner.closing) {
        return;
    }
    let retry = environment.with(|inner| {
        let used = !inner.wanted.groups.is_empty();
        let due = inner
            .retry_listener_at
            .is_none_or(|at| Instant::now() >= at);
        used && due && !inner.doors.keys().eq(&inner.doors_wanted(None))
    });
    // A verb that has its turn may just have opened an address for a group that it is about to add.
    if retry && let Ok(_turn) = environment.turn.try_lock() {
        // It has told the log and the status itself.
        let _ = listener::ensure(node, environment, None).await;
    }
    let (starts, gone) = environment.with(|inner| look(node, inner));
    for group in starts {
        node.tasks.spawn(start::start(
            Arc::clone(node),
            Arc::clone(environment),
            group,
        ));
    }
    let counted = environment.with(|inner| {
        inner.wanted.groups.iter().any(|(name, wanted)| {
            inner.groups.get(name).is_some_and(|running| {
                (wanted.restarts, wanted.proven) != (running.restarts, running.proven)
            })
        })
    });
    if counted && let Err(error) = verbs::remember_counts(node, environment).await {
        tracing::warn!(environment = %environment.target, %error, "Restarts could not be saved.");
    }
    for group in gone {
        match verbs::forget(node, environment, &group).await {
            Ok(()) => tracing::info!(%group, "The group is gone."),
            Err(error) => {
                tracing::warn!(%group, %error, "The group could not be taken off the books.")
            }
        }
    }
}

/// What to start, and which groups are gone. Lets go of what is too much.
fn look(node: &Node, inner: &mut Inner) -> (Vec<Group>, Vec<GroupName>) {
    let (mut starts, mut gone, mut leaving) = (Vec::new(), Vec::new(), Vec::new());
    for (name, running) in &mut inner.groups {
        let Some(wanted) = inner.wanted.groups.get(name) else {
            leaving.extend(running.instances.keys().cloned());
            continue;
        };
        leaving.extend(surplus(running, wanted));
        if wanted.retiring && running.instances.is_empty() && running.starting == 0 {
            gone.push(name.clone());
        }
        let due = running.next_start.is_none_or(|at| Instant::now() >= at);
        if due && running.broken.is_none() {
            let missing = wanted
                .instances()
                .saturating_sub(fresh(running).count() + running.starting);
            running.starting += missing;
            starts.extend(std::iter::repeat_n(wanted.group.clone(), missing));
        }
    }
    for id in leaving {
        inner.let_go(node, &id);
    }
    (starts, gone)
}

/// Instances that stay.
fn fresh(running: &Running) -> impl Iterator<Item = &crate::environment::Instance> {
    running
        .instances
        .values()
        .filter(|one| !one.record.leaving && !one.record.replace)
}

/// Which instances have to go: those to be replaced once enough others are healthy, and those above
/// the wanted size, the least useful first.
fn surplus(running: &Running, wanted: &WantedGroup) -> Vec<String> {
    let mut stay: Vec<_> = fresh(running).collect();
    let healthy = stay
        .iter()
        .filter(|one| one.health == Health::Healthy)
        .count();
    let mut go = Vec::new();
    if healthy >= wanted.instances() {
        let replaced = running
            .instances
            .values()
            .filter(|one| one.record.replace && !one.record.leaving);
        go.extend(replaced.map(|one| one.record.id.clone()));
    }
    stay.sort_by_key(|one| {
        (
            one.health != Health::Healthy,
            !one.drift.is_empty(),
            one.record.since,
        )
    });
    let too_many = stay.len().saturating_sub(wanted.instances());
    go.extend(
        stay.iter()
            .rev()
            .take(too_many)
            .map(|one| one.record.id.clone()),
    );
    go
}
