//! What goes over the node's socket, as JSON.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use cloud::CloudError;
use domain::{Digest, GroupName, Health, Routes, Target, Time, Version};
use serde::{Deserialize, Serialize};

/// `PUT /v1/environments/{app}/{env}/groups/{group}`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EnsureGroup {
    pub listen: SocketAddr,
    pub group: domain::Group,
    pub size: u32,
}

/// `PUT /v1/environments/{app}/{env}/groups/{group}/size`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnsureSize {
    pub size: u32,
}

/// `PUT /v1/environments/{app}/{env}/traffic`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnsureTraffic {
    pub listen: SocketAddr,
    pub routes: Routes,
}

/// `POST /v1/shutdown`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shutdown {
    pub instances: Instances,
}

/// What becomes of the instances when the node ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Instances {
    /// Drained and ended.
    Stop,
    /// They go on, and the next node adopts them.
    Leave,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text {
    pub text: String,
}

/// `GET /v1/status`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// Made once for each folder; every instance carries it in its environment.
    pub node: String,
    pub pid: u32,
    pub version: String,
    pub started: Time,
    pub at: Time,
    pub environments: Vec<EnvironmentStatus>,
    /// What a start found, and what befell instances since, oldest first; only the last ones.
    pub events: Vec<NodeEvent>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EnvironmentStatus {
    pub target: Target,
    /// As declared; port 0 takes any free one.
    pub listen: SocketAddr,
    /// The address that is open.
    pub listening: Option<SocketAddr>,
    /// While releases of different addresses are there: the others that are open.
    #[serde(default)]
    pub also_listening: Vec<SocketAddr>,
    /// Why it is not.
    pub trouble: Option<String>,
    pub routes: Routes,
    pub groups: Vec<GroupStatus>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GroupStatus {
    pub name: GroupName,
    pub image: Digest,
    pub size: u32,
    pub retiring: bool,
    pub restarts: u32,
    pub broken: Option<String>,
    /// Why an instance could not be started, or ended, last.
    pub trouble: Option<String>,
    pub instances: Vec<InstanceStatus>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InstanceStatus {
    pub id: String,
    pub pid: u32,
    pub address: SocketAddr,
    pub health: Health,
    pub since: Time,
    /// It is being drained and ended.
    pub leaving: bool,
    /// Taken over from an earlier node process.
    pub adopted: bool,
    /// Why it is not healthy, in words.
    pub reason: Option<String>,
    pub drift: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeEvent {
    pub at: Time,
    pub kind: NodeEventKind,
    pub text: String,
    /// Of which instance or group it is told, where it is of one.
    #[serde(default)]
    pub about: Option<About>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    pub target: Target,
    pub group: Option<GroupName>,
    pub version: Option<Version>,
    pub instance: Option<String>,
}

/// `GET /v1/events?app=…`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Events {
    /// Oldest first; only the last ones.
    pub events: Vec<NodeEvent>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NodeEventKind {
    /// An instance of an earlier node process was found alive.
    Adopted,
    /// An instance of an earlier node process was not.
    Lost,
    /// A process of this node that nobody asked for was ended.
    Orphan,
    Started,
    /// Ended by itself, or was failing.
    Ended,
    /// Ended because it was asked to.
    Stopped,
    Broken,
    Drift,
    Listener,
}

/// `POST /v1/images`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "snake_case")]
pub enum AddImage {
    Bake(Bake),
    Import(Import),
}

/// A folder, laid over a parent image, becomes an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bake {
    /// Absolute, on the node's machine.
    pub folder: PathBuf,
    pub app: String,
    pub version: String,
    pub parent: Option<Digest>,
    /// Program and arguments, `${PORT}` standing for the port; empty means the parent's.
    pub command: Vec<String>,
    pub created: Time,
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
}

/// An image is copied out of an OCI layout.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Import {
    /// Absolute, on the node's machine.
    pub layout: PathBuf,
    pub reference: Option<String>,
    pub app: String,
    pub version: String,
}

/// One line of the answer to [`AddImage`]; the last one is an image or a problem.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Adding {
    Progress(Progress),
    Image(Image),
    Problem(Problem),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    pub bytes_done: u64,
    pub bytes_total: u64,
    /// What is being read.
    pub path: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    pub digest: Digest,
    pub app: String,
    pub version: String,
    pub parent: Option<Digest>,
    pub command: Vec<String>,
    pub created: Time,
    /// Unpacked.
    pub size_bytes: u64,
    pub files: u64,
    /// Lowest first.
    pub layers: Vec<Layer>,
    pub labels: BTreeMap<String, String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layer {
    pub digest: Digest,
    /// As stored, compressed.
    pub size_bytes: u64,
}

/// One path that differs: between two images, or between an unpacked tree and its image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    pub path: String,
    pub kind: DifferenceKind,
    pub before: Option<FileFacts>,
    pub after: Option<FileFacts>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DifferenceKind {
    Changed,
    Added,
    Removed,
    Mode,
}

impl DifferenceKind {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Mode => "other permissions",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileFacts {
    /// `folder`, `file`, `executable` or `link`.
    pub kind: String,
    pub size_bytes: u64,
    pub digest: Option<Digest>,
    pub link_target: Option<String>,
}

/// A [`CloudError`] on its way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    pub kind: ProblemKind,
    pub message: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProblemKind {
    Throttled,
    Transient,
    Denied,
    NotFound,
    Conflict,
    Invalid,
    Unsupported,
}

impl ProblemKind {
    #[must_use]
    pub fn status(self) -> u16 {
        match self {
            Self::Throttled => 429,
            Self::Transient => 503,
            Self::Denied => 403,
            Self::NotFound => 404,
            Self::Conflict => 409,
            Self::Invalid => 422,
            Self::Unsupported => 501,
        }
    }
}

impl From<CloudError> for Problem {
    fn from(error: CloudError) -> Self {
        let problem = |kind, message| Self {
            kind,
            message,
            retry_after_ms: None,
        };
        match error {
            CloudError::Throttled {
                retry_after,
                message,
            } => Self {
                kind: ProblemKind::Throttled,
                message,
                retry_after_ms: retry_after
                    .map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)),
            },
            CloudError::Transient(text) => problem(ProblemKind::Transient, text),
            CloudError::Denied(text) => problem(ProblemKind::Denied, text),
            CloudError::NotFound(text) => problem(ProblemKind::NotFound, text),
            CloudError::Conflict(text) => problem(ProblemKind::Conflict, text),
            CloudError::Invalid(text) => problem(ProblemKind::Invalid, text),
            CloudError::Unsupported(text) => problem(ProblemKind::Unsupported, text),
        }
    }
}

impl From<Problem> for CloudError {
    fn from(problem: Problem) -> Self {
        let message = problem.message;
        match problem.kind {
            ProblemKind::Throttled => CloudError::Throttled {
                retry_after: problem.retry_after_ms.map(Duration::from_millis),
                message,
            },
            ProblemKind::Transient => CloudError::Transient(message),
            ProblemKind::Denied => CloudError::Denied(message),
            ProblemKind::NotFound => CloudError::NotFound(message),
            ProblemKind::Conflict => CloudError::Conflict(message),
            ProblemKind::Invalid => CloudError::Invalid(message),
            ProblemKind::Unsupported => CloudError::Unsupported(message),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_survives_the_way_through_the_wire() {
        let text = || "the text".to_owned();
        for error in [
            CloudError::Throttled {
                retry_after: Some(Duration::from_millis(70)),
                message: text(),
            },
            CloudError::Throttled {
                retry_after: None,
                message: text(),
            },
            CloudError::Transient(text()),
            CloudError::Denied(text()),
            CloudError::NotFound(text()),
            CloudError::Conflict(text()),
            CloudError::Invalid(text()),
            CloudError::Unsupported(text()),
        ] {
            let json = serde_json::to_string(&Problem::from(error.clone())).unwrap();
            let problem: Problem = serde_json::from_str(&json).unwrap();
            assert_eq!(CloudError::from(problem), error);
        }
    }
}
