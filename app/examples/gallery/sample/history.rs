//! Two dozen deployments, and the figures over them.

use super::*;

pub(crate) fn history(as_of: Time, filter: &RolloutFilter) -> HistoryView {
    let states = [
        ("succeeded", "succeeded"),
        ("succeeded", "succeeded"),
        ("rolled_back", "rolled back"),
        ("succeeded", "succeeded"),
        ("failed", "failed"),
        ("cancelled", "cancelled"),
    ];
    let rows = (0..24)
        .map(|i: i64| {
            let state = states[usize::try_from(i).unwrap_or(0) % states.len()];
            let mut row = row(
                412 - i,
                ["storefront", "search", "billing"][usize::try_from(i).unwrap_or(0) % 3],
                ["prod-eu", "staging", "dev"][usize::try_from(i / 2).unwrap_or(0) % 3],
                state,
                "Canary 1.1.0 → 1.2.0",
            );
            row.created_at = ago(i * 7_000 + 900);
            row.ended_at = Some(ago(i * 7_000 + 300));
            row.reason =
                (state.0 == "rolled_back").then(|| "errors 4.1% over the bound of 1%".into());
            row
        })
        .filter(|row| {
            filter
                .state
                .as_ref()
                .is_none_or(|state| *state == row.state)
        })
        .filter(|row| filter.app.as_ref().is_none_or(|app| *app == row.app))
        .collect();
    HistoryView {
        as_of,
        seq: 88,
        rows,
        next: Some("388".into()),
        dora: Dora {
            days: 30,
            deployments: 142,
            per_day: 4.73,
            lead_time_ms: Some(5_520_000),
            failure_rate: Some(0.063),
            recovery_ms: Some(210),
            rework_rate: Some(0.021),
        },
    }
}
