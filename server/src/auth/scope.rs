//! What a token may be used for, apart from its role.

use http::Method;
use serde::{Deserialize, Serialize};

#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Scope {
    /// Every read.
    Read,
    /// Start and steer rollouts.
    Rollouts,
    /// Bake and import images.
    Images,
    /// Declare applications.
    Applications,
    /// Everything else.
    Admin,
}

impl Scope {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Rollouts => "rollouts",
            Self::Images => "images",
            Self::Applications => "applications",
            Self::Admin => "admin",
        }
    }

    /// What a request needs. A path that is not known here needs the most.
    pub(crate) fn needed(method: &Method, path: &str) -> Self {
        if matches!(*method, Method::GET | Method::HEAD) {
            return match path.strip_prefix("/api/v1/") {
                Some(rest) if rest.starts_with("tokens") => Self::Admin,
                _ => Self::Read,
            };
        }
        let rest = path
            .strip_prefix("/api/v1/")
            .or(path.strip_prefix("/do/"))
            .unwrap_or_default();
        match rest.split('/').next() {
            Some("rollouts") if rest == "rollouts/plan" => Self::Read,
            Some("rollouts") => Self::Rollouts,
            Some("images") => Self::Images,
            Some("applications") => Self::Applications,
            _ => Self::Admin,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_needs_the_most() {
        assert_eq!(
            Scope::needed(&Method::POST, "/api/v1/rollouts/7/promote"),
            Scope::Rollouts
        );
        assert_eq!(
            Scope::needed(&Method::POST, "/api/v1/new-thing"),
            Scope::Admin
        );
        assert_eq!(Scope::needed(&Method::POST, "/anything"), Scope::Admin);
        assert_eq!(Scope::needed(&Method::GET, "/api/v1/now"), Scope::Read);
        assert_eq!(Scope::needed(&Method::GET, "/api/v1/tokens"), Scope::Admin);
    }
}
