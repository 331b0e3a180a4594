use super::{Answer, Inputs, Refused, Stop};
use crate::Number;
use serde_json::json;
use stats::InvalidInput;
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

/// So many doubts can be read.
const MOST_TOLD: usize = 5;

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
    let weights: BTreeMap<String, f64> = canary
        .group_weights
        .into_iter()
        .map(|(name, weight)| (name, weight.get()))
        .collect();
    let found = score(&metrics, &weights).map_err(|invalid| at_the_weight(invalid, &weights))?;
    let groups: BTreeMap<&String, Number> = found
        .groups
        .iter()
        .map(|(name, score)| (name, Number(*score)))
        .collect();
    let answer = Answer::new()
        .number("summary_score", found.summary)
        .value("group_scores", json!(groups));
    if found.doubts.is_empty() {
        return Ok(answer);
    }
    let told = found.doubts.iter().take(MOST_TOLD).map(ToString::to_string);
    let mut doubts: Vec<String> = told.collect();
    if found.doubts.len() > MOST_TOLD {
        doubts.push(format!("and {} more", found.doubts.len() - MOST_TOLD));
    }
    Ok(answer.text("caution", doubts.join("; ")))
}

/// The weight that is none by the name of its group; of what they add up to all are told.
fn at_the_weight(invalid: InvalidInput, weights: &BTreeMap<String, f64>) -> Refused {
    let wrong = |weight: &f64| !(weight.is_finite() && *weight >= 0.0);
    match weights.iter().find(|(_, weight)| wrong(weight)) {
        Some((group, _)) => Refused::from(invalid).named(&format!("group_weights.{group}")),
        None => invalid.into(),
    }
}
