use std::fs;
use std::os::unix::fs::PermissionsExt;

use cloud::Provider;
use domain::Routes;

use crate::support::{Load, TestNode, group, place};

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
