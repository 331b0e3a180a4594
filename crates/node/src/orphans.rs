//! Which processes of the machine are this node's, and the end of those that belong to no instance.
//!
//! A process is known by the environment it was started with. Programs that set their title (nginx,
//! Ruby, Perl) write it over that memory; they are known by their process group, by whose children they
//! are, and by working in the folder of an image of this node. One that has left all of these behind
//! cannot be told from a stranger's, and is left alone.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use cloud_local::wire::{About, NodeEventKind};
use domain::Group;
use rustix::process::Signal;
use tokio::sync::Notify;

use crate::node::{Node, blocking};
use crate::process::{self, Process, signal_group};

/// Many instances may end at once, and their process groups with them: only then is `/proc` read for
/// what they left.
const PAUSE: Duration = Duration::from_millis(100);
/// From SIGKILL to the next look.
const DYING: Duration = Duration::from_millis(10);
/// What forks while it is ended is met again.
const PASSES_MAX: usize = 100;
/// Deeper than any tree of processes that a program makes.
const ANCESTORS_MAX: usize = 64;

/// The processes that instances are, by pid: from just before they run until they are told to be over.
#[derive(Default)]
pub(crate) struct Living {
    instances: Mutex<BTreeMap<u32, String>>,
    ended: Notify,
}

impl Living {
    /// Held while a process is started, so that none is ever seen running that is not in here.
    pub(crate) fn begin(
        &self,
        id: &str,
        start: impl FnOnce() -> io::Result<(Process, u32)>,
    ) -> io::Result<(Process, u32)> {
        let mut instances = self.lock();
        let started = start();
        match &started {
            Ok((_, pid)) => {
                instances.insert(*pid, id.to_owned());
            }
            // It may have run for a moment.
            Err(_) => self.ended.notify_one(),
        }
        started
    }

    pub(crate) fn adopt(&self, id: &str, pid: u32) {
        self.lock().insert(pid, id.to_owned());
    }

    pub(crate) fn end(&self, pid: u32) {
        self.lock().remove(&pid);
        self.ended.notify_one();
    }

    fn now(&self) -> BTreeMap<u32, String> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<u32, String>> {
        self.instances
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Looks for what an instance left behind whenever one has ended.
pub(crate) async fn watch(node: Arc<Node>) {
    loop {
        tokio::select! {
            () = node.living.ended.notified() => {}
            () = node.ending.cancelled() => return,
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            () = node.ending.cancelled() => return,
        }
        end(&node).await;
    }
}

/// Ends every process of this node that belongs to no instance; returns when none is left.
pub(crate) async fn end(node: &Arc<Node>) {
    let mut told = BTreeSet::new();
    for _ in 0..PASSES_MAX {
        let working = Arc::clone(node);
        let found = blocking(move || find(&working)).await.unwrap_or_default();
        if found.is_empty() {
            return;
        }
        for (leader, whose) in found {
            signal_group(leader, Signal::KILL);
            if told.insert(leader) {
                tell(node, leader, &whose);
            }
        }
        tokio::time::sleep(DYING).await;
    }
    tracing::warn!(
        "Processes that belong to no instance do not end, or start others faster than they are ended: {told:?}."
    );
}

fn tell(node: &Node, leader: u32, whose: &Whose) {
    let named = match whose {
        Whose::Instance(id) => format!(" ({id})"),
        Whose::Untold(_) => String::new(),
    };
    let text = format!("process group {leader}{named} belonged to no instance and was ended");
    match about(node, whose) {
        Some(about) => node.events.note_of(about, NodeEventKind::Orphan, text),
        None => node.events.note(NodeEventKind::Orphan, text),
    }
}

/// The group that it was an instance of, or one that runs the image it worked in.
fn about(node: &Node, whose: &Whose) -> Option<About> {
    let is_of = |group: &Group| match whose {
        Whose::Instance(id) => {
            let name = id.rsplit_once('-').map_or("", |(name, _)| name);
            group.name.as_str() == name
        }
        Whose::Untold(folder) => {
            let digest = group.image.as_str();
            let hex = digest.rsplit_once(':').map_or(digest, |(_, hex)| hex);
            folder.components().any(|part| part.as_os_str() == hex)
        }
    };
    node.environments().iter().find_map(|environment| {
        environment.with(|inner| {
            let mut groups = inner.wanted.groups.values().map(|wanted| &wanted.group);
            let group = groups.find(|group| is_of(group))?;
            Some(About {
                target: environment.target.clone(),
                group: Some(group.name.clone()),
                version: Some(group.version.clone()),
                instance: match whose {
                    Whose::Instance(id) => Some(id.clone()),
                    Whose::Untold(_) => None,
                },
            })
        })
    })
}

/// The process groups that are this node's and no instance's.
fn find(node: &Node) -> BTreeMap<u32, Whose> {
    let mut suspects: Vec<u32> = process::pids().collect();
    // Twice, since a process that is just turning into another program has no environment for a moment.
    suspects.retain(|pid| whose(node, *pid).is_some());
    // Read after the processes, so that whatever of them is an instance is in it.
    let living = node.living.now();
    let mut found = BTreeMap::new();
    for pid in suspects {
        let (Some(whose), Some(facts)) = (whose(node, pid), process::facts(pid)) else {
            continue;
        };
        // Ending one ends its group: whatever is said of it, never the group of an instance.
        let belongs = living.contains_key(&pid)
            || living.contains_key(&facts.group)
            || match &whose {
                Whose::Instance(id) => living.values().any(|living| living == id),
                Whose::Untold(_) => is_under(&living, facts.parent),
            };
        if belongs || facts.is_zombie {
            continue;
        }
        if let Some(leader) = process::group_leader(pid) {
            found.insert(leader, whose);
        }
    }
    found
}

/// Whose a process of this node is.
enum Whose {
    Instance(String),
    /// Its environment is overwritten, or a part of it; it works in this folder, of an image of this node
    /// unless that part tells that it is of this node.
    Untold(PathBuf),
}

/// `None` where it is none of this node's.
fn whose(node: &Node, pid: u32) -> Option<Whose> {
    let variables = process::environment(pid).unwrap_or_default();
    match variables.get("VIRIDIAN_NODE") {
        Some(id) if *id == node.id => Some(match variables.get("VIRIDIAN_INSTANCE") {
            Some(instance) => Whose::Instance(instance.clone()),
            None => Whose::Untold(process::working_folder(pid).unwrap_or_default()),
        }),
        Some(_) => None,
        // Somebody who only looks around there: these would be the first to be overwritten.
        None if variables.contains_key("HOME") || variables.contains_key("PATH") => None,
        None => {
            let folder = process::working_folder(pid)?;
            let within = node.folders.iter().any(|ours| folder.starts_with(ours));
            within.then_some(Whose::Untold(folder))
        }
    }
}

/// Whether an instance is among the ancestors of a process, from its parent on.
fn is_under(living: &BTreeMap<u32, String>, mut parent: u32) -> bool {
    for _ in 0..ANCESTORS_MAX {
        if parent <= 1 {
            return false;
        }
        if living.contains_key(&parent) {
            return true;
        }
        let Some(facts) = process::facts(parent) else {
            return false;
        };
        parent = facts.parent;
    }
    true
}
