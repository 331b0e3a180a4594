//! Looks whether what runs is still what the image says: the files of its unpacked tree. Where a process
//! works is its own affair.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use cloud_local::wire::NodeEventKind;
use domain::Digest;
use image::{Difference, DifferenceKind, ImageError};

use crate::error::chain;
use crate::node::{Node, blocking};
use crate::state::Record;
use crate::verbs;

const PERIOD: Duration = Duration::from_secs(5);
/// Differences named for one instance; a wholly rewritten tree needs no list.
const NAMED: usize = 20;

pub(crate) async fn watch(node: Arc<Node>) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(PERIOD) => {}
            () = node.ending.cancelled() => return,
        }
        look(&node).await;
    }
}

async fn look(node: &Arc<Node>) {
    let records: Vec<Record> = node
        .environments()
        .iter()
        .flat_map(|environment| {
            environment.with(|inner| {
                inner
                    .all()
                    .map(|one| one.record.clone())
                    .collect::<Vec<_>>()
            })
        })
        .collect();
    let working = Arc::clone(node);
    let found = blocking(move || {
        let trees: BTreeSet<(Digest, u32)> = records
            .iter()
            .map(|record| (record.image.clone(), record.generation))
            .collect();
        let trees: BTreeMap<_, _> = trees
            .into_iter()
            .map(|tree| (tree.clone(), of_tree(&working, &tree.0, tree.1)))
            .collect();
        let drift = |record: Record| {
            let drift = trees
                .get(&(record.image.clone(), record.generation))
                .cloned()
                .unwrap_or_default();
            (record, drift)
        };
        records.into_iter().map(drift).collect::<Vec<_>>()
    });
    let mut drifted_images = BTreeSet::new();
    for (record, drift) in found.await.unwrap_or_default() {
        if !drift.is_empty() {
            drifted_images.insert(record.image.clone());
        }
        let Some(environment) = node.environment(&record.target) else {
            continue;
        };
        let is_new = environment.with(|inner| {
            let instance = inner.instance(&record.id)?;
            let is_new = !drift.is_empty() && instance.drift.is_empty();
            instance.drift.clone_from(&drift);
            is_new.then_some(())
        });
        if is_new.is_some() {
            let text = format!("{} differs from its image: {}", record.id, drift.join(", "));
            node.events
                .note_of(record.about(), NodeEventKind::Drift, text);
        }
    }
    tidy(node, drifted_images).await;
}

/// Removes drifted trees that nothing runs from, those of images that drifted just now and of all
/// images that are still wanted.
async fn tidy(node: &Arc<Node>, mut images: BTreeSet<Digest>) {
    let mut in_use = BTreeSet::new();
    for environment in node.environments() {
        environment.with(|inner| {
            images.extend(
                inner
                    .wanted
                    .groups
                    .values()
                    .map(|group| group.group.image.clone()),
            );
            in_use.extend(
                inner
                    .all()
                    .map(|one| (one.record.image.clone(), one.record.generation)),
            );
        });
    }
    let working = Arc::clone(node);
    let work = move || {
        for image in images {
            let Ok(digest) = verbs::in_store(&image) else {
                continue;
            };
            let used = |generation| in_use.contains(&(image.clone(), generation));
            if let Err(error) = working.trees.tidy(&digest, &used) {
                tracing::warn!(%image, error = chain(&error), "A drifted tree could not be removed.");
            }
        }
    };
    blocking(work).await;
}

fn of_tree(node: &Node, image: &Digest, generation: u32) -> Vec<String> {
    let Ok(digest) = verbs::in_store(image) else {
        return Vec::new();
    };
    match node.trees.drift(&digest, generation) {
        Ok(differences) => named(&differences),
        Err(ImageError::NotUnpacked { .. }) => vec!["the unpacked image is gone".to_owned()],
        Err(error) => {
            tracing::warn!(%image, error = chain(&error), "An unpacked image could not be checked.");
            Vec::new()
        }
    }
}

fn named(differences: &[Difference]) -> Vec<String> {
    let kind = |kind| match kind {
        DifferenceKind::Changed => "changed",
        DifferenceKind::Added => "added",
        DifferenceKind::Removed => "removed",
        DifferenceKind::Mode => "other permissions",
    };
    let mut named: Vec<String> = differences
        .iter()
        .take(NAMED)
        .map(|one| format!("{} {}", one.path, kind(one.kind)))
        .collect();
    if differences.len() > NAMED {
        named.push(format!("and {} more", differences.len() - NAMED));
    }
    named
}
