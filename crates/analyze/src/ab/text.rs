//! The report for people: the conclusion, what speaks against it, the figures, what was done.

use super::report::{Comparison, MetricReport, Outcome, Report};
use super::tables::tables;
use crate::figures::{count, name, p, share, wrap};
use std::fmt;

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
        writeln!(f, "{}\n", tables(self, width))?;
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
