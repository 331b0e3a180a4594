//! Where the database is.

use std::{fmt, path::PathBuf, str::FromStr};

/// A file of our own, or a PostgreSQL server.
#[derive(Clone, PartialEq, Eq)]
pub enum StoreUrl {
    Sqlite(PathBuf),
    /// `postgres://user:password@host/database`. Never printed with its password.
    Postgres(String),
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{given:?} names no database: use the path of a file, sqlite:PATH, or postgres://USER@HOST/DATABASE"
)]
pub struct BadStoreUrl {
    pub given: String,
}

impl FromStr for StoreUrl {
    type Err = BadStoreUrl;

    fn from_str(text: &str) -> Result<Self, BadStoreUrl> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(text.to_owned()));
        }
        let path = text
            .strip_prefix("sqlite://")
            .or(text.strip_prefix("sqlite:"))
            .unwrap_or(text);
        if path.is_empty() || path.contains("://") || path.contains(":memory:") {
            // A password may stand before an `@`: it is not repeated.
            let given = path.rsplit('@').next().unwrap_or_default().to_owned();
            return Err(BadStoreUrl { given });
        }
        Ok(Self::Sqlite(PathBuf::from(path)))
    }
}

impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "{}", path.display()),
            Self::Postgres(url) => {
                let rest = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
                let rest = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
                let rest = rest.split_once('?').map_or(rest, |(place, _)| place);
                write!(f, "postgres://{rest}")
            }
        }
    }
}

impl fmt::Debug for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoreUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_a_file_or_a_server_and_never_shows_a_password() {
        assert_eq!("a/b.db".parse(), Ok(StoreUrl::Sqlite("a/b.db".into())));
        assert_eq!("sqlite:a.db".parse(), Ok(StoreUrl::Sqlite("a.db".into())));
        assert_eq!(
            "sqlite:///a.db".parse(),
            Ok(StoreUrl::Sqlite("/a.db".into()))
        );
        let url: StoreUrl = "postgres://joe:secret@db:5432/viridian?password=secret"
            .parse()
            .unwrap();
        assert_eq!(url.to_string(), "postgres://db:5432/viridian");
        assert!(!format!("{url:?}").contains("secret"));
        let bad = "mysql://joe:secret@db/x".parse::<StoreUrl>().unwrap_err();
        assert!(!bad.to_string().contains("secret"), "{bad}");
        for bad in ["", "sqlite:", "sqlite::memory:"] {
            assert!(bad.parse::<StoreUrl>().is_err(), "{bad}");
        }
    }
}
