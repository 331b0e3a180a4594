//! The checks, one function each; its name is the fact it checks.

use super::Failure;
use super::{
    Checked, Outcome, Report, Suite, brief, expect, expect_conflict, expect_not_found, ids, sticky,
};
use domain::Routes;

macro_rules! checks {
    ($($name:ident),* $(,)?) => {
        pub(super) async fn all(suite: &Suite<'_>, report: &mut Report) {
            $({
                let check = stringify!($name);
                // Boxed: the sum of all checks would make one very large future.
                match Box::pin($name(suite)).await {
                    Ok(Outcome::Held) => report.passed.push(check),
                    Ok(Outcome::LeftOut) => report.left_out.push(check),
                    Err(problem) => report.failed.push(Failure { check, problem }),
                }
            })*
        }
    };
}

checks![
    an_empty_environment_is_observed_empty,
    a_group_is_started_at_its_size_from_its_image,
    starting_a_group_twice_is_the_same_as_once,
    starting_a_group_again_at_a_larger_size_grows_it,
    a_group_never_changes_its_image,
    a_group_of_an_image_that_is_not_there_is_refused,
    an_image_that_does_not_serve_never_becomes_healthy,
    a_group_grows_and_shrinks,
    resizing_twice_is_the_same_as_once,
    resizing_an_unknown_group_is_not_found,
    a_new_group_gets_no_traffic_by_itself,
    traffic_is_read_back_as_it_was_asked_for,
    weights_are_read_back_as_they_were_asked_for,
    a_preview_is_read_back_as_it_was_asked_for,
    stickiness_is_read_back_as_it_was_asked_for,
    routing_twice_is_the_same_as_once,
    routing_to_an_unknown_group_is_not_found,
    weights_that_are_no_whole_are_invalid,
    a_refused_routing_leaves_the_old_one_in_force,
    the_routing_can_be_taken_away,
    a_group_with_traffic_is_not_retired,
    a_group_without_traffic_is_retired,
    retiring_twice_is_the_same_as_once,
    retiring_what_never_was_succeeds,
    a_retired_group_can_be_started_again,
    replacing_an_instance_keeps_the_size_and_the_others,
    replacing_in_an_unknown_group_is_not_found,
    images_are_known_or_not,
    environments_do_not_see_each_other,
    observing_changes_nothing,
];

const HELD: Checked = Ok(Outcome::Held);

async fn an_empty_environment_is_observed_empty(suite: &Suite<'_>) -> Checked {
    let place = suite.kit.place().await;
    let seen = suite.observe(&place).await?;
    expect(
        seen.groups.is_empty() && seen.routes == Routes::default(),
        || brief(&seen),
    )?;
    HELD
}

async fn a_group_is_started_at_its_size_from_its_image(suite: &Suite<'_>) -> Checked {
    let place = suite.kit.place().await;
    let group = suite.running(&place, 2).await?;
    let seen = suite.observe(&place).await?;
    let found = seen.group(&group.name).ok_or("the group is gone")?;
    expect(found.size == 2 && found.image == group.image, || {
        brief(&seen)
    })?;
    expect(
        found.instances.iter().all(|i| i.image == group.image),
        || "an instance runs another image".to_owned(),
    )?;
    expect(ids(found).len() == 2, || "instances share an id".to_owned())?;
    expect(found.broken.is_none() && !found.has_drifted(), || {
        "broken or drifted".to_owned()
    })?;
    HELD
}

async fn starting_a_group_twice_is_the_same_as_once(suite: &Suite<'_>) -> Checked {
    let place = suite.kit.place().await;
    let group = suite.running(&place, 2).await?;
    let before = suite.observe(&place).await?;
    suite.start(&place, &group).await?;
    let after = suite.observe(&place).await?;
    let same = before.group(&group.name).map(ids) == after.group(&group.name).map(ids);
    expect(same && after.groups.len() == 1, || {
        format!("before {}, after {}", brief(&before), brief(&after))
    })?;
    HELD
}

async fn starting_a_group_again_at_a_larger_size_grows_it(suite: &Suite<'_>) -> Checked {
    let place = suite.kit.place().await;
    let mut group = suite.running(&place, 1).await?;
    group.size = 2;
    suite.start(&place, &group).await?;
    HELD
}

async fn a_group_never_changes_its_image(suite: &Suite<'_>) -> Checked {
    let place = suite.kit.place().await;
    let mut group = suite.running(&place, 1).await?;
    let old = group.image.clone();
    let [_, (image, version)] = suite.kit.good_images();
    (group.image, group.version) = (image, version);
    expect_conflict(
        "ensure_group with another image",
        suite.provider.ensure_group(&place, &group, 1).await,
    )?;
    let seen = suite.observe(&place).await?;
    expect(
        seen.group(&group.name).is_some_and(|g| g.image == old),
        || brief(&seen),
    )?;
    HELD
}

async fn a_group_of_an_image_that_is_not_there_is_refused(suite: &Suite<'_>) -> Checked {
    let place = suite.kit.place().await;
    let mut group = suite.first_group(&place, 1);
    group.image = suite.kit.missing_image();
    let answer = suite.provider.ensure_group(&place, &group, 1).await;
    expect(answer.is_err(), || {
        "ensure_group of an image that is not there succeeded".to_owned()
    })?;
    HELD
}

async fn an_image_that_does_not_serve_never_becomes_healthy(suite: &Suite<'_>) -> Checked {
    let Some(image) = suite.kit.bad_image() else {
        return Ok(Outcome::LeftOut);
    };
    let place = suite.kit.place().await;
    let group = suite.group(&place, 1, image, 1);
    let answer = suite.provider.ensure_group(&place, &group, 1).await;
    answer.map_err(|error| format!("ensure_group failed: {error}"))?;
    for _ in 0..suite.kit.patience().div_ceil(10) {
        let seen = suite.observe(&place).await?;
        expect(
            seen.group(&group.name).is_none_or(|g| g.healthy() == 0),
            || brief(&seen),
        )?;
        suite.kit.tick().await;
    }
    let seen = suite.observe(&place).await?;
    expect(seen.group(&group.name).is_some(), || {
        "the group is not observed at all".to_owned()
    })?;
    suite
        .provider
        .ensure_retired(&place, &group.name)
        .await
        .map_err(|error| format!("ensure_retired: {error}"))?;
    HELD
}

async fn a_group_grows_and_shrinks(suite: &Suite<'_>) -> Checked {
    let place = suite.kit.place().await;
    let group = suite.running(&place, 1).await?;
    suite.route(&place, &Routes::all_on(&group.name)).await?;
    for size in [3, 1] {
        let done = suite.provider.ensure_size(&place, &group.name, size).await;
        done.map_err(|error| format!("ensure_size({size}) failed: {error}"))?;
        let what = format!("the group has {size} healthy instances");
        let seen = suite
            .until(&place, &what, |seen| {
                seen.group(&group.name)
                    .is_some_and(|g| g.size == size && g.running() == size && g.healthy() == size)
            })
            .await?;
        expect(seen.routes == Routes::all_on(&group.name), || brief(&seen))?;
    }
    HELD
}

async fn resizing_twice_is_the_same_as_once(suite: &Suite<'_>) -> Checked {
    let place = suite.kit.place().await;
    let group = suite.running(&place, 2).await?;
    let before = suite.observe(&place).await?;
    for _ in 0..2 {
        let done = suite.provider.ensure_size(&place, &group.name, 2).await;
        done.map_err(|error| format!("ensure_size failed: {error}"))?;
    }
    let after = suite.observe(&place).await?;
    let same = before.group(&group.name).map(ids) == after.group(&group.name).map(ids);
    expect(same, || {
        format!("before {}, after {}", brief(&before), brief(&after))
    })?;
    HELD
}

async fn resizing_an_unknown_group_is_not_found(suite: &Suite<'_>) -> Checked {
    let place = suite.kit.place().await;
    let unknown = suite.first_group(&place, 1).name;
    expect_not_found(
        "ensure_size",
        suite.provider.ensure_size(&place, &unknown, 1).await,
    )?;
    HELD
}

async fn a_new_group_gets_no_traffic_by_itself(suite: &Suite<'_>) -> Checked {
    let place = suite.kit.place().await;
    let first = suite.running(&place, 1).await?;
    suite.route(&place, &Routes::all_on(&first.name)).await?;
    let second = suite.second_group(&place, 1);
    suite.start(&place, &second).await?;
    let seen = suite.observe(&place).await?;
    expect(seen.routes == Routes::all_on(&first.name), || brief(&seen))?;
    expect(
        seen.group(&second.name).is_some_and(|g| g.weight == 0),
        || brief(&seen),
    )?;
    HELD
}

async fn traffic_is_read_back_as_it_was_asked_for(suite: &Suite<'_>) -> Checked {
    let place = suite.kit.place().await;
    let first = suite.running(&place, 1).await?;
    let second = suite.second_group(&place, 1);
    suite.start(&place, &second).await?;
    for routes in [
        Routes::all_on(&first.name),
        Routes::of([(&first.name, 100), (&second.name, 0)]),
        Routes::of([(&first.name, 0), (&second.name, 100)]),
        Routes::all_on(&second.name),
    ] {
        let seen = suite.route(&place, &routes).await?;
        let agree = seen
            .groups
            .iter()
            .all(|g| g.weight == routes.weight(&g.name));
        expect(agree, || {
            format!(
                "a group's weight differs from the routing: {}",
                brief(&seen)
            )
        })?;
    }
    HELD
}

async fn weights_are_read_back_as_they_were_asked_for(suite: &Suite<'_>) -> Checked {
    if !suite.provider.capabilities().weights {
        return Ok(Outcome::LeftOut);
    }
    let place = suite.kit.place().await;
    let first = suite.running(&place, 1).await?;
    let second = suite.second_group(&place, 1);
    suite.start(&place, &second).await?;
    for weight in [1, 33, 50, 99] {
        let routes = Routes::of([(&first.name, 100 - weight), (&second.name, weight)]);
        let seen = suite.route(&place, &routes).await?;
        expect(
            seen.group(&second.name).is_some_and(|g| g.weight == weight),
            || brief(&seen),
        )?;
    }
    HELD
}

async fn a_preview_is_read_back_as_it_was_asked_for(suite: &Suite<'_>) -> Checked {
    if !suite.provider.capabilities().headers {
        return Ok(Outcome::LeftOut);
    }
    let place = suite.kit.place().await;
    let first = suite.running(&place, 1).await?;
    let second = suite.second_group(&place, 1);
    suite.start(&place, &second).await?;
    let weights = Routes::of([(&first.name, 100), (&second.name, 0)]);
    suite
        .route(
            &place,
            &Routes {
                preview: Some(second.name),
                ..weights.clone()
            },
        )
        .await?;
    suite.route(&place, &weights).await?;
    HELD
}

async fn stickiness_is_read_back_as_it_was_asked_for(suite: &Suite<'_>) -> Checked {
    let can = suite.provider.capabilities();
    if !can.sticky || !can.weights {
        return Ok(Outcome::LeftOut);
    }
    let place = suite.kit.place().await;
    let first = suite.running(&place, 1).await?;
    let second = suite.second_group(&place, 1);
    suite.start(&place, &second).await?;
    let split = Routes::of([(&first.name, 50), (&second.name, 50)]);
    suite
        .route(
            &place,
            &Routes {
                sticky: Some(sticky()),
                ..split.clone()
            },
        )
        .await?;
    suite.route(&place, &split).await?;
    HELD
}

async fn routing_twice_is_the_same_as_once(suite: &Suite<'_>) -> Checked {
    let place = suite.kit.place().await;
    let group = suite.running(&place, 1).await?;
    let routes = Routes::all_on(&group.name);
    suite.route(&place, &routes).await?;
    suite.route(&place, &routes).await?;
    HELD
}

async fn routing_to_an_unknown_group_is_not_found(suite: &Suite<'_>) -> Checked {
    let place = suite.kit.place().await;
    let unknown = suite.first_group(&place, 1).name;
    expect_not_found(
        "ensure_traffic",
        suite
            .provider
            .ensure_traffic(&place, &Routes::all_on(&unknown))
            .await,
    )?;
    HELD
}

async fn weights_that_are_no_whole_are_invalid(suite: &Suite<'_>) -> Checked {
    let place = suite.kit.place().await;
    let group = suite.running(&place, 1).await?;
    for weight in [0, 99, 101] {
        let answer = suite
            .provider
            .ensure_traffic(&place, &Routes::of([(&group.name, weight)]))
            .await;
        let invalid = matches!(answer, Err(crate::CloudError::Invalid(_)));
        expect(invalid, || {
            format!("a sum of {weight} should be Invalid, but the answer was {answer:?}")
        })?;
    }
    HELD
}

async fn a_refused_routing_leaves_the_old_one_in_force(suite: &Suite<'_>) -> Checked {
    let place = suite.kit.place().await;
    let group = suite.running(&place, 1).await?;
    let routes = Routes::all_on(&group.name);
    suite.route(&place, &routes).await?;
    let unknown = suite.second_group(&place, 1).name;
    expect_not_found(
        "ensure_traffic",
        suite
            .provider
            .ensure_traffic(&place, &Routes::all_on(&unknown))
            .await,
    )?;
    let seen = suite.observe(&place).await?;
    expect(seen.routes == routes, || brief(&seen))?;
    HELD
}

async fn the_routing_can_be_taken_away(suite: &Suite<'_>) -> Checked {
    let place = suite.kit.place().await;
    let group = suite.running(&place, 1).await?;
    suite.route(&place, &Routes::all_on(&group.name)).await?;
    let seen = suite.route(&place, &Routes::default()).await?;
    expect(
        seen.group(&group.name).is_some_and(|g| g.weight == 0),
        || brief(&seen),
    )?;
    HELD
}

async fn a_group_with_traffic_is_not_retired(suite: &Suite<'_>) -> Checked {
    let place = suite.kit.place().await;
    let group = suite.running(&place, 1).await?;
    suite.route(&place, &Routes::all_on(&group.name)).await?;
    expect_conflict(
        "ensure_retired with traffic",
        suite.provider.ensure_retired(&place, &group.name).await,
    )?;
    let seen = suite.observe(&place).await?;
    let whole = seen
        .group(&group.name)
        .is_some_and(|g| g.healthy() == 1 && g.weight == 100);
    expect(whole, || brief(&seen))?;
    HELD
}

async fn a_group_without_traffic_is_retired(suite: &Suite<'_>) -> Checked {
    let place = suite.kit.place().await;
    let first = suite.running(&place, 1).await?;
    suite.route(&place, &Routes::all_on(&first.name)).await?;
    let second = suite.second_group(&place, 2);
    suite.start(&place, &second).await?;
    retire(suite, &place, &second.name).await?;
    let seen = suite.observe(&place).await?;
    let whole = seen.routes == Routes::all_on(&first.name)
        && seen.group(&first.name).is_some_and(|g| g.healthy() == 1);
    expect(whole, || brief(&seen))?;
    HELD
}

async fn retiring_twice_is_the_same_as_once(suite: &Suite<'_>) -> Checked {
    let place = suite.kit.place().await;
    let group = suite.running(&place, 1).await?;
    retire(suite, &place, &group.name).await?;
    retire(suite, &place, &group.name).await?;
    HELD
}

async fn retiring_what_never_was_succeeds(suite: &Suite<'_>) -> Checked {
    let place = suite.kit.place().await;
    let unknown = suite.first_group(&place, 1).name;
    retire(suite, &place, &unknown).await?;
    HELD
}

async fn a_retired_group_can_be_started_again(suite: &Suite<'_>) -> Checked {
    let place = suite.kit.place().await;
    let group = suite.running(&place, 1).await?;
    retire(suite, &place, &group.name).await?;
    suite.start(&place, &group).await?;
    HELD
}

async fn replacing_an_instance_keeps_the_size_and_the_others(suite: &Suite<'_>) -> Checked {
    let place = suite.kit.place().await;
    let group = suite.running(&place, 2).await?;
    suite.route(&place, &Routes::all_on(&group.name)).await?;
    let before = suite.observe(&place).await?;
    let before = before.group(&group.name).map(ids).unwrap_or_default();
    let gone = before.first().ok_or("no instance to replace")?.clone();
    let done = suite
        .provider
        .replace_instance(&place, &group.name, &gone)
        .await;
    done.map_err(|error| format!("replace_instance failed: {error}"))?;
    let seen = suite
        .until(
            &place,
            "one instance is another and all are healthy",
            |seen| {
                seen.group(&group.name).is_some_and(|g| {
                    g.size == 2 && g.running() == 2 && g.healthy() == 2 && !ids(g).contains(&gone)
                })
            },
        )
        .await?;
    let after = seen.group(&group.name).map(ids).unwrap_or_default();
    let kept = before.intersection(&after).count();
    expect(kept == 1, || {
        format!("{kept} of the others were kept: {before:?}, then {after:?}")
    })?;
    expect(seen.routes == Routes::all_on(&group.name), || brief(&seen))?;
    HELD
}

async fn replacing_in_an_unknown_group_is_not_found(suite: &Suite<'_>) -> Checked {
    let place = suite.kit.place().await;
    let unknown = suite.first_group(&place, 1).name;
    expect_not_found(
        "replace_instance",
        suite
            .provider
            .replace_instance(&place, &unknown, "none")
            .await,
    )?;
    HELD
}

async fn images_are_known_or_not(suite: &Suite<'_>) -> Checked {
    for (image, _) in suite.kit.good_images() {
        let known = suite.provider.has_image(&image).await;
        expect(known == Ok(true), || {
            format!("has_image({image}) answered {known:?}")
        })?;
    }
    let known = suite.provider.has_image(&suite.kit.missing_image()).await;
    expect(known == Ok(false), || {
        format!("has_image of a missing image answered {known:?}")
    })?;
    HELD
}

async fn environments_do_not_see_each_other(suite: &Suite<'_>) -> Checked {
    let (here, there) = (suite.kit.place().await, suite.kit.place().await);
    suite.running(&here, 1).await?;
    let seen = suite.observe(&there).await?;
    expect(seen.groups.is_empty(), || brief(&seen))?;
    HELD
}

async fn observing_changes_nothing(suite: &Suite<'_>) -> Checked {
    let place = suite.kit.place().await;
    let group = suite.running(&place, 1).await?;
    suite.route(&place, &Routes::all_on(&group.name)).await?;
    let first = suite.observe(&place).await?;
    let second = suite.observe(&place).await?;
    let same = first.routes == second.routes
        && first.group(&group.name).map(ids) == second.group(&group.name).map(ids);
    expect(same && second.at >= first.at, || {
        format!("{}, then {}", brief(&first), brief(&second))
    })?;
    HELD
}

async fn retire(
    suite: &Suite<'_>,
    place: &crate::Place,
    name: &domain::GroupName,
) -> Result<(), String> {
    let done = suite.provider.ensure_retired(place, name).await;
    done.map_err(|error| format!("ensure_retired failed: {error}"))?;
    suite
        .until(place, &format!("{name} is gone"), |seen| {
            seen.group(name).is_none()
        })
        .await
        .map(drop)
}
