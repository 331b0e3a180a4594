//! The data folder of `viridian serve`: what lies where, and who may have it.

use rand::TryRngCore;
use serde::{Deserialize, Serialize};
use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

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
