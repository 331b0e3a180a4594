//! Logs go to standard error, one readable line each; `RUST_LOG` narrows or widens them.

use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;

pub(crate) fn start() {
    let filter = EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new("info,sqlx=warn,sea_orm_migration=warn"));
    // A second start, as in tests, changes nothing.
    let colour = std::io::stderr().is_terminal();
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(colour);
    let _ = log.with_writer(std::io::stderr).try_init();
}
