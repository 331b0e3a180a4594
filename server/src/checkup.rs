//! What `viridian doctor` looks at, whichever process does the looking.

use crate::data::DataDir;
use cloud_local::LocalCloud;
use serde::{Deserialize, Serialize};
use store::{Store, Verification};
use utoipa::ToSchema;

/// One thing that was looked at.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct Finding {
    /// `journal`, `node`, `token`.
    pub(crate) what: String,
    pub(crate) sound: bool,
    /// What was found, and what to do where it is not sound.
    pub(crate) text: String,
}

impl Finding {
    pub(crate) fn good(what: &str, text: impl Into<String>) -> Self {
        Self {
            what: what.to_owned(),
            sound: true,
            text: text.into(),
        }
    }

    pub(crate) fn bad(what: &str, text: impl Into<String>) -> Self {
        Self {
            what: what.to_owned(),
            sound: false,
            text: text.into(),
        }
    }
}

pub(crate) async fn all(store: &Store, data: &DataDir, node: &LocalCloud) -> Vec<Finding> {
    let mut findings = vec![journal(store).await];
    findings.extend(self::node(node).await);
    findings.push(token(data));
    findings
}

async fn journal(store: &Store) -> Finding {
    match store.verify(|_| {}).await {
        Ok(Verification::Sound { rows, head_hash }) => {
            let head = head_hash.get(..16).unwrap_or(&head_hash).to_owned();
            Finding::good(
                "journal",
                format!("{rows} entries, the chain is whole up to {head}"),
            )
        }
        Ok(Verification::Broken { seq, why }) => Finding::bad(
            "journal",
            format!(
                "entry {seq} is not as it was written: {why}. Stop, and restore a back-up from before with `viridian restore`"
            ),
        ),
        Err(error) => Finding::bad("journal", error.to_string()),
    }
}

async fn node(node: &LocalCloud) -> Vec<Finding> {
    let status = match node.status().await {
        Ok(status) => status,
        Err(error) => {
            return vec![Finding::bad(
                "node",
                format!("{error}. `viridian serve` starts it again"),
            )];
        }
    };
    let instances: usize = status
        .environments
        .iter()
        .flat_map(|env| &env.groups)
        .map(|group| group.instances.len())
        .sum();
    let mut findings = vec![Finding::good(
        "node",
        format!(
            "process {} answers, with {} environments and {instances} instances",
            status.pid,
            status.environments.len()
        ),
    )];
    for env in &status.environments {
        if let Some(trouble) = &env.trouble {
            findings.push(Finding::bad(
                "node",
                format!("{} cannot listen on {}: {trouble}", env.target, env.listen),
            ));
        }
        for instance in env.groups.iter().flat_map(|group| &group.instances) {
            if !instance.drift.is_empty() {
                let files = instance.drift.join(", ");
                findings.push(Finding::bad(
                    "node",
                    format!(
                        "instance {} of {} differs from its image: {files}",
                        instance.id, env.target
                    ),
                ));
            }
        }
    }
    findings
}

fn token(data: &DataDir) -> Finding {
    let file = data.token_file();
    let place = file.display();
    match data.token_is_exposed() {
        Ok(false) => Finding::good("token", format!("{place} is for its owner alone")),
        Ok(true) => Finding::bad(
            "token",
            format!(
                "others may read {place}: `chmod 600` it, then delete it and start `viridian serve` anew for a fresh one"
            ),
        ),
        Err(error) => Finding::bad(
            "token",
            format!("{place}: {error}. `viridian serve` makes a new one at its start"),
        ),
    }
}
