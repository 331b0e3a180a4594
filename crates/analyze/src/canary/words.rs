//! Why a verdict is what it is, in the words of the table beside it.

use super::columns::quoted;
use super::direction::Known;
use super::report::{Because, MetricReport};
use super::sentence::{between, change, gaps as gaps_of, percent, rest, too_few, within};
use super::thinned::{Memory, every_row};
use crate::figures::{behind, count, name, share, value};
use stats::Interval;
use stats::judge::{Looks, Method, Reason, Worse};

/// Why rows that remember those before them for too long decide nothing; without its full stop.
fn never_forgotten(memory: &Memory) -> String {
    format!(
        "neighbouring rows depend on each other (rank correlation {:.2}), and rows far enough apart to be \
         compared are too few; a longer time will tell, or --every 1 where rows are not in the order of time",
        memory.rank_correlation
    )
}

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

/// That rows were taken as independent of each other and are not.
pub(super) fn narrower(metric: &MetricReport) -> Option<String> {
    let memory = metric.dependence.as_ref()?;
    let correlation = format!("(rank correlation {:.2})", memory.rank_correlation);
    match metric.every {
        // Of sums over rows nothing is left out: that would lose events, and not the bursts within a row.
        None if memory.reaches(1) && metric.bursts.is_some() => Some(format!(
            "{}: neighbouring rows depend on each other {correlation}, as where a burst lasts for several; each row \
             is taken as independent of the others, so the interval is too narrow.",
            metric.label
        )),
        None if memory.reaches(1) => Some(format!(
            "{}: neighbouring rows depend on each other {correlation}, as where events come in bursts; each event \
             is taken as independent of the others, so the interval is too narrow.",
            metric.label
        )),
        // Nothing was decided, and that is said.
        Some(_) if metric.interval.is_none() => None,
        Some(every) if memory.reaches(every) => Some(format!(
            "{}: neighbouring rows depend on each other {correlation}, and {} was compared: the interval is too \
             narrow. {}",
            metric.label,
            every_row(every),
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

/// Whether a change by ranks has another sign than that of the medians, or the interval does not hold that.
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
    let none = of_medians == 0.0 || effect.0 == 0.0;
    effect.0 * of_medians < 0.0 || (none && beyond)
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

/// A sentence without its full stop.
pub(super) fn because(metric: &MetricReport) -> String {
    match &metric.because {
        Because::Remembers(memory) => never_forgotten(memory),
        Because::Gaps => {
            format!(
                "the values that there are would pass, but there is none in {}, and what is missing may be what is \
                 bad; fill the gaps, or leave such rows out of both files",
                gaps_of(metric)
            )
        }
        Because::Rest(against) => {
            let [baseline, canary] = against.figures.map(share);
            let (what, those) = if metric.rate {
                (name(&metric.column), "those")
            } else {
                ("it".to_owned(), "that, as a column of its own")
            };
            format!(
                "{what} would pass, but {}, {canary} where {baseline} was; ask for {those}, or give a smaller \
                 --tolerance",
                rest(metric, against),
            )
        }
        Because::Judged(Reason::TooFew { least, wanted }) => {
            let verb = if *least == 1 { "is" } else { "are" };
            format!("there {verb} {}", too_few(metric, *least, *wanted))
        }
        Because::Judged(why) => reason(why, metric.rule.worse),
    }
}

fn reason(reason: &Reason, worse: Worse) -> String {
    let held = |effect: &f64, interval: &Interval, against: &str| {
        let interval = match between(interval) {
            Some(interval) => format!(" (interval{})", behind(&interval)),
            None => String::new(),
        };
        format!("{}{interval}: {against}", compared(*effect))
    };
    match reason {
        Reason::Beyond {
            effect,
            interval,
            tolerance,
        } => {
            let against = format!("all of it beyond the tolerated {}", percent(*tolerance));
            held(effect, interval, &against)
        }
        Reason::Within {
            effect,
            interval,
            tolerance,
        } => {
            let only = match worse {
                Worse::Higher => "increases",
                Worse::Lower => "decreases",
                Worse::Either => "changes",
            };
            let tolerance = *tolerance;
            let against = if within(interval, tolerance) {
                format!("all of it within the tolerated {}", percent(tolerance))
            } else if effect.abs() > tolerance {
                format!("that is no change for the worse, as only {only} are judged")
            } else {
                format!(
                    "not worse by more than the tolerated {}, as only {only} are judged",
                    percent(tolerance)
                )
            };
            held(effect, interval, &against)
        }
        Reason::Open {
            effect,
            interval,
            tolerance,
        } => {
            let against = format!(
                "it may or may not exceed the tolerated {}; more data will tell",
                percent(*tolerance)
            );
            held(effect, interval, &against)
        }
        Reason::Coarse {
            effect,
            interval,
            tolerance,
        } => {
            let against = format!(
                "the values come in steps too coarse to tell a change of the tolerated {}; judge finer values, \
                 or a count or a rate",
                percent(*tolerance)
            );
            held(effect, interval, &against)
        }
        // The margin by its name on the command line.
        Reason::NoEvents {
            bound,
            margin: None,
        } => format!(
            "neither the canary nor the baseline has seen any; the canary's rate is below {}, but a tolerance that \
             is a share of none decides nothing; --margin would, as --margin 0.01%",
            share(*bound)
        ),
        other => other.to_string(),
    }
}

/// "the canary is 23.1% higher than the baseline".
fn compared(effect: f64) -> String {
    if effect.is_nan() {
        "the change is not known yet".to_owned()
    } else if effect == 0.0 {
        "the canary is as high as the baseline".to_owned()
    } else if effect.is_infinite() {
        format!("the canary is {}", change(effect))
    } else {
        format!("the canary is {} than the baseline", change(effect))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_reads_as_in_the_table() {
        let open = |effect: f64, lo: f64, hi: f64| {
            reason(
                &Reason::Open {
                    effect,
                    interval: Interval { lo, hi },
                    tolerance: 0.1,
                },
                Worse::Higher,
            )
        };
        let infinity = f64::INFINITY;
        assert_eq!(
            open(0.05, -1.0, infinity),
            "the canary is 5.0% higher than the baseline (interval: anything): it may or may not exceed \
             the tolerated 10%; more data will tell"
        );
        assert!(
            open(infinity, 0.5, infinity).starts_with(
                "the canary is above a baseline of 0 (interval +50.0% or more): it may"
            )
        );
        assert!(
            open(infinity, infinity, infinity)
                .starts_with("the canary is above a baseline of 0: it may")
        );
        assert!(open(f64::NAN, f64::NAN, 1.0).contains("not known yet (interval: not known)"));
        assert!(
            open(-0.5, -0.6, -0.4)
                .contains("50.0% lower than the baseline (interval -60.0% to -40.0%)")
        );
    }

    #[test]
    fn a_pass_never_says_that_what_is_outside_is_within() {
        let within = |effect: f64, lo: f64, hi: f64, worse: Worse| {
            let (interval, tolerance) = (Interval { lo, hi }, 0.1);
            let of = Reason::Within {
                effect,
                interval,
                tolerance,
            };
            reason(&of, worse)
        };
        assert_eq!(
            within(-0.5, -0.51, -0.49, Worse::Higher),
            "the canary is 50.0% lower than the baseline (interval -51.0% to -49.0%): that is no change for the \
             worse, as only increases are judged"
        );
        assert_eq!(
            within(4.05, 3.0, 5.0, Worse::Lower),
            "the canary is 405% higher than the baseline (interval +300% to +500%): that is no change for the \
             worse, as only decreases are judged"
        );
        assert!(
            within(-0.05, -0.2, 0.05, Worse::Higher).ends_with(
                "not worse by more than the tolerated 10%, as only increases are judged"
            )
        );
        assert!(
            within(0.01, -0.1, 0.1, Worse::Higher).ends_with("all of it within the tolerated 10%")
        );
    }
}
