//! The store on real databases: every case on a fresh SQLite file, and all of them again on a
//! throwaway PostgreSQL server where one can be started.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the answer")]

mod chain;
mod corruption;
mod crash;
mod environments;
mod journal;
mod people;
mod postgres;
mod rollouts;
mod schema;
mod support;

use std::future::Future;
use std::pin::Pin;
use support::Place;

type Case = fn(Place) -> Pin<Box<dyn Future<Output = ()> + Send>>;

/// Declares the cases that hold on both databases.
macro_rules! cases {
    ($($module:ident: $($name:ident),+;)+) => {
        mod sqlite {
            $($(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    crate::$module::$name(crate::support::Place::sqlite()).await;
                }
            )+)+
        }

        const CASES: &[(&str, Case)] = &[
            $($((stringify!($name), |place| Box::pin($module::$name(place))),)+)+
        ];
    };
}

cases! {
    rollouts:
        a_rollout_is_created_loaded_and_listed,
        a_plan_for_moved_counters_is_refused,
        one_of_a_hundred_wins_each_sequence_number,
        a_late_owner_is_fenced,
        a_lease_is_kept_renewed_and_passed_on_when_it_is_over,
        the_second_rollout_of_an_environment_is_refused,
        success_moves_the_stable_group_and_frees_the_environment,
        a_rollback_leaves_a_hold_and_a_veto_that_can_be_removed,
        a_plan_made_anew_takes_its_numbers,
        rollouts_are_counted_by_state,
        pages_are_complete_while_rollouts_start,
        what_is_replayed_is_what_was_written;
    journal:
        subscribers_hear_everything_in_order,
        a_refusal_in_a_batch_harms_nobody,
        administrative_entries_share_the_chain,
        notes_of_an_environment_are_its_own_and_newest_first,
        entries_are_read_from_anywhere;
    chain:
        a_sound_journal_is_found_sound,
        a_changed_entry_is_found,
        a_removed_entry_is_found,
        a_removed_end_is_found,
        swapped_entries_are_found,
        a_changed_list_is_found,
        a_rollout_that_is_no_longer_listed_is_found,
        a_lost_veto_is_found,
        a_veto_that_nobody_made_is_found,
        a_lost_hold_is_found,
        another_stable_group_is_found,
        a_lost_environment_is_found,
        removed_holds_and_vetoes_are_no_difference,
        the_database_refuses_to_change_an_entry;
    environments:
        an_application_is_read_back_as_applied,
        a_removed_environment_keeps_its_history,
        a_taken_port_is_refused,
        images_never_move,
        nothing_is_known_of_what_is_unknown;
    people:
        a_login_is_taken_exactly_once,
        sessions_and_tokens_expire,
        what_comes_from_a_token_ends_with_it,
        a_role_from_before_grants_counts_everywhere,
        a_repeated_request_is_an_echo;
    schema:
        migrations_of_a_newer_version_are_refused,
        opening_again_changes_nothing;
}
