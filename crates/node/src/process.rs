//! Processes: started without a shell, watched by pidfd, looked at through `/proc`.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use domain::spec::Limits;
use rustix::process::{
    Pid, PidfdFlags, Resource, Rlimit, Signal, getpgid, kill_process_group, pidfd_open, prlimit,
};
use tokio::io::unix::AsyncFd;
use tokio::process::{Child, Command};

/// What to start.
pub(crate) struct Program<'a> {
    pub(crate) command: &'a [String],
    pub(crate) tree: &'a Path,
    pub(crate) port: u16,
    pub(crate) environment: BTreeMap<&'static str, String>,
    pub(crate) log: &'a Path,
    pub(crate) limits: &'a Limits,
}

/// A process of the node, as a child or taken over.
pub(crate) enum Process {
    Child(Child),
    Adopted(AsyncFd<OwnedFd>),
}

pub(crate) fn start(program: &Program<'_>) -> io::Result<(Process, u32)> {
    let port = program.port.to_string();
    let mut words = program
        .command
        .iter()
        .map(|word| word.replace("${PORT}", &port));
    let name = words
        .next()
        .ok_or_else(|| io::Error::other("the image has no command"))?;
    // Straight into the file: a pipe would break when the node dies.
    let log = OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(program.log)?;
    let child = Command::new(entry_point(program.tree, &name))
        .args(words)
        .current_dir(program.tree)
        .env_clear()
        .envs(&program.environment)
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .kill_on_drop(false)
        .spawn()?;
    let pid = child
        .id()
        .ok_or_else(|| io::Error::other("it ended at once"))?;
    // It runs already, if only for a moment: a limit set before it does would take code between fork
    // and exec, which only unsafe code can be. Limits are for what a program grows into; where they
    // cannot be set, neither it nor what it started meanwhile goes on.
    if let Err(error) = limit(pid, program.limits) {
        signal_group(pid, Signal::KILL);
        return Err(io::Error::other(format!(
            "its limits could not be set: {error}"
        )));
    }
    Ok((Process::Child(child), pid))
}

/// A path within the image where it is one, else a name to be looked up in `PATH`.
fn entry_point(tree: &Path, name: &str) -> PathBuf {
    if name.contains('/') {
        tree.join(name)
    } else {
        PathBuf::from(name)
    }
}

fn limit(pid: u32, limits: &Limits) -> io::Result<()> {
    let set = |resource, value: u64| {
        let wanted = Rlimit {
            current: Some(value),
            maximum: Some(value),
        };
        match prlimit(pid_of(pid), resource, wanted) {
            // Already ended: whatever it was is told by its exit.
            Ok(_) | Err(rustix::io::Errno::SRCH) => Ok(()),
            Err(errno) => Err(io::Error::from(errno)),
        }
    };
    if let Some(megabytes) = limits.memory_mb {
        set(Resource::As, megabytes.saturating_mul(1024 * 1024))?;
    }
    if let Some(files) = limits.open_files {
        set(Resource::Nofile, files)?;
    }
    Ok(())
}

impl Process {
    /// A process that is no child of this one.
    pub(crate) fn adopt(pid: u32) -> io::Result<Self> {
        let pid = pid_of(pid).ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        let fd = pidfd_open(pid, PidfdFlags::NONBLOCK)?;
        #[expect(
            deprecated,
            reason = "its successor is unsafe for types that may swap their descriptor; an OwnedFd never does"
        )]
        let fd = AsyncFd::new(fd)?;
        Ok(Self::Adopted(fd))
    }

    /// Waits until it has ended, however often it is asked; in words how.
    pub(crate) async fn ended(&mut self) -> String {
        match self {
            Self::Child(child) => match child.wait().await {
                Ok(status) => describe(status),
                Err(error) => format!("ended ({error})"),
            },
            Self::Adopted(fd) => {
                // A pidfd becomes readable when its process ends, and stays so.
                let _ = fd.readable().await;
                "ended; its exit status went to its foster parent".to_owned()
            }
        }
    }
}

/// How one ended that calls its own end a success, in words.
pub(crate) const SUCCESS: &str = "exited with status 0";

fn describe(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(0), _) => SUCCESS.to_owned(),
        (Some(code), _) => format!("exited with status {code}"),
        (None, Some(signal)) => match Signal::from_named_raw(signal) {
            Some(named) => {
                let name = format!("{named:?}").replace("Signal::", "SIG");
                format!("was ended by signal {signal} ({name})")
            }
            None => format!("was ended by signal {signal}"),
        },
        (None, None) => status.to_string(),
    }
}

fn pid_of(pid: u32) -> Option<Pid> {
    i32::try_from(pid).ok().and_then(Pid::from_raw)
}

/// Signals the process group that `pid` leads.
pub(crate) fn signal_group(pid: u32, signal: Signal) {
    if let Some(pid) = pid_of(pid).filter(|pid| pid.as_raw_nonzero().get() > 1) {
        // Gone already is as good.
        let _ = kill_process_group(pid, signal);
    }
}

/// What `/proc` says of a process.
#[derive(Debug)]
pub(crate) struct Facts {
    pub(crate) parent: u32,
    /// Its process group: the pid of the one that leads it.
    pub(crate) group: u32,
    pub(crate) started_ticks: u64,
    pub(crate) is_zombie: bool,
}

pub(crate) fn facts(pid: u32) -> Option<Facts> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in brackets may itself contain spaces and brackets.
    let (_, rest) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    // Fields 3, 4, 5 and 22 of proc_pid_stat(5).
    Some(Facts {
        parent: fields.get(1)?.parse().ok()?,
        group: fields.get(2)?.parse().ok()?,
        is_zombie: matches!(*fields.first()?, "Z" | "X"),
        started_ticks: fields.get(19)?.parse().ok()?,
    })
}

/// Which start of the machine this is: start times are counted from it.
pub(crate) fn boot() -> String {
    let id = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    id.trim().to_owned()
}

/// The environment a process was started with; `None` where it is gone or not ours to read. Programs
/// that set their title write it over that memory, from its beginning, so any of it may be missing.
pub(crate) fn environment(pid: u32) -> Option<BTreeMap<String, String>> {
    let bytes = fs::read(format!("/proc/{pid}/environ")).ok()?;
    let pairs = bytes.split(|&byte| byte == 0).filter_map(|pair| {
        let (name, value) = std::str::from_utf8(pair).ok()?.split_once('=')?;
        Some((name.to_owned(), value.to_owned()))
    });
    Some(pairs.collect())
}

pub(crate) fn working_folder(pid: u32) -> Option<PathBuf> {
    fs::read_link(format!("/proc/{pid}/cwd")).ok()
}

/// All processes of the machine.
pub(crate) fn pids() -> impl Iterator<Item = u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// The leader of a process's group, unless that is the group of this very process.
pub(crate) fn group_leader(pid: u32) -> Option<u32> {
    let leader = getpgid(pid_of(pid)).ok()?;
    let own = getpgid(None).ok()?;
    (leader != own)
        .then(|| u32::try_from(leader.as_raw_nonzero().get()).ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_found_with_its_start_and_environment() {
        let me = std::process::id();
        let seen = facts(me).unwrap();
        assert!(!seen.is_zombie && seen.started_ticks > 0);
        assert_eq!(facts(me).unwrap().started_ticks, seen.started_ticks);
        assert!(environment(me).is_some_and(|all| all.contains_key("PATH")));
        assert!(pids().any(|pid| pid == me));
        assert_eq!(seen.parent, std::os::unix::process::parent_id());
        assert_eq!(working_folder(me), std::env::current_dir().ok());
        assert_eq!(group_leader(me), None);
        assert!(facts(u32::MAX).is_none());
    }

    #[tokio::test]
    async fn what_cannot_be_limited_does_not_run() {
        let folder = tempfile::tempdir().unwrap();
        let words = ["perl", "-e", "fork; sleep 600"].map(str::to_owned);
        let program = Program {
            command: &words,
            tree: folder.path(),
            port: 0,
            environment: BTreeMap::from([("PATH", std::env::var("PATH").unwrap())]),
            log: &folder.path().join("log"),
            // More than the kernel grants to anybody.
            limits: &Limits {
                open_files: Some(u64::MAX - 1),
                ..Limits::default()
            },
        };
        let error = start(&program).err().unwrap().to_string();
        assert!(error.contains("limits could not be set"), "{error}");
        let runs = || pids().any(|pid| working_folder(pid).is_some_and(|at| at == folder.path()));
        let began = tokio::time::Instant::now();
        while runs() {
            assert!(
                began.elapsed().as_secs() < 20,
                "it and what it forked are ended"
            );
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    }

    #[test]
    fn an_entry_point_with_a_slash_is_in_the_image() {
        let tree = Path::new("/trees/a");
        assert_eq!(
            entry_point(tree, "./bin/server"),
            Path::new("/trees/a/./bin/server")
        );
        assert_eq!(
            entry_point(tree, "bin/server"),
            Path::new("/trees/a/bin/server")
        );
        assert_eq!(
            entry_point(tree, "/usr/bin/python3"),
            Path::new("/usr/bin/python3")
        );
        assert_eq!(entry_point(tree, "python3"), Path::new("python3"));
    }
}
