//! Bodies pass as they come; upgraded connections are tunnels.

use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt;
use futures::channel::mpsc;
use gateway::Gateway;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::{Body, Client, Server, full, gateway, route, table, until};

type Frames = mpsc::UnboundedSender<Result<Frame<Bytes>, hyper::Error>>;

fn streamed() -> (Frames, Body) {
    let (frames, body) = mpsc::unbounded();
    (frames, BodyExt::boxed(StreamBody::new(body)))
}

fn chunk(text: &'static str) -> Result<Frame<Bytes>, hyper::Error> {
    Ok(Frame::data(Bytes::from_static(text.as_bytes())))
}

/// Sends every chunk of the request back at once.
async fn echo() -> Server {
    Server::with("echo", |request: Request<Incoming>| async move {
        Response::new(request.into_body().boxed())
    })
    .await
}

async fn next_data(body: &mut Incoming) -> Bytes {
    let frame = tokio::time::timeout(Duration::from_secs(5), body.frame());
    frame
        .await
        .expect("a frame in time")
        .unwrap()
        .unwrap()
        .into_data()
        .unwrap()
}

#[tokio::test]
async fn chunks_arrive_before_the_next_is_sent_in_both_directions() {
    let server = echo().await;
    let gateway = gateway(table(vec![route("v1", 100, &[&server])])).await;
    let mut client = Client::to(&gateway).await;
    let (frames, body) = streamed();
    frames.unbounded_send(chunk("first")).unwrap();
    let request = Request::post("/").header("host", "a").body(body).unwrap();
    let mut answer = client.send(request).await.unwrap().into_body();
    assert_eq!(next_data(&mut answer).await, "first");
    assert_eq!(gateway.figures().groups["v1"].in_flight, 1);
    frames.unbounded_send(chunk("second")).unwrap();
    assert_eq!(next_data(&mut answer).await, "second");
    drop(frames);
    assert!(answer.frame().await.is_none());
    until("ended", || gateway.figures().groups["v1"].in_flight == 0).await;
    assert_eq!(gateway.figures().groups["v1"].bytes, 11);
}

#[tokio::test]
async fn large_bodies_pass_unharmed_in_both_directions() {
    let server = echo().await;
    let gateway = gateway(table(vec![route("v1", 100, &[&server])])).await;
    let mut client = Client::to(&gateway).await;
    let sent: Bytes = (0..5_000_000u32)
        .map(|at| (at % 251) as u8)
        .collect::<Vec<_>>()
        .into();
    for _ in 0..2 {
        let request = Request::post("/")
            .header("host", "a")
            .body(full(sent.clone()))
            .unwrap();
        let answer = client.send(request).await.unwrap();
        assert!(answer.into_body().collect().await.unwrap().to_bytes() == sent);
    }
}

#[tokio::test]
async fn trailers_pass() {
    let server = Server::with("trailing", |_request| async {
        let (frames, body) = streamed();
        frames.unbounded_send(chunk("body")).unwrap();
        let trailers = HeaderMap::from_iter([("x-sum".parse().unwrap(), "42".parse().unwrap())]);
        frames
            .unbounded_send(Ok(Frame::trailers(trailers)))
            .unwrap();
        Response::builder()
            .header("trailer", "x-sum")
            .body(body)
            .unwrap()
    })
    .await;
    let gateway = gateway(table(vec![route("v1", 100, &[&server])])).await;
    let mut client = Client::to(&gateway).await;
    let request = Request::get("/")
        .header("host", "a")
        .header("te", "trailers")
        .body(full(""))
        .unwrap();
    let answer = client
        .send(request)
        .await
        .unwrap()
        .into_body()
        .collect()
        .await
        .unwrap();
    assert_eq!(answer.trailers().expect("trailers")["x-sum"], "42");
}

#[tokio::test]
async fn a_client_that_leaves_is_no_longer_in_flight() {
    let server = Server::with("endless", |_request| async {
        let (frames, body) = streamed();
        frames.unbounded_send(chunk("tick")).unwrap();
        // Keeps the stream open for as long as anybody listens.
        tokio::spawn(async move {
            while !frames.is_closed() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
        Response::new(body)
    })
    .await;
    let gateway = gateway(table(vec![route("v1", 100, &[&server])])).await;
    let mut client = Client::to(&gateway).await;
    let request = Request::get("/")
        .header("host", "a")
        .body(full(""))
        .unwrap();
    let mut answer = client.send(request).await.unwrap().into_body();
    assert_eq!(next_data(&mut answer).await, "tick");
    assert_eq!(gateway.figures().groups["v1"].in_flight, 1);
    drop(answer);
    drop(client);
    until("noticed", || gateway.figures().groups["v1"].in_flight == 0).await;
    assert_eq!(
        gateway.figures().groups["v1"].errors,
        0,
        "the group did nothing wrong"
    );
}

async fn upgrading() -> Server {
    Server::with("upgrade", |mut request: Request<Incoming>| async move {
        assert_eq!(request.headers()["upgrade"], "websocket");
        let upgrade = hyper::upgrade::on(&mut request);
        tokio::spawn(async move {
            let mut io = TokioIo::new(upgrade.await.unwrap());
            let mut buffer = [0; 64];
            while let Ok(count @ 1..) = io.read(&mut buffer).await {
                buffer[..count].make_ascii_uppercase();
                io.write_all(&buffer[..count]).await.unwrap();
            }
        });
        Response::builder()
            .status(StatusCode::SWITCHING_PROTOCOLS)
            .header("connection", "upgrade")
            .header("upgrade", "websocket")
            .body(full(""))
            .unwrap()
    })
    .await
}

async fn open_tunnel(gateway: &Gateway) -> TokioIo<hyper::upgrade::Upgraded> {
    let mut client = Client::to(gateway).await;
    let request = Request::get("/ws")
        .header("host", "a")
        .header("connection", "Upgrade")
        .header("upgrade", "websocket")
        .body(full(""))
        .unwrap();
    let answer = client.send(request).await.unwrap();
    assert_eq!(answer.status(), StatusCode::SWITCHING_PROTOCOLS);
    assert_eq!(answer.headers()["upgrade"], "websocket");
    TokioIo::new(hyper::upgrade::on(answer).await.unwrap())
}

async fn say(io: &mut TokioIo<hyper::upgrade::Upgraded>, text: &str) -> String {
    io.write_all(text.as_bytes()).await.unwrap();
    let mut back = vec![0; text.len()];
    io.read_exact(&mut back).await.unwrap();
    String::from_utf8(back).unwrap()
}

#[tokio::test]
async fn an_upgraded_connection_outlives_its_groups_place_in_the_table_and_stays_in_flight() {
    let (old, new) = (upgrading().await, Server::named("new").await);
    let gateway = gateway(table(vec![route("v1", 100, &[&old])])).await;
    let mut socket = open_tunnel(&gateway).await;
    assert_eq!(say(&mut socket, "hello").await, "HELLO");
    gateway.set_table(table(vec![route("v2", 100, &[&new])]));
    assert_eq!(Client::to(&gateway).await.get(&[]).await.text, "new");
    until("the other client left", || {
        gateway.figures().connections == 1
    })
    .await;
    assert_eq!(say(&mut socket, "still here").await, "STILL HERE");
    let open = gateway.figures();
    assert_eq!((open.groups["v1"].in_flight, open.connections), (1, 1));
    drop(socket);
    until("drained", || gateway.figures().groups["v1"].in_flight == 0).await;
    until("closed", || gateway.figures().connections == 0).await;
    assert_eq!(gateway.figures().groups["v1"].codes, [1, 0, 0, 0, 0]);
}

#[tokio::test]
async fn many_frames_pass_in_order() {
    let server = Server::with("many", |_request| async {
        let (frames, body) = mpsc::unbounded();
        tokio::spawn(async move {
            for at in 0..2000u32 {
                let _ = frames.unbounded_send(Ok(Frame::data(Bytes::from(format!("{at}\n")))));
                if at % 50 == 0 {
                    tokio::task::yield_now().await;
                }
            }
        });
        Response::new(BodyExt::boxed(StreamBody::new(body.fuse())))
    })
    .await;
    let gateway = gateway(table(vec![route("v1", 100, &[&server])])).await;
    let text = Client::to(&gateway).await.get(&[]).await.text;
    let expected: String = (0..2000).map(|at| format!("{at}\n")).collect();
    assert!(text == expected);
}
