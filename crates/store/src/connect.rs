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
use std::fs::{File, Permissions, TryLockError};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

const READERS: u32 = 4;
/// How long a write waits for another program that holds the file, a copy under way for instance.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a connection that is given up may take to close.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);
/// Rights of a file that is its owner's alone.
pub(crate) const PRIVATE: u32 = 0o600;
/// Any number; it only has to be the same in every replica.
const MIGRATION_LOCK: i64 = 7_604_219_034_761;

#[derive(Clone)]
pub(crate) struct Connections {
    pub(crate) reader: DatabaseConnection,
    pub(crate) writer: DatabaseConnection,
    pub(crate) place: Place,
    pub(crate) url: StoreUrl,
    /// The file, when it is one.
    pub(crate) path: Option<PathBuf>,
    /// Held as long as the file is open, so that no second process opens it.
    lock: Option<Arc<File>>,
    /// How large the file may get once the writer was opened anew: a disk that is full.
    #[cfg(test)]
    pub(crate) most_pages: Arc<std::sync::atomic::AtomicU32>,
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
        keep_private(path)?;
        let writer = sqlite_writer(sqlite_options(path).create_if_missing(true), &place).await?;
        let reader = SqlitePoolOptions::new()
            .max_connections(READERS)
            .test_before_acquire(false)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_lazy_with(sqlite_options(path).pragma("query_only", "ON"));
        Ok(Self {
            reader: SqlxSqliteConnector::from_sqlx_sqlite_pool(reader),
            writer,
            url: StoreUrl::Sqlite(path.to_owned()),
            path: Some(path.to_owned()),
            lock: Some(Arc::new(lock)),
            place,
            #[cfg(test)]
            most_pages: Arc::new(u32::MAX.into()),
        })
    }

    async fn postgres(url: &str, place: Place) -> Result<Self, StoreError> {
        let writer = postgres_writer(postgres_options(url, &place)?, &place).await?;
        let reader = PgPoolOptions::new()
            .max_connections(READERS * 2)
            .acquire_timeout(CONNECT_TIMEOUT)
            .connect_lazy_with(postgres_options(url, &place)?);
        Ok(Self {
            reader: SqlxPostgresConnector::from_sqlx_postgres_pool(reader),
            writer,
            url: StoreUrl::Postgres(url.to_owned()),
            path: None,
            lock: None,
            place,
            #[cfg(test)]
            most_pages: Arc::new(u32::MAX.into()),
        })
    }

    /// Closes the connection that writes, and with it whatever transaction it may still be in. A
    /// database that ran out of space ends transactions by itself, and the driver's count of them
    /// is wrong from then on: what it calls a commit might be none.
    pub(crate) async fn retire_writer(&self) {
        match tokio::time::timeout(CLOSE_TIMEOUT, self.writer.close_by_ref()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the connection that writes did not close"),
            Err(_) => tracing::warn!("the connection that writes does not close; it is left alone"),
        }
    }

    /// Opens the connection that writes anew. The lock on the file stays held meanwhile.
    pub(crate) async fn reopen_writer(&mut self) -> Result<(), StoreError> {
        self.writer = match &self.url {
            StoreUrl::Sqlite(path) => {
                let options = sqlite_options(path);
                #[cfg(test)]
                let options = {
                    let most = self.most_pages.load(std::sync::atomic::Ordering::SeqCst);
                    options.pragma("max_page_count", most.to_string())
                };
                sqlite_writer(options, &self.place).await?
            }
            StoreUrl::Postgres(url) => {
                postgres_writer(postgres_options(url, &self.place)?, &self.place).await?
            }
        };
        Ok(())
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

fn sqlite_options(path: &Path) -> SqliteConnectOptions {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full);
    quiet(options)
}

async fn sqlite_writer(
    options: SqliteConnectOptions,
    place: &Place,
) -> Result<DatabaseConnection, StoreError> {
    let pool = SqlitePoolOptions::new()
        .max_connections(1)
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_with(options)
        .await;
    let pool = pool.map_err(|e| of_driver(place, e))?;
    Ok(SqlxSqliteConnector::from_sqlx_sqlite_pool(pool))
}

pub(crate) fn postgres_options(url: &str, place: &Place) -> Result<PgConnectOptions, StoreError> {
    let options: PgConnectOptions = url.parse().map_err(|e| of_driver(place, e))?;
    Ok(quiet(options.application_name("viridian")))
}

async fn postgres_writer(
    options: PgConnectOptions,
    place: &Place,
) -> Result<DatabaseConnection, StoreError> {
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .acquire_timeout(CONNECT_TIMEOUT)
        .connect_with(options)
        .await;
    let pool = pool.map_err(|e| of_driver(place, e))?;
    Ok(SqlxPostgresConnector::from_sqlx_postgres_pool(pool))
}

fn of_driver(place: &Place, error: sea_orm::SqlxError) -> StoreError {
    let error = Arc::new(error);
    place.of_driver(&error, error.clone())
}

/// Statements are not logged: they would repeat what the journal holds, sessions' hashes included.
fn quiet<O: sea_orm::sqlx::ConnectOptions>(options: O) -> O {
    options.disable_statement_logging()
}

/// Sees to it that the database is its owner's alone, from before the first byte of it is written.
/// What SQLite puts beside it takes after it.
fn keep_private(path: &Path) -> Result<(), StoreError> {
    let made = File::options()
        .create_new(true)
        .write(true)
        .mode(PRIVATE)
        .open(path);
    match made {
        Ok(_) => return Ok(()),
        Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {}
        Err(e) => return Err(of_file(path, path, e)),
    }
    for suffix in ["", "-wal", "-shm"] {
        let file = beside(path, suffix);
        let open = std::fs::metadata(&file).is_ok_and(|m| m.permissions().mode() & 0o077 != 0);
        if open && let Err(error) = std::fs::set_permissions(&file, Permissions::from_mode(PRIVATE))
        {
            // Somebody else's file, which serves as well as before.
            tracing::warn!(file = %file.display(), %error, "others may look into the database, and this cannot be changed");
        }
    }
    Ok(())
}

/// What a file that cannot be opened for writing says about the database.
fn of_file(database: &Path, file: &Path, error: std::io::Error) -> StoreError {
    let place = database.display().to_string();
    match error.kind() {
        std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => {
            StoreError::ReadOnly { place }
        }
        std::io::ErrorKind::StorageFull => StoreError::Full { place },
        _ => io(file, error),
    }
}

/// A file with a longer name, in the same folder.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Takes the lock beside the database. It goes with the process, however that ends.
pub(crate) fn lock(path: &Path) -> Result<File, StoreError> {
    let name = beside(path, ".lock");
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(PRIVATE)
        .open(&name)
        .map_err(|e| of_file(path, &name, e))?;
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
