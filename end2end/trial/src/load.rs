//! A constant load, every answer remembered.

use crate::http::Client;
use anyhow::Result;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

/// One request: when it was sent and answered or given up, and by which version.
#[derive(Clone, Debug)]
pub(crate) struct Hit {
    pub(crate) sent: Instant,
    pub(crate) over: Instant,
    /// The site's first line, or what went wrong.
    pub(crate) answer: Result<String, String>,
}

pub(crate) struct Load {
    hits: Arc<Mutex<Vec<Hit>>>,
    stop: Arc<AtomicBool>,
    tasks: JoinSet<()>,
}

/// Senders that share the rate, so that one slow answer does not stop the others.
const SENDERS: u32 = 10;

impl Load {
    /// Sends `rate` requests a second to `url` until it is stopped.
    pub(crate) fn start(url: &str, rate: u32) -> Self {
        let hits = Arc::new(Mutex::new(Vec::new()));
        let stop = Arc::new(AtomicBool::new(false));
        let mut tasks = JoinSet::new();
        let every = Duration::from_secs_f64(f64::from(SENDERS) / f64::from(rate));
        for n in 0..SENDERS {
            let (hits, stop, url) = (Arc::clone(&hits), Arc::clone(&stop), url.to_owned());
            tasks.spawn(async move {
                // A client each: some connections are kept alive over switches, as browsers' are.
                let client = Client::new();
                tokio::time::sleep(every * n / SENDERS).await;
                let mut tick = tokio::time::interval(every);
                tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
                while !stop.load(Ordering::Relaxed) {
                    tick.tick().await;
                    let sent = Instant::now();
                    let answer = version(&client, &url, &[]).await;
                    let over = Instant::now();
                    lock(&hits).push(Hit { sent, over, answer });
                }
            });
        }
        Self { hits, stop, tasks }
    }

    /// What came since the last call.
    pub(crate) fn take(&self) -> Vec<Hit> {
        std::mem::take(&mut *lock(&self.hits))
    }

    pub(crate) async fn stop(mut self) -> Vec<Hit> {
        self.stop.store(true, Ordering::Relaxed);
        while self.tasks.join_next().await.is_some() {}
        self.take()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Which version answers: the site's text. Anything but 200 is an error.
pub(crate) async fn version(
    client: &Client,
    url: &str,
    headers: &[(&str, &str)],
) -> Result<String, String> {
    let answer = client
        .get(url, headers)
        .await
        .map_err(|e| format!("{e:#}"))?;
    let text = String::from_utf8_lossy(&answer.body).trim().to_owned();
    if answer.status.as_u16() == 200 {
        Ok(text)
    } else {
        Err(format!("{} {text}", answer.status))
    }
}

/// `n requests, k failed` and the first failures.
pub(crate) fn failures(hits: &[Hit]) -> Vec<&str> {
    hits.iter()
        .filter_map(|hit| hit.answer.as_ref().err().map(String::as_str))
        .collect()
}
