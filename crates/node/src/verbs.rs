//! The verbs: each writes a wish down, puts it in force, and leaves the rest to the loop.

use std::net::SocketAddr;
use std::sync::Arc;

use cloud::CloudError;
use domain::{Group, GroupName, Routes, Target};

use crate::environment::{Environment, Running};
use crate::error::{image_problem, transient};
use crate::listener;
use crate::node::{Node, blocking, now};
use crate::state::{Wanted, WantedGroup};

pub(crate) async fn ensure_group(
    node: &Arc<Node>,
    target: &Target,
    listen: SocketAddr,
    group: Group,
    size: u32,
) -> Result<(), CloudError> {
    let digest = in_store(&group.image)?;
    let images = Arc::clone(&node.images);
    let shown = blocking(move || images.show(&digest)).await;
    shown
        .ok_or_else(crashed)?
        .map_err(|error| image_problem(&error))?;
    let environment = node.begin(target, listen);
    let _turn = environment.turn.lock().await;
    let also = group.template.listen.unwrap_or(listen);
    listen_on(node, &environment, listen, Some(also)).await?;
    change(node, &environment, |wanted| {
        if let Some(found) = wanted.groups.get_mut(&group.name) {
            if found.group.image != group.image {
                return Err(CloudError::Conflict(format!(
                    "{} runs {} and never changes; start a group of another name for {}",
                    group.name,
                    found.group.image.short(),
                    group.image.short()
                )));
            }
            (found.size, found.retiring) = (size, false);
            return Ok(());
        }
        let fresh = WantedGroup {
            group: group.clone(),
            size,
            created: now(),
            retiring: false,
            restarts: 0,
            proven: false,
        };
        wanted.groups.insert(group.name.clone(), fresh);
        Ok(())
    })
    .await
}

pub(crate) async fn ensure_size(
    node: &Arc<Node>,
    target: &Target,
    group: &GroupName,
    size: u32,
) -> Result<(), CloudError> {
    let environment = node
        .environment(target)
        .ok_or_else(|| unknown(group, target))?;
    let _turn = environment.turn.lock().await;
    change(node, &environment, |wanted| {
        let found = wanted.groups.get_mut(group).filter(|found| !found.retiring);
        found.ok_or_else(|| unknown(group, target))?.size = size;
        Ok(())
    })
    .await
}

pub(crate) async fn ensure_traffic(
    node: &Arc<Node>,
    target: &Target,
    listen: SocketAddr,
    routes: Routes,
) -> Result<(), CloudError> {
    if !routes.is_whole() {
        let sum: u32 = routes.weights.values().sum();
        return Err(CloudError::Invalid(format!(
            "the weights of {target} sum to {sum}, not to 100"
        )));
    }
    let environment = node.begin(target, listen);
    let _turn = environment.turn.lock().await;
    listen_on(node, &environment, listen, None).await?;
    change(node, &environment, |wanted| {
        let weighed = routes
            .weights
            .iter()
            .filter(|(_, weight)| **weight > 0)
            .map(|(name, _)| name);
        let pinned = routes
            .sticky
            .as_ref()
            .and_then(|sticky| sticky.pinned.as_ref());
        let named = weighed
            .chain(&routes.preview)
            .chain(pinned.map(|(_, name)| name));
        for name in named {
            if wanted.groups.get(name).is_none_or(|group| group.retiring) {
                return Err(unknown(name, target));
            }
        }
        wanted.routes = routes;
        Ok(())
    })
    .await
}

pub(crate) async fn ensure_retired(
    node: &Arc<Node>,
    target: &Target,
    group: &GroupName,
) -> Result<(), CloudError> {
    let Some(environment) = node.environment(target) else {
        return Ok(());
    };
    let _turn = environment.turn.lock().await;
    change(node, &environment, |wanted| {
        let weight = wanted.routes.weight(group);
        let Some(found) = wanted.groups.get_mut(group) else {
            return Ok(());
        };
        if weight > 0 {
            return Err(CloudError::Conflict(format!(
                "{group} carries {weight}% of the traffic of {target}; move it away first"
            )));
        }
        found.retiring = true;
        Ok(())
    })
    .await
}

/// Marks the instance; the loop ends it once another one serves in its place.
pub(crate) async fn replace_instance(
    node: &Arc<Node>,
    target: &Target,
    group: &GroupName,
    instance: &str,
) -> Result<(), CloudError> {
    let environment = node
        .environment(target)
        .ok_or_else(|| unknown(group, target))?;
    let _turn = environment.turn.lock().await;
    environment.with(|inner| {
        let running = inner
            .groups
            .get_mut(group)
            .ok_or_else(|| unknown(group, target))?;
        let found = running.instances.get_mut(instance);
        let found =
            found.ok_or_else(|| CloudError::NotFound(format!("instance {instance} of {group}")))?;
        if !found.record.replace {
            found.record.replace = true;
            node.records.write(&found.record);
        }
        Ok::<_, CloudError>(())
    })?;
    environment.wake.notify_one();
    Ok(())
}

/// Takes a group that is gone off the books, if it is still to go.
pub(crate) async fn forget(
    node: &Node,
    environment: &Environment,
    group: &GroupName,
) -> Result<(), CloudError> {
    let _turn = environment.turn.lock().await;
    change(node, environment, |wanted| {
        if wanted.groups.get(group).is_some_and(|found| found.retiring) {
            wanted.groups.remove(group);
        }
        Ok(())
    })
    .await
}

/// Brings the counts that belong to the groups to disk, so that a restart of the node does not make
/// a group look steadier than it is.
pub(crate) async fn remember_counts(
    node: &Node,
    environment: &Environment,
) -> Result<(), CloudError> {
    let _turn = environment.turn.lock().await;
    let counts: Vec<_> = environment.with(|inner| {
        let groups = inner.groups.iter();
        groups
            .map(|(name, running)| (name.clone(), running.restarts, running.proven))
            .collect()
    });
    change(node, environment, |wanted| {
        for (name, restarts, proven) in counts {
            if let Some(group) = wanted.groups.get_mut(&name) {
                (group.restarts, group.proven) = (restarts, proven);
            }
        }
        Ok(())
    })
    .await
}

/// Edits the wish; where that changes it, writes it to disk and then puts it in force. The caller
/// holds the turn.
async fn change(
    node: &Node,
    environment: &Environment,
    edit: impl FnOnce(&mut Wanted) -> Result<(), CloudError>,
) -> Result<(), CloudError> {
    let before = environment.with(|inner| inner.wanted.clone());
    let mut wanted = before.clone();
    edit(&mut wanted)?;
    if wanted == before {
        return Ok(());
    }
    let document = environment.with(|inner| inner.to_save(wanted.clone()));
    let saved = node.state.save(document).await;
    saved.map_err(|error| transient("what is wanted could not be written to disk", &error))?;
    environment.with(|inner| {
        wanted.bound = inner.wanted.bound;
        inner.groups.retain(|name, running| {
            wanted.groups.contains_key(name)
                || !running.instances.is_empty()
                || running.starting > 0
        });
        for name in wanted.groups.keys() {
            inner
                .groups
                .entry(name.clone())
                .or_insert_with(Running::default);
        }
        inner.wanted = wanted;
        inner.publish();
    });
    environment.wake.notify_one();
    Ok(())
}

/// The environment listens where its groups are to be reached, at `also`, and at `listen` for those
/// that do not say where; or keeps listening where it did.
async fn listen_on(
    node: &Arc<Node>,
    environment: &Environment,
    listen: SocketAddr,
    also: Option<SocketAddr>,
) -> Result<(), CloudError> {
    let before = environment.with(|inner| std::mem::replace(&mut inner.wanted.listen, listen));
    let opened = listener::ensure(node, environment, also).await;
    if opened.is_err() {
        environment.with(|inner| {
            if inner.gateway.is_some() {
                inner.wanted.listen = before;
            }
        });
    } else if before != listen {
        let document = environment.with(|inner| inner.to_save(inner.wanted.clone()));
        let saved = node.state.save(document).await;
        saved.map_err(|error| transient("the new address could not be written to disk", &error))?;
    }
    opened
}

pub(crate) fn in_store(digest: &domain::Digest) -> Result<image::Digest, CloudError> {
    digest
        .as_str()
        .parse()
        .map_err(|error: image::BadDigest| CloudError::Invalid(error.to_string()))
}

pub(crate) fn crashed() -> CloudError {
    CloudError::Transient("the node met a fault of its own; its log says more".to_owned())
}

fn unknown(group: &GroupName, target: &Target) -> CloudError {
    CloudError::NotFound(format!("a server group {group} in {target}"))
}
