//! The page *Now*: what needs a person, what moves, what runs where.

use super::*;

view! {
    pub struct NowView {
        /// When the server said this; pages format every time relative to it.
        pub as_of: Time,
        /// Position in the journal up to which this is true.
        pub seq: i64,
        pub needs: Vec<Need>,
        pub moving: Vec<RolloutRow>,
        /// Environment names over all applications, in promotion order: the columns.
        pub environments: Vec<EnvName>,
        pub applications: Vec<MatrixRow>,
    }

    /// Something that waits for a person.
    pub struct Need {
        pub kind: NeedKind,
        pub app: AppName,
        pub env: EnvName,
        pub rollout: Option<RolloutId>,
        pub title: String,
        pub detail: String,
        /// The actions that make sense here, with their reasons.
        pub actions: Vec<ActionOffer>,
        /// The step it was said of, sent back with a click.
        pub step: usize,
    }

    pub struct MatrixRow {
        pub app: AppName,
        /// One per column; `None` where the application has no such environment.
        pub cells: Vec<Option<Cell>>,
    }

    /// One application in one environment, as observed.
    pub struct Cell {
        pub env: EnvName,
        /// Where it answers, as a URL.
        pub url: String,
        /// Empty where nothing has been started yet.
        pub shares: Vec<Share>,
        pub health: Health,
        pub healthy: u32,
        pub size: u32,
        /// Since when the serving version serves.
        pub since: Option<Time>,
        /// The active rollout.
        pub rollout: Option<RolloutId>,
        pub queued: u32,
        /// Why automation keeps off, where it does.
        pub hold: Option<String>,
        /// Instances that differ from their image.
        pub drifted: u32,
        /// When the cloud was last read, if ever.
        pub observed_at: Option<Time>,
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum NeedKind {
    Approval,
    NoVerdict,
    Paused,
    Failed,
    Drift,
    Decision,
}
