//! Running programs: to their end, or until they are asked to stop.

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

/// How long a program may take to end after it was asked to.
pub(crate) const STOP: Duration = Duration::from_secs(20);
/// How much a program logs, as every program of this repository reads it.
const LOG: &str = "RUST_LOG";
const TURN: Duration = Duration::from_millis(200);

/// Runs a program to its end, its output shown as it comes.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let status = command
        .stdin(Stdio::null())
        .status()
        .with_context(|| format!("cannot run {name}"))?;
    if !status.success() {
        bail!("{name} ended with {status}");
    }
    Ok(())
}

/// Runs a program to its end for what it writes to stdout; `None` where it cannot or it fails.
pub(crate) fn ask(command: &mut Command) -> Option<String> {
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    output.status.success().then_some(text)
}

/// Runs a program to its end and gives each line of its stdout to `line`, once it was shown.
pub(crate) fn follow(command: &mut Command, mut line: impl FnMut(&str)) -> Result<ExitStatus> {
    let name = command.get_program().to_string_lossy().into_owned();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot run {name}"))?;
    if let Some(stdout) = child.stdout.take() {
        for text in BufReader::new(stdout).split(b'\n') {
            let text = text?;
            let text = String::from_utf8_lossy(&text);
            println!("{text}");
            line(&text);
        }
    }
    Ok(child.wait()?)
}

/// A program that runs until it is stopped, and is stopped when this is dropped.
pub(crate) struct Service {
    name: String,
    child: Child,
    lines: Receiver<String>,
    over: bool,
}

/// Whether a service's own words are for the person who started it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    Yes,
    No,
}

impl Service {
    /// Starts a program in a process group of its own: Ctrl-C in a terminal reaches this one only,
    /// which then stops what it started in order.
    pub(crate) fn start(
        program: &Path,
        args: &[&str],
        folder: &Path,
        shown: Shown,
    ) -> Result<Self> {
        let name = program
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let name = format!("{name} {}", args.first().unwrap_or(&""));
        let mut command = Command::new(program);
        // Its own words are for the person; the log is for who asks for it, and for trouble.
        if std::env::var_os(LOG).is_none() {
            command.env(LOG, "warn");
        }
        match shown {
            Shown::Yes => command.stdout(Stdio::piped()),
            Shown::No => command.stdout(Stdio::null()).stderr(Stdio::null()),
        };
        let mut child = command
            .args(args)
            .current_dir(folder)
            .stdin(Stdio::null())
            .process_group(0)
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        let (sender, lines) = mpsc::channel();
        if let Some(stdout) = child.stdout.take() {
            std::thread::spawn(move || echo(BufReader::new(stdout), &sender));
        }
        Ok(Self {
            name,
            child,
            lines,
            over: false,
        })
    }

    /// Waits for the first line that `pick` makes something of.
    pub(crate) fn wait_for<T>(
        &mut self,
        patience: Duration,
        mut pick: impl FnMut(&str) -> Option<T>,
    ) -> Result<T> {
        let deadline = Instant::now() + patience;
        loop {
            // In short turns: a process it left behind may hold its stdout open after its end.
            match self.lines.recv_timeout(TURN) {
                Ok(line) => {
                    if let Some(found) = pick(&line) {
                        return Ok(found);
                    }
                }
                Err(RecvTimeoutError::Timeout) => {
                    if let Some(status) = self.ended()? {
                        bail!("{} ended with {status}", self.name);
                    }
                }
                Err(RecvTimeoutError::Disconnected) => {
                    self.over = true;
                    bail!("{} ended with {}", self.name, self.child.wait()?);
                }
            }
            if Instant::now() >= deadline {
                bail!("{} did not become ready in {patience:?}", self.name);
            }
        }
    }

    /// The lines written so far that nobody has taken.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.lines.try_iter().collect()
    }

    /// Whether it has ended by itself.
    pub(crate) fn ended(&mut self) -> Result<Option<ExitStatus>> {
        let status = self.child.try_wait()?;
        self.over |= status.is_some();
        Ok(status)
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Asks it to end and waits; one that does not end is killed, and that is said.
    pub(crate) fn stop(&mut self) -> Result<()> {
        if self.over || self.ended()?.is_some() {
            return Ok(());
        }
        self.over = true;
        let pid = Pid::from_child(&self.child);
        kill_process(pid, Signal::TERM)?;
        let (child, name) = (&mut self.child, &self.name);
        within(
            STOP,
            || child.wait(),
            || {
                eprintln!("{name} did not end within {STOP:?} and is killed");
                kill_process(pid, Signal::KILL)
            },
        )??;
        Ok(())
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if let Err(error) = self.stop() {
            eprintln!("cannot stop {}: {error:#}", self.name);
        }
    }
}

fn echo(reader: impl BufRead, sender: &Sender<String>) {
    for line in reader.lines().map_while(Result::ok) {
        println!("{line}");
        // Nobody listens any more once the service is up, and its lines are still to be shown.
        let _ = sender.send(line);
    }
}

/// Blocks until `work` is done, and calls `late` where that takes longer than `patience`. What
/// `late` does has to bring `work` to its end.
pub(crate) fn within<T: Send>(
    patience: Duration,
    work: impl FnOnce() -> T + Send,
    late: impl FnOnce() -> rustix::io::Result<()>,
) -> Result<T> {
    std::thread::scope(|scope| {
        let (sender, done) = mpsc::channel();
        scope.spawn(move || sender.send(work()));
        if let Ok(outcome) = done.recv_timeout(patience) {
            return Ok(outcome);
        }
        late()?;
        Ok(done.recv()?)
    })
}
