//! The checks, one function each; its name is the fact it checks.

use super::{Checked, Failure, Outcome, Report, Suite};

mod around;
mod groups;
mod retiring;
mod routing;

macro_rules! checks {
    ($($part:ident :: $name:ident),* $(,)?) => {
        pub(super) async fn all(suite: &Suite<'_>, report: &mut Report) {
            $({
                let check = stringify!($name);
                // Boxed: the sum of all checks would make one very large future.
                match Box::pin($part::$name(suite)).await {
                    Ok(Outcome::Held) => report.passed.push(check),
                    Ok(Outcome::LeftOut) => report.left_out.push(check),
                    Err(problem) => report.failed.push(Failure { check, problem }),
                }
            })*
        }
    };
}

checks![
    groups::an_empty_environment_is_observed_empty,
    groups::a_group_is_started_at_its_size_from_its_image,
    groups::starting_a_group_twice_is_the_same_as_once,
    groups::starting_a_group_again_at_a_larger_size_grows_it,
    groups::a_group_never_changes_its_image,
    groups::a_group_of_an_image_that_is_not_there_is_refused,
    groups::an_image_that_does_not_serve_never_becomes_healthy,
    groups::a_group_grows_and_shrinks,
    groups::resizing_twice_is_the_same_as_once,
    groups::resizing_an_unknown_group_is_not_found,
    routing::a_new_group_gets_no_traffic_by_itself,
    routing::traffic_is_read_back_as_it_was_asked_for,
    routing::weights_are_read_back_as_they_were_asked_for,
    routing::a_preview_is_read_back_as_it_was_asked_for,
    routing::stickiness_is_read_back_as_it_was_asked_for,
    routing::routing_twice_is_the_same_as_once,
    routing::routing_to_an_unknown_group_is_not_found,
    routing::weights_that_are_no_whole_are_invalid,
    routing::a_refused_routing_leaves_the_old_one_in_force,
    routing::the_routing_can_be_taken_away,
    retiring::a_group_with_traffic_is_not_retired,
    retiring::a_group_without_traffic_is_retired,
    retiring::retiring_twice_is_the_same_as_once,
    retiring::retiring_what_never_was_succeeds,
    retiring::a_retired_group_can_be_started_again,
    around::replacing_an_instance_keeps_the_size_and_the_others,
    around::replacing_in_an_unknown_group_is_not_found,
    around::images_are_known_or_not,
    around::environments_do_not_see_each_other,
    around::observing_changes_nothing,
];

const HELD: Checked = Ok(Outcome::Held);

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
