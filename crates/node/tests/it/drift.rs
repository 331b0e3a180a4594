use std::fs;
use std::os::unix::fs::PermissionsExt;

use cloud::Provider;
use domain::Routes;

use crate::support::{Load, SERVER, TestNode, group, place, until};
use cloud_local::wire::NodeEventKind;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_file_is_drift_and_a_replacement_is_clean_without_a_lost_request() {
    let node = TestNode::start().await;
    let here = place("prod");
    let image = node.server("1.0.0").await;
    let blue = group(&here, 1, &image);
    node.healthy(&here, &blue, 1).await;
    node.cloud
        .ensure_traffic(&here, &Routes::all_on(&blue.name))
        .await
        .unwrap();
    let tree = node
        .folder()
        .join("images/unpacked")
        .join(image.as_str().trim_start_matches("sha256:"));
    let file = tree.join("server.py");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    fs::write(&file, "raise SystemExit('tampered')").unwrap();
    let seen = node
        .seen(&here, "drift is seen", |seen| seen.groups[0].has_drifted())
        .await;
    let old = &seen.groups[0].instances[0];
    assert!(
        old.drift[0].contains("server.py changed"),
        "{:?}",
        old.drift
    );

    let load = Load::on(node.address(&here).await);
    load.more().await;
    node.cloud
        .replace_instance(&here, &blue.name, &old.id)
        .await
        .unwrap();
    let seen = node
        .seen(&here, "another one took its place", |seen| {
            let group = &seen.groups[0];
            group.running() == 1 && group.healthy() == 1 && group.instances[0].id != old.id
        })
        .await;
    load.more().await;
    let (done, lost) = load.end().await;
    assert_eq!(lost, Vec::<String>::new(), "of {done}");
    assert_eq!(seen.groups[0].restarts, 0, "nobody fell over");
    assert!(!seen.groups[0].has_drifted());
    node.seen(&here, "the drifted tree is cleared away", |_| {
        !tree.exists()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_that_works_elsewhere_is_what_was_released() {
    let node = TestNode::start().await;
    let here = place("prod");
    let wanders = format!("import os\nos.chdir('/')\n{SERVER}");
    let image = node
        .bake(
            "1.0.0",
            &[("server.py", &wanders)],
            &["python3", "-u", "server.py", "${PORT}"],
        )
        .await;
    let changes = format!("open('own.txt', 'w').write('x')\n{SERVER}");
    let other = node
        .bake(
            "2.0.0",
            &[("server.py", &changes)],
            &["python3", "-u", "server.py", "${PORT}"],
        )
        .await;
    let blue = group(&here, 1, &image);
    node.healthy(&here, &blue, 1).await;
    // Whoever may write there although it is read-only, as root may, has drifted by the next look, which
    // is one at all.
    let green = group(&here, 2, &other);
    if node
        .dir
        .path()
        .metadata()
        .is_ok_and(|facts| is_root(&facts))
    {
        node.healthy(&here, &green, 1).await;
        node.seen(&here, "the other has drifted", |seen| {
            seen.group(&green.name).is_some_and(|g| g.has_drifted())
        })
        .await;
    } else {
        tokio::time::sleep(std::time::Duration::from_secs(6)).await;
    }
    let seen = node.observe(&here).await;
    let first = seen.group(&blue.name).unwrap();
    assert!(!first.has_drifted(), "{first:?}");
}

fn is_root(facts: &fs::Metadata) -> bool {
    std::os::unix::fs::MetadataExt::uid(facts) == 0
}

#[tokio::test]
async fn what_befell_an_application_is_told_with_the_instance_it_befell() {
    let mut node = TestNode::start().await;
    let here = place("prod");
    let blue = group(&here, 1, &node.server("1.0.0").await);
    node.healthy(&here, &blue, 2).await;
    let pids = crate::support::recorded(&node.folder());
    node.kill().await;
    crate::support::kill_group(pids[0]);
    until("it is dead", async || {
        (!crate::support::is_alive(pids[0])).then_some(())
    })
    .await;
    node.run().await;
    let events = node.cloud.events(&here.target.app).await.unwrap();
    let of = |kind| events.iter().find(|event| event.kind == kind);
    for kind in [NodeEventKind::Adopted, NodeEventKind::Lost] {
        let about = of(kind).and_then(|event| event.about.clone()).unwrap();
        assert_eq!(about.target, here.target);
        assert_eq!(about.group.as_ref(), Some(&blue.name));
        assert_eq!(about.version.as_ref(), Some(&blue.version));
        assert!(about.instance.is_some());
    }
    let elsewhere = node.cloud.events(&"other".parse().unwrap()).await.unwrap();
    assert!(elsewhere.is_empty(), "{elsewhere:?}");
}
