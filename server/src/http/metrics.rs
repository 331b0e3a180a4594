//! `/metrics`: figures of the control plane, and those of the node behind them, in Prometheus' text
//! format. Programs on this machine may read them; what came through a proxy takes a token.

use super::Server;
use super::problem::Handled;
use crate::world::of_store;
use axum::extract::State;
use axum::response::IntoResponse;
use http::header::CONTENT_TYPE;
use std::fmt::Write;
use std::time::Duration;

pub(super) async fn metrics(State(server): State<Server>) -> Handled<impl IntoResponse> {
    let world = &server.world;
    let head = world.store.head().await.map_err(of_store)?;
    let states = world.store.unfinished_by_state().await.map_err(of_store)?;
    let mut text = String::new();
    let mut gauge = |name: &str, help: &str, kind: &str| {
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
    };
    gauge(
        "viridian_rollouts",
        "Rollouts that are not over, by state.",
        "gauge",
    );
    for (state, count) in states {
        let _ = writeln!(text, "viridian_rollouts{{state=\"{state}\"}} {count}");
    }
    let _ = writeln!(
        text,
        "# HELP viridian_journal_head The number of the last journal entry.\n# TYPE viridian_journal_head counter\nviridian_journal_head {head}"
    );
    let _ = writeln!(
        text,
        "# HELP viridian_event_listeners Clients of the live stream.\n# TYPE viridian_event_listeners gauge\nviridian_event_listeners {}",
        server.live.listeners()
    );
    let clock = &world.clock;
    let _ = writeln!(
        text,
        "# HELP viridian_clock_behind_ms How far the machine's clock is ahead of the one that waits are counted by.\n# TYPE viridian_clock_behind_ms gauge\nviridian_clock_behind_ms {}",
        clock.wall().0 - clock.now().0
    );
    let node = tokio::time::timeout(Duration::from_secs(2), world.local.metrics()).await;
    let up = matches!(node, Ok(Ok(_)));
    let _ = writeln!(
        text,
        "# HELP viridian_node_up Whether the node answers.\n# TYPE viridian_node_up gauge\nviridian_node_up {}",
        u8::from(up)
    );
    if let Ok(Ok(node)) = node {
        text.push_str(&node);
    }
    Ok((
        [(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")],
        text,
    ))
}
