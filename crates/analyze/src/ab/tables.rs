//! The figures of a report: what is to be better in one table, guardrails in another, for they are asked
//! another question.

use super::Method;
use super::metric::Kind;
use super::report::{ArmValue, Comparison, Figures, MetricReport, Report, Verdict, figures_of};
use super::words::{effect, end, figure, interval, is_another, level, margin};
use crate::figures::{chance as certainty, count, name, p, table};

/// Where a metric's name stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Layout {
    Beside,
    Above,
}

/// What is asked of the metrics of a table.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked {
    /// Whether it differs; corrected for how often that is asked.
    Goals,
    /// Whether it is not worse by a margin; each for itself.
    Guardrails,
}

/// Both tables; too wide, each metric has a line of its own above its variants.
pub(super) fn tables(report: &Report, width: usize) -> String {
    let wide = both(report, Layout::Beside);
    if wide.lines().all(|line| line.chars().count() <= width) {
        wide
    } else {
        both(report, Layout::Above)
    }
}

fn both(report: &Report, layout: Layout) -> String {
    let tables = [Asked::Goals, Asked::Guardrails].map(|asked| {
        let metrics: Vec<&MetricReport> = report
            .metrics
            .iter()
            .filter(|metric| asked.is_asked_of(metric))
            .collect();
        (!metrics.is_empty()).then(|| one(report, asked, &metrics, layout))
    });
    let tables: Vec<String> = tables.into_iter().flatten().collect();
    tables.join("\n\n")
}

fn one(report: &Report, asked: Asked, metrics: &[&MetricReport], layout: Layout) -> String {
    let before: &[&str] = match layout {
        Layout::Beside => &["metric", "variant"],
        Layout::Above => &["variant"],
    };
    let of_figures = asked.head(report);
    let mut head: Vec<&str> = before.to_vec();
    head.extend(["n", "value", "change"]);
    head.extend(of_figures.iter().map(String::as_str));
    head.push("verdict");
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut titles = Vec::new();
    for metric in metrics {
        let label = match metric.guardrail {
            Some(_) => format!(
                "{} (guardrail {})",
                metric.label,
                margin(report.difference, metric)
            ),
            None => metric.label.clone(),
        };
        let arm = |label: &str, arm: &ArmValue, value: f64| {
            let variant = name(&arm.variant);
            let mut row = match layout {
                Layout::Beside => vec![label.to_owned(), variant],
                Layout::Above => vec![format!("  {variant}")],
            };
            row.extend([count(arm.n), figure(metric.kind, value)]);
            row
        };
        if layout == Layout::Above {
            titles.push((rows.len(), label.clone()));
        }
        let control = &metric.control;
        let mut row = arm(&label, control, control.value.get());
        row.resize(head.len() - 1, String::new());
        row.push("(control)".to_owned());
        rows.push(row);
        for comparison in &metric.comparisons {
            let mut row = arm("", &comparison.arm, shown_value(metric, comparison));
            match figures_of(comparison) {
                Some(figures) => {
                    row.push(change(report, metric, figures));
                    row.extend(cells(metric.kind, comparison, figures));
                }
                None => row.resize(head.len() - 1, String::new()),
            }
            row.push(word(comparison.verdict).to_owned());
            rows.push(row);
        }
    }
    let right: Vec<usize> = (before.len()..head.len() - 1).collect();
    let text = table(&head, &right, &rows);
    let mut lines: Vec<&str> = text.lines().collect();
    // Not a cell of the table: it takes all the room there is. From below, so that rows keep their place.
    for (row, title) in titles.iter().rev() {
        lines.insert(row + 1, title);
    }
    lines.join("\n")
}

impl Asked {
    fn is_asked_of(self, metric: &MetricReport) -> bool {
        metric.guardrail.is_some() == (self == Self::Guardrails)
    }

    /// The columns between change and verdict.
    fn head(self, report: &Report) -> Vec<String> {
        let level = level(report.alpha);
        // Of several comparisons the verdict follows what is corrected.
        let adjusted = report
            .metrics
            .iter()
            .flat_map(|metric| &metric.comparisons)
            .filter_map(figures_of)
            .any(|figures| figures.p_adjusted.is_some());
        let (range, p) = match (self, adjusted) {
            (Self::Goals, true) => (vec![format!("{level} (Holm)")], "p (Holm)"),
            (Self::Goals, false) => (vec![format!("{level} interval")], "p"),
            (Self::Guardrails, _) => (vec!["at best".into(), "at worst".into()], "p (margin)"),
        };
        let last = if report.method == Method::Bayesian {
            "chance to win"
        } else {
            p
        };
        range.into_iter().chain([last.to_owned()]).collect()
    }
}

/// What stands between change and verdict.
fn cells(kind: Kind, comparison: &Comparison, figures: &Figures) -> Vec<String> {
    let (mut cells, chance) = match figures.guardrail {
        Some(guardrail) => {
            let ends = [guardrail.best, guardrail.bound];
            let cells = ends.map(|bound| end(kind, figures, bound.get())).to_vec();
            (cells, guardrail.deciding_p(comparison.verdict))
        }
        None => {
            let range = figures.interval_adjusted.unwrap_or(figures.interval);
            let cells = vec![interval(kind, figures, range)];
            (cells, figures.p_adjusted.or(figures.p))
        }
    };
    cells.push(match (figures.chance_to_win, chance) {
        // The column is one of chances to win; the p is in the sentence.
        (Some(to_win), _) => certainty(to_win.get()),
        (None, Some(chance)) => p(chance.get()),
        (None, None) => String::new(),
    });
    cells
}

/// The figure that the change beside it is the change to.
fn shown_value(metric: &MetricReport, comparison: &Comparison) -> f64 {
    let adjusted = figures_of(comparison).and_then(|figures| figures.adjusted);
    match adjusted {
        Some(adjusted) => adjusted.beside(metric.control.value.get()),
        None => comparison.arm.value.get(),
    }
}

/// The change, and that it is a share where others are not.
fn change(report: &Report, metric: &MetricReport, figures: &Figures) -> String {
    let change = effect(metric.kind, figures, figures.effect.get());
    if is_another(report, figures) {
        format!("{change} (relative)")
    } else {
        change
    }
}

const fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Better => "better",
        Verdict::Worse => "worse",
        Verdict::Holds => "holds",
        Verdict::Broken => "broken",
        Verdict::Inconclusive => "not shown",
        Verdict::CannotCompute => "no answer",
    }
}
