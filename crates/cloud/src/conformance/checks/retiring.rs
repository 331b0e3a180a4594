//! The end of a group.

use super::super::{Checked, Suite, brief, expect, expect_conflict};
use super::{HELD, retire};
use domain::Routes;

pub(super) async fn a_group_with_traffic_is_not_retired(suite: &Suite<'_>) -> Checked {
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

pub(super) async fn a_group_without_traffic_is_retired(suite: &Suite<'_>) -> Checked {
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

pub(super) async fn retiring_twice_is_the_same_as_once(suite: &Suite<'_>) -> Checked {
    let place = suite.kit.place().await;
    let group = suite.running(&place, 1).await?;
    retire(suite, &place, &group.name).await?;
    retire(suite, &place, &group.name).await?;
    HELD
}

pub(super) async fn retiring_what_never_was_succeeds(suite: &Suite<'_>) -> Checked {
    let place = suite.kit.place().await;
    let unknown = suite.first_group(&place, 1).name;
    retire(suite, &place, &unknown).await?;
    HELD
}

pub(super) async fn a_retired_group_can_be_started_again(suite: &Suite<'_>) -> Checked {
    let place = suite.kit.place().await;
    let group = suite.running(&place, 1).await?;
    retire(suite, &place, &group.name).await?;
    suite.start(&place, &group).await?;
    HELD
}
