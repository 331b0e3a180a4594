//! Changes and their bounds, in the unit of their metric.

use super::basis::Basis;
use super::metric::Kind;
use super::report::{Figures, MetricReport, Report};
use crate::Number;
use crate::figures::{between, between_shares, change, points, share, signed, value};
use stats::Difference;

/// A guardrail's margin, in the unit of its effect.
pub(super) fn margin(report: &Report, metric: &MetricReport) -> String {
    let margin = metric.guardrail.unwrap_or(f64::NAN);
    match (report.difference, metric.kind) {
        (Difference::Relative, _) => share(margin),
        (Difference::Absolute, Kind::Conversion) => points(margin).replace('+', ""),
        (Difference::Absolute, Kind::Mean | Kind::Ratio | Kind::Quantile(_)) => value(margin),
    }
}

/// That of counts is relative always.
fn is_relative(report: &Report, figures: &Figures) -> bool {
    report.difference == Difference::Relative || matches!(figures.basis, Basis::Counts(_))
}

/// A change as the report tells it.
pub(super) fn effect(report: &Report, kind: Kind, figures: &Figures, effect: f64) -> String {
    match (is_relative(report, figures), kind) {
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
    let shown = |bound: f64| effect(report, kind, figures, bound);
    let [lo, hi] = [lo.get(), hi.get()];
    if is_relative(report, figures) {
        between_shares(lo, hi, shown)
    } else {
        between(lo, hi, shown)
    }
}

/// `95%`.
pub(super) fn level(alpha: f64) -> String {
    let text = format!("{:.4}", 100.0 * (1.0 - alpha));
    format!("{}%", text.trim_end_matches('0').trim_end_matches('.'))
}
