//! What an experiment's files said, for programs and as the ground of the text for people.

use super::basis::Basis;
use super::basis::RARE;
use super::compare::{self, Split};
use super::metric::{self, Direction, Kind, Metric};
use super::{Method, Request, conclusion, health};
use crate::Number;
use crate::failure::Failure;
use crate::figures::counted;
use crate::join::{Arm, Joined, Lump, MetricSums, Sums};
use serde::Serialize;

/// Everything, conclusion first.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    pub conclusion: Conclusion,
    /// What speaks against trusting the figures; read before them.
    pub warnings: Vec<String>,
    /// What was done that a reader should know.
    pub notes: Vec<String>,
    pub method: &'static str,
    pub alpha: f64,
    pub difference: &'static str,
    pub control: String,
    pub arms: Vec<ArmReport>,
    pub split: Option<SplitReport>,
    pub metrics: Vec<MetricReport>,
    pub reading: Reading,
}

/// The sentence and what it says in one word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Conclusion {
    pub status: Status,
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// A variant is better and not worse anywhere.
    Better,
    /// Better in one metric, worse in another.
    Mixed,
    Worse,
    /// The figures show no difference.
    Inconclusive,
    /// The observations must not be trusted.
    Unhealthy,
    /// Nothing could be computed.
    NoData,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ArmReport {
    pub name: String,
    pub units: u64,
    /// Of all units, as seen and as planned.
    pub share: f64,
    pub planned: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SplitReport {
    pub chi2: Number,
    pub p: Number,
    pub mismatch: bool,
    /// A variant that was planned to get no unit and got some.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unplanned: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MetricReport {
    pub metric: String,
    /// What tells it from others of this column, too.
    pub label: String,
    pub kind: Kind,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quantile: Option<f64>,
    pub direction: Direction,
    /// The column whose values from before the exposure it is adjusted by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cuped: Option<String>,
    /// The margin, where it is a guardrail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guardrail: Option<f64>,
    pub control: ArmValue,
    pub comparisons: Vec<Comparison>,
}

/// A metric's figure in one arm.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ArmValue {
    pub variant: String,
    /// Units that count.
    pub n: u64,
    /// Units without a value of their own.
    pub missing: u64,
    pub value: Number,
    /// Units with a value from before their exposure, where that is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known_before: Option<u64>,
    /// Whether its quantile is known to 0.002% only.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub sketched: bool,
    /// Equal values at or near which its quantile lies.
    #[serde(skip)]
    pub(super) lump: Option<Lump>,
}

/// One variant against the control in one metric.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    #[serde(flatten)]
    pub arm: ArmValue,
    #[serde(flatten)]
    pub outcome: Outcome,
    pub verdict: Verdict,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Outcome {
    Computed(Box<Figures>),
    Cannot {
        cannot_compute: &'static str,
        #[serde(skip)]
        why: String,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figures {
    pub effect: Number,
    pub interval: [Number; 2],
    /// Without counts, which have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stderr: Option<Number>,
    /// Without a Bayesian method.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p: Option<Number>,
    /// After Holm, where more than one comparison is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p_adjusted: Option<Number>,
    /// The interval that goes with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval_adjusted: Option<[Number; 2]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chance_to_win: Option<Number>,
    /// The slope CUPED adjusted by; 0 where there was nothing to adjust by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub theta: Option<Number>,
    /// The method, where conversions are so few that their counts are compared: effect and interval
    /// are then relative, whatever was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counts: Option<&'static str>,
    /// Means of rare large values, of which the smaller arm has too few: interval and p are rough.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub skewed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guardrail: Option<Guardrail>,
    #[serde(skip)]
    pub(super) guarded: Verdict,
    /// Below this no change of the metric is.
    #[serde(skip)]
    pub(super) floor: f64,
    #[serde(skip)]
    pub(super) basis: Basis,
}

/// Whether a metric stays within a margin.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Guardrail {
    pub margin: Number,
    /// The worst effect that is compatible with the figures, one-sided at alpha.
    pub bound: Number,
    /// The best effect that is, in the same way.
    pub best: Number,
    /// The chance of figures at least this good if the variant is worse by the margin: what shows that
    /// it holds. Without counts, which have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p: Option<Number>,
    /// The chance of figures at least this bad if it is worse by no more: what shows that it is broken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p_broken: Option<Number>,
}

impl Guardrail {
    /// The p that a verdict stands on, the same wherever it is told.
    pub(super) fn deciding_p(&self, verdict: Verdict) -> Option<Number> {
        match verdict {
            Verdict::Broken => self.p_broken,
            _ => self.p,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Better,
    Worse,
    /// A guardrail: not worse by the margin.
    Holds,
    /// A guardrail: worse by more than the margin.
    Broken,
    Inconclusive,
    CannotCompute,
}

/// How the files were read.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Reading {
    pub rows: u64,
    pub rows_without_unit: u64,
    pub rows_without_time: u64,
    pub repeated_exposures: u64,
    pub units_in_two_arms: u64,
    pub values_before_exposure: u64,
    pub values_never_exposed: u64,
    /// Rows with values that count.
    pub values_used: u64,
    /// Cells that say NaN, which is no value.
    pub nan_cells: u64,
    pub temporary_bytes: u64,
    /// The chance that any two units named by text share a 64-bit key.
    pub key_collision_chance: f64,
}

pub(super) fn report(
    request: &Request,
    joined: &Joined,
    control: usize,
) -> Result<Report, Failure> {
    let units: u64 = joined.arms.iter().map(|(_, arm)| arm.units).sum();
    let planned = planned(request, joined)?;
    let arms: Vec<ArmReport> = joined
        .arms
        .iter()
        .zip(&planned)
        .map(|((name, arm), planned)| ArmReport {
            name: name.clone(),
            units: arm.units,
            share: ratio(arm.units, units),
            planned: *planned,
        })
        .collect();
    let split = compare::split(request, &arms);
    let labels = metric::labels(&request.metrics);
    let mut metrics: Vec<MetricReport> = request
        .metrics
        .iter()
        .zip(&labels)
        .enumerate()
        .map(|(at, (metric, label))| {
            metric_report(request, joined, control, (at, label.as_str()), metric)
        })
        .collect::<Result<_, _>>()?;
    compare::adjust(&mut metrics, request).map_err(|failure| {
        Failure::asked(format!("the p values cannot be adjusted: {failure}"), "")
    })?;
    let reading = reading(joined, units);
    let mut report = Report {
        conclusion: Conclusion {
            status: Status::NoData,
            text: String::new(),
        },
        warnings: health::warnings(
            request,
            &arms,
            split.as_ref(),
            &metrics,
            (&reading, joined.remark.as_ref()),
        ),
        notes: health::notes(request, joined, control, &metrics, &reading),
        method: match request.method {
            Method::Fixed => "fixed",
            Method::Sequential { .. } => "sequential",
            Method::Bayesian => "bayesian",
        },
        alpha: request.question.alpha.get(),
        difference: match request.question.difference {
            stats::Difference::Relative => "relative",
            stats::Difference::Absolute => "absolute",
        },
        control: joined.arms[control].0.clone(),
        arms,
        split: split.map(|split: Split| SplitReport {
            chi2: Number(split.chi2),
            p: Number(split.p),
            mismatch: split.mismatch,
            unplanned: split.unplanned,
        }),
        metrics,
        reading,
    };
    report.conclusion = conclusion::conclusion(&report);
    Ok(report)
}

/// The planned shares, adding up to 1.
fn planned(request: &Request, joined: &Joined) -> Result<Vec<f64>, Failure> {
    let weights: Vec<f64> = joined
        .arms
        .iter()
        .map(|(name, _)| {
            let given = request.shares.iter().find(|(arm, _)| arm == name);
            given.map_or(
                if request.shares.is_empty() { 1.0 } else { 0.0 },
                |(_, weight)| *weight,
            )
        })
        .collect();
    let sum: f64 = weights.iter().sum();
    if sum > 0.0 && sum.is_finite() {
        Ok(weights.into_iter().map(|weight| weight / sum).collect())
    } else {
        Err(Failure::asked(
            "the planned shares add up to nothing",
            "give each variant its share, as --share control=50 --share treatment=50",
        ))
    }
}

fn metric_report(
    request: &Request,
    joined: &Joined,
    control: usize,
    (at, label): (usize, &str),
    metric: &Metric,
) -> Result<MetricReport, Failure> {
    let value = |(name, arm): &(String, Arm)| {
        let sums = &arm.metrics[at];
        ArmValue {
            variant: name.clone(),
            n: sums.n(),
            missing: sums.missing,
            value: Number(compare::value(metric.kind, &sums.sums)),
            known_before: match &sums.sums {
                Sums::Adjusted { known, .. } => Some(*known),
                _ => None,
            },
            sketched: matches!(&sums.sums, Sums::Values(values) if !values.is_exact()),
            lump: match (&sums.sums, metric.kind) {
                (Sums::Values(values), Kind::Quantile(q)) => values.lump(q),
                _ => None,
            },
        }
    };
    let baseline = &joined.arms[control].1.metrics[at];
    let lump = value(&joined.arms[control]).lump;
    let nothing = joined.arms.iter().any(|(_, arm)| arm.units > 0)
        && joined
            .arms
            .iter()
            .all(|(_, arm)| arm.metrics[at].missing == arm.units);
    let comparisons = joined
        .arms
        .iter()
        .enumerate()
        .filter(|(other, _)| *other != control)
        .map(|(_, arm)| {
            let arms = [baseline, &arm.1.metrics[at]];
            let outcome = match compare::compare(request, metric, arms) {
                _ if nothing => Outcome::Cannot {
                    cannot_compute: "no_values",
                    why: unmatched(joined, label),
                },
                // A sequence counts what lies below, however it is spread.
                _ if (lump.is_some() || value(arm).lump.is_some())
                    && !matches!(request.method, Method::Sequential { .. }) =>
                {
                    Outcome::Cannot {
                        cannot_compute: stats::CannotCompute::DegenerateQuantile.code(),
                        why: format!("{label} lies at many equal values"),
                    }
                }
                _ if arms.iter().all(|arm| arm.n() > 0)
                    && arms.iter().any(|arm| few_without(arm)) =>
                {
                    Outcome::Cannot {
                        cannot_compute: stats::CannotCompute::TooFew.code(),
                        why: format!(
                            "fewer than {RARE} units of a variant are without {label}; \
                             make a metric of those instead"
                        ),
                    }
                }
                Ok(figures) => Outcome::Computed(Box::new(figures)),
                Err(stats::Failure::CannotCompute(why)) => Outcome::Cannot {
                    cannot_compute: why.code(),
                    why: why.to_string(),
                },
                Err(stats::Failure::Invalid(invalid)) => {
                    return Err(Failure::asked(
                        format!("{metric}: {}: {}", invalid.field, invalid.why),
                        invalid.remedy,
                    ));
                }
            };
            Ok(Comparison {
                arm: value(arm),
                outcome,
                verdict: Verdict::CannotCompute,
            })
        })
        .collect::<Result<_, _>>()?;
    Ok(MetricReport {
        metric: metric.to_string(),
        label: label.to_owned(),
        cuped: metric.before.clone(),
        kind: metric.kind,
        quantile: match metric.kind {
            Kind::Quantile(q) => Some(q),
            Kind::Mean | Kind::Conversion | Kind::Ratio => None,
        },
        direction: metric.direction,
        guardrail: metric.guardrail,
        control: value(&joined.arms[control]),
        comparisons,
    })
}

/// Why no unit has a value: the files were not brought together.
fn unmatched(joined: &Joined, label: &str) -> String {
    let seen = joined.seen;
    let mut why = format!("no value of {label} belongs to an exposed unit");
    if seen.never_exposed > 0 {
        why.push_str(&format!(
            " ({} of unknown units); do both kinds of rows write units alike?",
            counted(seen.never_exposed, "row")
        ));
    } else if seen.before_exposure > 0 {
        why.push_str(&format!(
            " from then on ({} earlier than the exposure); are the times of one clock?",
            counted(seen.before_exposure, "row")
        ));
    } else {
        why.push_str("; is the column empty?");
    }
    why
}

/// Too few units without a conversion, beside many with one: as rare as rare conversions, and no
/// better known.
fn few_without(arm: &MetricSums) -> bool {
    matches!(arm.sums, Sums::Share { x, n } if n - x < RARE && x >= RARE)
}

pub(super) fn figures_of(comparison: &Comparison) -> Option<&Figures> {
    match &comparison.outcome {
        Outcome::Computed(figures) => Some(figures),
        Outcome::Cannot { .. } => None,
    }
}

#[expect(clippy::cast_precision_loss, reason = "a chance needs no more digits")]
fn reading(joined: &Joined, units: u64) -> Reading {
    let mut sum = crate::source::Tally::default();
    for tally in &joined.tallies {
        sum.add(tally);
    }
    let seen = joined.seen;
    let all = (units + seen.in_two_arms) as f64;
    Reading {
        rows: sum.rows,
        rows_without_unit: sum.no_unit,
        rows_without_time: sum.no_time,
        repeated_exposures: seen.repeated_exposures,
        units_in_two_arms: seen.in_two_arms,
        values_before_exposure: seen.before_exposure,
        values_never_exposed: seen.never_exposed,
        values_used: seen.used,
        nan_cells: sum.nan_cells,
        temporary_bytes: joined.spilled,
        // The birthday bound, n²/2 over the number of keys.
        key_collision_chance: if sum.hashed {
            (all * all / 2f64.powi(65)).min(1.0)
        } else {
            0.0
        },
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts stay below 2^53")]
pub(super) fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64
    }
}
