//! Opening the database: one connection that writes, several that read.

use crate::StoreUrl;
use crate::error::{Place, StoreError};
use migrations::{Migrator, MigratorTrait};
use sea_orm::sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sea_orm::sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous,
};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, SqlxPostgresConnector, SqlxSqliteConnector,
};
use std::collections::BTreeSet;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

const READERS: u32 = 4;
/// How long a write waits for another program that holds the file, a copy under way for instance.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Any number; it only has to be the same in every replica.
const MIGRATION_LOCK: i64 = 7_604_219_034_761;

#[derive(Clone)]
pub(crate) struct Connections {
    pub(crate) reader: DatabaseConnection,
    pub(crate) writer: DatabaseConnection,
    pub(crate) place: Place,
    /// The file, when it is one.
    pub(crate) path: Option<PathBuf>,
    /// Held as long as the file is open, so that no second process opens it.
    lock: Option<Arc<File>>,
}

impl Connections {
    pub(crate) async fn open(url: &StoreUrl) -> Result<Self, StoreError> {
        let place = Place(url.to_string());
        let opened = match url {
            StoreUrl::Sqlite(path) => Self::sqlite(path, place).await?,
            StoreUrl::Postgres(url) => Self::postgres(url, place).await?,
        };
        opened.migrate().await?;
        Ok(opened)
    }

    async fn sqlite(path: &Path, place: Place) -> Result<Self, StoreError> {
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        if let Some(folder) = folder {
            std::fs::create_dir_all(folder).map_err(|e| io(folder, e))?;
        }
        let lock = lock(path)?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full);
        let options = quiet(options);
        let trouble = |e: sea_orm::SqlxError| {
            let e = Arc::new(e);
            place.of_driver(&e, e.clone())
        };
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .test_before_acquire(false)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_with(options.clone())
            .await
            .map_err(trouble)?;
        let reader = SqlitePoolOptions::new()
            .max_connections(READERS)
            .test_before_acquire(false)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_lazy_with(options.pragma("query_only", "ON"));
        Ok(Self {
            reader: SqlxSqliteConnector::from_sqlx_sqlite_pool(reader),
            writer: SqlxSqliteConnector::from_sqlx_sqlite_pool(writer),
            path: Some(path.to_owned()),
            lock: Some(Arc::new(lock)),
            place,
        })
    }

    async fn postgres(url: &str, place: Place) -> Result<Self, StoreError> {
        let trouble = |e: sea_orm::SqlxError| {
            let e = Arc::new(e);
            place.of_driver(&e, e.clone())
        };
        let options: PgConnectOptions = url.parse().map_err(trouble)?;
        let options = quiet(options.application_name("viridian"));
        let writer = PgPoolOptions::new()
            .max_connections(1)
            .acquire_timeout(CONNECT_TIMEOUT)
            .connect_with(options.clone())
            .await
            .map_err(trouble)?;
        let reader = PgPoolOptions::new()
            .max_connections(READERS * 2)
            .acquire_timeout(CONNECT_TIMEOUT)
            .connect_lazy_with(options);
        Ok(Self {
            reader: SqlxPostgresConnector::from_sqlx_postgres_pool(reader),
            writer: SqlxPostgresConnector::from_sqlx_postgres_pool(writer),
            path: None,
            lock: None,
            place,
        })
    }

    /// Several replicas may start at once: on a server, one migrates and the others wait.
    async fn migrate(&self) -> Result<(), StoreError> {
        let shared = self.writer.get_database_backend() == DbBackend::Postgres;
        let call = |verb: &str| format!("SELECT pg_advisory_{verb}({MIGRATION_LOCK})");
        if shared {
            let lock = call("lock");
            self.writer
                .execute_unprepared(&lock)
                .await
                .map_err(|e| self.place.trouble(e))?;
        }
        let done = self.migrate_alone().await;
        if shared {
            let unlock = call("unlock");
            self.writer
                .execute_unprepared(&unlock)
                .await
                .map_err(|e| self.place.trouble(e))?;
        }
        done
    }

    async fn migrate_alone(&self) -> Result<(), StoreError> {
        let trouble = |e| self.place.trouble(e);
        let known: BTreeSet<String> = Migrator::migrations()
            .iter()
            .map(|m| m.name().to_owned())
            .collect();
        let applied = Migrator::get_migration_models(&self.writer)
            .await
            .map_err(trouble)?;
        if let Some(newer) = applied.into_iter().find(|m| !known.contains(&m.version)) {
            return Err(StoreError::Newer {
                place: self.place.0.clone(),
                unknown: newer.version,
            });
        }
        Migrator::up(&self.writer, None).await.map_err(trouble)
    }

    pub(crate) async fn close(&self) {
        for connection in [&self.reader, &self.writer] {
            if let Err(error) = connection.close_by_ref().await {
                tracing::warn!(%error, "the database did not close cleanly; its next start recovers it");
            }
        }
        if let Some(lock) = &self.lock
            && let Err(error) = lock.unlock()
        {
            tracing::warn!(%error, "the lock on the database is kept until this process ends");
        }
    }
}

/// Statements are not logged: they would repeat what the journal holds, sessions' hashes included.
fn quiet<O: sea_orm::sqlx::ConnectOptions>(options: O) -> O {
    options.disable_statement_logging()
}

/// Takes the lock beside the database. It goes with the process, however that ends.
pub(crate) fn lock(path: &Path) -> Result<File, StoreError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let name = PathBuf::from(name);
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&name);
    let file = file.map_err(|e| match e.kind() {
        std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => {
            StoreError::ReadOnly {
                place: path.display().to_string(),
            }
        }
        std::io::ErrorKind::StorageFull => StoreError::Full {
            place: path.display().to_string(),
        },
        _ => io(&name, e),
    })?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse {
            path: path.to_owned(),
        }),
        Err(TryLockError::Error(e)) => Err(io(&name, e)),
    }
}

pub(crate) fn io(path: &Path, error: std::io::Error) -> StoreError {
    StoreError::Io {
        path: path.to_owned(),
        cause: Arc::new(error),
    }
}
