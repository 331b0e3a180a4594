//! The settings of an environment, each with a default that suits a small web service.

use crate::gate::Gate;
use serde::{Deserialize, Serialize};

/// How an instance proves that it serves: HTTP GET answered 2xx or 3xx.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HealthCheck {
    pub path: String,
    pub interval_ms: u64,
    /// Good answers in a row before an instance gets traffic.
    pub healthy_after: u32,
    /// Bad answers in a row before it loses it.
    pub unhealthy_after: u32,
    pub timeout_ms: u64,
    /// How long a new group may take until all its instances are healthy.
    pub start_timeout_ms: u64,
}

impl Default for HealthCheck {
    fn default() -> Self {
        Self {
            path: "/".to_owned(),
            interval_ms: 500,
            healthy_after: 2,
            unhealthy_after: 3,
            timeout_ms: 1_000,
            start_timeout_ms: 60_000,
        }
    }
}

/// What one instance may use; `None` is what the machine allows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Limits {
    pub memory_mb: Option<u64>,
    pub open_files: Option<u64>,
}

/// Who must agree before a step passes, from the least strict on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ApprovalRule {
    #[default]
    None,
    /// Anyone who may promote, the one who asked included.
    Anyone,
    /// Somebody other than the one who asked.
    AnotherPerson,
}

/// What becomes of an instance whose image or files differ from its release. In effect as soon as it is
/// declared: it says how what runs is looked after, not what is released.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum DriftPolicy {
    /// Another one from the same image takes its place.
    #[default]
    Replace,
    /// It is shown, and left as it is.
    Report,
}

/// Declares one strategy's settings with the thresholds of a gate among them. They are written
/// out, not flattened, because serde cannot refuse unknown keys through `flatten`.
macro_rules! settings {
    ($(#[$doc:meta])* $name:ident {
        $($(#[$fdoc:meta])* $field:ident: $ty:ty = $default:expr,)*
    } gate = $errors:expr, $requests:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub struct $name {
            $($(#[$fdoc])* pub $field: $ty,)*
            /// Share of failed requests (0 to 1) above which the new image is sent back.
            pub max_error_rate: Option<f64>,
            pub max_p50_ms: Option<f64>,
            pub max_p95_ms: Option<f64>,
            pub max_p99_ms: Option<f64>,
            /// Fewer requests than this are no verdict: the rollout pauses until they came.
            pub min_requests: u64,
        }

        impl Default for $name {
            fn default() -> Self {
                Self {
                    $($field: $default,)*
                    max_error_rate: $errors,
                    max_p50_ms: None,
                    max_p95_ms: None,
                    max_p99_ms: None,
                    min_requests: $requests,
                }
            }
        }

        impl $name {
            /// The gate these thresholds make; `None` when none is set.
            #[must_use]
            pub fn gate(&self) -> Option<Gate> {
                Gate::new(
                    self.max_error_rate,
                    [(50, self.max_p50_ms), (95, self.max_p95_ms), (99, self.max_p99_ms)],
                    self.min_requests,
                )
            }
        }
    };
}

settings! {
    /// A small group takes a rising share of the traffic beside a baseline of the old image.
    CanarySettings {
        /// Percent of the traffic, rising; after the last one everything follows.
        weights: Vec<u32> = vec![5, 25, 50, 100],
        /// The shortest time at each weight.
        pause_ms: u64 = 30_000,
        /// Run a group of the old image of the canary's size beside it, for a fair comparison.
        baseline: bool = true,
        /// Who must agree before the last weight.
        approval: ApprovalRule = ApprovalRule::None,
        /// How long the old group is kept for an instant return.
        retain_ms: u64 = 60_000,
    } gate = Some(0.01), 50
}

settings! {
    /// A full second group is proved, then takes all traffic in one switch.
    BlueGreenSettings {
        /// How long the new group can be looked at by preview header before the switch.
        preview_ms: u64 = 0,
        approval: ApprovalRule = ApprovalRule::None,
        retain_ms: u64 = 60_000,
    } gate = Some(0.05), 50
}

settings! {
    /// The group is replaced in batches, capacity and traffic in proportion.
    RollingSettings {
        /// Instances above the wanted number while replacing.
        max_surge: u32 = 1,
        /// Instances below the wanted number while replacing.
        max_unavailable: u32 = 0,
        pause_ms: u64 = 0,
        approval: ApprovalRule = ApprovalRule::None,
        retain_ms: u64 = 0,
    } gate = Some(0.05), 50
}

/// A request header, by name and value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Header {
    pub name: String,
    pub value: String,
}

settings! {
    /// Two variants side by side; a visitor stays with the one first met.
    AbSettings {
        /// Percent of new visitors who meet the new variant.
        weight: u32 = 50,
        /// Assign by a stable hash of this header (a user id) instead of by a cookie alone.
        unit_header: Option<String> = None,
        /// Requests with this header meet the new variant whatever the weight.
        header: Option<Header> = None,
        /// Promote by itself after this time; without it a person decides.
        run_ms: Option<u64> = None,
        retain_ms: u64 = 60_000,
    } gate = Some(0.05), 50
}
