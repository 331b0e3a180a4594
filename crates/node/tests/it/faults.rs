use cloud::{CloudError, Provider};
use domain::{Health, Routes};

use crate::support::{TestNode, get, group, kill_group, place, recorded, until};

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_entry_point_breaks_the_group_at_once() {
    let node = TestNode::start().await;
    let here = place("prod");
    let image = node
        .bake("1.0.0", &[("readme", "x")], &["./no-such-program"])
        .await;
    let blue = group(&here, 1, &image);
    node.cloud.ensure_group(&here, &blue, 1).await.unwrap();
    let seen = node
        .seen(&here, "broken", |seen| seen.groups[0].broken.is_some())
        .await;
    let why = seen.groups[0].broken.clone().unwrap();
    assert!(
        why.contains("./no-such-program") && why.contains("does not exist"),
        "{why}"
    );
    let image = node
        .bake("2.0.0", &[("server", "no program")], &["./server"])
        .await;
    let green = group(&here, 2, &image);
    node.cloud.ensure_group(&here, &green, 1).await.unwrap();
    let seen = node
        .seen(&here, "broken", |seen| seen.groups[1].broken.is_some())
        .await;
    let why = seen.groups[1].broken.clone().unwrap();
    assert!(why.contains("not executable"), "{why}");
    node.cloud.ensure_retired(&here, &green.name).await.unwrap();
    node.seen(&here, "a broken group can be retired", |seen| {
        seen.groups.len() == 1
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_exits_at_once_three_times_is_broken_and_its_last_words_are_told() {
    let node = TestNode::start().await;
    let here = place("prod");
    let program = "import sys\nprint('no database', file=sys.stderr)\nsys.exit(3)";
    let image = node
        .bake("1.0.0", &[("a.py", program)], &["python3", "a.py"])
        .await;
    let blue = group(&here, 1, &image);
    node.cloud.ensure_group(&here, &blue, 1).await.unwrap();
    let seen = node
        .seen(&here, "broken", |seen| seen.groups[0].broken.is_some())
        .await;
    let why = seen.groups[0].broken.clone().unwrap();
    assert!(
        why.contains("exited with status 3") && why.contains("no database"),
        "{why}"
    );
    assert_eq!(seen.groups[0].restarts, 3);
    assert_eq!(seen.groups[0].running(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_never_listens_or_answers_500_keeps_progressing_and_says_why() {
    let node = TestNode::start().await;
    let here = place("prod");
    let image = node
        .bake(
            "1.0.0",
            &[("a.py", "import time\ntime.sleep(600)")],
            &["python3", "a.py"],
        )
        .await;
    node.cloud
        .ensure_group(&here, &group(&here, 1, &image), 1)
        .await
        .unwrap();
    let program = crate::support::SERVER.replace("send_response(200)", "send_response(500)");
    let image = node
        .bake(
            "2.0.0",
            &[("a.py", &program)],
            &["python3", "a.py", "${PORT}"],
        )
        .await;
    node.cloud
        .ensure_group(&here, &group(&here, 2, &image), 1)
        .await
        .unwrap();
    let reasons = until("both say why", async || {
        let status = node.cloud.status().await.unwrap();
        let groups = &status.environments.first()?.groups;
        let reason = |at: usize| groups.get(at)?.instances.first()?.reason.clone();
        let found = (reason(0)?, reason(1)?);
        (found.0.contains("nothing listens") && found.1.contains("500")).then_some(found)
    })
    .await;
    assert!(reasons.1.contains("GET /"), "{reasons:?}");
    let seen = node.observe(&here).await;
    assert!(
        seen.groups
            .iter()
            .all(|g| g.instances[0].health == Health::Progressing && g.restarts == 0)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_that_dies_is_replaced_and_counted() {
    let node = TestNode::start().await;
    let here = place("prod");
    let blue = group(&here, 1, &node.server("1.0.0").await);
    node.healthy(&here, &blue, 2).await;
    node.cloud
        .ensure_traffic(&here, &Routes::all_on(&blue.name))
        .await
        .unwrap();
    kill_group(recorded(&node.folder())[0]);
    node.seen(&here, "one restart, two healthy", |seen| {
        seen.groups[0].restarts == 1 && seen.groups[0].healthy() == 2
    })
    .await;
    assert_eq!(
        get(node.address(&here).await, "/", "").await.unwrap().1,
        "1.0.0"
    );
    let status = node.cloud.status().await.unwrap();
    assert!(
        status
            .events
            .iter()
            .any(|event| event.text.contains("signal 9")),
        "{:?}",
        status.events
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_that_hangs_is_replaced() {
    let node = TestNode::start().await;
    let mut here = place("prod");
    std::sync::Arc::make_mut(&mut here.environment)
        .health
        .timeout_ms = 100;
    let blue = group(&here, 1, &node.server("1.0.0").await);
    node.healthy(&here, &blue, 1).await;
    let old = recorded(&node.folder())[0];
    let pid = rustix::process::Pid::from_raw(i32::try_from(old).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::STOP).unwrap();
    node.seen(&here, "another one is healthy", |seen| {
        seen.groups[0].restarts == 1 && seen.groups[0].healthy() == 1
    })
    .await;
    kill_group(old);
    node.seen(&here, "the hung one is gone", |seen| {
        seen.groups[0].running() == 1
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn logs_are_told_also_after_the_end_and_only_for_instances() {
    let node = TestNode::start().await;
    let here = place("prod");
    let blue = group(&here, 1, &node.server("1.0.0").await);
    node.healthy(&here, &blue, 1).await;
    let id = node.observe(&here).await.groups[0].instances[0].id.clone();
    assert!(
        node.cloud
            .logs(&id, 1_000)
            .await
            .unwrap()
            .contains("1.0.0 starts")
    );
    node.cloud.ensure_retired(&here, &blue.name).await.unwrap();
    node.seen(&here, "gone", |seen| seen.groups.is_empty())
        .await;
    assert!(
        node.cloud
            .logs(&id, 1_000)
            .await
            .unwrap()
            .contains("1.0.0 starts")
    );
    for bad in ["../state", "nobody", ""] {
        assert!(
            matches!(node.cloud.logs(bad, 10).await, Err(CloudError::NotFound(_))),
            "{bad}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_sees_its_own_small_environment_and_its_limits() {
    let node = TestNode::start().await;
    let mut here = place("prod");
    let limits = &mut std::sync::Arc::make_mut(&mut here.environment).limits;
    (limits.open_files, limits.memory_mb) = (Some(200), Some(2_000));
    let blue = group(&here, 1, &node.server("1.0.0").await);
    node.healthy(&here, &blue, 1).await;
    let pid = recorded(&node.folder())[0];
    let environ = std::fs::read_to_string(format!("/proc/{pid}/environ")).unwrap();
    assert!(
        environ.contains("VIRIDIAN_GROUP=shop-prod-v001") && !environ.contains("CARGO"),
        "{environ}"
    );
    let limits = std::fs::read_to_string(format!("/proc/{pid}/limits")).unwrap();
    let of = |name: &str| {
        limits
            .lines()
            .find(|line| line.starts_with(name))
            .unwrap()
            .to_owned()
    };
    assert!(of("Max open files").contains(" 200 "), "{limits}");
    assert!(
        of("Max address space").contains(&(2_000u64 * 1024 * 1024).to_string()),
        "{limits}"
    );
}
