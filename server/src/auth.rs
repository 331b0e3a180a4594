//! Who asks, and what they may do. Everything is denied that is not allowed here.

mod cookie;
mod csrf;
mod gate;
mod grant;
mod hosts;
mod people;
mod public;
mod scope;
mod seal;
mod secret;
mod sign_in;

pub(crate) use gate::{Peer, gate};
pub(crate) use grant::{GrantSpec, in_words};
pub(crate) use hosts::Hosts;
pub(crate) use people::{Credential, People, Proof, TOKEN_DAYS_MAX};
pub(crate) use public::PublicUrl;
pub(crate) use scope::Scope;
pub(crate) use seal::Seal;
pub(crate) use sign_in::{ask, sign_in, sign_out};

use app::backend::ViewerRole;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A role as commands, requests and the database spell it. Each may do what those before it may.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    clap::ValueEnum,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Role {
    /// Look.
    Viewer,
    /// Bake, start and steer rollouts.
    Operator,
    /// Approve, reject, remove holds and vetoes.
    Approver,
    /// Declare applications, give access, back up.
    Admin,
}

impl Role {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Approver => "approver",
            Self::Admin => "admin",
        }
    }

    /// A role from the database; one of a later version gives the least.
    pub(crate) fn stored(text: &str) -> Self {
        match text {
            "operator" => Self::Operator,
            "approver" => Self::Approver,
            "admin" => Self::Admin,
            _ => Self::Viewer,
        }
    }

    pub(crate) fn from_viewer(role: ViewerRole) -> Self {
        match role {
            ViewerRole::Viewer => Self::Viewer,
            ViewerRole::Operator => Self::Operator,
            ViewerRole::Approver => Self::Approver,
            ViewerRole::Admin => Self::Admin,
        }
    }

    pub(crate) fn of_viewer(self) -> ViewerRole {
        match self {
            Self::Viewer => ViewerRole::Viewer,
            Self::Operator => ViewerRole::Operator,
            Self::Approver => ViewerRole::Approver,
            Self::Admin => ViewerRole::Admin,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
