//! The five delivery figures.

use crate::format::{count, duration, figure, percent};
use crate::view::Dora;
use leptos::prelude::*;

pub fn dora(dora: &Dora) -> AnyView {
    let none = || "–".to_owned();
    let cards = [
        (
            "Deployments",
            count(dora.deployments),
            format!("{} a day", figure(dora.per_day)),
        ),
        (
            "Lead time",
            dora.lead_time_ms.map_or_else(none, duration),
            "baked to serving, median".to_owned(),
        ),
        (
            "Failed",
            dora.failure_rate.map_or_else(none, percent),
            "rolled back or failed".to_owned(),
        ),
        (
            "Recovery",
            dora.recovery_ms.map_or_else(none, duration),
            "command to old version, median".to_owned(),
        ),
        (
            "Rework",
            dora.rework_rate.map_or_else(none, percent),
            "within a day of a failure".to_owned(),
        ),
    ];
    view! {
        <dl class="dora">
            {cards
                .into_iter()
                .map(|(name, value, unit)| {
                    view! {
                        <div>
                            <dt>{name}</dt>
                            <dd>
                                <b>{value}</b>
                                <small>{unit}</small>
                            </dd>
                        </div>
                    }
                })
                .collect_view()}
        </dl>
    }
    .into_any()
}
