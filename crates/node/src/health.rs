//! Asks an instance whether it serves.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use domain::spec::HealthCheck;
use http::{Request, header};
use http_body_util::Empty;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// A starting instance is asked this often, so that it serves as soon as it can.
const STARTING_INTERVAL: Duration = Duration::from_millis(25);
/// One that takes longer than this is asked at its own interval.
const STARTING_FOR: Duration = Duration::from_secs(20);

/// One GET; good is 2xx or 3xx within the timeout, else the reason in words.
pub(crate) async fn probe(address: SocketAddr, check: &HealthCheck) -> Result<(), String> {
    let limit = Duration::from_millis(check.timeout_ms.max(1));
    match tokio::time::timeout(limit, ask(address, &check.path)).await {
        Ok(answer) => answer,
        Err(_) => Err(format!(
            "GET {} was not answered within {} ms",
            check.path, check.timeout_ms
        )),
    }
}

async fn ask(address: SocketAddr, path: &str) -> Result<(), String> {
    let stream = TcpStream::connect(address)
        .await
        .map_err(|error| format!("nothing listens on {address} ({error})"))?;
    let _ = stream.set_nodelay(true);
    let broke = |error: hyper::Error| format!("GET {path} broke off ({error})");
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(broke)?;
    let request = Request::get(path)
        .header(header::HOST, address.to_string())
        .header(header::USER_AGENT, "viridian-health")
        .header(header::CONNECTION, "close")
        .body(Empty::<Bytes>::new())
        .map_err(|error| format!("the health check's path {path:?} is no path ({error})"))?;
    let answer = sender.send_request(request);
    tokio::pin!(answer, connection);
    let answer = tokio::select! {
        answer = &mut answer => answer,
        // Polls the connection; when it ends first, the answer says why.
        _ = &mut connection => answer.await,
    };
    let status = answer.map_err(broke)?.status();
    if status.is_success() || status.is_redirection() {
        Ok(())
    } else {
        Err(format!("GET {path} answered {status}"))
    }
}

/// Health as counted from answers in a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pulse {
    pub(crate) healthy: bool,
    row: u32,
}

/// What an answer changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    Same,
    Healthy,
    Unhealthy,
}

impl Pulse {
    pub(crate) fn new(healthy: bool) -> Self {
        Self { healthy, row: 0 }
    }

    pub(crate) fn count(&mut self, good: bool, check: &HealthCheck) -> Turn {
        if good == self.healthy {
            self.row = 0;
            return Turn::Same;
        }
        self.row += 1;
        let needed = if good {
            check.healthy_after
        } else {
            check.unhealthy_after
        };
        if self.row < needed {
            return Turn::Same;
        }
        self.row = 0;
        self.healthy = good;
        if good { Turn::Healthy } else { Turn::Unhealthy }
    }

    /// How long to wait until the next question.
    pub(crate) fn interval(&self, check: &HealthCheck, age: Duration) -> Duration {
        let interval = Duration::from_millis(check.interval_ms.max(1));
        if self.healthy || age > STARTING_FOR {
            interval
        } else {
            interval.min(STARTING_INTERVAL)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn health_turns_after_answers_in_a_row_only() {
        let check = HealthCheck {
            healthy_after: 2,
            unhealthy_after: 3,
            ..HealthCheck::default()
        };
        let mut pulse = Pulse::new(false);
        let turns: Vec<Turn> = [
            true, false, true, true, false, false, true, false, false, false,
        ]
        .into_iter()
        .map(|good| pulse.count(good, &check))
        .collect();
        let mut expect = [Turn::Same; 10];
        expect[3] = Turn::Healthy;
        expect[9] = Turn::Unhealthy;
        assert_eq!(turns, expect);
    }
}
