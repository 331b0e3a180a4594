//! What is wanted, and which processes there are: on disk, so that the next node knows.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use cloud_local::wire::About;
use domain::{Digest, Group, GroupName, Routes, Target, Time, Version};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use crate::NodeError;

/// `state.json`
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Document {
    node: String,
    environments: BTreeMap<String, Wanted>,
}

/// What one environment is to be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Wanted {
    pub(crate) target: Target,
    pub(crate) listen: SocketAddr,
    /// What port 0 became, so that it stays the same.
    pub(crate) bound: Option<SocketAddr>,
    pub(crate) routes: Routes,
    /// The split that visitors with an id are kept by, as the gateway settled it.
    #[serde(default)]
    pub(crate) unit_split: Option<Vec<(String, u32)>>,
    pub(crate) groups: BTreeMap<GroupName, WantedGroup>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct WantedGroup {
    pub(crate) group: Group,
    pub(crate) size: u32,
    pub(crate) created: Time,
    pub(crate) retiring: bool,
    pub(crate) restarts: u32,
    /// Any instance of it was healthy once, so the image can run.
    pub(crate) proven: bool,
}

impl Wanted {
    pub(crate) fn new(target: Target, listen: SocketAddr) -> Self {
        Self {
            target,
            listen,
            bound: None,
            routes: Routes::default(),
            unit_split: None,
            groups: BTreeMap::new(),
        }
    }
}

impl WantedGroup {
    /// How many instances there are to be.
    pub(crate) fn instances(&self) -> usize {
        if self.retiring {
            0
        } else {
            usize::try_from(self.size).unwrap_or(usize::MAX)
        }
    }
}

/// The file that says what is wanted. Written whole, and flushed, before anything is acted upon.
pub(crate) struct StateFile {
    path: PathBuf,
    document: Mutex<Document>,
}

impl StateFile {
    pub(crate) fn open(dir: &Path) -> Result<(Self, String, Vec<Wanted>), NodeError> {
        let path = dir.join("state.json");
        let document = match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| NodeError::State {
                path: path.clone(),
                reason: error.to_string(),
            })?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let fresh = Document {
                    node: format!("{:016x}", rand::random::<u64>()),
                    ..Document::default()
                };
                write(&path, &fresh).map_err(NodeError::io("write", &path))?;
                fresh
            }
            Err(error) => return Err(NodeError::io("read", &path)(error)),
        };
        let (id, wanted) = (
            document.node.clone(),
            document.environments.values().cloned().collect(),
        );
        Ok((
            Self {
                path,
                document: Mutex::new(document),
            },
            id,
            wanted,
        ))
    }

    /// On disk when this returns; on failure the last state stays.
    pub(crate) async fn save(&self, wanted: Wanted) -> io::Result<()> {
        let mut document = self.document.lock().await;
        let mut next = document.clone();
        next.environments.insert(wanted.target.to_string(), wanted);
        let path = self.path.clone();
        let written = tokio::task::spawn_blocking(move || write(&path, &next).map(|()| next));
        *document = written.await.map_err(io::Error::other)??;
        Ok(())
    }
}

fn write(path: &Path, document: &Document) -> io::Result<()> {
    let beside = path.with_extension("json.new");
    let mut file = File::create(&beside)?;
    file.write_all(&serde_json::to_vec_pretty(document)?)?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    match path.parent() {
        Some(dir) => File::open(dir)?.sync_all(),
        None => Ok(()),
    }
}

/// `instances/ID.json`: a process of this node. Not flushed, since after a power cut no process is
/// left that it could speak of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) id: String,
    pub(crate) target: Target,
    pub(crate) group: GroupName,
    pub(crate) image: Digest,
    /// Of the image, as people call it.
    #[serde(default)]
    pub(crate) version: Option<Version>,
    pub(crate) pid: u32,
    /// Of `/proc/PID/stat`: a pid is used again, a pid with its start time is not.
    pub(crate) started_ticks: u64,
    /// Which start of the machine those ticks are counted from; empty in records of earlier nodes.
    #[serde(default)]
    pub(crate) boot: String,
    pub(crate) port: u16,
    pub(crate) tree: PathBuf,
    /// Which set of trees, see `trees`.
    pub(crate) generation: u32,
    pub(crate) since: Time,
    pub(crate) healthy: bool,
    /// It was healthy at any time.
    pub(crate) proven: bool,
    /// To be ended as soon as another one serves in its place.
    pub(crate) replace: bool,
    pub(crate) leaving: bool,
}

impl Record {
    pub(crate) fn address(&self) -> SocketAddr {
        (std::net::Ipv4Addr::LOCALHOST, self.port).into()
    }

    pub(crate) fn about(&self) -> About {
        About {
            target: self.target.clone(),
            group: Some(self.group.clone()),
            version: self.version.clone(),
            instance: Some(self.id.clone()),
        }
    }
}

/// The folder of records and logs.
pub(crate) struct Records(pub(crate) PathBuf);

impl Records {
    fn path(&self, id: &str) -> PathBuf {
        self.0.join(format!("{id}.json"))
    }

    pub(crate) fn log(&self, id: &str) -> PathBuf {
        self.0.join(format!("{id}.log"))
    }

    /// A record that cannot be written costs an adoption later, nothing now.
    pub(crate) fn write(&self, record: &Record) {
        let path = self.path(&record.id);
        let beside = path.with_extension("json.new");
        let written = serde_json::to_vec(record)
            .map_err(io::Error::from)
            .and_then(|bytes| fs::write(&beside, bytes))
            .and_then(|()| fs::rename(&beside, &path));
        if let Err(error) = written {
            tracing::warn!(instance = record.id, %error, "The instance's record could not be written.");
        }
    }

    pub(crate) fn remove(&self, id: &str) {
        let _ = fs::remove_file(self.path(id));
    }

    pub(crate) fn all(&self) -> io::Result<Vec<Record>> {
        let mut records = Vec::new();
        for entry in fs::read_dir(&self.0)? {
            let path = entry?.path();
            if path.extension().is_none_or(|extension| extension != "json") {
                continue;
            }
            match fs::read(&path)
                .map_err(|e| e.to_string())
                .and_then(|bytes| serde_json::from_slice(&bytes).map_err(|error| error.to_string()))
            {
                Ok(record) => records.push(record),
                // Its process will be found as an orphan, and ended.
                Err(error) => {
                    tracing::warn!(path = %path.display(), %error, "A record cannot be read; removed.");
                    let _ = fs::remove_file(&path);
                }
            }
        }
        Ok(records)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(env: &str) -> Target {
        Target {
            app: "shop".parse().unwrap(),
            env: env.parse().unwrap(),
        }
    }

    #[tokio::test]
    async fn what_was_saved_is_there_after_a_restart_and_the_node_keeps_its_name() {
        let dir = tempfile::tempdir().unwrap();
        let (file, id, none) = StateFile::open(dir.path()).unwrap();
        assert!(none.is_empty());
        let wanted = Wanted::new(target("prod"), "127.0.0.1:0".parse().unwrap());
        file.save(wanted.clone()).await.unwrap();
        file.save(Wanted::new(target("dev"), "127.0.0.1:81".parse().unwrap()))
            .await
            .unwrap();
        let (_, again, all) = StateFile::open(dir.path()).unwrap();
        assert_eq!(again, id);
        assert_eq!(all.len(), 2);
        assert_eq!(all[1], wanted);
    }

    #[test]
    fn a_damaged_state_is_refused_with_a_way_out() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("state.json"), "{").unwrap();
        let error = StateFile::open(dir.path()).err().unwrap().to_string();
        assert!(
            error.contains("state.json") && error.contains("restore it"),
            "{error}"
        );
    }
}
