//! Copies of the database, made while it serves, and the way back from one.

use crate::connect::{PRIVATE, beside, io, lock};
use crate::error::{Place, RESTORE, StoreError};
use crate::model::BackUp;
use crate::{Store, StoreUrl};
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use sea_orm::{ConnectionTrait, DatabaseConnection, SqlxSqliteConnector, Statement};
use std::fs::{self, File, Permissions};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;

impl Store {
    /// Copies the database into a new file as it is at one moment, and checks the copy. Writers
    /// go on meanwhile.
    ///
    /// # Errors
    /// [`StoreError::Unsupported`] on PostgreSQL, which has better means of its own, where `to`
    /// exists already, and where its folder does not.
    pub async fn back_up(&self, to: &Path) -> Result<BackUp, StoreError> {
        let Some(path) = &self.inner.connections.path else {
            return Err(StoreError::Unsupported {
                what: "a back-up of a PostgreSQL server",
                remedy: format!(
                    "use pg_dump, or the server's own continuous archiving, on {}",
                    self.inner.connections.place.0
                ),
            });
        };
        if to.exists() {
            return Err(StoreError::Unsupported {
                what: "overwriting a file with a back-up",
                remedy: format!("move {} away, or name another file", to.display()),
            });
        }
        let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty());
        if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
            return Err(StoreError::Unsupported {
                what: "a back-up into a folder that does not exist",
                remedy: format!("create the folder {} first", folder.display()),
            });
        }
        let partial = beside(to, ".partial");
        remove(&partial)?;
        // An empty file is as good as none to SQLite, and what it copies into it stays private.
        private(&partial)?;
        // A connection of its own: the readers refuse every statement that writes, a copy included.
        let source = open(path, Access::Write).await?;
        let copied = copy(&source, &partial).await;
        source.close().await.map_err(|e| self.trouble(e))?;
        copied?;
        let rows = check(&partial).await?;
        settle(&partial, to)?;
        let bytes = fs::metadata(to).map_err(|e| io(to, e))?.len();
        Ok(BackUp { bytes, rows })
    }

    /// Puts a back-up in the place of a database that nobody has open. The back-up is checked
    /// first, and what stood there before is kept beside it as `….replaced`.
    ///
    /// # Errors
    /// [`StoreError::InUse`] where the database is open, [`StoreError::Corrupt`] where the back-up
    /// is damaged.
    pub fn restore(from: &Path, data_db: &Path) -> Result<(), StoreError> {
        if let Some(folder) = data_db
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
        {
            fs::create_dir_all(folder).map_err(|e| io(folder, e))?;
        }
        let held = lock(data_db)?;
        let put = Self::put(from, data_db);
        // Given back by name: a process that this one starts right now has the file open, too.
        held.unlock().map_err(|e| io(data_db, e))?;
        put
    }

    fn put(from: &Path, data_db: &Path) -> Result<(), StoreError> {
        let partial = beside(data_db, ".partial");
        remove(&partial)?;
        let mut source = File::open(from).map_err(|e| io(from, e))?;
        let mut copy = private(&partial)?;
        std::io::copy(&mut source, &mut copy).map_err(|e| io(from, e))?;
        drop(copy);
        checked_apart(&partial)?;
        for suffix in ["", "-wal", "-shm"] {
            let (old, kept) = (
                beside(data_db, suffix),
                beside(data_db, &format!(".replaced{suffix}")),
            );
            remove(&kept)?;
            if old.exists() {
                fs::rename(&old, &kept).map_err(|e| io(&old, e))?;
            }
        }
        settle(&partial, data_db)
    }
}

enum Access {
    Read,
    Write,
}

async fn open(path: &Path, access: Access) -> Result<DatabaseConnection, StoreError> {
    use sea_orm::sqlx::ConnectOptions;
    let place = Place(StoreUrl::Sqlite(path.to_owned()).to_string());
    let options = SqliteConnectOptions::new()
        .filename(path)
        .read_only(matches!(access, Access::Read))
        .disable_statement_logging();
    let pool = SqlitePoolOptions::new()
        .max_connections(1)
        .connect_with(options)
        .await;
    let pool = pool.map_err(|e| {
        let e = Arc::new(e);
        place.of_driver(&e, e.clone())
    })?;
    Ok(SqlxSqliteConnector::from_sqlx_sqlite_pool(pool))
}

async fn copy(source: &DatabaseConnection, to: &Path) -> Result<(), StoreError> {
    let place = Place(to.display().to_string());
    let Some(name) = to.to_str() else {
        let remedy = "name a file in UTF-8".to_owned();
        return Err(StoreError::Unsupported {
            what: "a back-up into this file",
            remedy,
        });
    };
    let into = Statement::from_sql_and_values(
        source.get_database_backend(),
        "VACUUM INTO ?",
        [name.into()],
    );
    source
        .execute_raw(into)
        .await
        .map(drop)
        .map_err(|e| place.trouble(e))
}

/// Whether a file is a whole database of ours; how many journal entries it holds.
async fn check(path: &Path) -> Result<u64, StoreError> {
    let place = Place(path.display().to_string());
    let corrupt = |detail: String| StoreError::Corrupt {
        place: place.0.clone(),
        detail,
        remedy: RESTORE,
    };
    let database = open(path, Access::Read).await?;
    let ask = async |sql: &str| {
        let statement = Statement::from_string(database.get_database_backend(), sql);
        database
            .query_one_raw(statement)
            .await
            .map_err(|e| place.trouble(e))
    };
    let said = ask("PRAGMA integrity_check(1)").await?;
    let said = said
        .map(|row| row.try_get_by_index::<String>(0))
        .transpose();
    let said = said.map_err(|e| place.trouble(e))?.unwrap_or_default();
    if said != "ok" {
        return Err(corrupt(said));
    }
    let chained = ask("SELECT (SELECT seq FROM chain), (SELECT count(*) FROM journal)").await?;
    let (head, rows): (i64, i64) = match chained {
        Some(row) => {
            let read = |at| {
                row.try_get_by_index::<i64>(at)
                    .map_err(|e| place.trouble(e))
            };
            (read(0)?, read(1)?)
        }
        None => return Err(corrupt("it holds no journal".to_owned())),
    };
    database.close().await.map_err(|e| place.trouble(e))?;
    if head != rows {
        return Err(corrupt(format!("its journal has {rows} of {head} entries")));
    }
    Ok(u64::try_from(rows).unwrap_or(0))
}

/// [`check`] for a caller that may itself be on a runtime's thread.
fn checked_apart(path: &Path) -> Result<u64, StoreError> {
    let work = || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.map_err(|e| io(path, e))?.block_on(check(path))
    };
    let ended = std::thread::scope(|scope| scope.spawn(work).join());
    ended.unwrap_or_else(|_| Err(StoreError::Closed))
}

/// Makes a finished file durable under its name.
fn settle(partial: &Path, to: &Path) -> Result<(), StoreError> {
    File::open(partial)
        .and_then(|file| file.sync_all())
        .map_err(|e| io(partial, e))?;
    fs::rename(partial, to).map_err(|e| io(to, e))?;
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    File::open(folder)
        .and_then(|file| file.sync_all())
        .map_err(|e| io(folder, e))
}

/// A new file that is its owner's alone from its first moment, whatever the process's umask.
fn private(path: &Path) -> Result<File, StoreError> {
    let made = File::options()
        .create_new(true)
        .write(true)
        .mode(PRIVATE)
        .open(path);
    made.and_then(|file| {
        file.set_permissions(Permissions::from_mode(PRIVATE))?;
        Ok(file)
    })
    .map_err(|e| io(path, e))
}

fn remove(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Ok(()) => Ok(()),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(e) => Err(io(path, e)),
    }
}
