//! What `viridian doctor` looks at, whichever process does the looking.

use crate::data::DataDir;
use crate::world::{is_trouble, node_notes};
use cloud_local::LocalCloud;
use cloud_local::wire::{NodeEventKind, Status};
use domain::{Target, Time};
use serde::{Deserialize, Serialize};
use store::{Store, Verification};
use utoipa::ToSchema;

/// Of what befell an environment, the newest so many are told.
const BEFELL: usize = 5;

/// One thing that was looked at.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct Finding {
    /// `journal`, `store`, `node`, `images`, `token`, `folder`.
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

pub(crate) async fn all(
    store: &Store,
    data: &DataDir,
    node: &LocalCloud,
    now: Time,
) -> Vec<Finding> {
    let mut findings = vec![journal(store).await, writing(store, now).await];
    findings.extend(self::node(node).await);
    findings.extend(images(store, node).await);
    findings.push(token(data));
    findings.push(folder(data));
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
        Ok(Verification::Differs { why }) => Finding::bad(
            "journal",
            format!(
                "its entries are as they were written, but the lists do not show what they say: {why}. Stop, and restore a back-up from before with `viridian restore`"
            ),
        ),
        Err(error) => Finding::bad("journal", error.to_string()),
    }
}

async fn writing(store: &Store, now: Time) -> Finding {
    match store.prove_writable(now).await {
        Ok(()) => Finding::good("store", "it takes writes"),
        Err(error) => Finding::bad("store", error.to_string()),
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
        findings.extend(befell(&status, &env.target));
        for instance in env.groups.iter().flat_map(|group| &group.instances) {
            if !instance.drift.is_empty() {
                let files = instance.drift.join(", ");
                findings.push(Finding::bad(
                    "node",
                    format!(
                        "instance {} of {} differs from its image: {files}. The page Now says what becomes of it",
                        instance.id, env.target
                    ),
                ));
            }
        }
    }
    findings
}

/// What nobody asked for and is over, newest first, since the node runs.
fn befell(status: &Status, target: &Target) -> Vec<Finding> {
    let here = status.events.iter().filter(|event| {
        let about = event.about.as_ref();
        let told = is_trouble(event.kind) || event.kind == NodeEventKind::Adopted;
        told && about.is_some_and(|about| &about.target == target)
    });
    let mut notes = node_notes(here);
    notes.truncate(BEFELL);
    let told = notes.into_iter().map(|note| {
        let (date, clock) = crate::calendar::utc(note.at);
        let detail = note.detail.map_or_else(String::new, |detail| {
            format!(" ({})", detail.lines().collect::<Vec<_>>().join(" / "))
        });
        Finding::good(
            "node",
            format!("{target}, {date} {clock} UTC: {}{detail}", note.text),
        )
    });
    told.collect()
}

/// Every byte of every image beside its digest.
async fn images(store: &Store, node: &LocalCloud) -> Vec<Finding> {
    let known = match store.images(None).await {
        Ok(known) => known,
        Err(error) => return vec![not_checked(&error)],
    };
    let kept = match node.images().await {
        Ok(kept) => kept,
        Err(error) => return vec![not_checked(&error)],
    };
    let mut findings = Vec::new();
    for image in &known {
        if !kept.iter().any(|kept| kept.digest == image.digest) {
            findings.push(Finding::bad(
                "images",
                format!(
                    "{} {} ({}) is gone from the node's store: bake or import it again, or no rollback can return to it",
                    image.app, image.version, image.digest
                ),
            ));
        }
    }
    for image in &kept {
        let name = format!("{} {}", image.app, image.version);
        match node.verify(&image.digest).await {
            Ok(differences) if differences.is_empty() => {}
            Ok(differences) => findings.push(Finding::bad(
                "images",
                format!(
                    "what {name} runs from differs from the image in {} files, the first {}: `viridian instance list --app {}` shows which instances, the page Now what becomes of them",
                    differences.len(),
                    differences.first().map_or("", |first| &first.path),
                    image.app,
                ),
            )),
            Err(error) => findings.push(Finding::bad("images", format!("{name}: {error}"))),
        }
    }
    if findings.is_empty() {
        findings.push(Finding::good(
            "images",
            format!("{} images, every byte is what its digest says", kept.len()),
        ));
    }
    findings
}

fn not_checked(why: &dyn std::fmt::Display) -> Finding {
    Finding::bad(
        "images",
        format!("the images were not checked: {why}. Run this again when that is mended"),
    )
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

fn folder(data: &DataDir) -> Finding {
    let place = data.path().display();
    let exposed = data.exposed();
    if exposed.is_empty() {
        return Finding::good("folder", format!("{place} is for its owner alone"));
    }
    let paths: Vec<_> = exposed
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    Finding::bad(
        "folder",
        format!(
            "others may look into {}: `chmod -R go-rwx {place}`",
            paths.join(", ")
        ),
    )
}
