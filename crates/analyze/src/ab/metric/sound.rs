//! Whether metrics that are well written ask for something.

use super::{Direction, Kind, MarginUnit, Metric};
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

/// Whether each margin says what it is of, and can be lost.
pub(in crate::ab) fn margins(metrics: &[Metric], difference: Difference) -> Result<(), Failure> {
    for metric in metrics {
        let Some(margin) = metric.guardrail else {
            continue;
        };
        if let Some((what, remedy)) = wrong(metric, margin, difference) {
            let metric = plain(&metric.to_string());
            return Err(Failure::asked(
                format!("--metric: {metric}: {what}"),
                remedy,
            ));
        }
    }
    Ok(())
}

/// A per cent is of the control's figure, and a point of a share of units; what one may be taken for the other is
/// neither. A share that nothing can lose is no margin.
fn wrong(metric: &Metric, margin: f64, difference: Difference) -> Option<(String, String)> {
    let converts = metric.kind == Kind::Conversion;
    let unit = metric.margin_unit;
    let (percent, points) = (percent(margin), format!("{}pp", hundredfold(margin)));
    let told = |what: String, remedy: String| Some((what, remedy));
    match (difference, unit) {
        (Difference::Absolute, MarginUnit::Percent) if converts => told(
            format!("with --absolute {percent} may be points, or a share of the control's rate"),
            format!(
                "write guardrail={points} for points, or leave --absolute away for {percent} of the control's rate"
            ),
        ),
        (Difference::Absolute, MarginUnit::Percent) => told(
            format!("with --absolute a margin is in the unit of the metric, and {percent} is none"),
            IN_ITS_UNIT.to_owned(),
        ),
        (_, MarginUnit::Points) if !converts => told(
            format!("{points} are points of a share of units, which a conversion has only"),
            match difference {
                Difference::Relative => {
                    format!("write guardrail={percent}, a share of the control's figure")
                }
                Difference::Absolute => IN_ITS_UNIT.to_owned(),
            },
        ),
        (Difference::Relative, MarginUnit::Points) => told(
            format!(
                "{points} are points, and without --absolute a margin is a share of the control's rate"
            ),
            format!(
                "add --absolute, or write guardrail={percent} for a share of the control's rate"
            ),
        ),
        (Difference::Absolute, MarginUnit::Plain) if converts && margin > 1.0 => told(
            format!("guardrail={margin} is {points}"),
            format!(
                "write guardrail={margin}pp for points, or a share of units, as guardrail=0.05"
            ),
        ),
        (Difference::Relative, MarginUnit::Plain) if margin > 1.0 => told(
            format!("guardrail={margin} is {percent}"),
            format!("write guardrail={margin}% or guardrail={percent}"),
        ),
        (Difference::Absolute, _) if converts && margin >= 1.0 => told(
            format!("{NOTHING_LOST} {points}, so a guardrail there can never fail"),
            "give the loss that is still accepted, below 100pp, as guardrail=5pp".to_owned(),
        ),
        (Difference::Relative, _)
            if converts && margin >= 1.0 && metric.direction == Direction::Up =>
        {
            told(
                format!("{NOTHING_LOST} {percent}, so a guardrail there can never fail"),
                BELOW_ALL.to_owned(),
            )
        }
        _ => None,
    }
}

const IN_ITS_UNIT: &str =
    "give it in the unit of the metric, as guardrail=0.5, or leave --absolute away";

const NOTHING_LOST: &str = "a share of units cannot get worse by";

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

/// `500%`.
fn percent(share: f64) -> String {
    format!("{}%", hundredfold(share))
}

/// Without the digits that it adds.
fn hundredfold(share: f64) -> f64 {
    (share * 1e8).round() / 1e6
}
