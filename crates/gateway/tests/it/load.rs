//! Switches, drains and failures under load: nothing may be lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use gateway::Gateway;
use http::{Request, Response};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::task::JoinSet;

use crate::support::{Client, Server, full, gateway, route, table, until};

/// Kept-alive clients that ask without pause and note every answer that is not a 200.
struct Load {
    done: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
    clients: JoinSet<Vec<String>>,
}

impl Load {
    async fn on(gateway: &Gateway, clients: usize) -> Self {
        let (done, stop) = (
            Arc::new(AtomicUsize::new(0)),
            Arc::new(AtomicBool::new(false)),
        );
        let mut all = JoinSet::new();
        for _ in 0..clients {
            let mut client = Client::to(gateway).await;
            let (done, stop) = (Arc::clone(&done), Arc::clone(&stop));
            all.spawn(async move {
                let mut failures = Vec::new();
                while !stop.load(SeqCst) {
                    match client.try_get(&[]).await {
                        Ok(answer) if answer.status == 200 => {}
                        Ok(answer) => failures.push(format!("{} {}", answer.status, answer.text)),
                        Err(error) => {
                            failures.push(error.to_string());
                            return failures;
                        }
                    }
                    done.fetch_add(1, SeqCst);
                }
                failures
            });
        }
        Self {
            done,
            stop,
            clients: all,
        }
    }

    async fn more(&self, requests: usize) {
        let goal = self.done.load(SeqCst) + requests;
        until("load goes on", || self.done.load(SeqCst) >= goal).await;
    }

    async fn failures(self) -> Vec<String> {
        self.stop.store(true, SeqCst);
        self.clients.join_all().await.concat()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn switches_under_load_lose_nothing_and_take_effect_at_once() {
    let (blue, green) = (Server::named("blue").await, Server::named("green").await);
    let with = |blue_weight: u32| {
        let routes = vec![
            route("blue", blue_weight, &[&blue]),
            route("green", 100 - blue_weight, &[&green]),
        ];
        table(routes)
    };
    let gateway = gateway(with(100)).await;
    let load = Load::on(&gateway, 8).await;
    for switch in 0..20 {
        load.more(40).await;
        gateway.set_table(with(if switch % 2 == 0 { 0 } else { 100 }));
        let old = if switch % 2 == 0 { &blue } else { &green };
        let name = old.name.as_str();
        until("drained", || gateway.figures().groups[name].in_flight == 0).await;
        let before = old.count();
        load.more(40).await;
        assert_eq!(
            old.count(),
            before,
            "a drained group gets no further request"
        );
    }
    assert_eq!(load.failures().await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn groups_replaced_and_stopped_after_draining_lose_nothing() {
    let mut server = Server::named("g0").await;
    let gateway = gateway(table(vec![route("g0", 100, &[&server])])).await;
    let load = Load::on(&gateway, 8).await;
    for generation in 1..=10 {
        load.more(50).await;
        let next = Server::named(&format!("g{generation}")).await;
        gateway.set_table(table(vec![route(&next.name, 100, &[&next])]));
        let old = std::mem::replace(&mut server, next);
        until("drained", || {
            gateway.figures().groups[&old.name].in_flight == 0
        })
        .await;
        old.kill().await;
    }
    load.more(50).await;
    assert_eq!(load.failures().await, Vec::<String>::new());
    let figures = gateway.figures();
    assert!(figures.groups.values().all(|group| group.errors == 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backend_killed_under_load_costs_no_request() {
    let (a, b) = (Server::named("a").await, Server::named("b").await);
    let gateway = gateway(table(vec![route("v1", 100, &[&a, &b])])).await;
    let load = Load::on(&gateway, 8).await;
    load.more(100).await;
    a.kill().await;
    load.more(500).await;
    assert_eq!(load.failures().await, Vec::<String>::new());
    let seen = &gateway.figures().groups["v1"];
    assert!(
        seen.per_instance["a"].errors > 0,
        "the fault must have fired"
    );
    assert_eq!((seen.errors, seen.per_instance["b"].errors), (0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_group_stands_in_for_one_that_refuses_and_its_errors_show() {
    let (stable, canary) = (Server::named("stable").await, Server::named("canary").await);
    let gateway = gateway(table(vec![
        route("v1", 50, &[&stable]),
        route("v2", 50, &[&canary]),
    ]))
    .await;
    canary.kill().await;
    let mut client = Client::to(&gateway).await;
    for _ in 0..20 {
        assert_eq!(client.get(&[]).await.text, "stable");
    }
    let figures = gateway.figures();
    assert!(figures.groups["v2"].errors > 0);
    assert_eq!(figures.groups["v2"].errors, figures.groups["v2"].requests);
    assert_eq!(figures.groups["v1"].errors, 0);
}

#[tokio::test]
async fn a_backend_that_comes_back_is_used_again_after_its_ejection() {
    let (a, b) = (Server::named("a").await, Server::named("b").await);
    let gateway = gateway(table(vec![route("v1", 100, &[&a, &b])])).await;
    let mut client = Client::to(&gateway).await;
    a.kill().await;
    for _ in 0..10 {
        assert_eq!(client.get(&[]).await.text, "b");
    }
    let attempts = gateway.figures().groups["v1"].per_instance["a"].requests;
    assert_eq!(attempts, 1, "one refusal is enough for a while");
    tokio::time::sleep(Duration::from_millis(1100)).await;
    for _ in 0..4 {
        assert_eq!(client.get(&[]).await.text, "b");
    }
    assert_eq!(gateway.figures().groups["v1"].per_instance["a"].requests, 2);
}

#[tokio::test]
async fn a_post_whose_connection_was_refused_goes_to_another_backend_with_its_body() {
    let dead = Server::named("dead").await;
    let alive = Server::with("alive", |request: Request<Incoming>| async move {
        Response::new(request.into_body().boxed())
    })
    .await;
    dead.kill().await;
    let gateway = gateway(table(vec![route("v1", 100, &[&dead, &alive])])).await;
    let mut client = Client::to(&gateway).await;
    for _ in 0..4 {
        let post = Request::post("/")
            .header("host", "a")
            .body(full("payment"))
            .unwrap();
        let answer = client.send(post).await.unwrap();
        assert_eq!(
            answer.into_body().collect().await.unwrap().to_bytes(),
            "payment"
        );
    }
    let seen = &gateway.figures().groups["v1"];
    assert!(
        seen.per_instance["dead"].errors > 0,
        "the fault must have fired"
    );
    assert_eq!((seen.errors, alive.count()), (0, 4));
}
