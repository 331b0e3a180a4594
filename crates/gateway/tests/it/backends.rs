//! Backends of other habits: HTTP/1.0, early closing, silence.

use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use gateway::{Options, Route};
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::support::{Client, Server, backend, full, gateway, gateway_with, route, table};

fn only(addr: SocketAddr) -> Route {
    Route {
        group: "v1".to_owned(),
        weight: 100,
        backends: vec![backend("a", addr)],
    }
}

/// A server that reads one request head for each of `answers`, writes that answer, then closes.
async fn raw(answers: Vec<&'static str>) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let heads = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&heads);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (answers, count) = (answers.clone(), Arc::clone(&count));
            tokio::spawn(async move {
                for answer in answers {
                    if !read_head(&mut stream).await {
                        return;
                    }
                    count.fetch_add(1, SeqCst);
                    stream.write_all(answer.as_bytes()).await.unwrap();
                }
            });
        }
    });
    (addr, heads)
}

async fn read_head(stream: &mut TcpStream) -> bool {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return false,
        }
    }
    true
}

#[tokio::test]
async fn an_http_1_0_backend_that_closes_after_each_answer_works() {
    let (addr, heads) = raw(vec!["HTTP/1.0 200 OK\r\nServer: old\r\n\r\nuntil the end"]).await;
    let gateway = gateway(table(vec![only(addr)])).await;
    let mut client = Client::to(&gateway).await;
    for _ in 0..50 {
        let answer = client.get(&[]).await;
        assert_eq!(
            (answer.status, answer.text.as_str()),
            (StatusCode::OK, "until the end")
        );
    }
    assert_eq!(heads.load(SeqCst), 50);
}

#[tokio::test]
async fn pythons_http_server_works() {
    let folder = std::env::temp_dir().join(format!("gateway-python-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("index.html"), "from python").unwrap();
    let python = tokio::process::Command::new("python3")
        .args(["-u", "-m", "http.server", "0", "--bind", "127.0.0.1"])
        .current_dir(&folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn();
    let Ok(mut python) = python else {
        skipped::skipped("there is no python3");
        return;
    };
    let mut lines = BufReader::new(python.stdout.take().unwrap()).lines();
    // "Serving HTTP on 127.0.0.1 port 43211 (http://127.0.0.1:43211/) ..."
    let line = lines.next_line().await.unwrap().unwrap();
    let port: u16 = line
        .split_whitespace()
        .skip_while(|word| *word != "port")
        .nth(1)
        .unwrap()
        .parse()
        .unwrap();
    let gateway = gateway(table(vec![only(([127, 0, 0, 1], port).into())])).await;
    let mut client = Client::to(&gateway).await;
    for _ in 0..50 {
        assert_eq!(client.get(&[]).await.text, "from python");
    }
    assert_eq!(gateway.figures().groups["v1"].errors, 0);
    python.kill().await.unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
}

/// Announces keep-alive, answers once and closes a little later: every second request meets a
/// connection that is gone or going.
#[tokio::test]
async fn stale_kept_alive_connections_are_replaced() {
    let once = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
    let (addr, _) = raw(vec![once]).await;
    let gateway = gateway(table(vec![only(addr)])).await;
    let mut client = Client::to(&gateway).await;
    for pause_us in (0..200).map(|at| at * 3) {
        assert_eq!(client.get(&[]).await.text, "ok");
        tokio::time::sleep(Duration::from_micros(pause_us)).await;
    }
    assert_eq!(gateway.figures().groups["v1"].errors, 0);
}

/// The second request on a connection is read and then met with a close: the surest stale one.
#[tokio::test]
async fn a_connection_closed_after_the_request_was_written_is_retried_for_get_only() {
    let once = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
    let (addr, heads) = raw(vec![once, ""]).await;
    let gateway = gateway(table(vec![only(addr)])).await;
    let mut client = Client::to(&gateway).await;
    assert_eq!(client.get(&[]).await.text, "ok");
    assert_eq!(client.get(&[]).await.text, "ok");
    assert_eq!(heads.load(SeqCst), 3, "the second was sent twice");
    let post = Request::post("/")
        .header("host", "a")
        .body(full("pay"))
        .unwrap();
    let answer = client.send(post).await.unwrap();
    assert_eq!(
        answer.status(),
        StatusCode::BAD_GATEWAY,
        "a payment is never sent twice"
    );
    assert_eq!(heads.load(SeqCst), 4);
}

#[tokio::test]
async fn a_single_backend_that_refuses_is_a_502_that_says_so() {
    let gone = Server::named("gone").await;
    gone.kill().await;
    let gateway = gateway(table(vec![route("v1", 100, &[&gone])])).await;
    let answer = Client::to(&gateway).await.get(&[]).await;
    assert_eq!(answer.status, StatusCode::BAD_GATEWAY);
    assert!(
        answer
            .text
            .starts_with("shop-test: an instance of v1 refused the connection"),
        "{}",
        answer.text
    );
    let figures = gateway.figures();
    assert_eq!(
        (figures.groups["v1"].errors, figures.groups["v1"].codes[4]),
        (1, 1)
    );
}

#[tokio::test]
async fn a_silent_backend_is_a_504_and_an_upload_in_progress_is_not() {
    let server = Server::with(
        "slow",
        |request: Request<hyper::body::Incoming>| async move {
            let silent = request.uri().path() == "/";
            let size = request
                .into_body()
                .collect()
                .await
                .unwrap()
                .to_bytes()
                .len();
            if silent {
                std::future::pending::<()>().await;
            }
            Response::new(full(size.to_string()))
        },
    )
    .await;
    let options = Options {
        response_timeout: Duration::from_millis(300),
        ..Options::for_environment("shop-test")
    };
    let gateway = gateway_with(table(vec![route("v1", 100, &[&server])]), options).await;
    let mut client = Client::to(&gateway).await;
    let answer = client.get(&[]).await;
    assert_eq!(answer.status, StatusCode::GATEWAY_TIMEOUT);
    assert_eq!(
        answer.text,
        "shop-test: an instance of v1 did not answer in time\n"
    );
    assert_eq!(
        server.count(),
        1,
        "a request that was sent and not answered is not sent again"
    );

    let (frames, body) = futures::channel::mpsc::unbounded();
    let body = http_body_util::StreamBody::new(body);
    let upload = Request::post("/up")
        .header("host", "a")
        .body(BodyExt::boxed(body))
        .unwrap();
    let feed = tokio::spawn(async move {
        for _ in 0..6 {
            let frame = http_body::Frame::data(bytes::Bytes::from_static(b"12345"));
            frames.unbounded_send(Ok(frame)).unwrap();
            tokio::time::sleep(Duration::from_millis(150)).await;
        }
    });
    let answer = client.send(upload).await.unwrap();
    feed.await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), "30");
}

#[tokio::test]
async fn a_garbled_answer_is_a_502() {
    let (addr, _) = raw(vec!["this is not HTTP\r\n\r\n"]).await;
    let gateway = gateway(table(vec![only(addr)])).await;
    assert_eq!(
        Client::to(&gateway).await.get(&[]).await.status,
        StatusCode::BAD_GATEWAY
    );
}

#[tokio::test]
async fn what_reaches_the_backend_names_visitor_and_host() {
    let server = Server::with(
        "echo",
        |request: Request<hyper::body::Incoming>| async move {
            let mut seen: Vec<_> = request
                .headers()
                .iter()
                .map(|(name, value)| format!("{name}={}", value.to_str().unwrap()))
                .collect();
            seen.sort();
            Response::builder()
                .header("connection", "x-hop")
                .header("x-hop", "1")
                .header("x-end", "2")
                .body(full(seen.join(" ")))
                .unwrap()
        },
    )
    .await;
    let gateway = gateway(table(vec![route("v1", 100, &[&server])])).await;
    let answer = Client::to(&gateway)
        .await
        .get(&[("x-forwarded-for", "9.9.9.9")])
        .await;
    assert_eq!(
        answer.text,
        "host=shop.example x-forwarded-for=9.9.9.9, 127.0.0.1 x-forwarded-host=shop.example x-forwarded-proto=http"
    );
    assert!(answer.headers.contains_key("x-end") && !answer.headers.contains_key("x-hop"));
}

#[tokio::test]
async fn a_body_that_breaks_off_is_an_error_of_its_group() {
    let (addr, _) = raw(vec!["HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\nhalf"]).await;
    let gateway = gateway(table(vec![only(addr)])).await;
    assert!(Client::to(&gateway).await.try_get(&[]).await.is_err());
    let figures = gateway.figures();
    let seen = &figures.groups["v1"];
    assert_eq!((seen.errors, seen.in_flight, seen.bytes), (1, 0, 4));
}
