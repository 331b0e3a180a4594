//! The report for people: the conclusion, what speaks against it, the figures, what was done.

use super::Method;
use super::metric::Kind;
use super::report::{ArmValue, Comparison, MetricReport, Outcome, Report, Verdict, figures_of};
use super::words::{effect, interval, level, margin};
use crate::figures::{chance as certainty, count, name, p, share, table, value, wrap};
use std::fmt;

/// Where a metric's name stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Layout {
    Beside,
    Above,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = f.width().unwrap_or(WIDTH);
        let whole = |text: &str| wrap(text, width, "");
        writeln!(f, "{}\n", whole(&self.conclusion.text))?;
        for warning in &self.warnings {
            writeln!(f, "! {}", wrap(warning, width - 2, "  "))?;
        }
        if !self.warnings.is_empty() {
            writeln!(f)?;
        }
        writeln!(f, "{}\n", self.figures(width))?;
        for reason in self.reasons() {
            writeln!(f, "{}", whole(&reason))?;
        }
        writeln!(f, "{}", wrap(&self.split_line(), width, "  "))?;
        for note in &self.notes {
            writeln!(f, "{}", wrap(note, width, "  "))?;
        }
        Ok(())
    }
}

/// Where nobody says how wide the terminal is.
const WIDTH: usize = 80;

impl Report {
    /// The table; too wide, each metric has a line of its own above its variants.
    fn figures(&self, width: usize) -> String {
        let wide = self.table(Layout::Beside);
        if wide.lines().all(|line| line.chars().count() <= width) {
            wide
        } else {
            self.table(Layout::Above)
        }
    }

    fn table(&self, layout: Layout) -> String {
        // Of several comparisons the verdict follows what is corrected.
        let adjusted = self
            .comparisons()
            .filter_map(|(_, comparison)| figures_of(comparison))
            .any(|figures| figures.p_adjusted.is_some());
        let (interval_head, p_head) = if adjusted {
            (format!("{} (Holm)", level(self.alpha)), "p (Holm)")
        } else {
            (format!("{} interval", level(self.alpha)), "p")
        };
        let last = if self.method == Method::Bayesian {
            "chance to win"
        } else {
            p_head
        };
        let mut head = vec!["n", "value", "change", &interval_head, last, "verdict"];
        let before = match layout {
            Layout::Beside => vec!["metric", "variant"],
            Layout::Above => vec!["variant"],
        };
        head.splice(0..0, before.iter().copied());
        let mut rows: Vec<Vec<String>> = Vec::new();
        let mut titles = Vec::new();
        for metric in &self.metrics {
            let label = match metric.guardrail {
                Some(_) => format!("{} (guardrail {})", metric.label, margin(self, metric)),
                None => metric.label.clone(),
            };
            let arm = |label: &str, arm: &ArmValue| {
                let shown = match metric.kind {
                    Kind::Conversion => share(arm.value.get()),
                    Kind::Mean | Kind::Ratio | Kind::Quantile(_) => value(arm.value.get()),
                };
                let variant = name(&arm.variant);
                let mut row = match layout {
                    Layout::Beside => vec![label.to_owned(), variant],
                    Layout::Above => vec![format!("  {variant}")],
                };
                row.extend([count(arm.n), shown]);
                row
            };
            if layout == Layout::Above {
                titles.push((rows.len(), label.clone()));
            }
            let mut row = arm(&label, &metric.control);
            row.resize(head.len() - 1, String::new());
            row.push("(control)".to_owned());
            rows.push(row);
            for comparison in &metric.comparisons {
                let mut row = arm("", &comparison.arm);
                self.finish(metric, comparison, &mut row);
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

    fn finish(&self, metric: &MetricReport, comparison: &Comparison, row: &mut Vec<String>) {
        let kind = metric.kind;
        let Some(figures) = figures_of(comparison) else {
            row.resize(row.len() + 3, String::new());
            row.push("no answer".to_owned());
            return;
        };
        let range = figures.interval_adjusted.unwrap_or(figures.interval);
        row.push(effect(self, kind, figures, figures.effect.get()));
        row.push(interval(self, kind, figures, range));
        let own = figures.p_adjusted.or(figures.p);
        row.push(match (figures.guardrail, figures.chance_to_win, own) {
            // The column is one of chances to win; the p is in the sentence.
            (_, Some(chance), _) => certainty(chance.get()),
            (Some(guardrail), None, _) => guardrail
                .deciding_p(comparison.verdict)
                .map_or(String::new(), |chance| p(chance.get())),
            (None, None, Some(chance)) => p(chance.get()),
            (None, None, None) => String::new(),
        });
        row.push(
            match comparison.verdict {
                Verdict::Better => "better",
                Verdict::Worse => "worse",
                Verdict::Holds => "holds",
                Verdict::Broken => "broken",
                Verdict::Inconclusive => "not shown",
                Verdict::CannotCompute => "no answer",
            }
            .to_owned(),
        );
    }

    fn comparisons(&self) -> impl Iterator<Item = (&MetricReport, &Comparison)> {
        self.metrics.iter().flat_map(|metric| {
            metric
                .comparisons
                .iter()
                .map(move |comparison| (metric, comparison))
        })
    }

    /// Why there is no answer, each reason once.
    fn reasons(&self) -> Vec<String> {
        let mut reasons: Vec<String> = Vec::new();
        for (metric, comparison) in self.comparisons() {
            if let Outcome::Cannot { why, .. } = &comparison.outcome
                && !self.conclusion.text.contains(why)
            {
                let reason = format!("{}: no answer, for {why}.", metric.label).replace("?.", "?");
                if !reasons.contains(&reason) {
                    reasons.push(reason);
                }
            }
        }
        reasons
    }

    fn split_line(&self) -> String {
        let seen: Vec<String> = self
            .arms
            .iter()
            .map(|arm| {
                format!(
                    "{} {} ({})",
                    name(&arm.name),
                    count(arm.units),
                    share(arm.share)
                )
            })
            .collect();
        let judged = match &self.split {
            Some(split) if split.unplanned.is_some() => ", not as planned".to_owned(),
            Some(split) if split.mismatch => format!(", not as planned (p {})", p(split.p.get())),
            Some(split) => format!(", as planned (p {})", p(split.p.get())),
            None => ", too few to judge the split".to_owned(),
        };
        format!(
            "Units: {}{judged}. Rows read: {}.",
            seen.join(", "),
            count(self.reading.rows)
        )
    }
}
