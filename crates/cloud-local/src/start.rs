//! Finds the node of a folder or starts it, detached, so that it outlives whoever started it.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use http::Method;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::client::{Client, Failure};
use crate::{LocalCloud, socket_of, wire};

/// Covers the adoption of many instances on a slow machine.
const READY_TIMEOUT: Duration = Duration::from_secs(20);
const LOG_TAIL_BYTES: u64 = 2_000;
/// A longer log is put aside before a start.
const LOG_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// Why no node could be had.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("could not {action} {}", path.display())]
    Io {
        action: &'static str,
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("the node ended at once ({status}); the end of {}:\n{tail}", log.display())]
    Ended {
        status: ExitStatus,
        log: PathBuf,
        tail: String,
    },
    #[error(
        "the node did not answer on {} within {} s; the end of {}:\n{tail}",
        socket.display(), READY_TIMEOUT.as_secs(), log.display()
    )]
    NotReady {
        socket: PathBuf,
        log: PathBuf,
        tail: String,
    },
}

/// Connects to the node of `node_dir`; where none answers, starts `exe node --data node_dir` as a
/// process group of its own with its output in `node_dir/node.log`, and waits until it is ready.
/// The handle starts the node again should it ever be gone.
///
/// # Errors
/// [`StartError`], with the end of the node's log.
pub async fn find_or_start(node_dir: &Path, exe: &Path) -> Result<LocalCloud, StartError> {
    let starter = Starter {
        dir: node_dir.to_owned(),
        exe: exe.to_owned(),
        alone: Mutex::default(),
    };
    let client = Client::new(socket_of(node_dir));
    starter.ensure(&client).await?;
    Ok(LocalCloud {
        client,
        starter: Some(Arc::new(starter)),
    })
}

pub(crate) struct Starter {
    dir: PathBuf,
    exe: PathBuf,
    alone: Mutex<()>,
}

impl Starter {
    pub(crate) async fn ensure(&self, client: &Client) -> Result<(), StartError> {
        let _alone = self.alone.lock().await;
        if answers(client).await {
            return Ok(());
        }
        let log = self.dir.join("node.log");
        let output = self.open_log(&log)?;
        let errors = output.try_clone().map_err(io("open", &log))?;
        let mut child = tokio::process::Command::new(&self.exe)
            .arg("node")
            .arg("--data")
            .arg(&self.dir)
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors)
            .kill_on_drop(false)
            .spawn()
            .map_err(io("start", &self.exe))?;
        let until = Instant::now() + READY_TIMEOUT;
        // Another process may have started a node at the same moment: then ours says so and ends,
        // and the other one answers.
        let mut ended = None;
        loop {
            if answers(client).await {
                return Ok(());
            }
            ended = match ended {
                Some(ended) => Some(ended),
                None => child
                    .try_wait()
                    .map_err(io("wait for", &self.exe))?
                    .map(|s| (s, Instant::now())),
            };
            if let Some((status, at)) = ended
                && at.elapsed() > Duration::from_millis(500)
            {
                return Err(StartError::Ended {
                    status,
                    tail: tail(&log),
                    log,
                });
            }
            if Instant::now() >= until {
                return Err(StartError::NotReady {
                    socket: client.socket().to_owned(),
                    tail: tail(&log),
                    log,
                });
            }
            tokio::time::sleep(Duration::from_millis(15)).await;
        }
    }

    fn open_log(&self, log: &Path) -> Result<File, StartError> {
        let mut folder = fs::DirBuilder::new();
        folder.recursive(true).mode(0o700);
        folder
            .create(&self.dir)
            .map_err(io("create the folder", &self.dir))?;
        if fs::metadata(log).is_ok_and(|facts| facts.len() > LOG_BYTES_MAX) {
            fs::rename(log, log.with_extension("log.1")).map_err(io("put aside", log))?;
        }
        OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(log)
            .map_err(io("open", log))
    }
}

async fn answers(client: &Client) -> bool {
    let status: Result<wire::Status, Failure> = client
        .call(Method::GET, "/v1/status", &(), Duration::from_secs(5))
        .await;
    // A node that speaks, even of another version, is there: starting a second would not help.
    !matches!(status, Err(Failure::Absent(_)))
}

fn tail(log: &Path) -> String {
    let read = || -> std::io::Result<Vec<u8>> {
        let mut file = File::open(log)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(LOG_TAIL_BYTES)))?;
        let mut bytes = Vec::new();
        file.take(LOG_TAIL_BYTES).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    read()
        .map(|bytes| String::from_utf8_lossy(&bytes).trim().to_owned())
        .unwrap_or_default()
}

fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> StartError {
    let path = path.to_owned();
    move |source| StartError::Io {
        action,
        path,
        source,
    }
}
