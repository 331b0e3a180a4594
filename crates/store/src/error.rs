//! What can go wrong, each with what to do about it.

use crate::model::Reserved;
use domain::{AppName, Digest, EnvName, RolloutId, Target, Version};
use sea_orm::{DbErr, RuntimeErr};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

type Cause = Arc<dyn std::error::Error + Send + Sync>;

#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    #[error("{path} is in use by another process: stop that `viridian serve`, or use another --data folder", path = .path.display())]
    InUse { path: PathBuf },
    #[error("{place} is damaged ({detail}): {remedy}")]
    Corrupt {
        place: String,
        detail: String,
        remedy: &'static str,
    },
    #[error(
        "{place} was written by a newer version (it has {unknown}): run that version, or restore a back-up from before"
    )]
    Newer { place: String, unknown: String },
    #[error("there is no space left for {place}: free some; nothing that was acknowledged is lost")]
    Full { place: String },
    #[error(
        "{place} cannot be written: give this process the right to write the file and its folder"
    )]
    ReadOnly { place: String },
    #[error(
        "{place} is locked by another program: end it (a database browser, a copy under way) and try again"
    )]
    Busy { place: String },
    #[error(
        "{place} cannot be reached: see that it runs and lets this machine in; it is tried again with the next request"
    )]
    Unreachable {
        place: String,
        #[source]
        cause: Cause,
    },
    #[error("{path}: {cause}", path = .path.display())]
    Io {
        path: PathBuf,
        cause: Arc<std::io::Error>,
    },
    #[error("the store is closed: the process is shutting down")]
    Closed,
    #[error(
        "{what} cannot be read back: {detail}; run `viridian doctor`, it names the first bad entry of the journal"
    )]
    Unreadable { what: String, detail: String },
    #[error("the database at {place} failed: {cause}; look at its disk and its log")]
    Database {
        place: String,
        #[source]
        cause: Cause,
    },

    #[error("{what} is not known: see `viridian apply` and the lists for what is")]
    Unknown { what: String },
    #[error("another rollout of {target} was planned at the same time: plan again")]
    Moved { target: Target, found: Reserved },
    #[error("{listen} is taken by {app}/{env}: choose another `listen`")]
    PortTaken {
        listen: SocketAddr,
        app: AppName,
        env: EnvName,
    },
    #[error(
        "{app} has a version {version} already, of {digest}: versions never move, choose a new one"
    )]
    VersionTaken {
        app: AppName,
        version: Version,
        digest: Digest,
    },
    #[error("this image ({digest}) is known already, as {app} {version}: use that version")]
    ImageTaken {
        digest: Digest,
        app: AppName,
        version: Version,
    },
    #[error("there is a token named {name:?} already: remove it first, or choose another name")]
    TokenTaken { name: String },
    #[error("{what} cannot be done here: {remedy}")]
    Unsupported { what: &'static str, remedy: String },
}

/// Why events were not appended. Nothing was written.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AppendError {
    /// Somebody appended before: load again and decide again.
    #[error("the rollout has {found} events by now: load it again")]
    Stale { found: u64 },
    /// Another driver owns the rollout.
    #[error("the lease on this rollout is somebody else's by now: leave it to them")]
    Fenced,
    #[error("rollout {by} owns the environment: wait until it is over")]
    Occupied { by: RolloutId },
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Tells a refusal, which is an answer, from trouble with the database, which undoes a whole batch.
pub(crate) trait Refusal: From<StoreError> + Send + 'static {
    /// The refusal again, or the trouble that it is.
    fn refusal(self) -> Result<Self, StoreError>;
}

impl Refusal for StoreError {
    fn refusal(self) -> Result<Self, StoreError> {
        match self {
            Self::Unknown { .. }
            | Self::Moved { .. }
            | Self::PortTaken { .. }
            | Self::VersionTaken { .. }
            | Self::ImageTaken { .. }
            | Self::TokenTaken { .. }
            | Self::Unsupported { .. } => Ok(self),
            Self::InUse { .. }
            | Self::Corrupt { .. }
            | Self::Newer { .. }
            | Self::Full { .. }
            | Self::ReadOnly { .. }
            | Self::Busy { .. }
            | Self::Unreachable { .. }
            | Self::Io { .. }
            | Self::Closed
            | Self::Unreadable { .. }
            | Self::Database { .. } => Err(self),
        }
    }
}

impl Refusal for AppendError {
    fn refusal(self) -> Result<Self, StoreError> {
        match self {
            Self::Stale { .. } | Self::Fenced | Self::Occupied { .. } => Ok(self),
            Self::Store(error) => error.refusal().map(Self::Store),
        }
    }
}

/// What a message calls the database.
#[derive(Clone, Debug)]
pub(crate) struct Place(pub(crate) String);

/// `SQLITE_IOERR_SHMSIZE`: there was no room for the index of the write-ahead log, which a file that is
/// opened needs before anything else.
const IOERR_SHMSIZE: i32 = 10 | (19 << 8);

pub(crate) const RESTORE: &str = "stop, and restore a back-up with `viridian restore`";

impl Place {
    /// Types a database error by the codes of SQLite and PostgreSQL.
    pub(crate) fn trouble(&self, error: DbErr) -> StoreError {
        let place = self.0.clone();
        if let DbErr::ConnectionAcquire(why) = &error {
            return match why {
                sea_orm::ConnAcquireErr::ConnectionClosed => StoreError::Closed,
                sea_orm::ConnAcquireErr::Timeout => StoreError::Unreachable {
                    place,
                    cause: Arc::new(error),
                },
            };
        }
        let (DbErr::Conn(RuntimeErr::SqlxError(cause))
        | DbErr::Exec(RuntimeErr::SqlxError(cause))
        | DbErr::Query(RuntimeErr::SqlxError(cause))) = &error
        else {
            return StoreError::Database {
                place,
                cause: Arc::new(error),
            };
        };
        self.of_driver(cause, Arc::new(error.clone()))
    }

    pub(crate) fn of_driver(&self, error: &sea_orm::SqlxError, cause: Cause) -> StoreError {
        use sea_orm::SqlxError as E;
        let place = self.0.clone();
        match error {
            E::PoolClosed => StoreError::Closed,
            E::Io(_) | E::Tls(_) | E::PoolTimedOut | E::WorkerCrashed => {
                StoreError::Unreachable { place, cause }
            }
            E::Database(said) => {
                match said.try_downcast_ref::<sea_orm::sqlx::sqlite::SqliteError>() {
                    Some(_) => self.of_sqlite(said.code().as_deref(), said.message(), cause),
                    None => self.of_postgres(said.code().as_deref(), cause),
                }
            }
            _ => StoreError::Database { place, cause },
        }
    }

    /// By the primary result code, the low 8 bits of the extended one; of input and output errors,
    /// which say little, by the whole.
    fn of_sqlite(&self, code: Option<&str>, message: &str, cause: Cause) -> StoreError {
        let place = self.0.clone();
        let code = code.and_then(|code| code.parse::<i32>().ok());
        if code == Some(IOERR_SHMSIZE) {
            return StoreError::Full { place };
        }
        match code.map(|code| code & 0xff) {
            Some(5 | 6) => StoreError::Busy { place },
            Some(8) => StoreError::ReadOnly { place },
            Some(11 | 26) => StoreError::Corrupt {
                place,
                detail: message.to_owned(),
                remedy: RESTORE,
            },
            Some(13) => StoreError::Full { place },
            Some(14) => StoreError::ReadOnly { place },
            _ => StoreError::Database { place, cause },
        }
    }

    /// By SQLSTATE.
    fn of_postgres(&self, code: Option<&str>, cause: Cause) -> StoreError {
        let place = self.0.clone();
        match code {
            Some("53100") => StoreError::Full { place },
            Some("25006") => StoreError::ReadOnly { place },
            Some("55P03" | "40001" | "40P01") => StoreError::Busy { place },
            Some("XX001" | "XX002") => StoreError::Corrupt {
                place,
                detail: cause.to_string(),
                remedy: "restore the PostgreSQL server's own back-up",
            },
            Some("57P01" | "57P02" | "57P03" | "53300" | "3D000" | "28P01" | "28000") => {
                StoreError::Unreachable { place, cause }
            }
            _ => StoreError::Database { place, cause },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_the_databases_become_errors_that_say_what_to_do() {
        let place = Place("/data/viridian.db".to_owned());
        let cause = || -> Cause { Arc::new(std::fmt::Error) };
        let sqlite = |code: &str| place.of_sqlite(Some(code), "said so", cause());
        let postgres = |code: &str| place.of_postgres(Some(code), cause());
        assert!(matches!(sqlite("13"), StoreError::Full { .. }));
        assert!(matches!(sqlite("4874"), StoreError::Full { .. }));
        assert!(matches!(sqlite("5"), StoreError::Busy { .. }));
        // SQLITE_BUSY_SNAPSHOT: the primary code is what counts.
        assert!(matches!(sqlite("517"), StoreError::Busy { .. }));
        assert!(matches!(sqlite("1544"), StoreError::ReadOnly { .. }));
        assert!(matches!(sqlite("11"), StoreError::Corrupt { .. }));
        assert!(matches!(sqlite("26"), StoreError::Corrupt { .. }));
        assert!(matches!(sqlite("1"), StoreError::Database { .. }));
        assert!(matches!(postgres("53100"), StoreError::Full { .. }));
        assert!(matches!(postgres("25006"), StoreError::ReadOnly { .. }));
        assert!(matches!(postgres("57P01"), StoreError::Unreachable { .. }));
        assert!(matches!(postgres("42P01"), StoreError::Database { .. }));
        for error in [sqlite("13"), sqlite("5"), sqlite("8"), sqlite("11")] {
            let text = error.to_string();
            assert!(
                text.contains("/data/viridian.db") && text.contains(':'),
                "{text}"
            );
        }
    }
}
