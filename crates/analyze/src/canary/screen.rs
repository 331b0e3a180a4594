//! The report for people, as wide as their terminal.

use super::report::{Because, MetricReport, Report};
use crate::Number;
use crate::figures::{
    between_shares, change, count, counted as so_many, plain, share, table, value, without_middle,
    wrap,
};
use stats::judge::{Reason, Verdict};
use std::fmt;

/// Where nobody knows how wide the terminal is.
const USUAL_WIDTH: usize = 80;
/// Narrower than this nothing can be read.
const LEAST_WIDTH: usize = 40;
/// Shorter than this no name tells what it is of.
const LEAST_NAME: usize = 16;

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
        writeln!(f, "{}\n", fitting(&head, rows, width))?;
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

/// The table, with names cut where they make it wider than the terminal.
fn fitting(head: &[&str], mut rows: Vec<Vec<String>>, width: usize) -> String {
    const RIGHT: [usize; 4] = [1, 2, 3, 4];
    let length = |text: &str| text.chars().count();
    let whole = table(head, &RIGHT, &rows);
    let wide = whole.lines().map(length).max().unwrap_or(0);
    if wide <= width {
        return whole;
    }
    let names = || rows.iter().filter_map(|row| row.first());
    let longest = names().map(|name| length(name)).max().unwrap_or(0);
    let most = longest.saturating_sub(wide - width).max(LEAST_NAME);
    for name in rows.iter_mut().filter_map(|row| row.first_mut()) {
        *name = without_middle(name, most);
    }
    table(head, &RIGHT, &rows)
}

fn row(metric: &MetricReport) -> Vec<String> {
    let shown = |x: Number| {
        if metric.rate {
            share(x.get())
        } else {
            value(x.get())
        }
    };
    let [baseline, canary] = match metric.means {
        Some(means) => means.map(|mean| format!("mean {}", shown(mean))),
        None => [metric.baseline, metric.canary].map(shown),
    };
    vec![
        metric.label.clone(),
        baseline,
        canary,
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
        let [baseline, canary] = metric.n;
        let what = so_many(baseline, metric.counted.trim_end_matches('s'));
        let text = if baseline == canary {
            format!("{what} of each")
        } else {
            format!("{what} of the baseline and {} of the canary", count(canary))
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
