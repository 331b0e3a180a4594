//! Rollouts: a row of a list, and the whole of one.

use super::*;

view! {
    pub struct RolloutRow {
        pub id: RolloutId,
        pub app: AppName,
        pub env: EnvName,
        pub strategy: Strategy,
        /// `pending_approval`, `pending`, `in_progress`, `paused`, `promoting`, `soaking`,
        /// `succeeded`, `rejected`, `cancelled`, `rolling_back`, `rolled_back`, `failed`.
        pub state: String,
        /// The state in a person's words.
        pub state_text: String,
        /// The typed reason of `pending`, `paused` and `failed`.
        pub reason: Option<String>,
        /// `Canary 1.1.0 → 1.2.0`.
        pub headline: String,
        pub from: Option<Version>,
        pub to: Version,
        pub started_by: String,
        pub created_at: Time,
        pub ended_at: Option<Time>,
        /// The step under way, from 0; sent back with a command.
        pub step: usize,
        pub steps_total: usize,
        pub step_text: String,
        pub shares: Vec<Share>,
        pub timeline: Vec<Span>,
        pub actions: Vec<ActionOffer>,
    }

    /// The whole of a rollout: what `rollout show --json` prints.
    pub struct RolloutView {
        pub id: RolloutId,
        pub app: AppName,
        pub env: EnvName,
        pub strategy: Strategy,
        pub state: String,
        pub state_text: String,
        pub reason: Option<String>,
        pub headline: String,
        /// What is going on, in plain words.
        pub sentence: String,
        /// What holds it up at the moment, in the cloud's words.
        pub trouble: Option<String>,
        pub from: Option<Version>,
        pub to: Version,
        pub started_by: String,
        pub created_at: Time,
        pub admitted_at: Option<Time>,
        pub ended_at: Option<Time>,
        pub step: usize,
        pub steps: Vec<StepView>,
        pub groups: Vec<GroupView>,
        pub actions: Vec<ActionOffer>,
        pub timeline: Vec<Span>,
        pub judgement: Option<JudgementView>,
        pub series: Vec<Series>,
        /// Newest first.
        pub journal: Vec<JournalRow>,
        /// Instance-hours beyond what runs anyway, from the plan.
        pub extra_instance_hours: f64,
        pub how_back: String,
        pub as_of: Time,
        pub seq: i64,
        pub observed_at: Option<Time>,
    }

    pub struct StepView {
        /// From 0, over all phases.
        pub index: usize,
        pub phase: String,
        /// `provision`, `await_healthy`, `set_traffic`, `pause`, `analyze`, `resize`, `drain`,
        /// `retain`, `retire`.
        pub action: String,
        pub text: String,
        pub state: StepState,
        pub since: Option<Time>,
        pub until: Option<Time>,
        pub note: String,
        /// Percent for the incoming group, of steps that move traffic.
        pub weight_asked: Option<u32>,
        pub weight_observed: Option<u32>,
    }

    pub struct GroupView {
        pub name: GroupName,
        pub role: Role,
        /// The image's version.
        pub image: Version,
        pub digest: Digest,
        pub size: u32,
        pub healthy: u32,
        pub health: Health,
        pub weight_asked: u32,
        pub weight_observed: u32,
        /// Share (0 to 1) of the requests of the last moments.
        pub share: Option<f64>,
        pub incoming: bool,
        pub requests: u64,
        pub errors: u64,
        pub p50_ms: Option<f64>,
        pub p95_ms: Option<f64>,
        pub p99_ms: Option<f64>,
        pub in_flight: u64,
        pub restarts: u32,
        /// Why it cannot run, where it cannot.
        pub broken: Option<String>,
        pub instances: Vec<InstanceView>,
    }

    pub struct InstanceView {
        pub id: String,
        pub health: Health,
        pub address: String,
        pub since: Time,
        pub drift: Vec<String>,
    }

    pub struct JudgementView {
        pub at: Time,
        pub group: GroupName,
        /// `pass`, `fail`, `inconclusive`.
        pub verdict: String,
        pub sentence: String,
        pub readings: Vec<domain::gate::Reading>,
    }

    /// The live figures of one group over the last minutes.
    pub struct Series {
        pub group: GroupName,
        pub version: Version,
        pub role: Role,
        pub incoming: bool,
        pub points: Vec<Point>,
    }

    pub struct Point {
        pub at: Time,
        pub requests_per_s: f64,
        /// Share, 0 to 1; `None` without requests.
        pub error_rate: Option<f64>,
        pub p95_ms: Option<f64>,
    }

    pub struct JournalRow {
        pub seq: i64,
        pub at: Time,
        pub by: String,
        pub what: String,
        pub text: String,
    }

    /// What `rollout start` and `rollout plan` send.
    #[serde(deny_unknown_fields)]
    pub struct StartRequest {
        pub app: AppName,
        pub env: EnvName,
        /// A version or a digest.
        pub image: String,
        pub strategy: Strategy,
    }

    /// What would be done, before anything is.
    pub struct PlanView {
        pub app: AppName,
        pub env: EnvName,
        pub strategy: Strategy,
        pub headline: String,
        pub steps: Vec<StepView>,
        pub extra_instance_hours: f64,
        pub declared_wait_ms: u64,
        pub how_back: String,
        /// Files that differ between the image that runs and the one that would.
        pub changes: Vec<FileChangeView>,
        /// Rollouts of the environment that this one would wait for, in their order.
        pub behind: Vec<RolloutId>,
        /// What that means for the plan, in words; empty where it would wait for none.
        pub note: String,
    }

    /// What a click or `rollout promote` sends.
    #[serde(deny_unknown_fields)]
    pub struct CommandRequest {
        /// The step that was on the screen, counted from 0; a rollout that moved on refuses.
        pub step: Option<usize>,
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum StepState {
    Done,
    Now,
    Next,
    /// Never reached, because the rollout went back.
    Skipped,
}

/// Which rollouts to list.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema, utoipa::IntoParams))]
pub struct RolloutFilter {
    #[cfg_attr(feature = "ssr", param(value_type = Option<String>))]
    pub app: Option<AppName>,
    #[cfg_attr(feature = "ssr", param(value_type = Option<String>))]
    pub env: Option<EnvName>,
    pub state: Option<String>,
    pub strategy: Option<String>,
    pub cursor: Option<String>,
    /// At most 200; 50 without.
    pub limit: Option<u32>,
}
