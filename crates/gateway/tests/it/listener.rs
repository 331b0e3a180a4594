//! Opening, limiting and closing the listener.

use std::net::SocketAddr;
use std::process::Stdio;
use std::time::{Duration, Instant};

use gateway::{BindError, Gateway, Options, Route};
use http::Response;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use crate::support::{Client, Server, backend, full, gateway, gateway_with, route, table, until};

#[tokio::test]
async fn a_taken_port_is_named() {
    let first = gateway(table(vec![])).await;
    let addr = first.local_addr();
    let error = Gateway::bind(addr, Options::default())
        .await
        .err()
        .expect("the port is taken");
    assert!(matches!(error, BindError::Taken { .. }));
    assert_eq!(error.addr(), addr);
    let expected = format!(
        "{addr} is taken: another program listens on port {}",
        addr.port()
    );
    assert!(error.to_string().starts_with(&expected), "{error}");
}

#[tokio::test]
async fn connections_beyond_the_limit_wait_and_are_served_later() {
    let server = Server::named("a").await;
    let options = Options {
        connections_max: 2,
        ..Options::default()
    };
    let gateway = gateway_with(table(vec![route("v1", 100, &[&server])]), options).await;
    let (mut one, mut two) = (Client::to(&gateway).await, Client::to(&gateway).await);
    one.get(&[]).await;
    two.get(&[]).await;
    let mut three = Client::to(&gateway).await;
    let mut waiting = Box::pin(three.get(&[]));
    assert!(
        tokio::time::timeout(Duration::from_millis(100), &mut waiting)
            .await
            .is_err()
    );
    drop(one);
    assert_eq!(waiting.await.text, "a");
}

#[tokio::test]
async fn a_client_that_dawdles_over_its_head_is_cut_and_a_kept_alive_one_is_not() {
    let server = Server::named("a").await;
    let options = Options {
        header_timeout: Duration::from_millis(200),
        ..Options::default()
    };
    let gateway = gateway_with(table(vec![route("v1", 100, &[&server])]), options).await;
    let mut idle = Client::to(&gateway).await;
    idle.get(&[]).await;
    let mut silent = TcpStream::connect(gateway.local_addr()).await.unwrap();
    let mut slow = TcpStream::connect(gateway.local_addr()).await.unwrap();
    let mut later = TcpStream::connect(gateway.local_addr()).await.unwrap();
    later
        .write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
        .await
        .unwrap();
    let mut answer = vec![0; 1024];
    assert!(later.read(&mut answer).await.unwrap() > 0);
    later.write_all(b"GET / HT").await.unwrap();
    slow.write_all(b"GET / HTTP/1.1\r\nx-").await.unwrap();
    for (name, stream) in [
        ("silent", &mut silent),
        ("slow", &mut slow),
        ("later", &mut later),
    ] {
        let end = tokio::time::timeout(Duration::from_secs(5), stream.read(&mut answer)).await;
        let end = end.unwrap_or_else(|_| panic!("{name} is still connected"));
        assert!(matches!(end, Ok(0) | Err(_)), "{name}");
    }
    assert_eq!(idle.get(&[]).await.text, "a");
}

#[tokio::test]
async fn an_idle_connection_is_closed_in_the_end() {
    let server = Server::named("a").await;
    let options = Options {
        idle_timeout: Duration::from_millis(200),
        ..Options::default()
    };
    let gateway = gateway_with(table(vec![route("v1", 100, &[&server])]), options).await;
    let mut client = Client::to(&gateway).await;
    client.get(&[]).await;
    until("closed", || gateway.figures().connections == 0).await;
}

#[tokio::test]
async fn an_oversized_head_is_refused() {
    let server = Server::named("a").await;
    let gateway = gateway(table(vec![route("v1", 100, &[&server])])).await;
    let many: Vec<_> = (0..101).map(|at| (format!("x-{at}"), "1")).collect();
    let many: Vec<_> = many
        .iter()
        .map(|(name, value)| (name.as_str(), *value))
        .collect();
    assert_eq!(Client::to(&gateway).await.get(&many).await.status, 431);
    // The rest of a head that is too large is not read, so the answer may be lost in a reset.
    let huge = "x".repeat(100_000);
    match Client::to(&gateway)
        .await
        .try_get(&[("x-huge", &huge)])
        .await
    {
        Ok(answer) => assert_eq!(answer.status, 431),
        Err(error) => assert!(
            error.is_incomplete_message() || !error.is_parse(),
            "{error}"
        ),
    }
    assert_eq!(server.count(), 0);
}

#[tokio::test]
async fn shutdown_lets_a_request_finish_and_closes_the_port() {
    let server = Server::with("slow", |_request| async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        Response::new(full("done"))
    })
    .await;
    let gateway = gateway(table(vec![route("v1", 100, &[&server])])).await;
    let addr = gateway.local_addr();
    let mut client = Client::to(&gateway).await;
    let asked = tokio::spawn(async move { client.get(&[]).await.text });
    until("asked", || gateway.figures().groups["v1"].in_flight == 1).await;
    let _idle = Client::to(&gateway).await;
    gateway.shutdown(Duration::from_secs(5)).await;
    assert_eq!(asked.await.unwrap(), "done");
    assert!(TcpStream::connect(addr).await.is_err());
}

#[tokio::test]
async fn shutdown_cuts_what_does_not_finish_in_time() {
    let server = Server::with("never", |_request| std::future::pending()).await;
    let gateway = gateway(table(vec![route("v1", 100, &[&server])])).await;
    let mut client = Client::to(&gateway).await;
    let asked = tokio::spawn(async move { client.try_get(&[]).await.is_err() });
    until("asked", || gateway.figures().groups["v1"].in_flight == 1).await;
    let start = Instant::now();
    gateway.shutdown(Duration::from_millis(100)).await;
    assert!(start.elapsed() < Duration::from_secs(2));
    assert!(asked.await.unwrap());
}

#[tokio::test]
async fn an_http_1_0_client_is_served() {
    let server = Server::named("a").await;
    let gateway = gateway(table(vec![route("v1", 100, &[&server])])).await;
    let mut stream = TcpStream::connect(gateway.local_addr()).await.unwrap();
    stream.write_all(b"GET / HTTP/1.0\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(
        answer.starts_with("HTTP/1.0 200 OK\r\n") && answer.ends_with("\r\n\r\na"),
        "{answer}"
    );
}

/// The body of the next test, run by it in a process of its own with few file descriptors.
#[tokio::test]
#[ignore = "run by running_out_of_file_descriptors_makes_clients_wait"]
async fn child_with_few_file_descriptors() {
    let addr = std::env::var("BACKEND").unwrap().parse().unwrap();
    let backends = vec![backend("a", addr)];
    let only = Route {
        group: "v1".to_owned(),
        weight: 100,
        backends,
    };
    let gateway = gateway(table(vec![only])).await;
    println!("\nlistens on {}", gateway.local_addr());
    // Until the parent is done or gone.
    tokio::io::copy(&mut tokio::io::stdin(), &mut tokio::io::sink())
        .await
        .unwrap();
}

#[tokio::test]
async fn running_out_of_file_descriptors_makes_clients_wait() {
    let server = Server::named("a").await;
    let child = tokio::process::Command::new("prlimit")
        .arg("--nofile=48")
        .arg(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "listener::child_with_few_file_descriptors",
            "--ignored",
            "--nocapture",
        ])
        .env("BACKEND", server.addr.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn();
    let Ok(mut child) = child else {
        skipped::skipped("there is no prlimit");
        return;
    };
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let addr: SocketAddr = loop {
        let line = lines
            .next_line()
            .await
            .unwrap()
            .expect("the child says where it listens");
        if let Some(addr) = line.strip_prefix("listens on ") {
            break addr.parse().unwrap();
        }
    };
    let (mut served, mut waiting) = (Vec::new(), Vec::new());
    for _ in 0..60 {
        let mut client = Client::connect(addr).await;
        let answer = tokio::spawn(async move { (client.get(&[]).await.status, client) });
        waiting.push(answer);
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    let mut still = Vec::new();
    for answer in waiting {
        if answer.is_finished() {
            served.push(answer.await.unwrap());
        } else {
            still.push(answer);
        }
    }
    assert!(!still.is_empty(), "the limit must have been met");
    drop(served);
    // Each that is answered leaves and makes room for the next.
    for answer in still {
        let (_status, client) = tokio::time::timeout(Duration::from_secs(10), answer)
            .await
            .unwrap()
            .unwrap();
        drop(client);
    }
    assert_eq!(Client::connect(addr).await.get(&[]).await.text, "a");
    drop(child.stdin.take());
    assert!(child.wait().await.unwrap().success());
}
