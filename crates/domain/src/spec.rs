//! What a team declares in TOML and keeps in Git: an application and its environments.
//!
//! [`Application::from_toml`] parses; a value of these types is valid.

use crate::{AppName, EnvName};
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;

mod check;
mod parse;
mod settings;
#[cfg(test)]
mod tests;

pub use parse::SpecError;
pub use settings::{
    AbSettings, ApprovalRule, BlueGreenSettings, CanarySettings, DriftPolicy, Header, HealthCheck,
    Limits, RollingSettings,
};

/// An application and its environments, in the order in which images are promoted through them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Application {
    pub name: AppName,
    pub environments: Vec<Environment>,
}

/// One place the application runs, and how it is replaced there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Environment {
    pub name: EnvName,
    /// Which cloud: `local` is always there.
    #[serde(default = "local")]
    pub cloud: String,
    /// Where the environment's traffic comes in (local cloud).
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub listen: SocketAddr,
    /// Instances of a full server group.
    #[serde(default = "one")]
    pub instances: u32,
    #[serde(default)]
    pub health: HealthCheck,
    #[serde(default)]
    pub limits: Limits,
    /// Whether a rollout may start only after a person agreed.
    #[serde(default)]
    pub approval: ApprovalRule,
    /// What becomes of an instance whose image or files differ from its release.
    #[serde(default)]
    pub drift: DriftPolicy,
    #[serde(default)]
    pub canary: CanarySettings,
    #[serde(default)]
    pub blue_green: BlueGreenSettings,
    #[serde(default)]
    pub rolling: RollingSettings,
    #[serde(default)]
    pub ab: AbSettings,
}

fn local() -> String {
    "local".to_owned()
}

fn one() -> u32 {
    1
}
