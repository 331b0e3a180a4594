//! Every deployment, and what they say about the team's delivery.

use super::*;

view! {
    pub struct HistoryView {
        pub as_of: Time,
        pub seq: i64,
        pub rows: Vec<RolloutRow>,
        pub next: Option<String>,
        pub dora: Dora,
    }

    /// Delivery figures over the last 30 days, computed from the journal. The definitions follow
    /// DORA's 2024 report, counting failed deployments instead of incidents.
    pub struct Dora {
        pub days: u32,
        pub deployments: u64,
        pub per_day: f64,
        /// From baked to serving everywhere, median, where both are known.
        pub lead_time_ms: Option<u64>,
        /// Rolled back or failed, of all that ended; `None` without any.
        pub failure_rate: Option<f64>,
        /// From a rollback's command to the old version serving alone, median.
        pub recovery_ms: Option<u64>,
        /// Deployments within a day of a failed one of the same environment, of all.
        pub rework_rate: Option<f64>,
    }
}
