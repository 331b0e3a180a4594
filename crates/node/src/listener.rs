//! Opens an environment's gateway where it is to listen.

use std::sync::Arc;
use std::time::Duration;

use cloud::CloudError;
use cloud_local::wire::NodeEventKind;
use gateway::{BindError, Gateway, Options};
use tokio::time::Instant;

use crate::environment::Environment;
use crate::error::chain;
use crate::node::{DRAIN_TIMEOUT, Node};

const RETRY: Duration = Duration::from_secs(1);

/// The gateway is open where it is to be. Another address is opened before the old one is closed.
pub(crate) async fn ensure(node: &Arc<Node>, environment: &Environment) -> Result<(), CloudError> {
    let _alone = environment.opening.lock().await;
    let (listen, bound, ready) = environment.with(|inner| {
        let listen = inner.wanted.listen;
        (
            listen,
            inner.wanted.bound,
            inner.closing || inner.open_for == Some(listen),
        )
    });
    if ready {
        return Ok(());
    }
    let address = match bound {
        Some(bound) if listen.port() == 0 && bound.ip() == listen.ip() => bound,
        _ => listen,
    };
    let options = || Options::for_environment(environment.target.to_string());
    let mut opened = Gateway::bind(address, options()).await;
    if opened.is_err() && address != listen {
        opened = Gateway::bind(listen, options()).await;
    }
    match opened {
        Ok(gateway) => {
            let local = gateway.local_addr();
            let (before, wanted) = environment.with(|inner| {
                let before = inner.gateway.replace(gateway);
                inner.open_for = Some(listen);
                inner.trouble = None;
                inner.wanted.bound = Some(local);
                inner.publish();
                (before, inner.to_save(inner.wanted.clone()))
            });
            let text = format!("{} listens on {local}", environment.target);
            tracing::info!("{text}");
            if let Some(before) = before {
                node.tasks.spawn(before.shutdown(DRAIN_TIMEOUT));
            }
            // Only for an address that was taken at random is there anything new to be kept, and
            // only for an environment that is on disk already: a verb saves it otherwise.
            if bound != Some(local)
                && !wanted.groups.is_empty()
                && let Err(error) = node.state.save(wanted).await
            {
                tracing::warn!(%error, "The address of the listener could not be saved.");
            }
            Ok(())
        }
        Err(error) => {
            let text = trouble(node, environment, &error);
            environment.with(|inner| {
                inner.retry_listener_at = Some(Instant::now() + RETRY);
                if inner.trouble.as_ref() != Some(&text) {
                    node.events.note(
                        NodeEventKind::Listener,
                        format!("{}: {text}", environment.target),
                    );
                    inner.trouble = Some(text.clone());
                }
            });
            Err(match error {
                BindError::Denied { .. } => CloudError::Denied(text),
                BindError::NoSuchAddress { .. } => CloudError::Invalid(text),
                BindError::Taken { .. } => CloudError::Conflict(text),
                BindError::Other { .. } => CloudError::Transient(text),
            })
        }
    }
}

fn trouble(node: &Node, environment: &Environment, error: &BindError) -> String {
    let owner = node.environments().into_iter().find(|other| {
        other.target != environment.target
            && other.with(|inner| {
                inner
                    .gateway
                    .as_ref()
                    .is_some_and(|open| open.local_addr() == error.addr())
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
