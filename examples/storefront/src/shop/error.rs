use std::path::PathBuf;

/// Why an image folder cannot be served: which file, where in it, and what to change.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoadError {
    #[error("cannot read {}; the image folder must contain it", path.display())]
    Read {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("{} is not a valid shop description", path.display())]
    Toml {
        path: PathBuf,
        source: Box<toml::de::Error>,
    },
    #[error("{} is not a valid product list", path.display())]
    Json {
        path: PathBuf,
        source: serde_json::Error,
    },
    #[error("{}: `{field}` {problem}", path.display())]
    Field {
        path: PathBuf,
        field: String,
        problem: &'static str,
    },
    #[error("{} line {line}: unknown slot `{slot}`; this page may use: {known}", path.display())]
    Slot {
        path: PathBuf,
        line: usize,
        slot: String,
        known: String,
    },
    #[error("{} line {line}: a slot is opened with {{{{ and never closed with }}}}", path.display())]
    Unclosed { path: PathBuf, line: usize },
}

pub(crate) fn read(path: &std::path::Path) -> Result<String, LoadError> {
    std::fs::read_to_string(path).map_err(|source| LoadError::Read {
        path: path.to_owned(),
        source,
    })
}
