//! What is told beside the verdicts: what makes them doubtful, what was assumed, and what else to ask.

use super::columns::quoted;
use super::direction::Known;
use super::report::{Because, MetricReport};
use super::sentence::{change, gaps as gaps_of};
use super::thinned::{CanaryLonger, every_row};
use crate::figures::{count, name, value};
use stats::judge::{Looks, Method, Reason, Worse};

/// That only some rows of a figure were compared.
pub(super) fn thinned(metric: &MetricReport) -> Option<String> {
    let every = metric.every.filter(|every| *every > 1)?;
    let [control, canary] = metric.rows.map(|rows| {
        let compared = rows.div_ceil(every as u64);
        format!("{} of {}", count(compared), count(rows))
    });
    let of = if control == canary {
        control
    } else {
        format!("{control} of the baseline and {canary} of the canary")
    };
    let why = match metric.dependence {
        Some(memory) if memory.forgotten_after == Some(every) => format!(
            "Neighbouring rows of {} depend on each other (rank correlation {:.2})",
            metric.column, memory.rank_correlation
        ),
        _ => metric.column.clone(),
    };
    Some(format!("{why}: {} was compared, {of}.", every_row(every)))
}

/// That rows of a figure come back in turns, which no thinning takes out.
pub(super) fn in_turns(metric: &MetricReport) -> Option<String> {
    let back = metric.dependence?.back_after?;
    metric.every?;
    if compares_nothing(metric) {
        return None;
    }
    Some(format!(
        "{}: rows repeat every {back} rows, as where hosts take turns: what sets one host apart from another is then \
         taken for the canary's doing. Give one row for each moment, averaged over the hosts.",
        metric.label
    ))
}

/// Whether nothing was decided because rows remember too long, or there are none.
fn compares_nothing(metric: &MetricReport) -> bool {
    matches!(metric.because, Because::Remembers(_)) || metric.n.contains(&0)
}

/// That the canary's rows remember for longer than the baseline's, which may be a change or noise.
pub(super) fn longer(metric: &MetricReport) -> Option<String> {
    let longer = metric.dependence?.canary_longer?;
    let compared = every_row(metric.every?);
    let what = match longer {
        CanaryLonger::Changes => format!(
            "as those of a canary that changes on the way do. It was taken for one, and {compared} was compared; if its \
             rows are only not independent, the interval is too narrow."
        ),
        CanaryLonger::Remembers => {
            "and by more than one change on the way explains: either it goes up and down, or its rows are not \
             independent."
                .to_owned()
        }
    };
    Some(format!(
        "{}: the canary's rows depend on each other for longer than the baseline's, {what} Look at a plot of the canary \
         over time, run it for longer, or compare it with a second host.",
        metric.label,
    ))
}

/// That rows were taken as independent of each other and are not.
pub(super) fn narrower(metric: &MetricReport) -> Option<String> {
    let memory = metric.dependence.as_ref()?;
    let correlation = format!("(rank correlation {:.2})", memory.rank_correlation);
    match metric.every {
        // Of sums over rows nothing is left out: that would lose events, and not the bursts within a row.
        None if memory.reaches(1) && metric.bursts.is_some() => Some(format!(
            "{}: neighbouring rows depend on each other {correlation}, as where a burst lasts for several. Such bursts \
             count for less, but the interval may still be too narrow.",
            metric.label
        )),
        None if memory.reaches(1) => Some(format!(
            "{}: neighbouring rows depend on each other {correlation}, as where events come in bursts; each event \
             is taken as independent of the others, so the interval is too narrow.",
            metric.label
        )),
        // Nothing was decided, and that is said.
        Some(_) if compares_nothing(metric) => None,
        Some(every) if memory.reaches(every) => Some(format!(
            "{}: neighbouring rows depend on each other {correlation}, and {} was compared: {}. {}",
            metric.label,
            every_row(every),
            if metric.interval.is_some() {
                "the interval is too narrow"
            } else {
                "the comparison is too sure of itself"
            },
            match memory.forgotten_after {
                Some(step) => format!("Compare {} with --every auto.", every_row(step)),
                None => "There are too few rows to compare only ones that are far enough apart."
                    .to_owned(),
            }
        )),
        _ => None,
    }
}

/// That events come in bursts, and what that makes of them.
pub(super) fn bursts(metric: &MetricReport) -> Option<String> {
    let ratio = metric.bursts?.ratio;
    let ratio = if ratio < 9.95 {
        format!("{ratio:.1}")
    } else {
        format!("{ratio:.0}")
    };
    let events = name(&metric.column);
    Some(format!(
        "{} come in bursts: rows differ {ratio} times as much as independent {events} would, so {ratio} of \
         them count as one.",
        metric.label
    ))
}

/// That a figure moved far in the direction that is not judged.
pub(super) fn other_way(metric: &MetricReport) -> Option<String> {
    let Because::Judged(Reason::Within {
        effect, interval, ..
    }) = &metric.because
    else {
        return None;
    };
    let moved = match metric.rule.worse {
        Worse::Higher => interval.hi < -metric.rule.tolerance,
        Worse::Lower => interval.lo > metric.rule.tolerance,
        Worse::Either => false,
    };
    moved.then(|| {
        format!(
            "{} is {}, which is no change for the worse: only {}s are judged.",
            metric.label,
            change(*effect),
            metric.worse
        )
    })
}

/// What the change is of, where that of the two figures beside it is another.
pub(super) fn apart(metrics: &[MetricReport]) -> Option<String> {
    let names: Vec<&str> = metrics
        .iter()
        .filter(|metric| contradicts(metric))
        .map(|metric| metric.label.as_str())
        .collect();
    (!names.is_empty()).then(|| {
        format!(
            "The change of {} is the median of those from each row of the baseline to each of the canary, which need \
             not be that from one median to the other.",
            names.join(", ")
        )
    })
}

/// Whether a change by ranks has another sign than that of the medians, or one is none and the other is far off.
fn contradicts(metric: &MetricReport) -> bool {
    let (Some(effect), Some([lo, hi])) = (metric.effect, metric.interval) else {
        return false;
    };
    let (baseline, canary) = (metric.baseline.0, metric.canary.0);
    if metric.method != Method::MannWhitney.name() || baseline == 0.0 {
        return false;
    }
    let of_medians = if value(baseline) == value(canary) {
        0.0
    } else {
        (canary - baseline) / baseline.abs()
    };
    let beyond = of_medians < lo.0 || of_medians > hi.0;
    let far = effect.0 == 0.0 && of_medians.abs() > metric.rule.tolerance;
    let none = of_medians == 0.0 || effect.0 == 0.0;
    effect.0 * of_medians < 0.0 || far || (none && beyond)
}

/// That rows have no value.
pub(super) fn gaps(metric: &MetricReport) -> Option<String> {
    (metric.missing != [0, 0]).then(|| {
        let gaps = gaps_of(metric);
        format!("{}: no value in {gaps}, left out.", metric.label)
    })
}

/// Which way was taken as worse where nobody said so.
pub(super) fn directions(metrics: &[MetricReport]) -> Vec<String> {
    let named = |known: Known, worse: Worse| -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for metric in metrics {
            if (metric.worse_by, metric.rule.worse) == (known, worse) {
                names.push(&metric.label);
            }
        }
        names
    };
    let mut told = Vec::new();
    let higher = named(Known::Name, Worse::Higher);
    let lower = named(Known::Name, Worse::Lower);
    let by_name: Vec<String> = [("higher", higher), ("lower", lower)]
        .into_iter()
        .filter(|(_, names)| !names.is_empty())
        .map(|(side, names)| format!("{side} is worse for {}", names.join(", ")))
        .collect();
    if !by_name.is_empty() {
        told.push(format!("Taken from the names: {}.", by_name.join("; ")));
    }
    let unknown = named(Known::Unknown, Worse::Either);
    if let Some(first) = unknown.first() {
        let written = metrics.iter().find(|metric| metric.label == *first);
        let written = written.map_or(*first, |metric| &metric.written);
        told.push(format!(
            "Which way is worse is not known for {}, so a change either way counts; say it with --direction or \
             as --metric {}.",
            unknown.join(", "),
            quoted(&format!("{written}:increase")),
        ));
    }
    told
}

/// What to write where a figure is a count that ranks cannot compare, and stands beside what it is out of.
pub(super) fn rates(metrics: &[MetricReport]) -> Option<String> {
    const WHOLES: [&str; 6] = [
        "requests", "calls", "queries", "attempts", "trials", "total",
    ];
    let stuck = metrics.iter().find(|metric| {
        let why = &metric.because;
        metric.counted == "rows"
            && matches!(
                why,
                Because::Judged(Reason::MostlyEqual { .. } | Reason::Coarse { .. })
            )
    })?;
    let whole = metrics.iter().find(|metric| {
        let name = metric.metric.to_lowercase();
        metric.metric != stuck.metric && WHOLES.iter().any(|whole| name.contains(whole))
    })?;
    Some(format!(
        "If each of {} is one of {}, ask for --metric {}.",
        stuck.column,
        whole.column,
        quoted(&format!("{}/{}", stuck.column, whole.column))
    ))
}

/// What was not judged, as a note.
pub(super) fn left_out(names: &[String], what: &str) -> Option<String> {
    match names {
        [] => None,
        [one] => Some(format!("Left out as a {what}: {one}.")),
        many => Some(format!("Left out as {what}s: {}.", many.join(", "))),
    }
}

/// The word for the looks at which an interval holds.
pub(super) const fn looks(method: Method, asked: Looks) -> &'static str {
    match (method, asked) {
        (Method::MannWhitney, Looks::One) => "one_look",
        _ => "every_look",
    }
}

/// How often one may look.
pub(super) fn intervals(asked: Looks, metrics: &[MetricReport]) -> Vec<String> {
    let anyway: Vec<&str> = metrics
        .iter()
        .filter(|metric| metric.holds_at == "every_look")
        .map(|metric| metric.label.as_str())
        .collect();
    vec![match asked {
        Looks::Any => {
            "Intervals hold at every look, so you may judge again as data comes in.".to_owned()
        }
        Looks::One if anyway.is_empty() => "Intervals hold for one look.".to_owned(),
        Looks::One => format!(
            "Intervals hold for one look; those of {} hold at every look, and --once changes nothing for them.",
            anyway.join(", ")
        ),
    }]
}
