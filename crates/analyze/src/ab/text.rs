//! The report for people: the conclusion, what speaks against it, the figures, what was done.

use super::metric::Kind;
use super::report::{Comparison, MetricReport, Outcome, Report, Verdict, figures_of};
use super::words::{effect, interval, level, margin};
use crate::figures::{chance as certainty, count, p, share, table, value};
use std::fmt;

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n", self.conclusion.text)?;
        for warning in &self.warnings {
            writeln!(f, "! {warning}")?;
        }
        if !self.warnings.is_empty() {
            writeln!(f)?;
        }
        writeln!(f, "{}\n", self.figures())?;
        writeln!(f, "{}", self.split_line())?;
        for note in &self.notes {
            writeln!(f, "{note}")?;
        }
        Ok(())
    }
}

impl Report {
    fn figures(&self) -> String {
        let bayesian = self.method == "bayesian";
        let adjusted = self.metrics.iter().any(|metric| {
            metric
                .comparisons
                .iter()
                .filter_map(figures_of)
                .any(|figures| figures.p_adjusted.is_some())
        });
        let interval_head = format!("{} interval", level(self.alpha));
        let adjusted_head = format!("{} (Holm)", level(self.alpha));
        let mut head = vec![
            "metric",
            "variant",
            "n",
            "value",
            "change",
            interval_head.as_str(),
        ];
        head.push(if bayesian { "chance to win" } else { "p" });
        if adjusted {
            head.push(&adjusted_head);
            head.push("p (Holm)");
        }
        head.push("verdict");
        let mut rows = Vec::new();
        for metric in &self.metrics {
            let shown = |x: f64| {
                if metric.kind == Kind::Conversion {
                    share(x)
                } else {
                    value(x)
                }
            };
            let arm = |name: &str, arm: &super::report::ArmValue| {
                vec![
                    name.to_owned(),
                    arm.variant.clone(),
                    count(arm.n),
                    shown(arm.value.get()),
                ]
            };
            let name = match metric.guardrail {
                Some(_) => format!("{} (guardrail {})", metric.metric, margin(self, metric)),
                None => metric.metric.clone(),
            };
            let mut row = arm(&name, &metric.control);
            row.resize(head.len() - 1, String::new());
            row.push("(control)".to_owned());
            rows.push(row);
            for comparison in &metric.comparisons {
                let mut row = arm("", &comparison.arm);
                self.finish(metric, comparison, adjusted, &mut row);
                rows.push(row);
            }
        }
        let right: Vec<usize> = (2..head.len() - 1).collect();
        table(&head, &right, &rows)
    }

    fn finish(
        &self,
        metric: &MetricReport,
        comparison: &Comparison,
        adjusted: bool,
        row: &mut Vec<String>,
    ) {
        let kind = metric.kind;
        match &comparison.outcome {
            Outcome::Computed(figures) => {
                row.push(effect(self, kind, figures, figures.effect.get()));
                row.push(interval(self, kind, figures, figures.interval));
                row.push(
                    match (figures.guardrail, figures.chance_to_win, figures.p) {
                        // The column is one of chances to win; the p is in the sentence.
                        (_, Some(chance), _) => certainty(chance.get()),
                        (Some(guardrail), None, _) => guardrail
                            .deciding_p(comparison.verdict)
                            .map_or(String::new(), |chance| p(chance.get())),
                        (None, None, Some(chance)) => p(chance.get()),
                        (None, None, None) => String::new(),
                    },
                );
                if adjusted {
                    row.push(
                        figures
                            .interval_adjusted
                            .map_or(String::new(), |wider| interval(self, kind, figures, wider)),
                    );
                    row.push(
                        figures
                            .p_adjusted
                            .map_or(String::new(), |chance| p(chance.get())),
                    );
                }
                row.push(
                    match comparison.verdict {
                        Verdict::Better => "better",
                        Verdict::Worse => "worse",
                        Verdict::Holds => "holds",
                        Verdict::Broken => "broken",
                        Verdict::Inconclusive if figures.guardrail.is_some() => "not shown to hold",
                        Verdict::Inconclusive => "no difference shown",
                        Verdict::CannotCompute => "cannot compute",
                    }
                    .to_owned(),
                );
            }
            Outcome::Cannot { why, .. } => {
                row.resize(row.len() + 3 + 2 * usize::from(adjusted), String::new());
                row.push(format!("cannot compute: {why}"));
            }
        }
    }

    fn split_line(&self) -> String {
        let seen: Vec<String> = self
            .arms
            .iter()
            .map(|arm| format!("{} {} ({})", arm.name, count(arm.units), share(arm.share)))
            .collect();
        let judged = match &self.split {
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
