//! A role and where it counts, as commands, requests and the database spell it.

use super::Role;
use app::backend::Grant;
use domain::{AppName, EnvName};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use utoipa::ToSchema;

/// A role and where it counts: everywhere, where neither application nor environment is named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GrantSpec {
    pub(crate) role: Role,
    /// In this application only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) app: Option<AppName>,
    /// In this environment only; of every application, where none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) env: Option<EnvName>,
}

impl GrantSpec {
    pub(super) fn everywhere(role: Role) -> Self {
        Self {
            role,
            app: None,
            env: None,
        }
    }

    pub(crate) fn of_viewer(&self) -> Grant {
        Grant {
            role: self.role.of_viewer(),
            app: self.app.clone(),
            env: self.env.clone(),
        }
    }

    pub(crate) fn from_viewer(grant: &Grant) -> Self {
        Self {
            role: Role::from_viewer(grant.role),
            app: grant.app.clone(),
            env: grant.env.clone(),
        }
    }

    /// `operator in site/prod`.
    pub(super) fn in_a_sentence(&self) -> String {
        let role = self.role;
        match (&self.app, &self.env) {
            (None, None) => format!("{role} everywhere"),
            (Some(app), None) => format!("{role} in {app}"),
            (Some(app), Some(env)) => format!("{role} in {app}/{env}"),
            (None, Some(env)) => format!("{role} in {env} of every application"),
        }
    }

    pub(super) fn store(&self) -> store::Grant {
        store::Grant {
            role: self.role.as_str().to_owned(),
            app: self.app.clone(),
            env: self.env.clone(),
        }
    }

    /// As stored; a role of a later version gives the least.
    pub(crate) fn stored(grant: &store::Grant) -> Self {
        Self {
            role: Role::stored(&grant.role),
            app: grant.app.clone(),
            env: grant.env.clone(),
        }
    }
}

/// `operator`, `operator@site`, `operator@site/prod`, `operator@*/prod`.
impl fmt::Display for GrantSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.role)?;
        match (&self.app, &self.env) {
            (None, None) => Ok(()),
            (Some(app), None) => write!(f, "@{app}"),
            (Some(app), Some(env)) => write!(f, "@{app}/{env}"),
            (None, Some(env)) => write!(f, "@*/{env}"),
        }
    }
}

impl FromStr for GrantSpec {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (role, place) = match text.split_once('@') {
            Some((role, place)) => (role, Some(place)),
            None => (text, None),
        };
        let role = <Role as clap::ValueEnum>::from_str(role, false).map_err(|_| {
            format!(
                "{role:?} is no role: write viewer, operator, approver or admin, then @APP/ENV for where"
            )
        })?;
        let Some(place) = place else {
            return Ok(Self::everywhere(role));
        };
        let (app, env) = match place.split_once('/') {
            Some((app, env)) => (app, Some(env)),
            None => (place, None),
        };
        let app = match app {
            "*" => None,
            app => Some(AppName::new(app).map_err(|error| error.to_string())?),
        };
        let env = match env {
            None | Some("*") => None,
            Some(env) => Some(EnvName::new(env).map_err(|error| error.to_string())?),
        };
        Ok(Self { role, app, env })
    }
}

/// Several, as a person reads them.
pub(crate) fn in_words(grants: &[GrantSpec]) -> String {
    let words: Vec<_> = grants.iter().map(ToString::to_string).collect();
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grant_is_read_as_it_is_written() {
        for text in [
            "viewer",
            "operator@site",
            "approver@site/prod",
            "admin@*/dev",
        ] {
            assert_eq!(text.parse::<GrantSpec>().unwrap().to_string(), text);
        }
        assert_eq!(
            "admin@site/*".parse::<GrantSpec>().unwrap().to_string(),
            "admin@site"
        );
        for bad in [
            "",
            "root",
            "operator@",
            "operator@Site",
            "operator@site/",
            "operator@site/prod/x",
            "operator site",
        ] {
            assert!(bad.parse::<GrantSpec>().is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_not_known_is_not_overlooked() {
        let misspelt = "{\"role\":\"operator\",\"app\":\"site\",\"environment\":\"prod\"}";
        assert!(serde_json::from_str::<GrantSpec>(misspelt).is_err());
    }
}
