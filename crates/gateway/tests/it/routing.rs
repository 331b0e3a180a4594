//! Which group a request goes to.

use std::collections::BTreeMap;

use gateway::{Gateway, Options, Override, Route, Sticky, Table};
use http::StatusCode;

use crate::support::{Client, Server, gateway, gateway_with, route, table};

#[tokio::test]
async fn weights_are_exact_over_a_hundred_requests_of_several_clients() {
    let (stable, canary) = (Server::named("stable").await, Server::named("canary").await);
    let gateway = gateway(table(vec![
        route("v1", 95, &[&stable]),
        route("v2", 5, &[&canary]),
    ]))
    .await;
    let mut clients = [Client::to(&gateway).await, Client::to(&gateway).await];
    for at in 0..200 {
        assert_eq!(clients[at % 2].get(&[]).await.status, StatusCode::OK);
    }
    assert_eq!((stable.count(), canary.count()), (190, 10));
    let figures = gateway.figures();
    assert_eq!(figures.groups["v2"].requests, 10);
    let share = figures.groups["v2"].recent_share.unwrap();
    assert!((share - 0.05).abs() < 0.02, "{share}");
}

#[tokio::test]
async fn backends_of_a_group_take_turns() {
    let (a, b) = (Server::named("a").await, Server::named("b").await);
    let gateway = gateway(table(vec![route("v1", 100, &[&a, &b])])).await;
    let mut client = Client::to(&gateway).await;
    for _ in 0..20 {
        client.get(&[]).await;
    }
    assert_eq!((a.count(), b.count()), (10, 10));
    let per_instance = gateway.figures().groups["v1"].per_instance.clone();
    assert_eq!(per_instance["a"].requests, 10);
    assert_eq!(per_instance["b"].requests, 10);
}

#[tokio::test]
async fn an_override_reaches_a_group_of_weight_zero_and_nothing_else_does() {
    let (blue, green) = (Server::named("blue").await, Server::named("green").await);
    let preview = |group: &str| Override {
        header: "x-viridian-group".to_owned(),
        value: group.to_owned(),
        group: group.to_owned(),
    };
    let gateway = gateway(Table {
        routes: vec![route("blue", 100, &[&blue]), route("green", 0, &[&green])],
        overrides: vec![preview("blue"), preview("green"), preview("gone")],
        ..Table::default()
    })
    .await;
    let mut client = Client::to(&gateway).await;
    for _ in 0..10 {
        assert_eq!(client.get(&[]).await.text, "blue");
        assert_eq!(
            client.get(&[("x-viridian-group", "green")]).await.text,
            "green"
        );
        assert_eq!(
            client.get(&[("x-viridian-group", "unheard-of")]).await.text,
            "blue"
        );
    }
    let gone = client.get(&[("x-viridian-group", "gone")]).await;
    assert_eq!(gone.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(
        gone.text,
        "shop-test: gone is not, or no longer, in the routing table\n"
    );
}

#[tokio::test]
async fn without_a_healthy_backend_the_answer_names_the_environment() {
    let server = Server::named("a").await;
    let mut only = route("v1", 100, &[&server]);
    only.backends[0].healthy = false;
    let gateway = gateway_with(table(vec![only]), Options::for_environment("prod-eu")).await;
    let answer = Client::to(&gateway).await.get(&[]).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.text, "prod-eu has no healthy instance\n");
    assert_eq!(answer.headers["retry-after"], "1");
    assert_eq!(gateway.figures().unrouted, 1);
    assert_eq!(server.count(), 0);
}

#[tokio::test]
async fn an_unhealthy_group_gets_nothing_while_another_can_serve() {
    let (a, b) = (Server::named("a").await, Server::named("b").await);
    let mut sick = route("v1", 90, &[&a]);
    sick.backends[0].healthy = false;
    let gateway = gateway(table(vec![sick, route("v2", 10, &[&b])])).await;
    let mut client = Client::to(&gateway).await;
    for _ in 0..50 {
        assert_eq!(client.get(&[]).await.text, "b");
    }
}

fn sticky(aliases: &[(&str, &str)]) -> Option<Sticky> {
    let aliases = aliases
        .iter()
        .map(|(arm, group)| ((*arm).to_owned(), (*group).to_owned()));
    Some(Sticky {
        aliases: aliases.collect::<BTreeMap<_, _>>(),
        ..Sticky::default()
    })
}

#[tokio::test]
async fn a_visitor_keeps_the_arm_through_weights_and_promotion() {
    let (a, b, c) = (
        Server::named("a").await,
        Server::named("b").await,
        Server::named("c").await,
    );
    let with = |weights: [u32; 2]| Table {
        routes: vec![route("a", weights[0], &[&a]), route("b", weights[1], &[&b])],
        sticky: sticky(&[]),
        ..Table::default()
    };
    let gateway = gateway(with([50, 50])).await;
    let mut client = Client::to(&gateway).await;
    let mut visitors = Vec::new();
    for _ in 0..40 {
        let first = client.get(&[]).await;
        let cookie = first.headers["set-cookie"].to_str().unwrap().to_owned();
        let pair = format!("viridian_arm={}", first.text);
        let rest = "; Path=/; HttpOnly; SameSite=Lax; Max-Age=7776000";
        assert_eq!(cookie, format!("{pair}{rest}"));
        visitors.push((pair, first.text));
    }
    assert_eq!(visitors.iter().filter(|(_, arm)| arm == "a").count(), 20);

    for weights in [[99, 1], [1, 99], [100, 0], [0, 100]] {
        gateway.set_table(with(weights));
        for (cookie, arm) in &visitors {
            let again = client.get(&[("cookie", cookie)]).await;
            assert_eq!(again.text, *arm, "at {weights:?}");
            assert!(!again.headers.contains_key("set-cookie"));
        }
    }

    // `b` wins and is replaced by the group `c`; `a` is gone.
    gateway.set_table(Table {
        routes: vec![route("c", 100, &[&c])],
        sticky: sticky(&[("b", "c")]),
        ..Table::default()
    });
    for (cookie, arm) in &visitors {
        let after = client.get(&[("cookie", cookie)]).await;
        assert_eq!(after.text, "c");
        let told = after
            .headers
            .get("set-cookie")
            .map(|value| value.to_str().unwrap());
        assert_eq!(
            told.is_some(),
            arm == "a",
            "only those of the arm that is gone choose anew"
        );
    }
}

#[tokio::test]
async fn a_unit_header_decides_the_same_on_every_gateway() {
    let (a, b) = (Server::named("a").await, Server::named("b").await);
    let all = Table {
        routes: vec![route("a", 50, &[&a]), route("b", 50, &[&b])],
        sticky: Some(Sticky {
            unit_header: Some("x-user".to_owned()),
            ..Sticky::default()
        }),
        ..Table::default()
    };
    let (one, two) = (gateway(all.clone()).await, gateway(all).await);
    let (mut one, mut two) = (Client::to(&one).await, Client::to(&two).await);
    let mut seen = BTreeMap::<String, u32>::new();
    for user in 0..60 {
        let user = format!("user-{user}");
        let arm = one.get(&[("x-user", &user)]).await.text;
        assert_eq!(two.get(&[("x-user", &user)]).await.text, arm);
        *seen.entry(arm).or_default() += 1;
    }
    assert!(seen.values().all(|count| *count > 15), "{seen:?}");
}

/// By unit, without any cookie: the arm it is served by now.
async fn arms_of_units(gateway: &Gateway) -> BTreeMap<String, String> {
    let mut client = Client::to(gateway).await;
    let mut arms = BTreeMap::new();
    for user in 0..60 {
        let user = format!("user-{user}");
        let arm = client.get(&[("x-user", &user)]).await.text;
        arms.insert(user, arm);
    }
    arms
}

fn by_user(routes: Vec<Route>) -> Table {
    Table {
        routes,
        sticky: Some(Sticky {
            unit_header: Some("x-user".to_owned()),
            ..Sticky::default()
        }),
        ..Table::default()
    }
}

#[tokio::test]
async fn a_unit_keeps_the_arm_through_promotion_until_its_group_is_gone() {
    let (a, b) = (Server::named("a").await, Server::named("b").await);
    let with = |weights: [u32; 2]| {
        by_user(vec![
            route("a", weights[0], &[&a]),
            route("b", weights[1], &[&b]),
        ])
    };
    let first = gateway(with([50, 50])).await;
    let before = arms_of_units(&first).await;
    for arm in ["a", "b"] {
        assert!(before.values().filter(|one| *one == arm).count() > 15);
    }

    first.set_table(with([0, 100]));
    assert_eq!(arms_of_units(&first).await, before);
    // Without an id, the weights decide.
    let mut client = Client::to(&first).await;
    for _ in 0..20 {
        assert_eq!(client.get(&[]).await.text, "b");
    }
    // Any number of tables later, as instances come and go.
    let mut helped = with([0, 100]);
    helped.routes[0].backends[0].healthy = false;
    first.set_table(helped);
    assert!(arms_of_units(&first).await.values().all(|arm| arm == "b"));
    let mut client = Client::to(&first).await;
    for (user, arm) in &before {
        let answer = client.get(&[("x-user", user)]).await;
        let told = answer.headers.contains_key("set-cookie");
        assert_eq!(told, arm == "b", "only an arm that is kept is told");
    }
    first.set_table(with([0, 100]));
    assert_eq!(arms_of_units(&first).await, before);

    // Another gateway that is handed the table as it was kept.
    let kept = serde_json::to_string(&*first.table()).unwrap();
    let second = gateway(serde_json::from_str(&kept).unwrap()).await;
    assert_eq!(arms_of_units(&second).await, before);

    second.set_table(by_user(vec![route("b", 100, &[&b])]));
    assert!(arms_of_units(&second).await.values().all(|arm| arm == "b"));
    let table = second.table();
    assert_eq!(table.sticky.as_ref().unwrap().unit_split, None);
    // It does not come back with the group, and neither does it outlive its group's instances.
    second.set_table(with([0, 100]));
    assert!(arms_of_units(&second).await.values().all(|arm| arm == "b"));
    let mut unstaffed = with([0, 100]);
    unstaffed.routes[0].backends.clear();
    first.set_table(unstaffed);
    assert!(arms_of_units(&first).await.values().all(|arm| arm == "b"));
}

#[tokio::test]
async fn a_later_split_overrules_an_earlier_one_and_a_group_that_is_no_arm_takes_all() {
    let (a, b, c) = (
        Server::named("a").await,
        Server::named("b").await,
        Server::named("c").await,
    );
    let (of_a, of_b) = (
        |weight| route("a", weight, &[&a]),
        |weight| route("b", weight, &[&b]),
    );
    let gateway = gateway(by_user(vec![of_a(50), of_b(50)])).await;
    gateway.set_table(by_user(vec![of_a(20), of_b(80)]));
    let before = arms_of_units(&gateway).await;
    gateway.set_table(by_user(vec![of_a(100), of_b(0)]));
    assert_eq!(arms_of_units(&gateway).await, before);
    gateway.set_table(by_user(vec![of_a(0), of_b(0), route("c", 100, &[&c])]));
    assert!(arms_of_units(&gateway).await.values().all(|arm| arm == "c"));
}

#[tokio::test]
async fn an_arm_without_healthy_instances_is_helped_out_and_gets_its_visitors_back() {
    let (a, b) = (Server::named("a").await, Server::named("b").await);
    let with = |healthy: bool| {
        let mut of_a = route("a", 50, &[&a]);
        of_a.backends[0].healthy = healthy;
        Table {
            routes: vec![of_a, route("b", 50, &[&b])],
            sticky: sticky(&[]),
            ..Table::default()
        }
    };
    let gateway = gateway(with(false)).await;
    let mut client = Client::to(&gateway).await;
    let helped = client.get(&[("cookie", "viridian_arm=a")]).await;
    assert_eq!(helped.text, "b");
    assert!(!helped.headers.contains_key("set-cookie"));
    gateway.set_table(with(true));
    assert_eq!(client.get(&[("cookie", "viridian_arm=a")]).await.text, "a");
}
