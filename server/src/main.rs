//! The `viridian` binary.

mod site;

use anyhow::Context;
use clap::{Parser, Subcommand};
use std::net::SocketAddr;
use std::path::PathBuf;

/// Replaces servers, never changes them.
#[derive(Parser)]
#[command(name = "viridian", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the website.
    Serve {
        /// The folder everything is kept in.
        #[arg(long, default_value = ".viridian")]
        data: PathBuf,
        /// Where to listen. Port 0 takes any free one.
        #[arg(long, default_value = "127.0.0.1:3000")]
        listen: SocketAddr,
        /// The folder `cargo xtask` built the website into.
        #[arg(long)]
        site: Option<PathBuf>,
    },
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
    match Cli::parse().command {
        Command::Serve { data, listen, site } => {
            std::fs::create_dir_all(&data)
                .with_context(|| format!("cannot create the data folder {}", data.display()))?;
            let listener = tokio::net::TcpListener::bind(listen)
                .await
                .with_context(|| format!("cannot listen on {listen}"))?;
            println!("listening on http://{}", listener.local_addr()?);
            let router = site::router(site::SiteOptions { root: site }, || {});
            axum::serve(listener, router)
                .with_graceful_shutdown(stop_asked())
                .await?;
            Ok(())
        }
    }
}

/// Ends on SIGINT and on SIGTERM.
async fn stop_asked() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}
