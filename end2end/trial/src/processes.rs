//! What `ps` shows to anybody.

use anyhow::Result;
use rustix::process::{Pid, test_kill_process_group};
use std::collections::HashSet;
use std::fs;
use std::path::Path;

/// The process groups that work in the folder or in one below it, by the pid of their leader.
pub(crate) fn groups_within(folder: &Path) -> Result<HashSet<Pid>> {
    let mut groups = HashSet::new();
    for entry in fs::read_dir("/proc")? {
        let process = entry?.path();
        // What ended meanwhile, and what is none of ours to look at, is passed over.
        let Ok(works_in) = fs::read_link(process.join("cwd")) else {
            continue;
        };
        if !works_in.starts_with(folder) {
            continue;
        }
        let stat = fs::read_to_string(process.join("stat")).unwrap_or_default();
        // Field 5 of proc_pid_stat(5); the name before it may hold anything.
        let group = stat
            .rsplit_once(')')
            .and_then(|(_, rest)| rest.split_whitespace().nth(2)?.parse().ok())
            .and_then(Pid::from_raw);
        groups.extend(group);
    }
    Ok(groups)
}

pub(crate) fn is_gone(leader: Pid) -> bool {
    test_kill_process_group(leader).is_err()
}
