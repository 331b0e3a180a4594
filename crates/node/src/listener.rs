//! Opens an environment's gateway where it is to listen, and closes it where it no longer is.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use cloud::CloudError;
use cloud_local::wire::{About, NodeEventKind};
use gateway::{BindError, Gateway, Options};
use tokio::time::Instant;

use crate::environment::Environment;
use crate::error::chain;
use crate::node::{DRAIN_TIMEOUT, Node};

const RETRY: Duration = Duration::from_secs(1);

/// The gateway is open wherever a group of the environment is to be reached, and at `also`. What is
/// missing is opened before what is no longer wanted is closed, and an address that another program has
/// keeps no other one shut; the first that failed is told.
pub(crate) async fn ensure(
    node: &Arc<Node>,
    environment: &Environment,
    also: Option<SocketAddr>,
) -> Result<(), CloudError> {
    let _alone = environment.opening.lock().await;
    let wanted = environment.with(|inner| match inner.closing {
        true => BTreeSet::new(),
        false => inner.doors_wanted(also),
    });
    let mut trouble = None;
    for &listen in &wanted {
        if environment.with(|inner| inner.doors.contains_key(&listen)) {
            continue;
        }
        let (local, before) = match open(environment, listen).await {
            Ok(opened) => opened,
            Err(error) => {
                trouble.get_or_insert(error);
                continue;
            }
        };
        tracing::info!("{} listens on {local}", environment.target);
        // Only for an address that was taken at random is there anything new to be kept, and
        // only for an environment that is on disk already: a verb saves it otherwise.
        let wanted = environment.with(|inner| inner.to_save(inner.wanted.clone()));
        if before != wanted.bound
            && !wanted.groups.is_empty()
            && let Err(error) = node.state.save(wanted).await
        {
            tracing::warn!(%error, "The address of the listener could not be saved.");
        }
    }
    environment.with(|inner| {
        let closed: Vec<_> = inner
            .doors
            .extract_if(.., |listen, _| !wanted.contains(listen) && !inner.closing)
            .collect();
        for (_, local) in closed {
            if let Some(gateway) = &inner.gateway {
                gateway.close(local, DRAIN_TIMEOUT);
            }
            tracing::info!("{} no longer listens on {local}", environment.target);
        }
    });
    match trouble {
        Some(error) => Err(failed(node, environment, &error)),
        None => {
            environment.with(|inner| inner.trouble = None);
            Ok(())
        }
    }
}

/// Opens one address; answers which it became, and what port 0 had become before.
async fn open(
    environment: &Environment,
    listen: SocketAddr,
) -> Result<(SocketAddr, Option<SocketAddr>), BindError> {
    let bound = environment.with(|inner| inner.wanted.bound);
    let again = bound.filter(|bound| listen.port() == 0 && bound.ip() == listen.ip());
    let mut opened = open_at(environment, again.unwrap_or(listen)).await;
    if opened.is_err() && again.is_some() {
        opened = open_at(environment, listen).await;
    }
    let local = opened?;
    environment.with(|inner| {
        inner.doors.insert(listen, local);
        if listen.port() == 0 {
            inner.wanted.bound = Some(local);
        }
    });
    Ok((local, bound))
}

async fn open_at(environment: &Environment, address: SocketAddr) -> Result<SocketAddr, BindError> {
    let opened = environment.with(|inner| Some(inner.gateway.as_ref()?.open(address)));
    if let Some(opened) = opened {
        return opened;
    }
    let options = Options::for_environment(environment.target.to_string());
    let gateway = Gateway::bind(address, options).await?;
    let local = gateway.local_addr();
    environment.with(|inner| {
        inner.gateway = Some(gateway);
        inner.publish();
    });
    Ok(local)
}

fn failed(node: &Node, environment: &Environment, error: &BindError) -> CloudError {
    let text = trouble(node, environment, error);
    environment.with(|inner| {
        inner.retry_listener_at = Some(Instant::now() + RETRY);
        if inner.trouble.as_ref() != Some(&text) {
            let about = About {
                target: environment.target.clone(),
                group: None,
                version: None,
                instance: None,
            };
            node.events.note_of(
                about,
                NodeEventKind::Listener,
                format!("{}: {text}", environment.target),
            );
            inner.trouble = Some(text.clone());
        }
    });
    match error {
        BindError::Denied { .. } => CloudError::Denied(text),
        BindError::NoSuchAddress { .. } => CloudError::Invalid(text),
        BindError::Taken { .. } => CloudError::Conflict(text),
        BindError::Other { .. } => CloudError::Transient(text),
    }
}

fn trouble(node: &Node, environment: &Environment, error: &BindError) -> String {
    let owner = node.environments().into_iter().find(|other| {
        other.target != environment.target
            && other.with(|inner| {
                inner
                    .gateway
                    .as_ref()
                    .is_some_and(|open| open.addrs().contains(&error.addr()))
            })
    });
    match owner {
        Some(owner) => format!(
            "{} is where {} listens: give {} another port in its declaration",
            error.addr(),
            owner.target,
            environment.target
        ),
        None => chain(error),
    }
}
