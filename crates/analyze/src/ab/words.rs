//! Changes and their bounds, in the unit of their metric.

use super::metric::Kind;
use super::report::{Figures, MetricReport, Report};
use crate::Number;
use crate::figures::{between, change, points, share, signed, value};
use stats::Difference;

/// A guardrail's margin, in the unit of its effect.
pub(super) fn margin(report: &Report, metric: &MetricReport) -> String {
    let margin = metric.guardrail.unwrap_or(f64::NAN);
    match (report.difference == name(Difference::Relative), metric.kind) {
        (true, _) => share(margin),
        (false, Kind::Conversion) => points(margin).replace('+', ""),
        (false, Kind::Mean | Kind::Ratio | Kind::Quantile(_)) => value(margin),
    }
}

/// A change as the report tells it; that of counts is relative always.
pub(super) fn effect(report: &Report, kind: Kind, figures: &Figures, effect: f64) -> String {
    let relative = report.difference == name(Difference::Relative) || figures.counts.is_some();
    match (relative, kind) {
        (true, _) => change(effect),
        (false, Kind::Conversion) => points(effect),
        (false, Kind::Mean | Kind::Ratio | Kind::Quantile(_)) => signed(effect),
    }
}

pub(super) fn interval(
    report: &Report,
    kind: Kind,
    figures: &Figures,
    [lo, hi]: [Number; 2],
) -> String {
    between(lo.get(), hi.get(), |bound| {
        effect(report, kind, figures, bound)
    })
}

/// `95%`.
pub(super) fn level(alpha: f64) -> String {
    let text = format!("{:.4}", 100.0 * (1.0 - alpha));
    format!("{}%", text.trim_end_matches('0').trim_end_matches('.'))
}

pub(super) const fn name(difference: Difference) -> &'static str {
    match difference {
        Difference::Relative => "relative",
        Difference::Absolute => "absolute",
    }
}
