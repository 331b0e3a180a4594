//! Instances replaced, images known, environments apart.

use super::super::{Checked, Suite, brief, expect, expect_not_found, ids};
use super::HELD;
use domain::Routes;

pub(super) async fn replacing_an_instance_keeps_the_size_and_the_others(
    suite: &Suite<'_>,
) -> Checked {
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

pub(super) async fn replacing_in_an_unknown_group_is_not_found(suite: &Suite<'_>) -> Checked {
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

pub(super) async fn images_are_known_or_not(suite: &Suite<'_>) -> Checked {
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

pub(super) async fn environments_do_not_see_each_other(suite: &Suite<'_>) -> Checked {
    let (here, there) = (suite.kit.place().await, suite.kit.place().await);
    suite.running(&here, 1).await?;
    let seen = suite.observe(&there).await?;
    expect(seen.groups.is_empty(), || brief(&seen))?;
    HELD
}

pub(super) async fn observing_changes_nothing(suite: &Suite<'_>) -> Checked {
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
