use cloud::{CloudError, Provider};
use domain::Routes;

use crate::support::{Load, TestNode, get, group, is_alive, place, place_at, recorded, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_switch_a_way_back_and_a_retirement_under_load_lose_nothing() {
    let node = TestNode::start().await;
    let here = place("prod");
    let blue = group(&here, 1, &node.server("1.0.0").await);
    let green = group(&here, 2, &node.server("2.0.0").await);
    node.healthy(&here, &blue, 2).await;
    node.cloud
        .ensure_traffic(&here, &Routes::all_on(&blue.name))
        .await
        .unwrap();
    let address = node.address(&here).await;
    let load = Load::on(address);
    load.more().await;
    node.healthy(&here, &green, 2).await;

    let half = Routes::of([(&blue.name, 50), (&green.name, 50)]);
    node.cloud.ensure_traffic(&here, &half).await.unwrap();
    assert_eq!(node.observe(&here).await.routes, half);
    load.more().await;
    let seen = node.observe(&here).await;
    let figures = &seen.group(&green.name).unwrap().figures;
    assert!(figures.requests > 0 && figures.latency.count() > 0 && figures.errors == 0);

    let all = Routes::of([(&blue.name, 0), (&green.name, 100)]);
    node.cloud.ensure_traffic(&here, &all).await.unwrap();
    load.more().await;
    node.cloud
        .ensure_traffic(&here, &Routes::all_on(&blue.name))
        .await
        .unwrap();
    load.more().await;
    node.cloud
        .ensure_traffic(&here, &Routes::all_on(&green.name))
        .await
        .unwrap();
    // Shrinks while it serves.
    node.cloud.ensure_size(&here, &green.name, 1).await.unwrap();
    node.cloud.ensure_retired(&here, &blue.name).await.unwrap();
    node.seen(&here, "blue is gone, green has one instance", |seen| {
        seen.group(&blue.name).is_none()
            && seen.group(&green.name).is_some_and(|g| g.running() == 1)
    })
    .await;
    load.more().await;
    let (done, lost) = load.end().await;
    assert_eq!(lost, Vec::<String>::new(), "of {done}");
    assert_eq!(
        get(address, "/", "").await.unwrap(),
        (200, "2.0.0".to_owned())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_instance_finishes_what_it_is_answering() {
    let node = TestNode::start().await;
    let here = place("prod");
    let blue = group(&here, 1, &node.server("1.0.0").await);
    let green = group(&here, 2, &node.server("2.0.0").await);
    node.healthy(&here, &blue, 1).await;
    node.healthy(&here, &green, 1).await;
    node.cloud
        .ensure_traffic(&here, &Routes::all_on(&blue.name))
        .await
        .unwrap();
    let address = node.address(&here).await;
    let slow = tokio::spawn(async move { get(address, "/slow", "").await });
    node.seen(&here, "the slow request is in flight", |seen| {
        seen.group(&blue.name).is_some_and(|g| g.in_flight == 1)
    })
    .await;
    node.cloud
        .ensure_traffic(&here, &Routes::all_on(&green.name))
        .await
        .unwrap();
    node.cloud.ensure_retired(&here, &blue.name).await.unwrap();
    assert!(
        node.observe(&here).await.group(&blue.name).is_some(),
        "it is still answering"
    );
    assert_eq!(slow.await.unwrap().unwrap(), (200, "1.0.0".to_owned()));
    node.seen(&here, "blue is gone", |seen| {
        seen.group(&blue.name).is_none()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_is_reached_by_its_header_only() {
    let node = TestNode::start().await;
    let here = place("prod");
    let blue = group(&here, 1, &node.server("1.0.0").await);
    let green = group(&here, 2, &node.server("2.0.0").await);
    node.healthy(&here, &blue, 1).await;
    node.healthy(&here, &green, 1).await;
    let routes = Routes {
        preview: Some(green.name.clone()),
        ..Routes::all_on(&blue.name)
    };
    node.cloud.ensure_traffic(&here, &routes).await.unwrap();
    assert_eq!(node.observe(&here).await.routes, routes);
    let address = node.address(&here).await;
    let header = format!("x-viridian-group: {}\r\n", green.name);
    assert_eq!(get(address, "/", &header).await.unwrap().1, "2.0.0");
    assert_eq!(get(address, "/", "").await.unwrap().1, "1.0.0");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_is_taken_is_named_and_used_once_it_is_free() {
    let node = TestNode::start().await;
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let here = place_at("prod", &address.to_string());
    let blue = group(&here, 1, &node.server("1.0.0").await);
    let error = node.cloud.ensure_group(&here, &blue, 1).await.unwrap_err();
    let CloudError::Conflict(text) = &error else {
        panic!("{error:?}")
    };
    assert!(text.contains(&address.port().to_string()), "{text}");
    drop(taken);
    node.healthy(&here, &blue, 1).await;
    node.cloud
        .ensure_traffic(&here, &Routes::all_on(&blue.name))
        .await
        .unwrap();
    assert_eq!(get(address, "/", "").await.unwrap().1, "1.0.0");
    let there = place_at("dev", &address.to_string());
    let error = node
        .cloud
        .ensure_traffic(&there, &Routes::default())
        .await
        .unwrap_err();
    assert!(error.to_string().contains("shop/prod"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_brings_its_own_address_and_takes_it_with_it() {
    let free = || {
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        taken.local_addr().unwrap()
    };
    let (old, new) = (free(), free());
    let mut node = TestNode::start().await;
    let (here, there) = (
        place_at("prod", &old.to_string()),
        place_at("prod", &new.to_string()),
    );
    let image = node.server("1.0.0").await;
    let (blue, green) = (group(&here, 1, &image), group(&there, 2, &image));
    node.healthy(&here, &blue, 1).await;
    let on_blue = Routes::all_on(&blue.name);
    node.cloud.ensure_traffic(&here, &on_blue).await.unwrap();
    // Declared elsewhere by now, and nothing of that release is there yet.
    node.cloud.ensure_size(&there, &blue.name, 2).await.unwrap();
    node.cloud.ensure_traffic(&there, &on_blue).await.unwrap();
    assert!(get(new, "/", "").await.is_err());

    let load = Load::on(old);
    node.healthy(&there, &green, 1).await;
    let both = async || {
        let status = node.cloud.status().await.unwrap();
        let env = &status.environments[0];
        (env.listening, env.also_listening.clone())
    };
    assert_eq!(both().await, (Some(new), vec![old]));
    assert_eq!(get(new, "/", "").await.unwrap().1, "1.0.0");
    let on_green = Routes::all_on(&green.name);
    node.cloud.ensure_traffic(&there, &on_green).await.unwrap();
    load.more().await;
    let (good, bad) = load.end().await;
    assert!(good >= 100 && bad.is_empty(), "{good} {bad:?}");
    // The one that is opened first is somebody else's when the node returns: the other is not kept
    // shut for it, and what is routed there is told.
    node.kill().await;
    let (lost, kept) = (old.min(new), old.max(new));
    let taken = std::net::TcpListener::bind(lost).unwrap();
    node.run().await;
    assert_eq!(get(kept, "/", "").await.unwrap().1, "1.0.0");
    assert_eq!(node.observe(&there).await.routes, on_green);
    drop(taken);
    until("the address is back", async || {
        get(lost, "/", "").await.ok()
    })
    .await;

    node.cloud.ensure_retired(&there, &blue.name).await.unwrap();
    until("the old address is closed", async || {
        get(old, "/", "").await.is_err().then_some(())
    })
    .await;
    assert_eq!(get(new, "/", "").await.unwrap().1, "1.0.0");
    assert_eq!(node.observe(&there).await.routes, on_green);
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_stops_the_instances_and_the_next_start_brings_them_back() {
    let mut node = TestNode::start().await;
    let here = place("prod");
    let blue = group(&here, 1, &node.server("1.0.0").await);
    node.healthy(&here, &blue, 2).await;
    node.cloud
        .ensure_traffic(&here, &Routes::all_on(&blue.name))
        .await
        .unwrap();
    let address = node.address(&here).await;
    let before = recorded(&node.folder());
    assert_eq!(before.len(), 2);
    node.cloud
        .shutdown(cloud_local::wire::Instances::Stop)
        .await
        .unwrap();
    assert!(node.wait().await.success());
    assert!(before.iter().all(|pid| !is_alive(*pid)));
    node.run().await;
    assert_eq!(
        node.address(&here).await,
        address,
        "port 0 stays what it became"
    );
    until("it serves again", async || {
        get(address, "/", "")
            .await
            .ok()
            .filter(|(status, _)| *status == 200)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_way_back_is_in_force_within_its_budget() {
    let node = TestNode::start().await;
    let here = place("prod");
    let blue = group(&here, 1, &node.server("1.0.0").await);
    let green = group(&here, 2, &node.server("2.0.0").await);
    let began = std::time::Instant::now();
    node.healthy(&here, &blue, 1).await;
    let healthy_ms = began.elapsed().as_millis();
    node.healthy(&here, &green, 1).await;
    node.cloud
        .ensure_traffic(&here, &Routes::all_on(&green.name))
        .await
        .unwrap();
    let address = node.address(&here).await;
    let began = std::time::Instant::now();
    node.cloud
        .ensure_traffic(&here, &Routes::all_on(&blue.name))
        .await
        .unwrap();
    let switched = began.elapsed();
    assert_eq!(get(address, "/", "").await.unwrap().1, "1.0.0");
    let began = std::time::Instant::now();
    node.observe(&here).await;
    let observed = began.elapsed();
    println!("healthy after {healthy_ms} ms, switched in {switched:?}, observed in {observed:?}");
    assert!(switched.as_millis() <= 250, "{switched:?}");
    assert!(observed.as_millis() <= 50, "{observed:?}");
}
