//! Counts the requests that are lost while traffic is switched and groups are replaced.
//!
//! `cargo run --release -p gateway --example soak_switches [requests] [clients]`
//!
//! Kept-alive clients ask without pause. Every few milliseconds a new group is started, takes all
//! traffic, and the group before it is stopped as soon as the figures say that it is drained.

#![expect(clippy::unwrap_used, reason = "a soak fails by panicking")]

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use bytes::Bytes;
use gateway::{Backend, Gateway, Options, Route, Table};
use http_body_util::{BodyExt, Empty, Full};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

#[tokio::main]
async fn main() {
    let arg = |at: usize| {
        std::env::args()
            .nth(at)
            .and_then(|one| one.parse::<u64>().ok())
    };
    let requests = arg(1).unwrap_or(1_000_000).clamp(1000, 100_000_000);
    let clients = arg(2).unwrap_or(64).clamp(1, 1000);
    let gateway = Gateway::bind(([127, 0, 0, 1], 0).into(), Options::default())
        .await
        .unwrap();
    let mut serving = Group::start(0).await;
    gateway.set_table(serving.table());

    let tally = Arc::new(Tally::default());
    let load = TaskTracker::new();
    for _ in 0..clients {
        load.spawn(ask(gateway.local_addr(), requests, Arc::clone(&tally)));
    }
    load.close();
    let begun = Instant::now();
    let (mut replaced, mut slowest) = (0, Duration::ZERO);
    while tally.asked.load(Relaxed) < requests {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let next = Group::start(replaced + 1).await;
        let switch = Instant::now();
        gateway.set_table(next.table());
        while gateway.figures().groups[&serving.name].in_flight > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        slowest = slowest.max(switch.elapsed());
        serving.stop().await;
        serving = next;
        replaced += 1;
    }
    load.wait().await;
    let (asked, lost) = (tally.asked.load(Relaxed), tally.lost.load(Relaxed));
    let seconds = begun.elapsed().as_secs_f64();
    println!(
        "{asked} requests in {seconds:.1} s by {clients} clients, {replaced} groups replaced, \
         slowest switch to drained {:.1} ms, lost: {lost}",
        slowest.as_secs_f64() * 1000.0
    );
    gateway.shutdown(Duration::from_secs(1)).await;
    assert_eq!(lost, 0, "requests were lost");
}

#[derive(Default)]
struct Tally {
    asked: AtomicU64,
    lost: AtomicU64,
}

async fn ask(addr: SocketAddr, requests: u64, tally: Arc<Tally>) {
    let stream = TcpStream::connect(addr).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .unwrap();
    let driver = tokio::spawn(connection);
    while tally.asked.fetch_add(1, Relaxed) < requests {
        let request = http::Request::get("/")
            .header("host", "soak")
            .body(Empty::<Bytes>::new())
            .unwrap();
        let answered = async {
            sender.ready().await?;
            let answer = sender.send_request(request).await?;
            let is_fine = answer.status().is_success();
            answer.into_body().collect().await?;
            Ok::<_, hyper::Error>(is_fine)
        };
        match answered.await {
            Ok(true) => {}
            Ok(false) => {
                tally.lost.fetch_add(1, Relaxed);
            }
            Err(error) => {
                eprintln!("a client connection broke: {error}");
                tally.lost.fetch_add(1, Relaxed);
                break;
            }
        }
    }
    tally.asked.fetch_sub(1, Relaxed);
    driver.abort();
}

/// A server group of one backend.
struct Group {
    name: String,
    addr: SocketAddr,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Group {
    async fn start(number: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let (halt, connections) = (stop.clone(), tasks.clone());
        tasks.spawn(async move {
            while let Some(Ok((stream, _))) = halt.run_until_cancelled(listener.accept()).await {
                stream.set_nodelay(true).unwrap();
                let halt = halt.clone();
                connections.spawn(async move {
                    let service = service_fn(|_request| async {
                        Ok::<_, Infallible>(http::Response::new(Full::new(Bytes::from_static(
                            b"served",
                        ))))
                    });
                    let serving = hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service);
                    // Cut where it stands: nothing may depend on a server's polite end.
                    let _ = halt.run_until_cancelled(serving).await;
                });
            }
        });
        tasks.close();
        Self {
            name: format!("soak-v{number}"),
            addr,
            stop,
            tasks,
        }
    }

    fn table(&self) -> Table {
        let backends = vec![Backend {
            id: self.name.clone(),
            addr: self.addr,
            healthy: true,
        }];
        let routes = vec![Route {
            group: self.name.clone(),
            weight: 100,
            backends,
        }];
        Table {
            routes,
            ..Table::default()
        }
    }

    async fn stop(&self) {
        self.stop.cancel();
        self.tasks.wait().await;
    }
}
