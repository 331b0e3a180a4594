use super::Classification;
use crate::InvalidInput;
use std::collections::BTreeMap;
use std::fmt;

/// One metric's classification and the groups it belongs to.
#[derive(Clone, Debug, PartialEq)]
pub struct Graded<'a> {
    /// What [`super::classify`] said.
    pub classification: Classification,
    /// Whether anything but a pass of it makes the score 0.
    pub critical: bool,
    /// The names of its groups; without one it only counts for what is critical or without data.
    pub groups: &'a [String],
}

/// The score of a canary.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    /// 0 to 100, rounded to two decimals.
    pub summary: f64,
    /// Of each group by its name, 0 to 100, not rounded; 0 where nothing in it has data.
    pub groups: BTreeMap<String, f64>,
    /// Why the score may say less of the canary than it seems to; empty where nothing is amiss.
    pub doubts: Vec<Doubt>,
}

/// What Kayenta scores without a word, and what is hardly ever meant.
#[derive(Clone, Debug, PartialEq)]
pub enum Doubt {
    /// There is nothing to score, and the score is 0.
    NoMetric,
    /// So many metrics are in no group: what they say is in no score.
    WithoutGroup(usize),
    /// A group with a weight that no metric is in: its part of 100 is lost.
    Absent(String),
    /// The weights add up to so much that groups without one get nothing of 100, or less.
    NothingLeft(f64),
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoMetric => f.write_str("no metric is scored, and 0 says nothing of the canary"),
            Self::WithoutGroup(1) => f.write_str("a metric is in no group and counts for nothing"),
            Self::WithoutGroup(metrics) => {
                write!(f, "{metrics} metrics are in no group and count for nothing")
            }
            Self::Absent(group) => write!(
                f,
                "no metric is in the group {group:?}, so its weight is lost"
            ),
            Self::NothingLeft(sum) => {
                f.write_str("the weights add up to ")?;
                if *sum < 1e9 {
                    write!(f, "{}", two_decimals(*sum))?;
                } else {
                    write!(f, "{sum:e}")?;
                }
                f.write_str(", which leaves nothing of 100 for the groups without one")
            }
        }
    }
}

/// Where half of the metrics or more have no data, the canary fails.
const NODATA_PERCENT: f64 = 50.0;

/// What weights may miss 100 by, as thirds do that are written with two decimals.
const ROUNDING: f64 = 0.05;

/// Adds classified metrics up to a score.
///
/// A group's score is Pass/(Pass + High + Low + NodataFailMetric)·100. Groups without a weight share what
/// is left of 100 equally; a group in which nothing has data counts as passed. 0 if any critical
/// metric does not pass, or if half of the metrics or more have no data. `weights` are in per cent, by the
/// names of groups. Source: `WeightedSumScorer` of `spinnaker/kayenta`.
///
/// Where Kayenta scores something that is hardly ever meant, the score is Kayenta's and [`Score::doubts`] says
/// what; where that would be no score from 0 to 100, there is none.
///
/// # Errors
///
/// A weight that is negative or no number. Weights that do not add up to 100, to within 0.05, where every group has
/// one, so that none can take what is left; and those above 100 with which the sum is not between 0 and 100.
///
/// # Examples
///
/// ```
/// use stats::kayenta::{Classification, Graded, score};
/// use std::collections::BTreeMap;
/// let groups = ["latency".to_owned()];
/// let metric = |classification| Graded { classification, critical: false, groups: &groups };
/// let found = score(&[metric(Classification::Pass), metric(Classification::High)], &BTreeMap::new())?;
/// assert_eq!(found.summary, 50.0);
/// # Ok::<(), stats::InvalidInput>(())
/// ```
pub fn score(
    metrics: &[Graded<'_>],
    weights: &BTreeMap<String, f64>,
) -> Result<Score, InvalidInput> {
    for weight in weights.values() {
        crate::guard::not_negative("group_weights", *weight)?;
    }
    let total = weights.values().sum::<f64>();
    let mut tallies: BTreeMap<&str, Tally> = BTreeMap::new();
    for metric in metrics {
        for group in metric.groups {
            let tally = tallies.entry(group).or_default();
            match metric.classification {
                Classification::Pass => {
                    tally.passed += 1;
                    tally.all += 1;
                }
                Classification::High | Classification::Low | Classification::NodataFailMetric => {
                    tally.all += 1;
                }
                Classification::Nodata => {}
            }
        }
    }
    let unweighted = tallies
        .keys()
        .filter(|name| !weights.contains_key(**name))
        .count();
    if !weights.is_empty() && unweighted == 0 && (total - 100.0).abs() > ROUNDING {
        return Err(InvalidInput::new(
            "group_weights",
            "they do not add up to 100, and no group is without one",
            "give each group its part of 100, or leave out those that share the rest",
        ));
    }
    let groups = tallies
        .iter()
        .map(|(name, tally)| ((*name).to_owned(), tally.score().unwrap_or(0.0)))
        .collect();
    let failed = metrics
        .iter()
        .any(|metric| metric.critical && metric.classification != Classification::Pass);
    let nodata = metrics
        .iter()
        .filter(|metric| metric.classification == Classification::Nodata)
        .count() as f64;
    let too_little = nodata / metrics.len() as f64 * 100.0 >= NODATA_PERCENT;
    let summary = if failed || too_little {
        0.0
    } else {
        let left = (100.0 - total) / unweighted.max(1) as f64;
        let sum: f64 = tallies
            .iter()
            .map(|(name, tally)| {
                let weight = weights.get(*name).copied().unwrap_or(left);
                tally.score().unwrap_or(100.0) * (weight / 100.0)
            })
            .sum();
        if !(-ROUNDING..=100.0 + ROUNDING).contains(&sum) {
            return Err(InvalidInput::new(
                "group_weights",
                "they add up to more than 100, so that groups without one count against themselves",
                "give parts of 100",
            ));
        }
        // Nothing adds up to −0, and to people that is 0.
        two_decimals(sum.clamp(0.0, 100.0)) + 0.0
    };
    let lost = |name: &str, weight: f64| weight > 0.0 && !tallies.contains_key(name);
    let mut doubts: Vec<Doubt> = weights
        .iter()
        .filter(|(name, weight)| lost(name, **weight))
        .map(|(name, _)| Doubt::Absent(name.clone()))
        .collect();
    let groupless = metrics.iter().filter(|metric| metric.groups.is_empty());
    match groupless.count() {
        _ if metrics.is_empty() => doubts.push(Doubt::NoMetric),
        0 => {}
        some => doubts.push(Doubt::WithoutGroup(some)),
    }
    if unweighted > 0 && total >= 100.0 {
        doubts.push(Doubt::NothingLeft(total));
    }
    Ok(Score {
        summary,
        groups,
        doubts,
    })
}

#[derive(Default)]
struct Tally {
    passed: u32,
    all: u32,
}

impl Tally {
    /// `None` where nothing has data.
    fn score(&self) -> Option<f64> {
        (self.all > 0).then(|| f64::from(self.passed) / f64::from(self.all) * 100.0)
    }
}

/// What a score means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grade {
    /// At least the threshold for a pass.
    Pass,
    /// Below it, at least the marginal one: people decide.
    Marginal,
    /// Below both, or NaN.
    Fail,
}

/// Compares a score with the thresholds of a canary configuration, all from 0 to 100; Kayenta's users
/// commonly take 95 and 75. What equals a threshold reaches it.
///
/// ```
/// use stats::kayenta::{Grade, grade};
/// assert_eq!(grade(95.0, 95.0, 75.0), Grade::Pass);
/// assert_eq!(grade(80.0, 95.0, 75.0), Grade::Marginal);
/// ```
#[must_use]
pub fn grade(score: f64, pass: f64, marginal: f64) -> Grade {
    if score >= pass {
        Grade::Pass
    } else if score >= marginal {
        Grade::Marginal
    } else {
        Grade::Fail
    }
}

/// Two decimals, halves away from zero, as written in decimal: what Java's `BigDecimal` makes of the shortest
/// decimal form of a double.
fn two_decimals(value: f64) -> f64 {
    let digits = value.abs().to_string();
    let Some((whole, rest)) = digits.split_once('.') else {
        return value;
    };
    if rest.len() <= 2 {
        return value;
    }
    let up = rest.as_bytes()[2] >= b'5';
    let hundredths: Option<u64> = format!("{whole}{}", &rest[..2]).parse().ok();
    hundredths.map_or(value, |hundredths| {
        ((hundredths + u64::from(up)) as f64 / 100.0).copysign(value)
    })
}

#[cfg(test)]
mod tests;
