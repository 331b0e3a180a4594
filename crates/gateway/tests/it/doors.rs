//! Several addresses that lead to one table, opened and closed under way.

use std::time::Duration;

use gateway::BindError;
use http::Response;
use tokio::net::TcpStream;

use crate::support::{Client, Server, full, gateway, route, table, until};

#[tokio::test]
async fn a_second_address_leads_to_the_same_table_and_closes_alone() {
    let server = Server::named("a").await;
    let gateway = gateway(table(vec![route("v1", 100, &[&server])])).await;
    let first = gateway.local_addr();
    let second = gateway.open("127.0.0.1:0".parse().unwrap()).unwrap();
    assert_eq!(gateway.addrs(), [first, second]);
    let (mut by_first, mut by_second) =
        (Client::connect(first).await, Client::connect(second).await);
    assert_eq!(by_first.get(&[]).await.text, "a");
    assert_eq!(by_second.get(&[]).await.text, "a");
    assert_eq!(gateway.figures().groups["v1"].requests, 2);

    assert!(gateway.close(first, Duration::from_secs(10)));
    assert!(
        !gateway.close(first, Duration::from_secs(10)),
        "it is closed"
    );
    until("the first address refuses", || {
        std::net::TcpStream::connect(first).is_err()
    })
    .await;
    assert_eq!(by_second.get(&[]).await.text, "a", "kept alive");
    assert_eq!(Client::connect(second).await.get(&[]).await.text, "a");
    assert_eq!(gateway.addrs(), [second]);
    gateway.shutdown(Duration::from_secs(10)).await;
    assert!(TcpStream::connect(second).await.is_err());
}

#[tokio::test]
async fn what_came_in_by_a_door_that_closes_is_answered() {
    let (go, gone) = tokio::sync::watch::channel(false);
    let server = Server::with("slow", move |_request| {
        let mut gone = gone.clone();
        async move {
            let _ = gone.wait_for(|gone| *gone).await;
            Response::new(full("late"))
        }
    })
    .await;
    let gateway = gateway(table(vec![route("v1", 100, &[&server])])).await;
    let second = gateway.open("127.0.0.1:0".parse().unwrap()).unwrap();
    let mut client = Client::connect(second).await;
    let asked = tokio::spawn(async move { client.get(&[]).await });
    until("asked", || gateway.figures().groups["v1"].in_flight == 1).await;
    gateway.close(second, Duration::from_secs(10));
    until("the door refuses", || {
        std::net::TcpStream::connect(second).is_err()
    })
    .await;
    go.send(true).unwrap();
    let answer = asked.await.unwrap();
    assert_eq!(answer.text, "late");
    assert_eq!(answer.headers["connection"], "close");
}

#[tokio::test]
async fn what_came_in_by_a_door_that_closes_is_cut_after_its_grace() {
    let server = Server::with("never", |_request| std::future::pending()).await;
    let gateway = gateway(table(vec![route("v1", 100, &[&server])])).await;
    let second = gateway.open("127.0.0.1:0".parse().unwrap()).unwrap();
    let mut cut = Client::connect(second).await;
    let cut = tokio::spawn(async move { cut.try_get(&[]).await.is_err() });
    let mut stays = Client::to(&gateway).await;
    let stays = tokio::spawn(async move { stays.try_get(&[]).await.is_err() });
    until("asked", || gateway.figures().groups["v1"].in_flight == 2).await;
    gateway.close(second, Duration::from_millis(50));
    assert!(cut.await.unwrap());
    until("one left", || gateway.figures().groups["v1"].in_flight == 1).await;
    assert!(!stays.is_finished());
}

#[tokio::test]
async fn a_taken_address_is_named_and_the_others_stay_open() {
    let server = Server::named("a").await;
    let gateway = gateway(table(vec![route("v1", 100, &[&server])])).await;
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = taken.local_addr().unwrap();
    let error = gateway.open(addr).unwrap_err();
    assert!(matches!(error, BindError::Taken { .. }), "{error}");
    assert_eq!(gateway.addrs(), [gateway.local_addr()]);
    assert_eq!(Client::to(&gateway).await.get(&[]).await.text, "a");
}
