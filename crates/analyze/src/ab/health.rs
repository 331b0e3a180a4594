//! What a reader must know before the figures, and the sentence they come to.

use super::compare::Split;
use super::metric::{Direction, Kind, Metric};
use super::report::{
    ArmReport, Comparison, Conclusion, Figures, MetricReport, Outcome, Reading, Report, Status,
    Verdict, ratio,
};
use super::{Method, Request};
use crate::Number;
use crate::figures::{
    between, chance as certainty, change, count, counted, p, points, share, signed, value,
};
use crate::join::{ACCURACY, Joined, Missing};
use stats::Difference;

/// Below so many units in an arm nothing should be decided.
const FEW: u64 = 100;

pub(super) fn warnings(
    request: &Request,
    arms: &[ArmReport],
    split: Option<&Split>,
    metrics: &[MetricReport],
    reading: &Reading,
) -> Vec<String> {
    let mut warnings = Vec::new();
    if let Some(split) = split.filter(|split| split.mismatch) {
        let seen: Vec<String> = arms
            .iter()
            .map(|arm| {
                format!(
                    "{} {} (planned {})",
                    arm.name,
                    share(arm.share),
                    share(arm.planned)
                )
            })
            .collect();
        warnings.push(format!(
            "Sample ratio mismatch: {}; so far off by chance only with p {}. Units are lost or added in \
             one variant, so the figures below compare different crowds.",
            seen.join(", "),
            p(split.p)
        ));
    }
    let units: u64 = arms.iter().map(|arm| arm.units).sum();
    if reading.units_in_two_arms > 0 {
        let all = units + reading.units_in_two_arms;
        warnings.push(format!(
            "{} ({}) {} seen in more than one variant and left out.",
            counted(reading.units_in_two_arms, "unit"),
            share(ratio(reading.units_in_two_arms, all)),
            if reading.units_in_two_arms == 1 {
                "was"
            } else {
                "were"
            }
        ));
    }
    for arm in arms.iter().filter(|arm| arm.units < FEW) {
        warnings.push(format!(
            "Variant \"{}\" has {} only{}",
            arm.name,
            counted(arm.units, "unit"),
            if arm.units <= 1 {
                "; is its name right?"
            } else {
                "."
            }
        ));
    }
    for arm in arms
        .iter()
        .filter(|arm| arm.planned == 0.0 && arm.units > 0)
    {
        warnings.push(format!(
            "Variant \"{}\" is in the file, but in no --share.",
            arm.name
        ));
    }
    if request.missing == Missing::LeaveOut {
        warnings.extend(missing(request, metrics));
    }
    for (n, what) in [
        (reading.rows_without_unit, "without a unit"),
        (reading.rows_without_time, "without a time"),
    ] {
        if n > 0 {
            warnings.push(format!("{} {what}, left out.", counted(n, "row")));
        }
    }
    if reading.values_never_exposed > 0 {
        warnings.push(format!(
            "{} of units that were never exposed, left out.",
            counted(reading.values_never_exposed, "metric row")
        ));
    }
    if reading.key_collision_chance > 1e-4 {
        warnings.push(format!(
            "Units are told apart by 64 bits of their name; that two share them has a chance of {}.",
            share(reading.key_collision_chance)
        ));
    }
    warnings
}

/// Units without a value: of no concern where doing nothing is 0, of much where they are left out.
fn missing(request: &Request, metrics: &[MetricReport]) -> Vec<String> {
    let mut told = Vec::new();
    for metric in metrics {
        let arms =
            || std::iter::once(&metric.control).chain(metric.comparisons.iter().map(|c| &c.arm));
        if !arms().any(|arm| arm.missing > 0) {
            continue;
        }
        let each: Vec<String> = arms()
            .map(|arm| {
                let of = if request.missing == Missing::LeaveOut {
                    arm.n + arm.missing
                } else {
                    arm.n
                };
                format!("{} {}", arm.variant, share(ratio(arm.missing, of)))
            })
            .collect();
        let missing = arms().map(|arm| arm.missing).sum();
        told.push(format!(
            "{}: {} without a value ({}), {}.",
            metric.metric,
            counted(missing, "unit"),
            each.join(", "),
            match request.missing {
                Missing::Zero => "counted as 0",
                Missing::LeaveOut => "left out",
            }
        ));
    }
    told
}

fn were(n: u64, one: &str) -> String {
    format!(
        "{} {}",
        counted(n, one),
        if n == 1 { "was" } else { "were" }
    )
}

pub(super) fn notes(
    request: &Request,
    joined: &Joined,
    metrics: &[MetricReport],
    reading: &Reading,
) -> Vec<String> {
    let mut notes = Vec::new();
    if request.missing == Missing::Zero {
        notes.extend(missing(request, metrics));
    }
    if reading.values_before_exposure > 0 {
        notes.push(format!(
            "{} earlier than the first exposure of the unit, left out.",
            were(reading.values_before_exposure, "metric row")
        ));
    }
    let backwards: u64 = joined.tallies.iter().map(|tally| tally.backwards).sum();
    if backwards > 0 {
        notes.push(format!(
            "Time goes backwards in the file {}; rows are joined by their time, whatever their order.",
            if backwards == 1 { "once".to_owned() } else { format!("{} times", count(backwards)) }
        ));
    }
    if request.time.is_none() && reading.repeated_exposures > 0 {
        notes.push(
            "Without --time every metric value of an exposed unit counts, also from before."
                .to_owned(),
        );
    }
    for (asked, metric) in request.metrics.iter().zip(metrics) {
        notes.extend(of_metric(asked, metric));
    }
    match request.method {
        Method::Bayesian => notes.push(
            "The chance to win is no p value: it starts from a prior of no difference, give or take 30%."
                .to_owned(),
        ),
        Method::Sequential { .. } => notes.push(
            "Intervals and p hold at every look, so you may stop whenever they convince you.".to_owned(),
        ),
        Method::Fixed => notes.push(
            "Intervals and p hold for one look at the planned end; to look earlier use --sequential."
                .to_owned(),
        ),
    }
    let computed = || {
        metrics
            .iter()
            .flat_map(|metric| &metric.comparisons)
            .filter_map(figures_of)
    };
    let adjusted = computed()
        .filter(|figures| figures.p_adjusted.is_some())
        .count();
    if adjusted > 1 {
        notes.push(format!(
            "Verdicts and the sentence above follow Holm's p and intervals over all {adjusted} comparisons."
        ));
    }
    if request
        .metrics
        .iter()
        .any(|metric| metric.guardrail.is_some())
    {
        notes.push(
            "Guardrails are tested one-sided against their margin, each for itself and without correction."
                .to_owned(),
        );
    }
    notes
}

pub(super) fn figures_of(comparison: &Comparison) -> Option<&Figures> {
    match &comparison.outcome {
        Outcome::Computed(figures) => Some(figures),
        Outcome::Cannot { .. } => None,
    }
}

/// What was done about this metric in particular.
fn of_metric(asked: &Metric, metric: &MetricReport) -> Vec<String> {
    let mut notes = Vec::new();
    let arms = || std::iter::once(&metric.control).chain(metric.comparisons.iter().map(|c| &c.arm));
    let computed = || metric.comparisons.iter().filter_map(figures_of);
    if let Some(before) = &asked.before {
        let known: Vec<String> = arms()
            .map(|arm| {
                let known = arm.known_before.unwrap_or(0);
                format!("{} {}", arm.variant, share(ratio(known, arm.n)))
            })
            .collect();
        notes.push(if computed().any(|figures| figures.theta.is_some_and(|theta| theta.get() != 0.0)) {
            format!(
                "{}: adjusted (CUPED) by each unit's {before} from before its exposure, known of {}.",
                metric.metric,
                known.join(", ")
            )
        } else {
            format!(
                "{}: not adjusted, for {before} from before the exposure explains nothing (known of {}).",
                metric.metric,
                known.join(", ")
            )
        });
    }
    if computed().any(|figures| figures.counts.is_some()) {
        notes.push(format!(
            "{}: fewer than 10 conversions in a variant, so the counts are compared{}, as a ratio of rates.",
            metric.metric,
            if computed().any(|figures| figures.counts == Some("exact_counts")) {
                " exactly"
            } else {
                ""
            }
        ));
    }
    if matches!(metric.kind, Kind::Quantile(_)) {
        notes.push(format!(
            "{}: over units, each by the sum of its values.",
            metric.metric
        ));
    }
    if arms().any(|arm| arm.sketched) {
        notes.push(format!(
            "{}: of so many values known to {} only, which the interval includes.",
            metric.metric,
            share(ACCURACY)
        ));
    }
    notes
}

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

/// A guardrail's margin, in the unit of its effect.
pub(super) fn margin(report: &Report, metric: &MetricReport) -> String {
    let margin = metric.guardrail.unwrap_or(f64::NAN);
    match (report.difference == name(Difference::Relative), metric.kind) {
        (true, _) => share(margin),
        (false, Kind::Conversion) => points(margin).replace('+', ""),
        (false, Kind::Mean | Kind::Ratio | Kind::Quantile(_)) => value(margin),
    }
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

/// A change as the report tells it; that of counts is relative always.
pub(super) fn effect(report: &Report, kind: Kind, figures: &Figures, effect: f64) -> String {
    let relative = report.difference == name(Difference::Relative) || figures.counts.is_some();
    match (relative, kind) {
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
    between(lo.get(), hi.get(), |bound| {
        effect(report, kind, figures, bound)
    })
}

/// `95%`.
pub(super) fn level(alpha: f64) -> String {
    let text = format!("{:.4}", 100.0 * (1.0 - alpha));
    format!("{}%", text.trim_end_matches('0').trim_end_matches('.'))
}

pub(super) const fn name(difference: Difference) -> &'static str {
    match difference {
        Difference::Relative => "relative",
        Difference::Absolute => "absolute",
    }
}
