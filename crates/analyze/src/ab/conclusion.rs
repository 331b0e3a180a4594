//! The sentence an experiment's figures come to.

use super::early;
use super::metric::Direction;
use super::report::{
    Comparison, Conclusion, MetricReport, Outcome, Report, Status, Verdict, figures_of,
};
use super::words::{effect, end, interval, is_another, level, margin};
use crate::figures::{behind, chance as certainty, count, name, name as name_of, p};

/// What is said of one variant.
#[derive(Clone)]
struct Said {
    status: Status,
    sentence: String,
    /// Where nothing could be computed.
    why: Option<String>,
}

/// One sentence a variant; the words for programs are those of the best variant.
pub(super) fn conclusion(report: &Report) -> Conclusion {
    let variants = report
        .metrics
        .first()
        .map_or(0, |metric| metric.comparisons.len());
    let each: Vec<Said> = (0..variants).map(|at| of_variant(report, at)).collect();
    if let Some(split) = report.split.as_ref().filter(|split| split.mismatch) {
        return Conclusion {
            status: Status::Unhealthy,
            text: match &split.unplanned {
                Some(arm) => format!(
                    "Do not decide on these figures: \"{}\" was planned to get no units and got some.",
                    name(arm)
                ),
                None => format!(
                    "Do not decide on these figures: units are not split as planned (p {}).",
                    p(split.p.get())
                ),
            },
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
        .map(|said| said.status)
        .min_by_key(|status| rank(*status))
        .unwrap_or(Status::NoData);
    let mut sentences = each.clone();
    sentences.sort_by_key(|said| rank(said.status));
    // What all say for one reason is said once.
    sentences.dedup_by(|said, before| said.why.is_some() && said.why == before.why);
    let first = (sentences.len() > 1).then(|| at_a_glance(report, &each));
    let mut text: Vec<String> = first.into_iter().collect();
    text.extend(sentences.into_iter().map(|said| said.sentence));
    text.extend(unmatched(report));
    text.extend(early::sentence(&report.reading));
    Conclusion {
        status,
        text: text.join("\n"),
    }
}

/// Several variants in one sentence.
fn at_a_glance(report: &Report, each: &[Said]) -> String {
    let of = |status: Status| -> Vec<String> {
        let comparisons = report.metrics.first().map(|metric| &metric.comparisons);
        comparisons
            .into_iter()
            .flatten()
            .zip(each)
            .filter(|(_, said)| said.status == status)
            .map(|(comparison, _)| format!("\"{}\"", name(&comparison.arm.variant)))
            .collect()
    };
    let groups: Vec<String> = [
        (Status::Better, "better"),
        (Status::Mixed, "better and worse"),
        (Status::Inconclusive, "no difference shown"),
        (Status::Worse, "worse"),
        (Status::NoData, "no answer"),
    ]
    .into_iter()
    .map(|(status, word)| (of(status), word))
    .filter(|(found, _)| !found.is_empty())
    .map(|(found, word)| format!("{} {word}", found.join(", ")))
    .collect();
    format!(
        "Beside \"{}\": {}.",
        name(&report.control),
        groups.join("; ")
    )
}

/// Most metric rows that belong to nobody are as good as a wrong key.
fn unmatched(report: &Report) -> Option<String> {
    let reading = &report.reading;
    let lost = reading.values_never_exposed;
    let all = lost + reading.values_before_exposure + reading.values_used;
    // Where none belongs to anybody the sentence above is about nothing else.
    (reading.values_used > 0 && 2 * lost > all).then(|| {
        format!(
            "{} of {} metric rows belong to no exposed unit; do both kinds of rows write units alike?",
            count(lost),
            count(all)
        )
    })
}

fn of_variant(report: &Report, at: usize) -> Said {
    let all: Vec<(&MetricReport, &Comparison)> = report
        .metrics
        .iter()
        .filter_map(|metric| Some((metric, metric.comparisons.get(at)?)))
        .collect();
    let name = all.first().map_or(String::new(), |(_, comparison)| {
        name(&comparison.arm.variant)
    });
    let control = name_of(&report.control);
    let (guardrails, goals): (Vec<_>, Vec<_>) = all
        .iter()
        .copied()
        .partition(|(metric, _)| metric.guardrail.is_some());
    let guarded = |verdict: Verdict| -> Vec<String> {
        guardrails
            .iter()
            .filter(|(_, comparison)| comparison.verdict == verdict)
            .map(|(metric, comparison)| bound(report, metric, comparison))
            .collect()
    };
    let told = |verdict: Verdict, what: &str| {
        let found = guarded(verdict);
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
    // One interval can be taken in, of many the table tells.
    let alone = report.metrics.len() == 1 && report.arms.len() == 2;
    let with = |verdict: Verdict| {
        const MOST: usize = 4;
        let mut found: Vec<String> = goals
            .iter()
            .filter(|(_, comparison)| comparison.verdict == verdict)
            .map(|(metric, comparison)| phrase(report, metric, comparison, alone))
            .collect();
        if found.len() > MOST {
            let more = found.len() - (MOST - 1);
            found.truncate(MOST - 1);
            found.push(format!("and {more} more"));
        }
        found
    };
    let (better, worse, open) = (
        with(Verdict::Better),
        with(Verdict::Worse),
        with(Verdict::Inconclusive),
    );
    let broken = guarded(Verdict::Broken);
    if !broken.is_empty() {
        let (status, sentence) = breaks(&name, &control, [&better, &worse, &broken]);
        return Said {
            status,
            sentence: sentence + &beside,
            why: None,
        };
    }
    let mut why = None;
    let (status, sentence) = match (better.is_empty(), worse.is_empty(), open.is_empty()) {
        (false, true, _) => (
            Status::Better,
            format!(
                "\"{name}\" is better than \"{control}\": {}.",
                better.join(", ")
            ),
        ),
        (true, false, _) => (
            Status::Worse,
            format!(
                "\"{name}\" is worse than \"{control}\": {}.",
                worse.join(", ")
            ),
        ),
        (false, false, _) => (
            Status::Mixed,
            format!(
                "\"{name}\" is better than \"{control}\" in one way and worse in another: better {}; worse {}.",
                better.join(", "),
                worse.join(", ")
            ),
        ),
        (true, true, false) => (
            Status::Inconclusive,
            format!(
                "No difference is shown between \"{name}\" and \"{control}\": {}.",
                open.join(", ")
            ),
        ),
        (true, true, true) if goals.is_empty() && !guarded(Verdict::Inconclusive).is_empty() => (
            Status::Inconclusive,
            format!("It is not shown that \"{name}\" keeps its guardrails beside \"{control}\"."),
        ),
        (true, true, true) if goals.is_empty() && !guarded(Verdict::Holds).is_empty() => (
            Status::Inconclusive,
            format!("\"{name}\" keeps its guardrails beside \"{control}\"."),
        ),
        (true, true, true) => {
            why = all
                .iter()
                .find_map(|(_, comparison)| match &comparison.outcome {
                    Outcome::Cannot { why, .. } => Some(why.clone()),
                    Outcome::Computed(_) => None,
                });
            (
                Status::NoData,
                format!(
                    "\"{name}\" cannot be compared with \"{control}\": {}.",
                    why.as_deref().unwrap_or("there are no metrics")
                )
                .replace("?.", "?"),
            )
        }
    };
    Said {
        status,
        sentence: sentence + &beside,
        why,
    }
}

/// A variant that breaks a guardrail, whatever else it does.
fn breaks(name: &str, control: &str, [better, worse, broken]: [&[String]; 3]) -> (Status, String) {
    let what = if broken.len() == 1 {
        "a guardrail"
    } else {
        "guardrails"
    };
    let (status, first) = match (better.is_empty(), worse.is_empty()) {
        (true, true) => {
            let sentence = format!(
                "\"{name}\" breaks {what} beside \"{control}\": {}.",
                broken.join("; ")
            );
            return (Status::Worse, sentence);
        }
        (false, true) => (
            Status::Mixed,
            format!("is better than \"{control}\" but breaks {what}."),
        ),
        (true, false) => (
            Status::Worse,
            format!("is worse than \"{control}\" and breaks {what}."),
        ),
        (false, false) => (
            Status::Mixed,
            format!(
                "is better than \"{control}\" in one way, worse in another, and breaks {what}."
            ),
        ),
    };
    let mut sentence = format!("\"{name}\" {first}");
    for (found, what) in [(better, "Better"), (worse, "Worse"), (broken, "Broken")] {
        if !found.is_empty() {
            sentence.push_str(&format!(" {what}: {}.", found.join("; ")));
        }
    }
    (status, sentence)
}

/// `errors at worst +1.2% (2.0% is accepted, p 0.003)`; of a broken one its figure, too, and its best.
fn bound(report: &Report, metric: &MetricReport, comparison: &Comparison) -> String {
    let Some((figures, guardrail)) =
        figures_of(comparison).and_then(|figures| Some((figures, figures.guardrail?)))
    else {
        return metric.label.clone();
    };
    let told = |bound: f64| end(metric.kind, figures, bound);
    let of = if comparison.verdict == Verdict::Broken {
        format!(
            "{}, at best {}",
            effect(metric.kind, figures, figures.effect.get()),
            told(guardrail.best.get())
        )
    } else {
        format!("at worst {}", told(guardrail.bound.get()))
    };
    let p = guardrail
        .deciding_p(comparison.verdict)
        .map_or(String::new(), |chance| format!(", p {}", p(chance.get())));
    format!(
        "{} {of} ({} is accepted{p})",
        metric.label,
        margin(report.difference, metric)
    )
}

/// `revenue +4.1% (95% interval +0.2% to +8.0%)`, or the change alone.
fn phrase(report: &Report, metric: &MetricReport, comparison: &Comparison, alone: bool) -> String {
    let Outcome::Computed(figures) = &comparison.outcome else {
        return metric.label.clone();
    };
    let mut behind_it = Vec::new();
    if is_another(report, figures) {
        behind_it.push("relative".to_owned());
    }
    if alone {
        let range = figures.interval_adjusted.unwrap_or(figures.interval);
        behind_it.push(format!(
            "{} interval{}",
            level(report.alpha),
            behind(&interval(metric.kind, figures, range))
        ));
        behind_it.extend(
            figures
                .chance_to_win
                .map(|chance| format!("chance to win {}", certainty(chance.get()))),
        );
    }
    if metric.direction == Direction::Down {
        behind_it.push("less is better".to_owned());
    }
    let change = effect(metric.kind, figures, figures.effect.get());
    if behind_it.is_empty() {
        format!("{} {change}", metric.label)
    } else {
        format!("{} {change} ({})", metric.label, behind_it.join(", "))
    }
}
