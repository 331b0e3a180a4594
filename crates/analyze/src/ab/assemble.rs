//! The report, out of what was joined.

use super::compare::{self, Split};
use super::metric::{self, Kind, Metric};
use super::outcome::{lump, outcome};
use super::report::{
    ArmReport, ArmValue, Comparison, Conclusion, MetricReport, Reading, Report, SplitReport,
    Status, Verdict, ratio,
};
use super::{Request, conclusion, health, notes};
use crate::Number;
use crate::failure::Failure;
use crate::join::{Arm, Joined, Sums};

pub(super) fn report(
    request: &Request,
    joined: &Joined,
    control: usize,
) -> Result<Report, Failure> {
    let units: u64 = joined.arms.iter().map(|(_, arm)| arm.units).sum();
    let planned = planned(request, joined);
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
        notes: notes::notes(request, joined, control, &metrics, &reading),
        method: request.method,
        alpha: request.question.alpha.get(),
        difference: request.question.difference,
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
fn planned(request: &Request, joined: &Joined) -> Vec<f64> {
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
    weights.into_iter().map(|weight| weight / sum).collect()
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
            value: Number(compare::value(metric.kind, sums)),
            known_before: match &sums.sums {
                Sums::Adjusted { known, .. } => Some(*known),
                _ => None,
            },
            sketched: matches!(&sums.sums, Sums::Values(values) if !values.is_exact()),
            lump: lump(metric.kind, &sums.sums),
        }
    };
    let comparisons = joined
        .arms
        .iter()
        .enumerate()
        .filter(|(other, _)| *other != control)
        .map(|(other, arm)| {
            Ok(Comparison {
                arm: value(arm),
                outcome: outcome(request, joined, (at, metric, label), control, other)?,
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
