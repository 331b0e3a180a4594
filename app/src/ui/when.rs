//! Moments, readable by people and by machines.

use crate::format;
use domain::Time;
use leptos::prelude::*;

/// How long ago, the moment itself in the tooltip.
pub fn ago(now: Time, then: Time) -> impl IntoView {
    view! {
        <time datetime=format::iso(then) title=format!("{} UTC", format::date_time(then))>
            {format::age(now, then)}
        </time>
    }
}

/// Day and minute.
pub fn at(then: Time) -> impl IntoView {
    view! {
        <time class="when" datetime=format::iso(then) title="UTC">
            {format::date_time(then)}
        </time>
    }
}

/// Time of day to the second.
pub fn at_clock(then: Time) -> impl IntoView {
    view! {
        <time class="when" datetime=format::iso(then) title=format!("{} UTC", format::date_time(then))>
            {format::clock(then)}
        </time>
    }
}
