use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use axum::extract::ws::{CloseFrame, Message, WebSocket, close_code};
use serde::Serialize;

use super::Shop;

/// One message of `/live`: how many jars of one product are left.
#[derive(Serialize)]
struct Tick<'a> {
    tick: u64,
    product: &'a str,
    stock: u32,
    version: &'a str,
}

/// Sends a tick per period, round the shelf, until the visitor leaves or the instance stops; a stopping instance says
/// goodbye with 1001 so that the page knows to connect again.
pub(crate) async fn send_ticks(shop: Arc<Shop>, mut socket: WebSocket, period: Duration) {
    let mut clock = tokio::time::interval(period);
    clock.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let products = shop.catalogue.all();
    let mut tick = 0;
    loop {
        tokio::select! {
            () = shop.stopping.cancelled() => {
                let goodbye = CloseFrame { code: close_code::AWAY, reason: "this instance is stopping".into() };
                // The visitor may be gone already; then there is nobody to tell.
                let _ = socket.send(Message::Close(Some(goodbye))).await;
                return;
            }
            heard = socket.recv() => {
                if !matches!(heard, Some(Ok(message)) if !matches!(message, Message::Close(_))) {
                    return;
                }
            }
            _ = clock.tick() => {
                let product = &products[tick as usize % products.len()];
                tick += 1;
                let text = serde_json::to_string(&Tick {
                    tick,
                    product: &product.id,
                    stock: product.stock(SystemTime::now()),
                    version: &shop.config.version,
                });
                let Ok(text) = text else { return };
                if socket.send(Message::text(text)).await.is_err() {
                    return;
                }
            }
        }
    }
}
