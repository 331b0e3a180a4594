//! Server groups: started, sized, never changed.

use super::super::{
    Checked, Outcome, Suite, brief, expect, expect_conflict, expect_not_found, ids,
};
use super::HELD;
use domain::Routes;

pub(super) async fn an_empty_environment_is_observed_empty(suite: &Suite<'_>) -> Checked {
    let place = suite.kit.place().await;
    let seen = suite.observe(&place).await?;
    expect(
        seen.groups.is_empty() && seen.routes == Routes::default(),
        || brief(&seen),
    )?;
    HELD
}

pub(super) async fn a_group_is_started_at_its_size_from_its_image(suite: &Suite<'_>) -> Checked {
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

pub(super) async fn starting_a_group_twice_is_the_same_as_once(suite: &Suite<'_>) -> Checked {
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

pub(super) async fn starting_a_group_again_at_a_larger_size_grows_it(suite: &Suite<'_>) -> Checked {
    let place = suite.kit.place().await;
    let mut group = suite.running(&place, 1).await?;
    group.size = 2;
    suite.start(&place, &group).await?;
    HELD
}

pub(super) async fn a_group_never_changes_its_image(suite: &Suite<'_>) -> Checked {
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

pub(super) async fn a_group_of_an_image_that_is_not_there_is_refused(suite: &Suite<'_>) -> Checked {
    let place = suite.kit.place().await;
    let mut group = suite.first_group(&place, 1);
    group.image = suite.kit.missing_image();
    let answer = suite.provider.ensure_group(&place, &group, 1).await;
    expect(answer.is_err(), || {
        "ensure_group of an image that is not there succeeded".to_owned()
    })?;
    HELD
}

pub(super) async fn an_image_that_does_not_serve_never_becomes_healthy(
    suite: &Suite<'_>,
) -> Checked {
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

pub(super) async fn a_group_grows_and_shrinks(suite: &Suite<'_>) -> Checked {
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

pub(super) async fn resizing_twice_is_the_same_as_once(suite: &Suite<'_>) -> Checked {
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

pub(super) async fn resizing_an_unknown_group_is_not_found(suite: &Suite<'_>) -> Checked {
    let place = suite.kit.place().await;
    let unknown = suite.first_group(&place, 1).name;
    expect_not_found(
        "ensure_size",
        suite.provider.ensure_size(&place, &unknown, 1).await,
    )?;
    HELD
}
