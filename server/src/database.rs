//! Which database a command about the data folder works on.

use crate::cli::Failure;
use crate::data::DataDir;
use clap::Args;
use std::path::{Path, PathBuf};
use store::{Store, StoreUrl};

/// Options of every command that opens the database itself.
#[derive(Args, Clone, Debug)]
pub(crate) struct DatabaseArgs {
    /// The data folder of the server.
    #[arg(long, value_name = "DIR", default_value = DataDir::DEFAULT)]
    pub(crate) data: PathBuf,
    /// A PostgreSQL database instead of the file in the data folder.
    #[arg(
        long,
        value_name = "URL",
        env = "VIRIDIAN_DATABASE_URL",
        hide_env_values = true
    )]
    pub(crate) database_url: Option<String>,
}

/// The database of a data folder, or the one that was named instead.
pub(crate) fn url(data: &Path, database_url: Option<&str>) -> Result<StoreUrl, Failure> {
    match database_url {
        None => Ok(StoreUrl::Sqlite(DataDir::at(data).database())),
        Some(url) => url.parse().map_err(|error| {
            Failure::new(
                format!("--database-url: {error}"),
                "write it as postgres://USER@HOST/DATABASE",
            )
        }),
    }
}

impl DatabaseArgs {
    pub(crate) fn url(&self) -> Result<StoreUrl, Failure> {
        url(&self.data, self.database_url.as_deref())
    }

    /// Opens what is there; a missing file is an error instead of a new database.
    pub(crate) async fn open_existing(&self) -> Result<Store, Failure> {
        let file = DataDir::at(&self.data).database();
        if self.database_url.is_none() && !file.exists() {
            return Err(Failure::new(
                format!("there is no database at {}", file.display()),
                "name the data folder of a server with --data DIR",
            ));
        }
        Store::open(&self.url()?)
            .await
            .map_err(|error| Failure::new(error, ""))
    }
}
