//! Names and ids: one registry of newtypes, so that no function can be handed the wrong string.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr, sync::Arc};

/// A name that broke the rules for names, with what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} {given:?} is not valid: {remedy}")]
pub struct BadName {
    /// Which kind of name: "application name", "image version"…
    pub what: &'static str,
    pub given: String,
    pub remedy: &'static str,
}

/// Declares a checked, cheap-to-clone string newtype.
macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $what:literal, $check:expr, $remedy:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String))]
        pub struct $name(Arc<str>);

        impl $name {
            /// Checks the text and makes the name of it.
            pub fn new(text: impl AsRef<str>) -> Result<Self, BadName> {
                let text = text.as_ref();
                let check: fn(&str) -> bool = $check;
                if check(text) {
                    Ok(Self(text.into()))
                } else {
                    Err(BadName { what: $what, given: text.chars().take(80).collect(), remedy: $remedy })
                }
            }

            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = BadName;
            fn from_str(text: &str) -> Result<Self, BadName> {
                Self::new(text)
            }
        }
        impl TryFrom<String> for $name {
            type Error = BadName;
            fn try_from(text: String) -> Result<Self, BadName> {
                Self::new(text)
            }
        }
        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0.as_ref().to_owned()
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&*self.0, f)
            }
        }
    };
}

/// Lower-case words joined by single hyphens, as DNS labels are: they end up in group names.
fn is_label(text: &str) -> bool {
    (1..=40).contains(&text.len())
        && text.split('-').all(|word| {
            !word.is_empty()
                && word
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        })
}

fn is_version(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

fn is_digest(text: &str) -> bool {
    text.strip_prefix("sha256:").is_some_and(|hex| {
        hex.len() == 64 && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    })
}

fn is_actor(text: &str) -> bool {
    (1..=80).contains(&text.chars().count()) && !text.chars().any(char::is_control)
}

name!(
    /// What a team releases.
    AppName, "application name", is_label,
    "use 1 to 40 lower-case letters and digits, words joined by single hyphens");
name!(
    /// One place an application runs.
    EnvName, "environment name", is_label,
    "use 1 to 40 lower-case letters and digits, words joined by single hyphens");
name!(
    /// A server group: `app-env-v042`.
    GroupName, "server group name",
    |text| (1..=96).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'),
    "a server group is named app-env-vNNN");
name!(
    /// The human name of an image: `1.4.2`. Unique within an application, and never moved.
    Version, "image version", is_version,
    "use 1 to 64 letters, digits, dots, underscores and hyphens, beginning with a letter or digit");
name!(
    /// The content address of an image, `sha256:` and 64 hexadecimal digits.
    Digest, "image digest", is_digest,
    "a digest is sha256: followed by 64 lower-case hexadecimal digits");
name!(
    /// Who did something: a person's name, a token's name, or `viridian` for the engine itself.
    Actor, "actor", is_actor,
    "use 1 to 80 printable characters");

impl GroupName {
    /// The name of the `number`-th server group of an environment.
    ///
    /// # Panics
    /// Never: the parts are valid labels, so is what they make.
    #[must_use]
    pub fn numbered(app: &AppName, env: &EnvName, number: u32) -> Self {
        Self(format!("{app}-{env}-v{number:03}").into())
    }

    /// The number it was made with.
    #[must_use]
    pub fn number(&self) -> Option<u32> {
        self.0.rsplit_once("-v")?.1.parse().ok()
    }
}

impl Digest {
    /// The first 12 hexadecimal digits, enough for a person to tell two images apart.
    #[must_use]
    pub fn short(&self) -> &str {
        &self.0[7..19]
    }
}

impl Actor {
    /// The engine acting by itself.
    #[must_use]
    pub fn engine() -> Self {
        Self("viridian".into())
    }
}

/// Numbers rollouts through all applications, in the order of their start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct RolloutId(pub i64);

impl fmt::Display for RolloutId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for RolloutId {
    type Err = BadName;
    fn from_str(text: &str) -> Result<Self, BadName> {
        text.parse().map(Self).map_err(|_| BadName {
            what: "rollout id",
            given: text.chars().take(80).collect(),
            remedy: "a rollout id is a whole number, as `viridian rollout list` shows it",
        })
    }
}

/// Numbers releases within an environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct ReleaseNumber(pub u32);

impl ReleaseNumber {
    /// Of a group that was found running and that no release of the journal made; releases count
    /// from 1.
    pub const FOUND: Self = Self(0);
}

impl fmt::Display for ReleaseNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Milliseconds since 1970-01-01 UTC. Never read from a clock in this crate.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct Time(pub i64);

impl Time {
    /// Milliseconds from `earlier` to `self`; 0 when a clock jumped back.
    #[must_use]
    pub fn since_ms(self, earlier: Time) -> u64 {
        u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0)
    }

    #[must_use]
    pub fn plus_ms(self, ms: u64) -> Time {
        Time(self.0.saturating_add(i64::try_from(ms).unwrap_or(i64::MAX)))
    }
}

/// One application in one environment: what a rollout changes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Target {
    pub app: AppName,
    pub env: EnvName,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.app, self.env)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked_at_the_edge() {
        for good in ["site", "a", "prod-eu", "v2-api"] {
            assert!(AppName::new(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "Site",
            "-a",
            "a-",
            "a--b",
            "a b",
            "ä",
            "../x",
            &"a".repeat(41),
        ] {
            assert!(AppName::new(bad).is_err(), "{bad}");
        }
        assert!(Version::new("1.4.2-rc_1").is_ok());
        assert!(Version::new(".hidden").is_err());
        assert!(Digest::new(format!("sha256:{}", "0".repeat(64))).is_ok());
        assert!(Digest::new("sha256:00").is_err());
    }

    #[test]
    fn a_group_is_named_after_its_place_and_number() {
        let name = GroupName::numbered(
            &AppName::new("site").unwrap(),
            &EnvName::new("prod").unwrap(),
            42,
        );
        assert_eq!(name.as_str(), "site-prod-v042");
        assert_eq!(name.number(), Some(42));
        assert_eq!(GroupName::new(name.as_str()), Ok(name));
    }

    #[test]
    fn time_running_backwards_is_no_time_at_all() {
        assert_eq!(Time(5).since_ms(Time(9)), 0);
        assert_eq!(Time(i64::MIN).since_ms(Time(i64::MAX)), 0);
        assert_eq!(Time(1).plus_ms(u64::MAX), Time(i64::MAX));
    }
}
