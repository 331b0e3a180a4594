use super::{Answer, Inputs, Stop};
use crate::Number;
use serde_json::json;
use stats::kayenta::{Classification, Graded, score};
use std::collections::BTreeMap;

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Canary {
    results: Vec<Metric>,
    #[serde(default)]
    group_weights: BTreeMap<String, Number>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Metric {
    #[serde(default, rename = "name")]
    _name: String,
    classification: Name,
    #[serde(default)]
    critical: bool,
    /// A muted metric is shown and not scored.
    #[serde(default)]
    muted: bool,
    #[serde(default)]
    groups: Vec<String>,
}

#[derive(Clone, Copy, serde::Deserialize)]
enum Name {
    Pass,
    High,
    Low,
    Nodata,
    NodataFailMetric,
}

impl From<Name> for Classification {
    fn from(name: Name) -> Self {
        match name {
            Name::Pass => Self::Pass,
            Name::High => Self::High,
            Name::Low => Self::Low,
            Name::Nodata => Self::Nodata,
            Name::NodataFailMetric => Self::NodataFailMetric,
        }
    }
}

pub(super) fn answer(inputs: Inputs) -> Result<Answer, Stop> {
    let canary: Canary = inputs.read()?;
    let metrics: Vec<Graded<'_>> = canary
        .results
        .iter()
        .filter(|metric| !metric.muted)
        .map(|metric| Graded {
            classification: metric.classification.into(),
            critical: metric.critical,
            groups: &metric.groups,
        })
        .collect();
    let weights = canary
        .group_weights
        .into_iter()
        .map(|(name, weight)| (name, weight.get()))
        .collect();
    let found = score(&metrics, &weights)?;
    let groups: BTreeMap<&String, Number> = found
        .groups
        .iter()
        .map(|(name, score)| (name, Number(*score)))
        .collect();
    Ok(Answer::new()
        .number("summary_score", found.summary)
        .value("group_scores", json!(groups)))
}
