//! Traffic: shared out, previewed, kept on a group, read back.

use super::super::{Checked, Outcome, Suite, brief, expect, expect_not_found, sticky};
use super::HELD;
use domain::Routes;

pub(super) async fn a_new_group_gets_no_traffic_by_itself(suite: &Suite<'_>) -> Checked {
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

pub(super) async fn traffic_is_read_back_as_it_was_asked_for(suite: &Suite<'_>) -> Checked {
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

pub(super) async fn weights_are_read_back_as_they_were_asked_for(suite: &Suite<'_>) -> Checked {
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

pub(super) async fn a_preview_is_read_back_as_it_was_asked_for(suite: &Suite<'_>) -> Checked {
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

pub(super) async fn stickiness_is_read_back_as_it_was_asked_for(suite: &Suite<'_>) -> Checked {
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

pub(super) async fn routing_twice_is_the_same_as_once(suite: &Suite<'_>) -> Checked {
    let place = suite.kit.place().await;
    let group = suite.running(&place, 1).await?;
    let routes = Routes::all_on(&group.name);
    suite.route(&place, &routes).await?;
    suite.route(&place, &routes).await?;
    HELD
}

pub(super) async fn routing_to_an_unknown_group_is_not_found(suite: &Suite<'_>) -> Checked {
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

pub(super) async fn weights_that_are_no_whole_are_invalid(suite: &Suite<'_>) -> Checked {
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

pub(super) async fn a_refused_routing_leaves_the_old_one_in_force(suite: &Suite<'_>) -> Checked {
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

pub(super) async fn the_routing_can_be_taken_away(suite: &Suite<'_>) -> Checked {
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
