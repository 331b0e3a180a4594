//! `cargo xtask gen-experiment`: files of an experiment whose truth is known.

use crate::workspace::Workspace;
use anyhow::Result;
use std::process::ExitCode;

/// Write an experiment whose truth is known, as Parquet or CSV; see --help.
///
/// The writer is an example of the crate `analyze`, which has the engine for Parquet, so that this
/// program goes without.
#[derive(clap::Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Args {
    /// As --exposures 1000000 --out /tmp/experiment.parquet.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<String>,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let workspace = Workspace::locate()?;
    let status = workspace
        .cargo("run")
        // Files are named from where the command is given.
        .current_dir(std::env::current_dir()?)
        .args(["--quiet", "--release", "--manifest-path"])
        .arg(workspace.root.join("Cargo.toml"))
        .args(["--package", "analyze", "--example", "gen_experiment", "--"])
        .args(&args.rest)
        .status()?;
    Ok(ExitCode::from(
        status
            .code()
            .and_then(|code| u8::try_from(code).ok())
            .unwrap_or(1),
    ))
}
