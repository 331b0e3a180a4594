//! The figures on a rollout's page.

use crate::harness::{Server, root_of, start, wait};

/// Why a version was sent back is looked for when its group is long gone.
#[test]
fn the_lines_of_a_group_that_was_sent_back_stay_on_the_page() {
    let server = Server::start();
    let port = server.apply("[environment.canary]\nweights = [50, 100]\npause_ms = 600000\n");
    server.first();
    server.bake("2", "two");
    server.ok(&start("2", "canary", &[]));
    let lines = |id| server.rollout(id)["series"].as_array().unwrap().clone();
    let drawn = |version: &str| {
        let lines = lines(2);
        let line = lines.into_iter().find(|line| line["version"] == version)?;
        (!line["points"].as_array().unwrap().is_empty()).then_some(line)
    };
    wait("figures of both", || {
        root_of(port);
        (drawn("1").is_some() && drawn("2").is_some()).then_some(())
    });
    server.ok(&["rollout", "rollback", "2"]);
    let shown = server.until_state(2, "rolled_back");
    let there = shown["groups"].as_array().unwrap();
    assert!(there.iter().all(|group| group["image"] != "2"), "{shown}");
    let line = drawn("2").unwrap();
    assert_eq!(line["incoming"], true, "{line}");
    assert_eq!(line["role"], "retired", "{line}");
    // What never took part has no line.
    assert!(lines(1).iter().all(|line| line["version"] == "1"));
}
