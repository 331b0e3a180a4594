//! The data folder of `viridian serve`: what lies where, and who may have it.

use rand::TryRngCore;
use serde::{Deserialize, Serialize};
use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// How long a start waits for another process to let go of the folder.
const A_MOMENT: std::time::Duration = std::time::Duration::from_secs(1);

/// A data folder, which need not exist yet.
#[derive(Clone, Debug)]
pub(crate) struct DataDir(PathBuf);

/// `server.json`: where the server of this folder answers.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ServerFile {
    pub(crate) url: String,
    pub(crate) pid: u32,
}

impl DataDir {
    /// Where nothing else is said.
    pub(crate) const DEFAULT: &'static str = ".viridian";

    pub(crate) fn at(folder: &Path) -> Self {
        Self(folder.to_path_buf())
    }

    /// Makes the folder where it is missing, for its owner alone.
    pub(crate) fn create(folder: &Path) -> io::Result<Self> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)?;
        Ok(Self(folder.canonicalize()?))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.0.join("viridian.db")
    }

    /// The node's own folder.
    pub(crate) fn node(&self) -> PathBuf {
        self.0.join("node")
    }

    pub(crate) fn token_file(&self) -> PathBuf {
        self.0.join("token")
    }

    pub(crate) fn server(&self) -> io::Result<ServerFile> {
        let text = std::fs::read_to_string(self.0.join("server.json"))?;
        serde_json::from_str(&text).map_err(io::Error::from)
    }

    pub(crate) fn write_server(&self, server: &ServerFile) -> io::Result<()> {
        let text = serde_json::to_string_pretty(server)?;
        write_private(&self.0.join("server.json"), &format!("{text}\n"))
    }

    pub(crate) fn token(&self) -> io::Result<String> {
        Ok(std::fs::read_to_string(self.token_file())?
            .trim()
            .to_owned())
    }

    pub(crate) fn write_token(&self, token: &str) -> io::Result<()> {
        write_private(&self.token_file(), &format!("{token}\n"))
    }

    /// Others than the owner may read the token.
    pub(crate) fn token_is_exposed(&self) -> io::Result<bool> {
        Ok(self.token_file().metadata()?.permissions().mode() & 0o077 != 0)
    }

    /// What the servers that one after another run on this folder are called among the replicas of
    /// one database, so that the next one goes on with what a killed one had under way.
    pub(crate) fn replica(&self) -> io::Result<String> {
        let file = self.0.join("replica");
        match std::fs::read_to_string(&file) {
            Ok(name) if !name.trim().is_empty() => return Ok(name.trim().to_owned()),
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(_) | Err(_) => {}
        }
        let mut bytes = [0; 16];
        rand::rngs::OsRng
            .try_fill_bytes(&mut bytes)
            .map_err(io::Error::other)?;
        let name = format!("serve-{}", hex::encode(bytes));
        write_private(&file, &format!("{name}\n"))?;
        Ok(name)
    }

    /// Whether a process has the folder. Asking takes nothing: the file is not written, and where it is
    /// shared for a moment, whoever wants it whole waits for that in [`DataDir::lock_soon`].
    pub(crate) fn is_taken(&self) -> io::Result<bool> {
        let file = match File::open(self.0.join("lock")) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(error),
        };
        match file.try_lock_shared() {
            Ok(()) => Ok(false),
            Err(std::fs::TryLockError::WouldBlock) => Ok(true),
            Err(std::fs::TryLockError::Error(error)) => Err(error),
        }
    }

    /// [`DataDir::lock`], which waits for those that have it for a moment only.
    pub(crate) async fn lock_soon(&self) -> io::Result<Option<Lock>> {
        let until = tokio::time::Instant::now() + A_MOMENT;
        loop {
            let lock = self.lock()?;
            if lock.is_some() || tokio::time::Instant::now() > until {
                return Ok(lock);
            }
            tokio::time::sleep(A_MOMENT / 50).await;
        }
    }

    /// What of the folder others than its owner may look into: itself and the database. The token is asked
    /// for apart, in [`DataDir::token_is_exposed`].
    pub(crate) fn exposed(&self) -> Vec<PathBuf> {
        let files = ["", "viridian.db", "viridian.db-wal", "viridian.db-shm"];
        let paths = files.iter().map(|name| match *name {
            "" => self.0.clone(),
            name => self.0.join(name),
        });
        let open = |path: &PathBuf| {
            path.metadata()
                .is_ok_and(|found| found.permissions().mode() & 0o077 != 0)
        };
        paths.filter(open).collect()
    }

    /// Takes the folder for this process until the answer is dropped; `None` where another has it.
    /// The kernel lets go of it whichever way the process ends.
    pub(crate) fn lock(&self) -> io::Result<Option<Lock>> {
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .mode(0o600)
            .open(self.0.join("lock"))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(std::fs::TryLockError::WouldBlock) => return Ok(None),
            Err(std::fs::TryLockError::Error(error)) => return Err(error),
        }
        file.set_len(0)?;
        writeln!(file, "{}", std::process::id())?;
        Ok(Some(Lock(file)))
    }
}

/// The folder is ours as long as this lives.
#[derive(Debug)]
pub(crate) struct Lock(#[expect(dead_code, reason = "held for its lock alone")] File);

/// Writes a file for its owner alone, whole or not at all.
fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let beside = path.with_extension("new");
    let mut file = OpenOptions::new()
        .create(true)
        .write(true)
        .truncate(true)
        .mode(0o600)
        .open(&beside)?;
    // A leftover of an interrupted write keeps the mode it had.
    file.set_permissions(Permissions::from_mode(0o600))?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&beside, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_taken_once() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::create(&folder.path().join("new")).unwrap();
        let first = data.lock().unwrap().expect("free");
        assert!(data.lock().unwrap().is_none());
        drop(first);
        assert!(data.lock().unwrap().is_some());
    }

    #[tokio::test]
    async fn whoever_asks_takes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::create(folder.path()).unwrap();
        assert!(!data.is_taken().unwrap(), "nobody was here yet");
        assert!(!folder.path().join("lock").exists());
        let held = data.lock().unwrap().expect("free");
        assert!(data.is_taken().unwrap());
        let said = std::fs::read_to_string(folder.path().join("lock")).unwrap();
        assert_eq!(said.trim(), std::process::id().to_string());
        drop(held);
        assert!(!data.is_taken().unwrap());

        // Somebody asks at the very moment of a start.
        let asking = File::open(folder.path().join("lock")).unwrap();
        asking.lock_shared().unwrap();
        assert!(data.lock().unwrap().is_none(), "it is shared right now");
        let starts = tokio::spawn({
            let data = data.clone();
            async move { data.lock_soon().await }
        });
        tokio::task::yield_now().await;
        drop(asking);
        assert!(starts.await.unwrap().unwrap().is_some());
    }

    #[test]
    fn what_others_may_look_into_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::create(&folder.path().join("new")).unwrap();
        assert_eq!(data.exposed(), Vec::<PathBuf>::new());
        std::fs::set_permissions(data.path(), Permissions::from_mode(0o755)).unwrap();
        std::fs::write(data.database(), "").unwrap();
        std::fs::set_permissions(data.database(), Permissions::from_mode(0o644)).unwrap();
        assert_eq!(data.exposed(), [data.path().to_owned(), data.database()]);
    }

    #[test]
    fn a_folder_keeps_its_name_among_replicas() {
        let folder = tempfile::tempdir().unwrap();
        let name = |at: &str| {
            DataDir::create(&folder.path().join(at))
                .unwrap()
                .replica()
                .unwrap()
        };
        assert_eq!(name("a"), name("a"));
        assert_ne!(name("a"), name("b"));
    }

    #[test]
    fn the_token_is_for_its_owner_alone_also_where_it_was_not() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::create(folder.path()).unwrap();
        std::fs::write(data.token_file(), "old").unwrap();
        std::fs::set_permissions(data.token_file(), Permissions::from_mode(0o644)).unwrap();
        assert!(data.token_is_exposed().unwrap());
        data.write_token("new").unwrap();
        assert!(!data.token_is_exposed().unwrap());
        assert_eq!(data.token().unwrap(), "new");
    }
}
