//! The `viridian` binary: the server, the node and the command line in one.
//!
//! **The rule of this crate:** it wires, and it translates. It is the only place where an error
//! becomes HTTP or an exit code, and the only one that knows who asks.
//!
//! **Deliberately absent:** decisions about rollouts (`domain`), effects on clouds (`engine`), SQL
//! (`store`) and markup of pages (`app`).

mod auth;
mod calendar;
mod checkup;
mod cli;
mod data;
mod database;
mod http;
mod log;
mod serve;
mod site;
mod world;

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    Box::pin(cli::Cli::of_arguments().run()).await
}
