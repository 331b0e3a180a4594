//! The report for people, as wide as their terminal.

use super::report::{Because, MetricReport, Report};
use crate::Number;
use crate::figures::{between_shares, change, count, plain, share, table, value, wrap};
use stats::judge::{Reason, Verdict};
use std::fmt;

/// Where nobody knows how wide the terminal is.
const USUAL_WIDTH: usize = 80;
/// Narrower than this nothing can be read.
const LEAST_WIDTH: usize = 40;

/// As wide as asked for with `{:100}`, else 80.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = f.width().unwrap_or(USUAL_WIDTH).max(LEAST_WIDTH);
        writeln!(f, "{}\n", wrap(&self.conclusion, width, ""))?;
        for warning in &self.warnings {
            writeln!(f, "{}", wrap(&format!("! {}", plain(warning)), width, "  "))?;
        }
        if !self.warnings.is_empty() {
            writeln!(f)?;
        }
        let head = [
            "metric", "baseline", "canary", "change", "interval", "verdict",
        ];
        let rows: Vec<Vec<String>> = self.metrics.iter().map(row).collect();
        writeln!(f, "{}\n", table(&head, &[1, 2, 3, 4], &rows))?;
        let mut any = false;
        for metric in self.metrics.iter().filter(|metric| says_more(metric)) {
            let reason = format!("{}: {}.", metric.label, metric.reason);
            writeln!(f, "{}", wrap(&reason, width, "  "))?;
            any = true;
        }
        if any {
            writeln!(f)?;
        }
        writeln!(f, "{}", wrap(&counted(&self.metrics), width, "  "))?;
        for note in &self.notes {
            writeln!(f, "{}", wrap(&plain(note), width, "  "))?;
        }
        Ok(())
    }
}

fn row(metric: &MetricReport) -> Vec<String> {
    let shown = |x: Number| {
        if metric.rate {
            share(x.get())
        } else {
            value(x.get())
        }
    };
    vec![
        metric.label.clone(),
        shown(metric.baseline),
        shown(metric.canary),
        metric
            .effect
            .map_or(String::new(), |effect| change(effect.get())),
        metric.interval.map_or(String::new(), |[lo, hi]| {
            between_shares(lo.get(), hi.get(), change)
        }),
        match metric.verdict {
            Verdict::Inconclusive => "undecided",
            decided => decided.name(),
        }
        .to_owned(),
    ]
}

/// What an interval beyond or within the tolerance says, its row does.
fn says_more(metric: &MetricReport) -> bool {
    !matches!(
        metric.because,
        Because::Judged(Reason::Beyond { .. } | Reason::Within { .. } | Reason::Constant)
    )
}

/// "Compared: 120 rows of each (latency_ms); 118,000 against 119,000 trials (errors/requests)."
fn counted(metrics: &[MetricReport]) -> String {
    let mut groups: Vec<(String, Vec<&str>)> = Vec::new();
    for metric in metrics {
        let [baseline, canary] = metric.n.map(count);
        let what = metric.counted;
        let text = if baseline == canary {
            format!("{baseline} {what} of each")
        } else {
            format!("{baseline} {what} of the baseline and {canary} of the canary")
        };
        match groups.iter_mut().find(|(known, _)| *known == text) {
            Some((_, names)) => names.push(&metric.label),
            None => groups.push((text, vec![&metric.label])),
        }
    }
    let one = groups.len() == 1;
    let groups: Vec<String> = groups
        .into_iter()
        .map(|(text, names)| {
            if one {
                text
            } else {
                format!("{text} ({})", names.join(", "))
            }
        })
        .collect();
    format!("Compared: {}.", groups.join("; "))
}
