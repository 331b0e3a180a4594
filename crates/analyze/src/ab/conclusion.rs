//! The sentence an experiment's figures come to.

use super::metric::Direction;
use super::report::{
    Comparison, Conclusion, Figures, MetricReport, Outcome, Report, Status, Verdict, figures_of,
};
use super::words::{effect, interval, level, margin};
use crate::figures::{chance as certainty, p};

/// One sentence a variant; the words for programs are those of the best variant.
pub(super) fn conclusion(report: &Report) -> Conclusion {
    let variants = report
        .metrics
        .first()
        .map_or(0, |metric| metric.comparisons.len());
    let each: Vec<(Status, String)> = (0..variants).map(|at| of_variant(report, at)).collect();
    if let Some(split) = report.split.as_ref().filter(|split| split.mismatch) {
        return Conclusion {
            status: Status::Unhealthy,
            text: format!(
                "Do not decide on these figures: units are not split as planned (p {}).",
                p(split.p.get())
            ),
        };
    }
    let order = [
        Status::Better,
        Status::Mixed,
        Status::Inconclusive,
        Status::Worse,
        Status::NoData,
    ];
    let rank = |status: Status| order.iter().position(|known| *known == status);
    let status = each
        .iter()
        .map(|(status, _)| *status)
        .min_by_key(|status| rank(*status))
        .unwrap_or(Status::NoData);
    let mut sentences: Vec<(Status, String)> = each;
    sentences.sort_by_key(|(status, _)| rank(*status));
    let text: Vec<String> = sentences.into_iter().map(|(_, text)| text).collect();
    Conclusion {
        status,
        text: text.join("\n"),
    }
}

fn of_variant(report: &Report, at: usize) -> (Status, String) {
    let all: Vec<(&MetricReport, &Comparison)> = report
        .metrics
        .iter()
        .filter_map(|metric| Some((metric, metric.comparisons.get(at)?)))
        .collect();
    let name = all
        .first()
        .map_or("", |(_, comparison)| comparison.arm.variant.as_str());
    let (guardrails, goals): (Vec<_>, Vec<_>) = all
        .iter()
        .copied()
        .partition(|(metric, _)| metric.guardrail.is_some());
    let told = |verdict: Verdict, what: &str| {
        let found: Vec<String> = guardrails
            .iter()
            .filter(|(_, comparison)| comparison.verdict == verdict)
            .map(|(metric, comparison)| bound(report, metric, comparison))
            .collect();
        if found.is_empty() {
            String::new()
        } else {
            format!(" {what}: {}.", found.join("; "))
        }
    };
    let beside = [
        told(Verdict::Inconclusive, "Not shown to hold"),
        told(Verdict::Holds, "Guardrails hold"),
        told(Verdict::CannotCompute, "Guardrails without figures"),
    ]
    .concat();
    let with = |verdict: Verdict| {
        let found: Vec<String> = goals
            .iter()
            .filter(|(_, comparison)| comparison.verdict == verdict)
            .map(|(metric, comparison)| phrase(report, metric, comparison))
            .collect();
        found
    };
    let (better, mut worse, open) = (
        with(Verdict::Better),
        with(Verdict::Worse),
        with(Verdict::Inconclusive),
    );
    worse.extend(
        guardrails
            .iter()
            .filter(|(_, comparison)| comparison.verdict == Verdict::Broken)
            .map(|(metric, comparison)| {
                format!(
                    "guardrail {}, beyond the accepted {}",
                    phrase(report, metric, comparison),
                    margin(report, metric)
                )
            }),
    );
    let control = &report.control;
    let (status, sentence) = match (better.is_empty(), worse.is_empty(), open.is_empty()) {
        (false, true, _) => (
            Status::Better,
            format!(
                "\"{name}\" is better than \"{control}\": {}.",
                better.join("; ")
            ),
        ),
        (true, false, _) => (
            Status::Worse,
            format!(
                "\"{name}\" is worse than \"{control}\": {}.",
                worse.join("; ")
            ),
        ),
        (false, false, _) => (
            Status::Mixed,
            format!(
                "\"{name}\" is better than \"{control}\" in one way and worse in another: better {}; worse {}.",
                better.join("; "),
                worse.join("; ")
            ),
        ),
        (true, true, false) => (
            Status::Inconclusive,
            format!(
                "No difference is shown between \"{name}\" and \"{control}\": {}.",
                open.join("; ")
            ),
        ),
        (true, true, true) if goals.is_empty() && !beside.is_empty() => (
            Status::Inconclusive,
            format!("No harm is shown by \"{name}\" beside \"{control}\"."),
        ),
        (true, true, true) => {
            let why = all
                .iter()
                .find_map(|(_, comparison)| match &comparison.outcome {
                    Outcome::Cannot { why, .. } => Some(why.as_str()),
                    Outcome::Computed(_) => None,
                });
            (
                Status::NoData,
                format!(
                    "\"{name}\" cannot be compared with \"{control}\": {}.",
                    why.unwrap_or("there are no metrics")
                ),
            )
        }
    };
    (status, sentence + &beside)
}

/// `errors at worst +1.2% of the accepted 2.0%`.
fn bound(report: &Report, metric: &MetricReport, comparison: &Comparison) -> String {
    match figures_of(comparison).and_then(|figures| Some((figures, figures.guardrail?))) {
        Some((figures, guardrail)) => format!(
            "{} at worst {}, {} is accepted",
            metric.metric,
            effect(report, metric.kind, figures, guardrail.bound.get()),
            margin(report, metric)
        ),
        None => metric.metric.clone(),
    }
}

/// `revenue +4.1% (95% interval +0.2% to +8.0%, p 0.039)`.
fn phrase(report: &Report, metric: &MetricReport, comparison: &Comparison) -> String {
    let Outcome::Computed(figures) = &comparison.outcome else {
        return metric.metric.clone();
    };
    let good = match metric.direction {
        Direction::Up => "",
        Direction::Down => ", less is better",
    };
    format!(
        "{} {} ({} interval {}, {}{good})",
        metric.metric,
        effect(report, metric.kind, figures, figures.effect.get()),
        level(report.alpha),
        interval(
            report,
            metric.kind,
            figures,
            figures.interval_adjusted.unwrap_or(figures.interval)
        ),
        strength(figures)
    )
}

fn strength(figures: &Figures) -> String {
    match (figures.chance_to_win, figures.p_adjusted, figures.p) {
        (Some(chance), _, _) => format!("chance to win {}", certainty(chance.get())),
        (None, Some(adjusted), _) => format!("p {}, both after Holm", p(adjusted.get())),
        (None, None, Some(plain)) => format!("p {}", p(plain.get())),
        (None, None, None) => String::new(),
    }
}
