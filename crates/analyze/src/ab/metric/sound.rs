//! Whether metrics that are well written ask for something.

use super::{Direction, Kind, Metric};
use crate::failure::Failure;
use crate::figures::plain;
use stats::Difference;

/// Metrics asked for twice would be corrected for twice.
pub(in crate::ab) fn distinct(metrics: &[Metric]) -> Result<(), Failure> {
    for (at, metric) in metrics.iter().enumerate() {
        if metrics[..at].contains(metric) {
            return Err(Failure::asked(
                format!(
                    "--metric: {} is asked for twice",
                    plain(&metric.to_string())
                ),
                "ask for it once",
            ));
        }
    }
    Ok(())
}

/// A margin in the metric's unit is no per cent, but of a share of units; and a share that nothing can
/// lose is no margin.
pub(in crate::ab) fn margins(metrics: &[Metric], difference: Difference) -> Result<(), Failure> {
    for metric in metrics {
        let Some(margin) = metric.guardrail else {
            continue;
        };
        let told = |what: String, remedy: String| {
            let metric = plain(&metric.to_string());
            Err(Failure::asked(
                format!("--metric: {metric}: {what}"),
                remedy,
            ))
        };
        let absolute = difference == Difference::Absolute;
        let converts = metric.kind == Kind::Conversion;
        let percent = percent(margin);
        if absolute && !converts {
            if metric.in_percent {
                return told(
                    format!(
                        "with --absolute a margin is in the unit of the metric, and {percent} is none"
                    ),
                    "give it in the unit of the metric, as guardrail=0.5, or leave --absolute away"
                        .to_owned(),
                );
            }
            continue;
        }
        if !metric.in_percent && margin > 1.0 {
            return told(
                format!("guardrail={margin} is {percent}"),
                format!("write guardrail={margin}% or guardrail={percent}"),
            );
        }
        if converts && margin >= 1.0 && (absolute || metric.direction == Direction::Up) {
            return told(
                format!(
                    "a share of units cannot get worse by {percent}, so a guardrail there can never fail"
                ),
                BELOW_ALL.to_owned(),
            );
        }
    }
    Ok(())
}

/// Known from the values only: what is never below 0 cannot fall by more than all of it.
pub(in crate::ab) fn loses_no_more_than_all(metric: &Metric) -> Option<(String, String)> {
    let margin = metric.guardrail?;
    (metric.direction == Direction::Up && margin >= 1.0).then(|| {
        (
            format!(
                "no value is below 0, so nothing can be lost beyond 100%, and a guardrail at {} can never fail",
                percent(margin)
            ),
            BELOW_ALL.to_owned(),
        )
    })
}

const BELOW_ALL: &str = "give the loss that is still accepted, below 100%, as guardrail=5%";

/// `500%`, without the digits that a hundredfold adds.
fn percent(share: f64) -> String {
    format!("{}%", (share * 1e8).round() / 1e6)
}
