//! Which server a command talks to, and with which token.

use super::Failure;
use super::client::Client;
use crate::data::{DataDir, ServerFile};
use clap::Args;
use std::path::PathBuf;

/// Options of every command that talks to a server.
#[derive(Args, Clone, Debug)]
pub(crate) struct Connect {
    /// The data folder of a server on this machine; its token and address are read from there.
    /// Without it VIRIDIAN_URL and VIRIDIAN_TOKEN are used, or else the folder .viridian.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Print JSON, as the REST interface answers it.
    #[arg(long)]
    pub(crate) json: bool,
}

impl Connect {
    /// # Errors
    /// Says which of address and token is missing, and where they were looked for.
    pub(crate) fn client(&self) -> Result<Client, Failure> {
        if self.data.is_none()
            && let Some(url) = variable("VIRIDIAN_URL")
        {
            let token = variable("VIRIDIAN_TOKEN").ok_or_else(|| {
                Failure::new(
                    "VIRIDIAN_URL is set, but VIRIDIAN_TOKEN is not",
                    "set it to a token that `viridian token create` made on the server",
                )
            })?;
            return Client::new(&url, &token);
        }
        let folder = self
            .data
            .clone()
            .unwrap_or_else(|| PathBuf::from(DataDir::DEFAULT));
        let data = DataDir::at(&folder);
        let ServerFile { url, .. } = data.server().map_err(|error| {
            Failure::new(
                format!("no server is known in {}: {error}", folder.display()),
                format!(
                    "start one with `viridian serve --data {}`, name its folder with --data, or set VIRIDIAN_URL and VIRIDIAN_TOKEN",
                    folder.display()
                ),
            )
        })?;
        let token = match variable("VIRIDIAN_TOKEN").filter(|_| self.data.is_none()) {
            Some(token) => token,
            None => data.token().map_err(|error| {
                Failure::new(
                    format!("the token of {} cannot be read: {error}", folder.display()),
                    "run the command as the user who runs `viridian serve`, or set VIRIDIAN_URL and VIRIDIAN_TOKEN",
                )
            })?,
        };
        Client::new(&url, &token)
    }
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name)
        .ok()
        .map(|value| value.trim().to_owned())
        .filter(|value| !value.is_empty())
}

/// The server that runs on a data folder now, if one does.
pub(crate) fn running(data: &DataDir) -> Option<Client> {
    // Whoever has the folder holds its lock; the files alone may be of a server that is gone.
    if !data.is_taken().unwrap_or(false) {
        return None;
    }
    let server = data.server().ok()?;
    Client::new(&server.url, &data.token().ok()?).ok()
}
