use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use image::{Bake, Image, ImageError, ImageStore, Options};
use tempfile::TempDir;

/// A store and a place for folders, both gone at the end.
pub(crate) struct House {
    pub(crate) dir: TempDir,
    pub(crate) store: ImageStore,
}

impl House {
    pub(crate) fn new() -> House {
        House::with(Options::default())
    }

    pub(crate) fn with(options: Options) -> House {
        let dir = tempfile::tempdir().unwrap();
        let store = ImageStore::open_with(dir.path().join("store"), options).unwrap();
        House { dir, store }
    }

    pub(crate) fn store_dir(&self) -> PathBuf {
        self.dir.path().join("store")
    }

    /// A folder with these files; a name ending in `*` is executable (without the star), one with
    /// ` -> ` is a link, one ending in `/` an empty folder.
    pub(crate) fn folder(&self, name: &str, files: &[(&str, &str)]) -> PathBuf {
        let root = self.dir.path().join(name);
        fs::create_dir_all(&root).unwrap();
        for (file, text) in files {
            put(&root, file, text);
        }
        root
    }

    pub(crate) fn bake(&self, request: &Bake) -> Result<Image, ImageError> {
        self.store.bake(request, &mut |_| {})
    }
}

impl Drop for House {
    fn drop(&mut self) {
        // Read-only folders stop an ordinary user from removing them.
        for image in self.store.list().unwrap_or_default() {
            let _ = self.store.remove_unpacked(&image.digest);
        }
    }
}

pub(crate) fn put(root: &Path, file: &str, text: &str) {
    if let Some((link, target)) = file.split_once(" -> ") {
        let path = root.join(link);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        return std::os::unix::fs::symlink(target, path).unwrap();
    }
    if let Some(folder) = file.strip_suffix('/') {
        return fs::create_dir_all(root.join(folder)).unwrap();
    }
    let (name, mode) = match file.strip_suffix('*') {
        Some(name) => (name, 0o755),
        None => (file, 0o644),
    };
    let path = root.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
}

pub(crate) fn request(folder: &Path, version: &str) -> Bake {
    Bake {
        folder: folder.to_path_buf(),
        app: "shop".to_owned(),
        version: version.to_owned(),
        parent: None,
        command: vec!["bin/shop".to_owned(), "--serve".to_owned()],
        created_ms: 1_700_000_000_123,
        labels: BTreeMap::from([("commit".to_owned(), "abc123".to_owned())]),
    }
}

/// Every path of a tree with its kind, content or target, and permissions.
pub(crate) fn listing(root: &Path) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    let mut waiting = vec![root.to_path_buf()];
    while let Some(dir) = waiting.pop() {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            let metadata = fs::symlink_metadata(&path).unwrap();
            let mode = metadata.permissions().mode() & 0o7777;
            let facts = if metadata.is_dir() {
                waiting.push(path.clone());
                format!("dir {mode:o}")
            } else if metadata.is_symlink() {
                format!("link {}", fs::read_link(&path).unwrap().display())
            } else {
                let bytes = fs::read(&path).unwrap();
                format!("file {mode:o} {}", String::from_utf8_lossy(&bytes))
            };
            let name = path.strip_prefix(root).unwrap().to_str().unwrap();
            all.insert(name.to_owned(), facts);
        }
    }
    all
}
