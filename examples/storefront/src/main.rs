//! The shop that Viridian's demonstration bakes, releases and takes back, and the visitors who use it.
//!
//! One rule: what a version of the shop looks like and how it behaves is decided by the files of its image folder,
//! never by the program, so that two images differ by files that anyone can compare.
//!
//! Deliberately absent: a database (the cart lives in the visitor's cookie), writes of any kind (the image folder is
//! read-only), any address but loopback, and any knowledge of Viridian beyond two environment variables.

mod shop;
mod visit;

use std::{path::PathBuf, process::ExitCode, time::Duration};

use clap::{Parser, Subcommand};

/// A small paint shop for release demonstrations, and a crowd of polite visitors.
#[derive(Parser)]
#[command(name = "storefront", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the shop described by a folder's shop.toml, on loopback only.
    #[command(after_help = "Example:\n  storefront serve --port 8080 --config shop.toml")]
    Serve {
        /// Port on 127.0.0.1; 0 takes a free one. The address is printed on standard output.
        #[arg(long, env = "PORT")]
        port: u16,
        /// The shop's settings; pages/, theme.css and products.json are read from the same folder.
        #[arg(long, default_value = "shop.toml")]
        config: PathBuf,
        /// How long open requests may take to finish after SIGTERM.
        #[arg(long, default_value_t = 10, value_name = "SECONDS")]
        grace: u64,
    },
    /// Send visitors to a shop on this machine, at a bounded rate and for a bounded time.
    #[command(
        after_help = "Example:\n  storefront visit --url http://127.0.0.1:8103 --visitors 60 --requests-per-second 40 --for 300"
    )]
    Visit(visit::Options),
}

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("storefront: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    // One thread is plenty for either role, and keeps a dozen instances small on one machine.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        match cli.command {
            Command::Serve {
                port,
                config,
                grace,
            } => {
                let shop = shop::Shop::load(&config)?;
                shop::serve(shop, port, Duration::from_secs(grace)).await?;
                Ok(ExitCode::SUCCESS)
            }
            Command::Visit(options) => visit::run(options).await,
        }
    })
}

/// Resolves when this process is asked to stop, by a supervisor or from a terminal.
async fn asked_to_stop() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}
