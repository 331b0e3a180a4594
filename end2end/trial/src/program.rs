//! Who serves the site: programs none of us wrote.

use anyhow::{Result, ensure};
use std::path::Path;

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Program {
    /// `python3 -m http.server`: HTTP/1.0, a connection for each answer.
    Python,
    /// Debian's caddy: HTTP/1.1 with connections kept alive.
    Caddy,
    /// Debian's nginx (nginx-light is enough): a master with workers, which write their title over
    /// the environment they were given.
    Nginx,
}

/// nginx reads no variables: its port has to stand in a file, which cannot be in the image.
const NGINX: &str = r#"
import os, sys

port, folder = sys.argv[1:]
temporary = " ".join(
    f"{name}_temp_path {folder}/nginx-{name};"
    for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
)
user = "user root root;" if os.getuid() == 0 else ""
text = f"""
daemon off; master_process on; worker_processes 2; {user} pid {folder}/nginx-{port}.pid;
events {{}}
http {{ access_log off; {temporary} server {{ listen 127.0.0.1:{port}; root .; }} }}
"""
path = f"{folder}/nginx-{port}.conf"
with open(path, "w") as file:
    file.write(text)
os.execvp("nginx", ["nginx", "-e", "stderr", "-p", ".", "-c", path])
"#;

impl Program {
    /// How it is started in an image's folder. It may write to `scratch`.
    pub(crate) fn command(self, scratch: &Path) -> Vec<String> {
        let scratch = scratch.to_string_lossy();
        let words: &[&str] = match self {
            Self::Python => &[
                "python3",
                "-m",
                "http.server",
                "${PORT}",
                "--bind",
                "127.0.0.1",
            ],
            Self::Caddy => &["caddy", "file-server", "--listen", "127.0.0.1:${PORT}"],
            Self::Nginx => &["python3", "start.py", "${PORT}", &scratch],
        };
        words.iter().map(ToString::to_string).collect()
    }

    /// What it needs in the image beside the site.
    pub(crate) fn files(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Python | Self::Caddy => &[],
            Self::Nginx => &[("start.py", NGINX)],
        }
    }

    /// # Errors
    /// Where it is not installed, with how it can be.
    pub(crate) fn find(self) -> Result<()> {
        let (name, package) = match self {
            Self::Python => ("python3", "python3-minimal"),
            Self::Caddy => ("caddy", "caddy"),
            Self::Nginx => ("nginx", "nginx-light"),
        };
        let path = std::env::var_os("PATH").unwrap_or_default();
        let found = std::env::split_paths(&path).any(|folder| folder.join(name).is_file());
        ensure!(
            found,
            "{name} is not in PATH: install it (on Debian: apt-get install {package}, and for nginx put /usr/sbin into PATH)"
        );
        Ok(())
    }
}
