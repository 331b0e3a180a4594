//! Puts the real binary under real load and takes it apart.
//!
//! **The rule of this program:** it knows only what a user knows: the binary, the command line, REST.
//! It starts `viridian serve` in a folder of its own, bakes two versions of a web site served by a
//! program none of us wrote, keeps a constant load on it, and counts every request that is not
//! answered with 200.
//!
//! **Deliberately absent:** any crate of the product.

mod errors;
mod http;
mod kill;
mod kill_node;
mod load;
mod processes;
mod program;
mod rollback;
mod stage;
mod strategies;

use anyhow::{Result, ensure};
use clap::{Parser, Subcommand};
use program::Program;
use std::path::PathBuf;

#[derive(Parser)]
#[command(
    about,
    after_help = "Example: trial --viridian target/debug/viridian strategies"
)]
struct Arguments {
    /// The binary to try.
    #[arg(long, default_value = "target/debug/viridian")]
    viridian: PathBuf,
    /// Requests per second of the constant load.
    #[arg(long, default_value_t = 250)]
    rate: u32,
    /// Who serves the site: programs none of us wrote.
    #[arg(long, value_enum, default_value_t = Program::Python)]
    program: Program,
    #[command(subcommand)]
    trial: Trial,
}

/// What every trial is told.
#[derive(Clone, Copy)]
struct Settings<'a> {
    binary: &'a std::path::Path,
    rate: u32,
    program: Program,
}

#[derive(Subcommand)]
enum Trial {
    /// Blue/green, canary, rolling and A/B: nothing lost, no visitor changes arm.
    Strategies,
    /// A canary of an image that answers 2% of its requests with 500 turns itself back.
    Errors,
    /// A rollback in every step of every strategy, and after the old group is gone.
    Rollback {
        /// Only this strategy; can be given more than once.
        #[arg(long)]
        strategy: Vec<String>,
    },
    /// `kill -9` of the control plane at random moments of a canary.
    KillServe {
        #[arg(long, default_value_t = 50)]
        times: u32,
    },
    /// `kill -9` of the node under load: instances are taken back, orphans end, what was lost is told.
    KillNode {
        #[arg(long, default_value_t = 10)]
        times: u32,
    },
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    ensure!(
        arguments.viridian.is_file(),
        "{} is not there: build it first with `cargo build -p server`",
        arguments.viridian.display()
    );
    let binary = arguments.viridian.canonicalize()?;
    arguments.program.find()?;
    let rate = arguments.rate.clamp(1, 1_000);
    let settings = Settings {
        binary: &binary,
        rate,
        program: arguments.program,
    };
    match arguments.trial {
        Trial::Strategies => strategies::run(settings).await,
        Trial::Errors => errors::run(settings).await,
        Trial::Rollback { strategy } => rollback::run(settings, &strategy).await,
        Trial::KillServe { times } => kill::serve(settings, times.min(1_000)).await,
        Trial::KillNode { times } => kill_node::run(settings, times.min(100)).await,
    }
}
