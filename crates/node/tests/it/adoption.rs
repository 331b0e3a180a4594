use std::os::unix::process::CommandExt;

use cloud::Provider;
use cloud_local::wire::NodeEventKind;
use domain::{Health, Routes};

use crate::support::{
    TestNode, executable, get, group, is_alive, kill_group, place, recorded, until,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_node_finds_its_instances_again() {
    let mut node = TestNode::start().await;
    let here = place("prod");
    let blue = group(&here, 1, &node.server("1.0.0").await);
    node.healthy(&here, &blue, 3).await;
    node.cloud
        .ensure_traffic(&here, &Routes::all_on(&blue.name))
        .await
        .unwrap();
    let address = node.address(&here).await;
    let pids = recorded(&node.folder());
    node.kill().await;
    assert!(
        pids.iter().all(|pid| is_alive(*pid)),
        "instances outlive their node"
    );
    // One is lost meanwhile.
    kill_group(pids[0]);
    until("it is dead", async || (!is_alive(pids[0])).then_some(())).await;
    node.run().await;

    let first = node.observe(&here).await;
    let healthy = first.groups[0]
        .instances
        .iter()
        .filter(|one| one.health == Health::Healthy)
        .count();
    assert!(
        healthy >= 2,
        "health is known from the first answer on: {first:?}"
    );
    assert_eq!(first.routes, Routes::all_on(&blue.name));
    assert_eq!(
        get(address, "/", "").await.unwrap(),
        (200, "1.0.0".to_owned())
    );
    let seen = node
        .seen(&here, "the lost one is replaced", |seen| {
            seen.groups[0].healthy() == 3
        })
        .await;
    assert_eq!(seen.groups[0].restarts, 1);
    let now = recorded(&node.folder());
    assert!(now.contains(&pids[1]) && now.contains(&pids[2]) && !now.contains(&pids[0]));
    let events = node.cloud.status().await.unwrap().events;
    let count = |kind| events.iter().filter(|event| event.kind == kind).count();
    assert_eq!(
        (count(NodeEventKind::Adopted), count(NodeEventKind::Lost)),
        (2, 1)
    );

    // Adopted ones are watched and stopped like any other.
    kill_group(pids[1]);
    node.seen(&here, "its end is noticed", |seen| {
        seen.groups[0].restarts == 2 && seen.groups[0].healthy() == 3
    })
    .await;
    node.kill().await;
    node.run().await;
    assert_eq!(
        node.observe(&here).await.groups[0].restarts,
        2,
        "counts outlive the node"
    );
    node.cloud
        .ensure_traffic(&here, &Routes::default())
        .await
        .unwrap();
    node.cloud.ensure_retired(&here, &blue.name).await.unwrap();
    node.seen(&here, "gone", |seen| seen.groups.is_empty())
        .await;
    assert!(!is_alive(pids[2]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_of_the_node_without_a_record_is_ended() {
    let mut node = TestNode::start().await;
    let id = node.cloud.status().await.unwrap().node;
    let sleeper = |name: &str| {
        std::process::Command::new("sleep")
            .arg("600")
            .env("VIRIDIAN_NODE", name)
            .env("VIRIDIAN_INSTANCE", "shop-prod-v001-000000")
            .process_group(0)
            .spawn()
            .unwrap()
    };
    let (mut orphan, mut stranger) = (sleeper(&id), sleeper("another"));
    node.kill().await;
    node.run().await;
    let ended = until("the orphan is ended", async || {
        (!is_alive(orphan.id())).then_some(())
    })
    .await;
    let () = ended;
    assert!(
        is_alive(stranger.id()),
        "another node's processes are not ours"
    );
    let events = node.cloud.status().await.unwrap().events;
    assert!(
        events
            .iter()
            .any(|event| event.kind == NodeEventKind::Orphan),
        "{events:?}"
    );
    stranger.kill().unwrap();
    orphan.wait().unwrap();
    stranger.wait().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_node_in_the_folder_is_refused_by_name() {
    let node = TestNode::start().await;
    let pid = node.cloud.status().await.unwrap().pid;
    let second = tokio::process::Command::new(executable())
        .args(["node", "--data"])
        .arg(node.folder())
        .output()
        .await
        .unwrap();
    let text = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(
        !second.status.success() && text.contains(&pid.to_string()),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handle_starts_the_node_finds_it_and_starts_it_again() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("node");
    let cloud = cloud_local::find_or_start(&folder, &executable())
        .await
        .unwrap();
    let first = cloud.status().await.unwrap();
    let again = cloud_local::find_or_start(&folder, &executable())
        .await
        .unwrap();
    assert_eq!(again.status().await.unwrap().pid, first.pid);
    kill_group(first.pid);
    until("the node is dead", async || {
        (!is_alive(first.pid)).then_some(())
    })
    .await;
    // The call that meets the dying connection may fail; the next one finds the node anew.
    let second = until("the node is back", async || cloud.status().await.ok()).await;
    assert_ne!(second.pid, first.pid);
    assert_eq!(second.node, first.node);
    cloud
        .shutdown(cloud_local::wire::Instances::Stop)
        .await
        .unwrap();
    until("the node ends", async || {
        (!is_alive(second.pid)).then_some(())
    })
    .await;
    let missing = cloud_local::find_or_start(&folder, "/no/such/program".as_ref())
        .await
        .err()
        .unwrap();
    assert!(
        missing.to_string().contains("/no/such/program"),
        "{missing}"
    );
}
