use super::Classification;
use crate::InvalidInput;
use std::collections::BTreeMap;

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
}

/// Where half of the metrics or more have no data, the canary fails.
const NODATA_PERCENT: f64 = 50.0;

/// Adds classified metrics up to a score.
///
/// A group's score is Pass/(Pass + High + Low + NodataFailMetric)·100. Groups without a weight share what
/// is left of 100 equally; a group in which nothing has data counts as passed. 0 if any critical
/// metric does not pass, or if half of the metrics or more have no data. `weights` are in per cent, by the
/// names of groups. Source: `WeightedSumScorer` of `spinnaker/kayenta`.
///
/// # Errors
///
/// A weight that is negative or no number.
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
        let unweighted = tallies
            .keys()
            .filter(|name| !weights.contains_key(**name))
            .count();
        let left = (100.0 - weights.values().sum::<f64>()) / unweighted.max(1) as f64;
        let sum = tallies
            .iter()
            .map(|(name, tally)| {
                let weight = weights.get(*name).copied().unwrap_or(left);
                tally.score().unwrap_or(100.0) * (weight / 100.0)
            })
            .sum();
        // Nothing adds up to −0, and to people that is 0.
        two_decimals(sum) + 0.0
    };
    Ok(Score { summary, groups })
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
mod tests {
    use super::*;

    fn check(
        metrics: &[(Classification, bool, &[&str])],
        weights: &[(&str, f64)],
        summary: f64,
    ) -> Score {
        let groups: Vec<Vec<String>> = metrics
            .iter()
            .map(|(_, _, groups)| groups.iter().map(|group| (*group).to_owned()).collect())
            .collect();
        let graded: Vec<Graded<'_>> = metrics
            .iter()
            .zip(&groups)
            .map(|((classification, critical, _), groups)| Graded {
                classification: *classification,
                critical: *critical,
                groups,
            })
            .collect();
        let weights = weights
            .iter()
            .map(|(name, weight)| ((*name).to_owned(), *weight))
            .collect();
        let found = score(&graded, &weights).unwrap();
        assert_eq!(found.summary, summary, "{metrics:?}");
        found
    }

    #[test]
    fn scores_are_those_of_kayentas_own_tests() {
        use Classification::{High, Low, Nodata, NodataFailMetric, Pass};
        let g: &[&str] = &["g"];
        let (one, two): (&[&str], &[&str]) = (&["one"], &["two"]);
        check(&[(Pass, false, g)], &[], 100.0);
        check(&[(High, false, g)], &[], 0.0);
        let nothing = check(&[(Nodata, false, g)], &[], 0.0);
        assert_eq!(nothing.groups["g"], 0.0);
        let some = check(
            &[(Pass, false, one), (Pass, false, one), (Nodata, false, two)],
            &[],
            100.0,
        );
        assert_eq!((some.groups["one"], some.groups["two"]), (100.0, 0.0));
        check(&[(Pass, false, g), (High, false, g)], &[], 50.0);
        check(
            &[(Pass, false, g), (High, false, g), (Low, false, g)],
            &[],
            33.33,
        );
        check(
            &[(Pass, false, one), (Pass, false, one), (High, false, two)],
            &[("one", 75.0), ("two", 25.0)],
            75.0,
        );
        check(
            &[(Pass, false, one), (High, false, one), (High, false, two)],
            &[("one", 50.0), ("two", 50.0)],
            25.0,
        );
        check(
            &[(Pass, false, one), (Nodata, false, one), (High, false, two)],
            &[("one", 50.0), ("two", 50.0)],
            50.0,
        );
        check(&[(Pass, false, g), (High, true, g)], &[], 0.0);
        check(&[(Low, false, g), (Pass, true, g)], &[], 50.0);
        check(&[(Pass, false, g), (Nodata, true, g)], &[], 0.0);
        check(
            &[
                (High, false, one),
                (Low, false, one),
                (Pass, false, one),
                (High, false, two),
            ],
            &[("one", 15.0), ("two", 85.0)],
            5.0,
        );
        check(&[(Pass, false, g), (NodataFailMetric, false, g)], &[], 50.0);
        check(&[], &[], 0.0);
    }

    #[test]
    fn a_metric_in_no_group_adds_nothing_and_nothing_has_no_sign() {
        let found = check(&[(Classification::Pass, false, &[])], &[], 0.0);
        assert!(found.summary.is_sign_positive() && found.groups.is_empty());
    }

    #[test]
    fn half_without_data_fails_and_less_does_not() {
        use Classification::{Nodata, Pass};
        let g: &[&str] = &["g"];
        check(&[(Pass, false, g), (Nodata, false, g)], &[], 0.0);
        check(
            &[(Pass, false, g), (Pass, false, g), (Nodata, false, g)],
            &[],
            100.0,
        );
    }

    #[test]
    fn groups_without_a_weight_share_the_rest() {
        use Classification::{High, Pass};
        let groups: [&[&str]; 3] = [&["a"], &["b"], &["c"]];
        check(
            &[
                (Pass, false, groups[0]),
                (High, false, groups[1]),
                (Pass, false, groups[2]),
            ],
            &[("a", 40.0)],
            70.0,
        );
        check(
            &[(Pass, false, &["a", "b"]), (High, false, &["b"])],
            &[("a", 10.0)],
            55.0,
        );
        check(
            &[(Pass, false, groups[0])],
            &[("a", 40.0), ("elsewhere", 60.0)],
            40.0,
        );
    }

    #[test]
    fn weights_are_numbers_that_are_not_negative() {
        let weights = |weight| BTreeMap::from([("a".to_owned(), weight)]);
        assert!(score(&[], &weights(0.0)).is_ok());
        assert_eq!(
            score(&[], &weights(-1.0)).unwrap_err().field,
            "group_weights"
        );
        assert!(score(&[], &weights(f64::NAN)).is_err());
    }

    #[test]
    fn halves_are_rounded_as_they_are_written() {
        for (value, want) in [
            (33.333_333, 33.33),
            (1.005, 1.01),
            (66.666_666, 66.67),
            (2.5, 2.5),
            (99.995, 100.0),
            (-1.005, -1.01),
            (0.004_999, 0.0),
            (1e-9, 0.0),
            (1e30, 1e30),
        ] {
            assert_eq!(two_decimals(value), want, "{value}");
        }
    }

    #[test]
    fn grades_include_their_thresholds() {
        assert_eq!(grade(75.0, 95.0, 75.0), Grade::Marginal);
        assert_eq!(grade(74.99, 95.0, 75.0), Grade::Fail);
        assert_eq!(grade(94.99, 95.0, 75.0), Grade::Marginal);
        assert_eq!(grade(95.0, 95.0, 75.0), Grade::Pass);
    }
}
