//! Plans in the words a person reads, the same on the command line, in the API and on screen.

use super::{Action, Plan, Role, Routes, Strategy, Until};
use std::fmt::{self, Write};

impl fmt::Display for Strategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::BlueGreen => "blue/green",
            Self::Canary => "canary",
            Self::Rolling => "rolling",
            Self::Ab => "A/B",
        })
    }
}

impl Plan {
    /// `Canary 1.1.0 → 1.2.0 (listen 127.0.0.1:8103 → 127.0.0.1:9000)`.
    #[must_use]
    pub fn headline(&self) -> String {
        let strategy = match self.strategy {
            Strategy::BlueGreen => "Blue/green",
            Strategy::Canary => "Canary",
            Strategy::Rolling => "Rolling",
            Strategy::Ab => "A/B",
        };
        let to = &self.to.version;
        let Some(from) = &self.from else {
            return format!("First start of {to}");
        };
        let configuration: Vec<_> = self
            .configuration()
            .iter()
            .map(ToString::to_string)
            .collect();
        let configuration = configuration.join(", ");
        match (from.image == self.to.image, configuration.as_str()) {
            (true, "") => format!("{strategy} {to} anew"),
            (true, _) => format!("{strategy} {to}: {configuration}"),
            (false, "") => format!("{strategy} {} → {to}", from.version),
            (false, _) => format!("{strategy} {} → {to} ({configuration})", from.version),
        }
    }

    /// A text about this plan with `1.2 (v042)` instead of each group's long name: who reads it
    /// knows the place already. An instance, named after its group, keeps the name it is asked for by.
    #[must_use]
    pub fn in_words(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for group in self.groups() {
            let label = match group.role {
                Role::Baseline => "the baseline",
                _ => group.version.as_str(),
            };
            let number = group.name.as_str().rsplit('-').next().unwrap_or_default();
            text = relabelled(&text, group.name.as_str(), &format!("{label} ({number})"));
        }
        text
    }
}

/// The text with `label` for each `name` that is not only the beginning of a longer one.
fn relabelled(text: &str, name: &str, label: &str) -> String {
    let mut parts = text.split(name);
    let mut whole = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let goes_on = part.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '-');
        whole.push_str(if goes_on { name } else { label });
        whole.push_str(part);
    }
    whole
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Provision { group, size } => write!(f, "Start {group}, {}", instances(*size)),
            Self::AwaitHealthy { group, size } => {
                write!(
                    f,
                    "Wait until {size} of {group} {} healthy",
                    if *size == 1 { "is" } else { "are" }
                )
            }
            Self::SetTraffic { routes } => write!(f, "Traffic: {routes}"),
            Self::Pause {
                until: Until::Elapsed { ms },
            } => write!(f, "Wait {}", duration(*ms)),
            Self::Pause {
                until: Until::Approval,
            } => f.write_str("Wait for an approval"),
            Self::Pause {
                until: Until::Decision { at_most_ms: None },
            } => f.write_str("Run until somebody decides"),
            Self::Pause {
                until: Until::Decision {
                    at_most_ms: Some(ms),
                },
            } => {
                write!(
                    f,
                    "Run until somebody decides, for at most {}",
                    duration(*ms)
                )
            }
            Self::Analyze {
                group, window_ms, ..
            } => {
                write!(f, "Judge {group} over at least {}", duration(*window_ms))
            }
            Self::Resize { group, size } => write!(f, "Bring {group} to {}", instances(*size)),
            Self::Drain { group } => write!(f, "Let {group} finish its last requests"),
            Self::Retain { group, for_ms } => {
                write!(f, "Keep {group} ready for {}", duration(*for_ms))
            }
            Self::Retire { group } => write!(f, "Retire {group}"),
        }
    }
}

impl fmt::Display for Routes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut first = true;
        for (group, weight) in &self.weights {
            write!(f, "{}{weight}% to {group}", if first { "" } else { ", " })?;
            first = false;
        }
        if first {
            f.write_str("none")?;
        }
        if let Some(group) = &self.preview {
            write!(f, ", preview of {group} by header")?;
        }
        Ok(())
    }
}

fn instances(n: u32) -> String {
    if n == 1 {
        "1 instance".to_owned()
    } else {
        format!("{n} instances")
    }
}

/// A duration as a person says it: `250 ms`, `8 s`, `1 min 30 s`, `2 h`.
#[must_use]
pub fn duration(ms: u64) -> String {
    if ms < 1_000 {
        return format!("{ms} ms");
    }
    let parts = [
        (86_400_000, "d"),
        (3_600_000, "h"),
        (60_000, "min"),
        (1_000, "s"),
    ];
    let mut left = ms;
    let mut text = String::new();
    let mut told = 0;
    for (unit_ms, unit) in parts {
        let n = left / unit_ms;
        left %= unit_ms;
        if n > 0 && told < 2 {
            let _ = write!(text, "{}{n} {unit}", if told > 0 { " " } else { "" });
            told += 1;
        } else if told > 0 {
            break;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::duration;

    #[test]
    fn durations_read_as_people_say_them() {
        for (ms, text) in [
            (0, "0 ms"),
            (250, "250 ms"),
            (8_000, "8 s"),
            (90_000, "1 min 30 s"),
            (7_200_000, "2 h"),
            (7_205_000, "2 h"),
            (90_000_000, "1 d 1 h"),
        ] {
            assert_eq!(duration(ms), text);
        }
    }
}
