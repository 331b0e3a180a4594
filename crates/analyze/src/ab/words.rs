//! Changes and their bounds, in the unit of their metric.

use super::metric::Kind;
use super::report::{Figures, MetricReport, Report};
use crate::Number;
use crate::figures::{between, between_shares, change, points, share, signed, value};
use stats::Difference;

/// An arm's figure, in the metric's own unit.
pub(super) fn figure(kind: Kind, of: f64) -> String {
    match kind {
        Kind::Conversion => share(of),
        Kind::Mean | Kind::Ratio | Kind::Quantile(_) => value(of),
    }
}

/// A guardrail's margin, in the unit of its effect.
pub(super) fn margin(difference: Difference, metric: &MetricReport) -> String {
    let margin = metric.guardrail.unwrap_or(f64::NAN);
    match (difference, metric.kind) {
        (Difference::Relative, _) => share(margin),
        (Difference::Absolute, Kind::Conversion) => points(margin).replace('+', ""),
        (Difference::Absolute, Kind::Mean | Kind::Ratio | Kind::Quantile(_)) => value(margin),
    }
}

/// Whether the change is a share where it was asked for in the metric's unit, as that of counts is always.
pub(super) fn is_another(report: &Report, figures: &Figures) -> bool {
    figures.difference != report.difference
}

/// A change as the report tells it.
pub(super) fn effect(kind: Kind, figures: &Figures, effect: f64) -> String {
    match (figures.difference, kind) {
        (Difference::Relative, _) => change(effect),
        (Difference::Absolute, Kind::Conversion) => points(effect),
        (Difference::Absolute, Kind::Mean | Kind::Ratio | Kind::Quantile(_)) => signed(effect),
    }
}

/// One end of what a change may be.
pub(super) fn end(kind: Kind, figures: &Figures, bound: f64) -> String {
    if bound.is_infinite() {
        "no limit".to_owned()
    } else {
        effect(kind, figures, bound)
    }
}

pub(super) fn interval(kind: Kind, figures: &Figures, [lo, hi]: [Number; 2]) -> String {
    let shown = |bound: f64| effect(kind, figures, bound);
    let [lo, hi] = [lo.get(), hi.get()];
    match figures.difference {
        Difference::Relative => between_shares(lo, hi, shown),
        Difference::Absolute => between(lo, hi, shown),
    }
}

/// `95%`.
pub(super) fn level(alpha: f64) -> String {
    let text = format!("{:.4}", 100.0 * (1.0 - alpha));
    format!("{}%", text.trim_end_matches('0').trim_end_matches('.'))
}
