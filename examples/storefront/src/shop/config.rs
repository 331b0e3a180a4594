use std::path::Path;

use serde::{Deserialize, Serialize};

use super::error::{LoadError, read};

/// The settings of one version: `shop.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Shown on each page and sent as `x-shop-version`.
    pub(crate) version: String,
    /// How long the pretended catalogue lookup takes.
    pub(crate) latency_ms: LatencyMs,
    pub(crate) theme: Theme,
    #[serde(default)]
    pub(crate) faults: FaultPlan,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LatencyMs {
    pub(crate) median: f64,
    pub(crate) p99: f64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Theme {
    pub(crate) layout: Layout,
    /// `#rrggbb`, used for links, buttons and the header line.
    pub(crate) accent: String,
    /// `#rrggbb`, readable on the accent.
    pub(crate) accent_ink: String,
}

/// How the catalogue is laid out; also sent as `x-shop-layout`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Layout {
    List,
    Cards,
}

impl Layout {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Cards => "cards",
        }
    }
}

/// Faults that begin only after some uptime, as a slow leak would.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FaultPlan {
    /// Share of page requests answered with 500, from 0 to 1.
    pub(crate) error_rate: f64,
    pub(crate) after_ms: u64,
}

const LATENCY_MS_MAX: f64 = 10_000.0;

impl Config {
    pub(crate) fn load(path: &Path) -> Result<Self, LoadError> {
        let config: Self = toml::from_str(&read(path)?).map_err(|source| LoadError::Toml {
            path: path.to_owned(),
            source: Box::new(source),
        })?;
        match config.mistake() {
            None => Ok(config),
            Some((field, problem)) => Err(LoadError::Field {
                path: path.to_owned(),
                field: field.to_owned(),
                problem,
            }),
        }
    }

    fn mistake(&self) -> Option<(&'static str, &'static str)> {
        let LatencyMs { median, p99 } = self.latency_ms;
        let version_ok = (1..=32).contains(&self.version.len())
            && self
                .version
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b".-+".contains(&b));
        if !version_ok {
            Some((
                "version",
                "must be 1 to 32 letters, digits, dots, pluses or dashes",
            ))
        } else if !(0.0..=LATENCY_MS_MAX).contains(&median) {
            Some(("latency_ms.median", "must be between 0 and 10000"))
        } else if !(median..=LATENCY_MS_MAX).contains(&p99) {
            Some(("latency_ms.p99", "must be between the median and 10000"))
        } else if !(0.0..=1.0).contains(&self.faults.error_rate) {
            Some(("faults.error_rate", "must be between 0 and 1"))
        } else if !is_colour(&self.theme.accent) {
            Some(("theme.accent", "must be a colour such as #1f6a55"))
        } else if !is_colour(&self.theme.accent_ink) {
            Some(("theme.accent_ink", "must be a colour such as #ffffff"))
        } else {
            None
        }
    }
}

pub(crate) fn is_colour(text: &str) -> bool {
    text.len() == 7 && text.starts_with('#') && text.bytes().skip(1).all(|b| b.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistake_in(text: &str) -> Option<&'static str> {
        toml::from_str::<Config>(text)
            .unwrap()
            .mistake()
            .map(|(field, _)| field)
    }

    fn shop(version: &str, latency: &str, accent: &str, rate: &str) -> String {
        format!(
            "version = \"{version}\"\nlatency_ms = {latency}\n[theme]\nlayout = \"list\"\naccent = \"{accent}\"\n\
             accent_ink = \"#ffffff\"\n[faults]\nerror_rate = {rate}\nafter_ms = 1\n"
        )
    }

    #[test]
    fn a_mistake_names_its_field() {
        let good = "{ median = 5, p99 = 9 }";
        assert_eq!(mistake_in(&shop("1.0", good, "#123456", "0.5")), None);
        assert_eq!(
            mistake_in(&shop("1 0", good, "#123456", "0.5")),
            Some("version")
        );
        assert_eq!(
            mistake_in(&shop("1", "{ median = 5, p99 = 4 }", "#123456", "0")),
            Some("latency_ms.p99")
        );
        assert_eq!(
            mistake_in(&shop("1", good, "green", "0")),
            Some("theme.accent")
        );
        assert_eq!(
            mistake_in(&shop("1", good, "#123456", "1.5")),
            Some("faults.error_rate")
        );
    }

    #[test]
    fn an_unknown_key_is_refused() {
        let text = shop("1", "{ median = 5, p99 = 9 }", "#123456", "0") + "colour = 3\n";
        assert!(toml::from_str::<Config>(&text).is_err());
    }
}
