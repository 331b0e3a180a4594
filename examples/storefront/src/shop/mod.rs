//! One running version of the shop.

mod cart;
mod catalogue;
mod config;
mod error;
mod faults;
mod latency;
mod live;
mod pages;
mod routes;
mod template;

use std::{
    future::IntoFuture,
    net::Ipv4Addr,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Context;
use axum::serve::ListenerExt;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::{
    catalogue::Catalogue, config::Config, error::LoadError, faults::Faults, latency::Latency,
    pages::Pages,
};

/// Everything a request needs, read from the image folder once at start.
pub(crate) struct Shop {
    config: Config,
    catalogue: Catalogue,
    pages: Pages,
    faults: Faults,
    latency: Latency,
    started: Instant,
    image: Option<String>,
    instance: Option<String>,
    stopping: CancellationToken,
    sockets: TaskTracker,
}

impl Shop {
    /// Reads the settings and the files beside them; any mistake is reported before a port is opened.
    pub(crate) fn load(config_path: &Path) -> Result<Self, LoadError> {
        let config = Config::load(config_path)?;
        let root = config_path.parent().unwrap_or(Path::new(""));
        Ok(Self {
            catalogue: Catalogue::load(&root.join("products.json"))?,
            pages: Pages::load(root, &config)?,
            faults: Faults::new(config.faults),
            latency: Latency::new(config.latency_ms),
            started: Instant::now(),
            image: std::env::var("VIRIDIAN_IMAGE").ok(),
            instance: std::env::var("VIRIDIAN_INSTANCE").ok(),
            stopping: CancellationToken::new(),
            sockets: TaskTracker::new(),
            config,
        })
    }

    fn uptime(&self) -> Duration {
        self.started.elapsed()
    }
}

/// Serves until SIGTERM or SIGINT, then finishes what is open within `grace`.
pub(crate) async fn serve(shop: Shop, port: u16, grace: Duration) -> anyhow::Result<()> {
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .with_context(|| {
            format!("cannot listen on 127.0.0.1:{port}; choose a free port, or 0 for any")
        })?;
    let address = listener.local_addr()?;
    let shop = Arc::new(shop);
    let (stopping, sockets) = (shop.stopping.clone(), shop.sockets.clone());

    let on_signal = stopping.clone();
    tokio::spawn(async move {
        if crate::asked_to_stop().await.is_ok() {
            on_signal.cancel();
        }
    });
    println!(
        "storefront {} listening on http://{address}",
        shop.config.version
    );

    let listener = listener.tap_io(|stream| {
        // Small answers must not wait for a full packet; a socket that refuses the option still works.
        let _ = stream.set_nodelay(true);
    });
    let serving = axum::serve(listener, routes::router(shop))
        .with_graceful_shutdown(stopping.clone().cancelled_owned())
        .into_future();
    let finished = async {
        serving.await?;
        sockets.close();
        sockets.wait().await;
        anyhow::Ok(())
    };
    let overdue = async {
        stopping.cancelled().await;
        tokio::time::sleep(grace).await;
    };
    tokio::select! {
        result = finished => result,
        () = overdue => anyhow::bail!(
            "requests were still open {} s after the signal and were cut; raise --grace if they need longer",
            grace.as_secs()
        ),
    }
}
